"""One launch of a flow by this process, whoever runs the jobs: store, records, heartbeats, interruptions, summary."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobflow.core.store import JobStore

from hebe.config.settings import STORE_FOLDER
from hebe.exceptions import LaunchError, StoreError
from hebe.launchers.limits import Limits
from hebe.launchers.progress import shown
from hebe.launchers.records import Records, launch_id
from hebe.launchers.scheduler import Scheduler
from hebe.launchers.workers import EndAtOnceError
from hebe.stores.modes import make_private_folder
from hebe.stores.mongodb import without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job

    from hebe.launchers.graph import Node
    from hebe.launchers.remaining import Expects
    from hebe.launchers.summary import RunSummary
    from hebe.launchers.workers import Workers

_BEAT_S = 2.0


class _CancelledError(Exception):
    """Somebody has cancelled what this launch runs."""


@dataclass(frozen=True)
class Surroundings:
    """What the workers of a launch work with: connected store, its records, folder of the launch, limits of jobs."""

    store: JobStore
    records: Records
    folder: Path
    limits: Limits


def launch(
    flow: Flow | Job,
    hire: Callable[[Surroundings], Workers],
    *,
    store: JobStore | None = None,
    progress: bool | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    root: Path | None = None,
    retry_failed: bool = False,
    limits: Limits | None = None,
    expects: Expects | None = None,
    name: str | None = None,
) -> RunSummary:
    """Run a flow to its end with some workers; parameters and errors are those of `hebe.launchers.local.run`.

    Parameters
    ----------
    hire
        Makes the workers; it starts nothing that would not be needed if everything is finished.
    name
        Of the launch, where it has one already.
    """
    store, root = _store_and_root(store, root)
    records, name, limits = Records.beside(store.docs_store, root), name or launch_id(), limits or Limits()
    make_private_folder(root / STORE_FOLDER)
    workers = hire(Surroundings(store, records, root / STORE_FOLDER / "runs" / name, limits))

    def notify(kind: str, node: Node) -> None:
        if on_event is not None:
            on_event({"kind": kind, "uuid": node.uuid, "index": node.index, "name": node.name, "hosts": node.hosts})

    scheduler = Scheduler(
        store.docs_store,
        records,
        workers,
        retry_failed=retry_failed,
        limits=limits,
        notify=notify,
        announce=lambda: heart.beat("running"),
        expects=expects,
    )
    heart = Heart(scheduler, records, name, store.docs_store.count())
    with closing(records), _kept(store), _interruptible(scheduler, workers) as interrupts:
        with closing(scheduler), _ending(workers, interrupts, heart):
            if str(flow.name) in records.controls():
                records.control(str(flow.name), None)
            _drive(scheduler, flow, records, heart, progress=progress)
        summary = scheduler.tally.summary(interrupted=bool(interrupts) and scheduler.tally.waiting > 0)
        if scheduler.tally.total > scheduler.tally.reused or heart.has_begun:
            heart.beat(summary.status)
    return summary


@contextmanager
def _kept(store: JobStore) -> Iterator[None]:
    """Refuse to go on where the file of the outputs is removed or replaced meanwhile."""
    from hebe.stores.sqlite import SQLiteStore

    documents = store.docs_store
    if not isinstance(documents, SQLiteStore):
        yield
        return
    documents.keep_to_file()
    try:
        yield
    finally:
        documents.keep_to_file(on=False)


@contextmanager
def _ending(workers: Workers, interrupts: list[int], heart: Heart) -> Iterator[None]:
    """Let the workers go at the end, and end them where the launch breaks off; cancelled counts as interrupted."""
    try:
        yield
        workers.close()
    except _CancelledError:
        workers.kill()
        interrupts.append(0)
    except BaseException as err:
        workers.kill()
        with suppress(Exception):
            heart.stop()
        if isinstance(err, OSError):
            raise LaunchError(f"{err.filename or 'the launcher'}: {err.strerror or err}") from err
        if type(err).__module__.startswith("pymongo"):
            reason = " ".join(without_credentials(str(err)).split())[:300]
            raise StoreError(f"the store does not answer any more: {reason}; run again to go on") from err
        raise


def _drive(scheduler: Scheduler, flow: Flow | Job, records: Records, heart: Heart, *, progress: bool | None) -> None:
    due = time.monotonic()
    with shown(scheduler.tally, wanted=progress) as draw:

        def tick() -> None:
            nonlocal due
            draw()
            if time.monotonic() >= due:
                due = time.monotonic() + _BEAT_S
                heart.beat("running")
                told = records.controls().get(str(flow.name))
                scheduler.paused = told == "paused"
                if told == "cancelled":
                    raise _CancelledError

        scheduler.run(flow, tick)


@dataclass
class Heart:
    """Tells others that a launch is alive and how far it is.

    Parameters
    ----------
    scheduler, records, name
        Of the launch.
    outputs_before
        Number of outputs in the store when it began.
    """

    scheduler: Scheduler
    records: Records
    name: str
    outputs_before: int
    has_begun: bool = False

    def beat(self, status: str) -> None:
        """Tell."""
        from hebe.stores.claims import Owner

        owner, tally = Owner.current(), self.scheduler.tally
        body = {
            "status": status,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": owner.started,
            "jobs": tally.jobs(),
            "calculations": tally.calculations(),
            "running": self.scheduler.running(),
            "elapsed_s": round(tally.elapsed_s, 1),
            "left_s": tally.left_s(),
            "outputs_before": self.outputs_before,
        }
        self.has_begun = True
        self.records.beat(self.name, body)

    def stop(self) -> None:
        """Tell that the launch has broken off."""
        if self.has_begun:
            self.beat("interrupted")


def _store_and_root(store: JobStore | None, root: Path | None) -> tuple[JobStore, Path]:
    from hebe.stores.factory import FOLDER, find_project, open_store, prepare
    from hebe.stores.sqlite import SQLiteStore

    if store is None:
        root = find_project(Path.cwd()) if root is None else Path(root).absolute()
        return open_store(root), root
    store.connect()
    prepare(store.docs_store)
    if root is None and isinstance(store.docs_store, SQLiteStore):
        folder = Path(store.docs_store.path).parent
        root = folder.parent if folder.name == FOLDER else folder
    return store, find_project(Path.cwd()) if root is None else Path(root).absolute()


@contextmanager
def _interruptible(scheduler: Scheduler, workers: Workers) -> Iterator[list[int]]:
    """Turn the first Ctrl-C into a graceful end and the second into an abrupt one."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def handle(number: int, _frame: object) -> None:
        pressed.append(number)
        scheduler.stopping = True
        if len(pressed) > 1:
            workers.kill()
            raise EndAtOnceError
        sys.stderr.write("\nfinishing what runs; press Ctrl-C again to end at once\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
