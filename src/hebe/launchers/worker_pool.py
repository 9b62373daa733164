"""The worker processes of a launcher: started when needed, fed, watched, replaced, stopped."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from hebe.exceptions import LaunchError, StoreError
from hebe.launchers.batches import AHEAD_S
from hebe.launchers.process import Worker, start
from hebe.launchers.protocol import UnreadableError, frame, receive
from hebe.launchers.workers import Event, OneLane
from hebe.stores.claims import LEASE_S
from hebe.stores.remote import NO_ANSWER
from hebe.stores.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from maggma.core.store import Store

    from hebe.launchers.early import EarlyWorkers
    from hebe.launchers.graph import Node
    from hebe.launchers.limits import Cause
    from hebe.launchers.outcome import Outcome
    from hebe.launchers.protocol import Task

_MAX_FALSE_STARTS = 3
_MAX_KILLED_STARTS = 30
"""Whoever kills workers that are just starting has others in mind, or too little memory for now."""
_WATCH_S = 0.1
_LOOK_S = 1.0
STOPPED_S = LEASE_S
"""A worker that was stopped for so long is ended: others may have taken over by now what it was at."""
SILENCE_S = 60.0
"""A worker that has not begun a job so long after the time that the job may take is ended."""


class WorkerPool(OneLane):
    """Up to a number of worker processes.

    Parameters
    ----------
    size
        How many at most; one is started when there is a job and all others are busy.
    greeting
        What every worker is told first: store, records, folder, limits.
    folder
        Where logs are written.
    stores
        Stores of this process that workers may ask about, by place.
    early
        Workers that have been started already, to be taken first.
    """

    def __init__(
        self,
        size: int,
        greeting: dict[str, Any],
        folder: Path,
        stores: dict[str, Store],
        early: EarlyWorkers | None = None,
    ) -> None:
        self.size = size
        self.started = 0
        self.busy = 0
        self._greeting = frame(greeting)
        self.folder = folder
        self._stores = stores
        self._early = early
        self._workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()
        self._false_starts = 0
        self._pace: dict[tuple[str, str], float] = {}
        self._events: deque[Event] = deque()

    def running(self) -> list[Node]:
        """Return the jobs that run."""
        found = [worker.current() for worker in self._workers]
        return [item[0] for item in found if item is not None]

    def has_room(self, _lane: str = "") -> bool:
        """Whether a job can be handed over now."""
        return len(self._workers) < self.size or self._is_hungry(self._best())

    def pace(self, node: Node) -> float | None:
        """Return how long a job of this kind takes in seconds, None when none has ended yet."""
        return self._pace.get(node.kind)

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Hand jobs over to one worker."""
        best = self._best() if self._workers else None
        if best is None or (best.assigned and len(self._workers) < self.size):
            best = self._start()
        if not best.assigned:
            best.heard = time.monotonic()
        for node, task in batch:
            pace = self._pace.get(node.kind, AHEAD_S)
            best.assigned[task.number], best.paces[task.number] = node, pace
            best.backlog_s += pace
        best.recalling = False
        self.busy += len(batch)
        self._send(best, {"type": "run", "tasks": [task for _, task in batch]})

    def fileno(self) -> int:
        """Return the descriptor that can be read from when there is news."""
        return self._selector.fileno()

    def poll(self, timeout_s: float) -> list[Event]:
        """Wait for news for at most a time in seconds and return them.

        Raises
        ------
        hebe.exceptions.StoreError
            If a worker says that the store cannot be written.
        hebe.exceptions.LaunchError
            If workers cannot start.
        """
        self._recall()
        for key, mask in self._selector.select(min(timeout_s, self._watch())):
            worker: Worker = key.data
            if mask & selectors.EVENT_WRITE:
                self._flush(worker)
            if mask & selectors.EVENT_READ:
                self._hear(worker)
        for worker in list(self._workers):
            if worker.has_ended:
                self._take_in(worker, worker.rest())
                if worker in self._workers:
                    self._bury(worker)
            else:
                self._look(worker)
        events = list(self._events)
        self._events.clear()
        return events

    def close(self) -> None:
        """Let idle workers end and wait for them; their empty logs are removed."""
        for worker in self._workers:
            worker.channel.settimeout(None)
            with contextlib.suppress(OSError):
                worker.channel.sendall(bytes(worker.unsent) + frame({"type": "quit"}))
        end = time.monotonic() + 10.0
        for worker in self._workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, end - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """End all workers and what they started, at once."""
        for worker in list(self._workers):
            worker.end()
            self._remove(worker)
        if self.folder.is_dir():
            for entry in [*self.folder.iterdir(), self.folder]:
                with contextlib.suppress(OSError):
                    entry.rmdir()

    def _best(self) -> Worker:
        return min(self._workers, key=lambda worker: (worker.backlog_s, len(worker.assigned)))

    def _is_hungry(self, worker: Worker) -> bool:
        return not worker.assigned or (worker.is_ready and worker.backlog_s < AHEAD_S / 2)

    def _start(self) -> Worker:
        worker = None if self._early is None else self._early.take()
        if worker is None:
            worker = start(self.started, self.folder, Service(self._stores))
        worker.number, worker.service = self.started, Service(self._stores)
        self.started += 1
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        worker.unsent += self._greeting
        self._flush(worker)
        return worker

    def _send(self, worker: Worker, message: dict[str, Any]) -> None:
        worker.unsent += frame(message)
        self._flush(worker)

    def _flush(self, worker: Worker) -> None:
        try:
            while worker.unsent:
                del worker.unsent[: worker.channel.send(worker.unsent[: 1 << 20])]
        except BlockingIOError:
            pass
        except OSError:
            worker.unsent.clear()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.unsent else 0)
        self._selector.modify(worker.channel, wanted, worker)

    def _hear(self, worker: Worker) -> None:
        try:
            messages = receive(worker.channel, worker.buffer)
        except UnreadableError as err:
            worker.why = f"the worker process was ended, since it said something that cannot be read ({err})"
            messages = None
        if messages is None:
            self._bury(worker)
        else:
            self._take_in(worker, messages)

    def _take_in(self, worker: Worker, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            worker.heard = time.monotonic()
            match message["type"]:
                case "ready":
                    worker.is_ready, self._false_starts = True, 0
                case "returned":
                    self._returned(worker, message["tasks"])
                case "ask":
                    self._answer(worker, message["number"], message["body"])
                case "spoilt":
                    self._returned(worker, message["tasks"])
                    self._bury(worker)
                    return
                case "broken":
                    raise StoreError(message["message"])
                case _:
                    for number, outcome in message["outcomes"]:
                        self._ended(worker, number, outcome)

    def _answer(self, worker: Worker, number: int, body: bytes) -> None:
        answer = worker.service.answer(body)
        if number != NO_ANSWER:
            self._send(worker, {"type": "answer", "number": number, "body": answer})

    def _ended(self, worker: Worker, number: int, outcome: Outcome) -> None:
        node = worker.take(number)
        if node is None:
            return
        if worker.seen != number:
            self._events.append(Event("started", node))
            worker.seen = number
        before = self._pace.get(node.kind, outcome.seconds)
        weight = 0.3 if outcome.seconds > before else 0.7
        self._pace[node.kind] = (1 - weight) * before + weight * outcome.seconds
        self.busy -= 1
        self._events.append(Event("ended", node, outcome))

    def _returned(self, worker: Worker, numbers: list[int]) -> None:
        for number in numbers:
            node = worker.take(number)
            if node is not None:
                self.busy -= 1
                worker.recalling = False
                self._events.append(Event("returned", node))

    def _look(self, worker: Worker) -> None:
        """Notice which job a worker has begun."""
        number, _ = worker.current_task.read()
        if number != worker.seen and number in worker.assigned:
            worker.seen, worker.heard = number, time.monotonic()
            self._events.append(Event("started", worker.assigned[number]))

    def _watch(self) -> float:
        """End workers whose job takes too long or too much, or that are stuck; return when to look again (s)."""
        patience = 60.0
        for worker in self._workers:
            self._look_at_state(worker)
            found = worker.current()
            if found is None:
                self._listen_for_silence(worker)
                continue
            began, limits = found[1], found[0].limits
            if limits.timeout_s is not None:
                left = began + limits.timeout_s - time.monotonic()
                if left <= 0:
                    self._end(worker, "timeout")
                patience = min(patience, max(0.0, left))
            if limits.memory_mb is not None:
                patience = min(patience, _WATCH_S)
                if worker.memory_mb() > limits.memory_mb:
                    self._end(worker, "memory")
        return patience

    def _look_at_state(self, worker: Worker) -> None:
        """End a worker that was found stopped at every look for a long time."""
        if time.monotonic() < worker.looked + _LOOK_S:
            return
        worker.looked = time.monotonic()
        worker.stops = worker.stops + 1 if worker.is_stopped() else 0
        if worker.stops * _LOOK_S > STOPPED_S:
            worker.why = f"the worker process was stopped by a signal for {STOPPED_S:g} s and more"
            self._end(worker, "died")

    def _listen_for_silence(self, worker: Worker) -> None:
        """End a worker that has jobs and says of none that it runs, long after the first of them should have ended."""
        node = next(iter(worker.assigned.values()), None)
        limit = None if node is None else node.limits.timeout_s
        if limit is not None and time.monotonic() > worker.heard + limit + SILENCE_S:
            worker.why = f"the worker process has not begun its job within {limit + SILENCE_S:g} s"
            self._end(worker, "died")

    def _end(self, worker: Worker, cause: Cause) -> None:
        worker.cause = cause
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.process.pid, 9)

    def _bury(self, worker: Worker) -> None:
        """Report what a dead worker had: one of its jobs ran, some may be finished, some were not started."""
        culprit, _ = worker.current_task.read()
        code = worker.end()
        self._remove(worker)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if not worker.is_ready:
            self._false_starts += 1
            was_killed = code < 0 and not worker.why
            if self._false_starts >= (_MAX_KILLED_STARTS if was_killed else _MAX_FALSE_STARTS):
                raise LaunchError(f"workers cannot start ({how}): {worker.last_words() or 'they said nothing'}")
        for number, node in worker.assigned.items():
            self.busy -= 1
            kind: Literal["lost", "unsure", "returned"] = "lost" if number == culprit else "unsure"
            if not worker.is_ready:
                kind = "returned"  # it cannot have begun
            self._events.append(Event(kind, node, message=_why(worker, node, how), cause=worker.cause))

    def _recall(self) -> None:
        """Take jobs back from a worker that has several while another has none."""
        if len(self._workers) < self.size or all(worker.assigned for worker in self._workers):
            return
        for worker in self._workers:
            if len(worker.assigned) > 1 and not worker.recalling:
                worker.recalling = True
                self._send(worker, {"type": "recall"})

    def _remove(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        worker.current_task.close()
        self._workers.remove(worker)
        if worker.log.exists() and worker.log.stat().st_size == 0:
            worker.log.unlink()


def _why(worker: Worker, node: Node, how: str) -> str:
    limits = node.limits
    if worker.cause == "timeout":
        return f"the job took longer than {limits.timeout_s:g} s"
    if worker.cause == "memory":
        return f"the job took more than {limits.memory_mb:g} MB of memory"
    words = worker.last_words()
    return (worker.why or f"the worker process died ({how})") + (f"; {words}" if words else "")
