"""One job on its way: what a worker of an executor gets, what it sends back, and what it does in between.

The worker has no database. It gets the documents that the job reads, runs the job on a store in memory that holds
nothing else, and sends back what the job has stored there.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import sys
import tempfile
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hebe.exceptions import LaunchError
from hebe.launchers.executor import pools
from hebe.launchers.executor.parent import end_with
from hebe.launchers.leftovers import end_children
from hebe.launchers.limits import Limits
from hebe.launchers.outcome import Outcome
from hebe.stores.owners import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from maggma.core.store import Store

KEY = ["uuid", "index"]

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Parcel:
    """A job for a worker.

    ``body`` is the job as `hebe.launchers.protocol.encode_job` gives it, ``documents`` are those that it reads, with
    ``additional`` the names of the job store's additional stores, ``save`` and ``load`` its other parts, ``contents``
    those of the outputs that it reads as the store of the launcher has them. ``folder`` is
    that of the launch, ``driver`` the process that sends it, ``paths`` where that finds its modules. ``attempt`` tells
    it from every other parcel, since executors may remember what they were given and what came back.
    """

    identity: dict[str, Any]
    body: bytes
    documents: list[dict[str, Any]]
    additional: tuple[str, ...]
    save: Any
    load: Any
    limits: Limits
    folder: str
    driver: Owner
    paths: tuple[str, ...] = ()
    contents: dict[str, str] = field(default_factory=dict)
    attempt: str = field(default_factory=lambda: uuid4().hex)


@dataclass
class Delivery:
    """What a worker sends back: the outcome, and the documents that the job has stored, by store.

    ``late`` says that the job was ended because it took longer than it may.
    """

    outcome: Outcome | None = None
    outputs: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    additional: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    late: bool = False


class _LateError(BaseException):
    """The time of the running job is over; nothing in between may catch it."""


def _is_late(err: BaseException) -> bool:
    return isinstance(err, _LateError)


def run_parcel(raw: bytes) -> bytes:
    """Run a job in a worker process of an executor; bytes in, bytes out, so that every executor can carry them.

    Raises
    ------
    hebe.exceptions.LaunchError
        In the process of the launcher itself: folders and output of jobs are those of their process.
    """
    parcel: Parcel = pickle.loads(raw)  # noqa: S301 - from the launcher whose executor started this process
    if parcel.driver == Owner.current():
        raise LaunchError("the executor runs jobs in threads of the launcher: it must have processes")
    sys.path += [path for path in parcel.paths if path not in sys.path]
    with _one_at_a_time:
        _end_with(parcel.driver)
        folder = _usable(Path(parcel.folder))
        os.chdir(folder)  # the folder that the process was started in may be gone by now
        with _told_to(folder / f"worker-{socket.gethostname()}-{os.getpid()}.log"):
            delivery = _run(parcel, folder)
        if pools.is_own():
            end_children()
    return pickle.dumps(delivery, pickle.HIGHEST_PROTOCOL)


def _run(parcel: Parcel, folder: Path) -> Delivery:
    from jobflow.core.store import JobStore
    from maggma.stores import MemoryStore

    from hebe.launchers.condition import Condition
    from hebe.launchers.execution import RecordingStore, execute
    from hebe.launchers.job_folders import JobFolders
    from hebe.launchers.protocol import decode_job
    from hebe.launchers.records import COLLECTION, Records

    further: dict[str, Store] = {name: MemoryStore(name, key="blob_uuid") for name in parcel.additional}
    inner = JobStore(MemoryStore("outputs", key="uuid"), further, parcel.save, parcel.load)
    inner.connect()
    if parcel.documents:
        inner.docs_store.update(parcel.documents, key=KEY)
    records = Records(MemoryStore(COLLECTION, key="uuid"))
    store, folders = RecordingStore(inner, records, parcel.limits), JobFolders(folder)
    store.contents = parcel.contents
    try:
        with _time_limit(parcel.limits.timeout_s), closing(Condition()) as condition:
            store.restore = condition.restore
            outcome = execute(parcel.identity, lambda: decode_job(parcel.body), store, folders, spares=_is_late)
    except _LateError:
        return Delivery(late=True)
    folders.close()
    mine = {"uuid": parcel.identity["uuid"], "index": parcel.identity["index"]}
    outputs = list(inner.docs_store.query(mine)) if outcome.kind == "done" else []
    kept = {name: list(one.query()) for name, one in further.items()}
    return Delivery(outcome, outputs, list(records.store.query()), kept)


def _usable(folder: Path) -> Path:
    """The folder of the launch where this machine has it, else one of its own."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="hebe-"))
    return folder


def _end_with(driver: Owner) -> None:
    """Have this process ignore Ctrl-C, and end with the launcher if that is its parent."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (socket.gethostname(), os.getppid()) == (driver.host, driver.pid):
        end_with(driver.pid)


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """End what runs by an exception after some time; only the main thread of a process can be ended like this."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _LateError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _told_to(log: Path) -> Iterator[None]:
    """Send what this process and the programs that it starts print to a file, removed if it is empty."""
    _flush()
    kept = [os.dup(1), os.dup(2)]
    with log.open("ab") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    try:
        yield
    finally:
        _flush()
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        if not log.stat().st_size:
            log.unlink()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
