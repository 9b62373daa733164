"""Workers behind an executor: a job goes out, documents come back; graph, claims and store stay here."""

from __future__ import annotations

import contextlib
import pickle
import sys
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.exceptions import LaunchError
from hebe.launchers.executor.delivery import accept
from hebe.launchers.executor.lookup import Lookup
from hebe.launchers.executor.parcel import Delivery, Parcel, run_parcel
from hebe.launchers.graph import Node
from hebe.launchers.job_folders import JobFolders
from hebe.launchers.outcome import Failure, Outcome
from hebe.launchers.workers import Event, OneLane
from hebe.stores.owners import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.launchers.launch import Surroundings
    from hebe.launchers.protocol import Task


GRACE_S = 60.0
"""A job that its worker has not ended so long after its time is given up: it is stuck, or its worker is no more."""


@dataclass(eq=False)
class _Sent:
    """A job in the hands of the executor; ``key`` is what it will compute, if it has asked for something."""

    node: Node
    key: str | None
    raw: bytes
    seen: bool = False
    began: float = 0.0

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been ended by its worker long ago."""
        limit = self.node.limits.timeout_s
        return self.seen and limit is not None and time.monotonic() - self.began > limit + GRACE_S


class ExecutorWorkers(OneLane):
    """Runs jobs on an executor.

    Parameters
    ----------
    make
        Makes the executor; called when there is something to run, and again when it has broken.
    size
        How many jobs it has at a time.
    near
        Of the launch.
    """

    def __init__(self, make: Callable[[], Executor], size: int, near: Surroundings) -> None:
        self.size = size
        self._make, self._near = make, near
        self._folders = JobFolders(near.folder)
        self._lookup = Lookup(near.store, near.records, near.limits, self._folders)
        self._executor: Executor | None = None
        self._out: dict[Future[bytes], _Sent] = {}
        self._behind: dict[str, list[Node]] = {}
        self._suspects: set[tuple[str, int]] = set()
        self._given_up = False
        self._is_spoilt = False
        self._events: deque[Event] = deque()

    @property
    def busy(self) -> int:
        """How many jobs it has, with those that wait for the result of another one."""
        told = sum(event.kind != "started" for event in self._events)
        return len(self._out) + sum(map(len, self._behind.values())) + told

    def has_room(self, _lane: str = "") -> bool:
        """Whether a job can be handed over.

        After a break one at a time, until it is known which job did it; none to a pool with a stuck process, which is
        replaced as soon as its other jobs have ended.
        """
        if self._is_spoilt and not self._out:
            self._shut(at_once=True)
        return not self._is_spoilt and len(self._out) < (1 if self._suspects else self.size)

    def pace(self, _node: Node) -> None:
        """Not known: jobs are to come one by one."""

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Have jobs look up what they need, and send off those that do not end with that."""
        for node, task in batch:
            found = self._lookup.ask(task, node.job)
            if isinstance(found, Outcome):
                self._suspects.discard((node.uuid, node.index))
                self._events += [Event("started", node), Event("ended", node, found)]
            elif found is not None and found in self._lookup.keys:
                self._behind.setdefault(found, []).append(node)
            else:
                if found is not None:
                    self._lookup.keys.add(found)
                self._send(_Sent(node, found, self._packed(node, task, found)))

    def poll(self, timeout_s: float) -> list[Event]:
        """Return what has happened since the last call; wait for at most a time in seconds if it is nothing.

        Raises
        ------
        hebe.exceptions.StoreError
            If the store cannot be written.
        hebe.exceptions.LaunchError
            If the executor has no processes, or cannot be made.
        """
        if not self._events:
            if self._out:
                wait(self._out, timeout_s, return_when=FIRST_COMPLETED)
            else:
                threading.Event().wait(timeout_s)
        for future, sent in list(self._out.items()):
            if future not in self._out:  # the executor has broken
                continue
            if not sent.seen and (future.running() or future.done()):
                sent.seen, sent.began = True, time.monotonic()
                self._events.append(Event("started", sent.node))  # told before anything comes back
            elif future.done():
                self._came_back(future, sent)
            elif sent.is_overdue:
                self._give_up(future, sent)
        events = list(self._events)
        self._events.clear()
        return events

    def running(self) -> list[Node]:
        """Return the jobs that run now, as far as the executor tells."""
        return [sent.node for sent in self._out.values() if sent.seen]

    def close(self) -> None:
        """Let the executor go; it is not waited for where it has jobs that were given up."""
        self._shut(at_once=self._given_up)

    def kill(self) -> None:
        """End what runs, if the executor can be made to; claims are given up."""
        self._shut(at_once=True)
        for key in list(self._lookup.keys):
            self._lookup.settle(key)
        self._out.clear()

    def _packed(self, node: Node, task: Task, key: str | None) -> bytes:
        inner: Any = self._near.store
        parcel = Parcel(
            task.identity,
            task.body,
            self._lookup.documents(node.job, key),
            tuple(inner.additional_stores),
            inner.save,
            inner.load,
            node.limits,
            str(self._near.folder),
            Owner.current(),
            tuple(str(Path(path).absolute()) for path in sys.path),
            self._lookup.contents(node.job),
        )
        return pickle.dumps(parcel, pickle.HIGHEST_PROTOCOL)

    def _send(self, sent: _Sent) -> None:
        for attempt in (1, 2):
            if self._executor is None:
                self._executor = self._make()
            try:
                future = self._executor.submit(run_parcel, sent.raw)
            except (BrokenExecutor, RuntimeError) as err:  # it broke, or was shut down, while nobody looked
                if attempt == 2 or self._out:
                    self._lost(sent, "unsure", f"the executor takes no job: {err}")
                    return
                self._shut(at_once=True)
            else:
                self._out[future], sent.raw = sent, b""
                return

    def _came_back(self, future: Future[bytes], sent: _Sent) -> None:
        try:
            raw = future.result()
        except BrokenExecutor as err:
            self._broke(err)
        except LaunchError:
            raise
        except Exception as err:  # noqa: BLE001 - jobs raise nothing: whatever comes, comes from the executor
            del self._out[future]
            self._lost(sent, "lost", f"the worker has failed: {type(err).__name__}: {err}")
        else:
            del self._out[future]
            self._delivered(sent, pickle.loads(raw))  # noqa: S301 - from a worker that this process has started

    def _delivered(self, sent: _Sent, delivery: Delivery) -> None:
        node = sent.node
        self._suspects.discard((node.uuid, node.index))
        if delivery.late:
            self._late(sent)
            return
        try:
            outcome = accept(delivery, node.identity, self._near.store, self._near.records)
        except (TypeError, ValueError) as err:
            failure = Failure(type(err).__name__, f"the output cannot be stored: {err}")
            self._near.records.fail(node.identity, failure)
            outcome = Outcome("failed", failure=failure)
        self._settle(sent)
        self._events.append(Event("ended", node, outcome))

    def _give_up(self, future: Future[bytes], sent: _Sent) -> None:
        """Wait for a job no more; what may come yet is not stored."""
        future.cancel()
        del self._out[future]
        self._given_up = True
        self._is_spoilt = hasattr(self._executor, "_processes")
        self._late(sent)

    def _late(self, sent: _Sent) -> None:
        self._settle(sent)
        message = f"the job took longer than {sent.node.limits.timeout_s:g} s"
        self._events.append(Event("lost", sent.node, message=message, cause="timeout"))

    def _broke(self, err: BrokenExecutor) -> None:
        """The executor is of no use any more: what it had is tried again, one job at a time if there were several."""
        lost, self._out = list(self._out.values()), {}
        self._shut(at_once=True)
        message = f"the worker process died: {err}"
        if len(lost) > 1:
            self._suspects |= {(sent.node.uuid, sent.node.index) for sent in lost}
        for sent in lost:
            self._lost(sent, "lost" if len(lost) == 1 else "unsure", message)

    def _lost(self, sent: _Sent, kind: str, message: str) -> None:
        node = sent.node
        if kind == "lost" and node.losses.get("died", 0) + 1 >= node.limits.attempts("died"):
            self._suspects.discard((node.uuid, node.index))  # it is not tried again
        self._settle(sent)
        self._events.append(Event("lost" if kind == "lost" else "unsure", sent.node, message=message))

    def _settle(self, sent: _Sent) -> None:
        """Give up what a job was to compute; those that wait for it look again."""
        if sent.key is not None:
            self._lookup.settle(sent.key)
            waiting = self._behind.pop(sent.key, [])
            self._events += [Event("returned", node) for node in waiting]

    def _shut(self, *, at_once: bool) -> None:
        executor, self._executor, self._is_spoilt = self._executor, None, False
        if executor is not None:
            if at_once:
                _end_processes(executor)
            with contextlib.suppress(BrokenExecutor, OSError):
                executor.shutdown(wait=not at_once, cancel_futures=at_once)
        self._folders.close()
        with contextlib.suppress(OSError):
            self._near.folder.rmdir()


def _end_processes(executor: Executor) -> None:
    """End the worker processes of an executor of the standard library; others end theirs when they are shut down."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            process.kill()
