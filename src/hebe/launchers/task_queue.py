"""Tasks that have arrived at a worker, filled by a thread that also watches the launcher."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from hebe.launchers.protocol import FrameBuffer, frame, receive
from hebe.stores.remote import Line

if TYPE_CHECKING:
    import socket

    from hebe.launchers.protocol import Task


class TaskQueue:
    """Messages and tasks that were not started.

    Parameters
    ----------
    channel
        Connection to the launcher.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._tasks: deque[Task] = deque()
        self._others: deque[dict[str, Any]] = deque()
        self._ready = threading.Condition()
        self._sending = threading.Lock()
        self.line = Line(self._ask)
        """Questions to the launcher about stores that it alone may open."""

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True, name="task_queue").start()

    def close(self) -> None:
        """Let the connection go in a copy of this process, which must not hold it open or write to it."""
        os.close(self._channel.detach())

    def message(self) -> dict[str, Any]:
        """Return the next message that is no task, waiting for it."""
        with self._ready:
            self._ready.wait_for(lambda: self._others)
            return self._others.popleft()

    def task(self) -> Task | None:
        """Return the next task, waiting for one; None when there will be no more."""
        with self._ready:
            self._ready.wait_for(lambda: self._tasks or self._others)
            return self._tasks.popleft() if self._tasks else None

    @property
    def is_empty(self) -> bool:
        """Whether no task waits."""
        return not self._tasks

    def send(self, message: dict[str, Any]) -> None:
        """Answer."""
        raw = frame(message)
        with self._sending:
            self._channel.sendall(raw)

    def _ask(self, number: int, body: bytes) -> None:
        self.send({"type": "ask", "number": number, "body": body})

    def _listen(self) -> None:
        buffer = FrameBuffer()
        while True:
            messages = receive(self._channel, buffer)
            if messages is None:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            for message in messages or []:
                if message["type"] == "recall":
                    self._give_back()
                    continue
                if message["type"] == "answer":
                    self.line.hear(message["number"], message["body"])
                    continue
                with self._ready:
                    if message["type"] == "run":
                        self._tasks.extend(message["tasks"])
                    else:
                        self._others.append(message)
                    self._ready.notify()

    def retire(self) -> None:
        """Give back all tasks, and ask for another process to run them."""
        with self._ready:
            numbers = [task.number for task in self._tasks]
            self._tasks.clear()
        self.send({"type": "spoilt", "tasks": numbers})

    def _give_back(self) -> None:
        """Return half of the tasks that wait for no other one and that no other one waits for."""
        with self._ready:
            free = [task for task in self._tasks if not task.after and not task.feeds]
            numbers = {task.number for task in free[len(free) // 2 :]}
            kept = [task for task in self._tasks if task.number not in numbers]
            self._tasks.clear()
            self._tasks.extend(kept)
        self.send({"type": "returned", "tasks": sorted(numbers)})
