"""The worker processes of a launcher: started when needed, fed, watched, replaced, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hebe.exceptions import LaunchError
from hebe.launchers.graph import Node
from hebe.launchers.outcome import Outcome
from hebe.launchers.protocol import FrameBuffer, frame, receive

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from hebe.launchers.worker import main
main(int(sys.argv[2]), int(sys.argv[3]))
"""
_MAX_FALSE_STARTS = 3
_AHEAD_S = 0.05
_MAX_AHEAD = 32


@dataclass
class Event:
    """Something that happened to a job.

    ``lost`` means that its worker died while it ran, ``returned`` that it was not started.
    """

    kind: Literal["started", "ended", "lost", "returned"]
    node: Node
    outcome: Outcome | None = None
    message: str = ""


@dataclass
class Worker:
    """One worker process."""

    number: int
    process: subprocess.Popen[bytes]
    channel: socket.socket
    log: Path
    buffer: FrameBuffer = field(default_factory=FrameBuffer)
    unsent: bytearray = field(default_factory=bytearray)
    assigned: deque[Node] = field(default_factory=deque)
    recalling: bool = False
    is_ready: bool = False


class Crew:
    """Up to a number of worker processes.

    Parameters
    ----------
    size
        How many at most; one is started when there is a job and all others are busy.
    greeting
        What every worker is told first: store, records, folder.
    folder
        Where logs are written.
    """

    def __init__(self, size: int, greeting: dict[str, Any], folder: Path) -> None:
        self.size = size
        self.started = 0
        self._greeting = frame(greeting)
        self._folder = folder
        self._workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()
        self._false_starts = 0
        self._pace: dict[tuple[str, str], float] = {}
        self._events: deque[Event] = deque()

    def running(self) -> list[Node]:
        """Return the jobs that are with workers."""
        return [node for worker in self._workers for node in worker.assigned]

    def has_room(self, node: Node) -> bool:
        """Whether a job can be handed over now."""
        return len(self._workers) < self.size or len(self._best().assigned) < self._ahead(node)

    def submit(self, node: Node) -> None:
        """Hand a job over; nothing happens to it when it cannot be turned into data, which raises."""
        message = {"type": "run", "task": _task(node), "job": node.job.as_dict()}
        best = self._best() if self._workers else None
        if best is None or (best.assigned and len(self._workers) < self.size):
            best = self._start()
        best.assigned.append(node)
        self._send(best, message)

    def poll(self, timeout_s: float) -> list[Event]:
        """Wait for news for at most a time in seconds and return them."""
        self._recall()
        for key, mask in self._selector.select(timeout_s):
            worker: Worker = key.data
            if mask & selectors.EVENT_WRITE:
                self._flush(worker)
            if mask & selectors.EVENT_READ:
                self._hear(worker)
        events = list(self._events)
        self._events.clear()
        return events

    def close(self) -> None:
        """Let idle workers end and wait for them; their empty logs are removed."""
        for worker in self._workers:
            worker.channel.settimeout(None)
            with contextlib.suppress(OSError):
                worker.channel.sendall(bytes(worker.unsent) + frame({"type": "quit"}))
        self._wait(10.0)

    def kill(self) -> None:
        """End all workers and what they started, at once."""
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.process.pid, 9)
        self._wait(10.0)

    def _best(self) -> Worker:
        return min(self._workers, key=lambda worker: len(worker.assigned))

    def _ahead(self, node: Node) -> int:
        """How many jobs of this kind a worker may have at hand: one, unless they are known to be short."""
        pace = self._pace.get(node.kind)
        return 1 if pace is None else max(1, min(_MAX_AHEAD, int(_AHEAD_S / max(pace, 1e-6))))

    def _start(self) -> Worker:
        ours, theirs = socket.socketpair()
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / f"worker-{self.started}.log"
        command = [sys.executable, "-c", _BOOT, json.dumps(_search_path()), str(theirs.fileno()), str(os.getpid())]
        with theirs, log.open("ab") as stream:
            process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=_environment(),
            )
        ours.settimeout(0)
        worker = Worker(self.started, process, ours, log)
        self.started += 1
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
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
        messages = receive(worker.channel, worker.buffer)
        if messages is None:
            self._bury(worker)
            return
        for message in messages:
            if message["type"] == "ready":
                worker.is_ready, self._false_starts = True, 0
            elif message["type"] == "returned":
                self._returned(worker, message["tasks"])
            elif message["type"] == "started":
                self._events.append(Event("started", worker.assigned[0]))
            else:
                node = worker.assigned.popleft()
                outcome = Outcome.from_message(message["outcome"])
                before = self._pace.get(node.kind, outcome.seconds)
                self._pace[node.kind] = 0.7 * before + 0.3 * outcome.seconds
                self._events.append(Event("ended", node, outcome))

    def _returned(self, worker: Worker, tasks: list[str]) -> None:
        worker.recalling = False
        for node in [node for node in worker.assigned if _task(node) in tasks]:
            worker.assigned.remove(node)
            self._events.append(Event("returned", node))

    def _bury(self, worker: Worker) -> None:
        """Report what a dead worker had; the first of its jobs was running."""
        self._remove(worker)
        code = worker.process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if not worker.is_ready:
            self._false_starts += 1
            if self._false_starts >= _MAX_FALSE_STARTS:
                raise LaunchError(f"workers cannot start ({how}): {_last_line(worker.log)}; see {worker.log}")
        for number, node in enumerate(worker.assigned):
            kind: Literal["lost", "returned"] = "lost" if number == 0 and worker.is_ready else "returned"
            self._events.append(Event(kind, node, message=f"the worker process died ({how}); see {worker.log}"))

    def _recall(self) -> None:
        """Take jobs back from a worker that has several while another has none."""
        if len(self._workers) < self.size or all(worker.assigned for worker in self._workers):
            return
        for worker in self._workers:
            if len(worker.assigned) > 1 and not worker.recalling:
                worker.recalling = True
                self._send(worker, {"type": "recall"})

    def _wait(self, patience_s: float) -> None:
        end = time.monotonic() + patience_s
        for worker in list(self._workers):
            try:
                worker.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(worker.process.pid, 9)
                worker.process.wait()
            self._remove(worker)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _remove(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        if worker.log.exists() and worker.log.stat().st_size == 0:
            worker.log.unlink()


def _last_line(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
    return text.rpartition("\n")[2] or "they said nothing"


def _task(node: Node) -> str:
    return f"{node.uuid}/{node.index}"


def _environment() -> dict[str, str]:
    """One compute thread per worker, decided before any numerical library is imported."""
    return {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}


def _search_path() -> list[str]:
    """Where workers find modules; not told by the environment, which programs started by jobs would inherit."""
    return [entry or str(Path.cwd()) for entry in sys.path]
