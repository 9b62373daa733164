"""A worker process: receives jobs, runs them one after the other, answers with their outcomes.

It dies with its launcher: the kernel kills it (Linux), and the end of the connection makes it kill its own group.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import socket
import sys
import threading
import types
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.launchers.protocol import FrameBuffer, frame, receive

if TYPE_CHECKING:
    from jobflow.core.job import Job

LOADING_SCRIPT = "HEBE_LOADING_SCRIPT"
"""Set while a worker loads the launching script, which must not launch again."""

_PR_SET_PDEATHSIG = 1


class Inbox:
    """Jobs that have arrived and were not started, filled by a thread that also watches the launcher.

    Parameters
    ----------
    channel
        Connection to the launcher.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._messages: deque[dict[str, Any]] = deque()
        self._ready = threading.Condition()
        self._sending = threading.Lock()

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True, name="inbox").start()

    def take(self) -> dict[str, Any]:
        """Return the next message, waiting for it."""
        with self._ready:
            self._ready.wait_for(lambda: self._messages)
            return self._messages.popleft()

    def send(self, message: dict[str, Any]) -> None:
        """Answer."""
        with self._sending:
            self._channel.sendall(frame(message))

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
                with self._ready:
                    self._messages.append(message)
                    self._ready.notify()

    def _give_back(self) -> None:
        with self._ready:
            jobs = [m["task"] for m in self._messages if m["type"] == "run"]
            kept = [m for m in self._messages if m["type"] != "run"]
            self._messages.clear()
            self._messages.extend(kept)
        self.send({"type": "returned", "tasks": jobs})


def main(descriptor: int, parent: int) -> None:
    """Work until told to quit.

    Parameters
    ----------
    descriptor
        File descriptor of the connection.
    parent
        Process number of the launcher.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    inbox = Inbox(socket.socket(fileno=descriptor))
    inbox.start()
    _work(inbox, inbox.take())


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the launcher's thread ends; elsewhere the connection tells."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _work(inbox: Inbox, greeting: dict[str, Any]) -> None:
    from monty.json import MontyDecoder

    from hebe.launchers.execution import RecordingStore, decode, execute
    from hebe.launchers.records import Records

    def build(payload: dict[str, Any]) -> Job:
        if greeting["main"] and _of_script(payload):
            _load_script(greeting["main"])
            greeting["main"] = None
        return decode(payload)

    inner = MontyDecoder().process_decoded(greeting["store"])
    inner.connect()
    store = RecordingStore(inner, Records(greeting["records"]))
    folder = Path(greeting["folder"])
    inbox.send({"type": "ready"})
    while True:
        message = inbox.take()
        if message["type"] == "quit":
            sys.stdout.flush()
            os._exit(0)
        inbox.send({"type": "started", "task": message["task"]})
        outcome = execute(message["job"], store, folder, build)
        inbox.send({"type": "ended", "task": message["task"], "outcome": outcome.as_message()})


def _of_script(payload: Any) -> bool:
    """Whether a job is made of something that the launching script defines itself."""
    if isinstance(payload, dict):
        return payload.get("@module") == "__main__" or any(map(_of_script, payload.values()))
    return isinstance(payload, list) and any(map(_of_script, payload))


def _load_script(path: str) -> None:
    """Load the launching script under another name, so that jobs defined in it can be found."""
    module = types.ModuleType("__mp_main__")
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
    os.environ[LOADING_SCRIPT] = path
    try:
        module.__dict__.update(runpy.run_path(path, run_name="__mp_main__"))
    finally:
        del os.environ[LOADING_SCRIPT]
