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
from hebe.exceptions import LaunchError
from hebe.launchers.limits import Limits
from hebe.launchers.progress import shown
from hebe.launchers.records import Records, launch_id
from hebe.launchers.scheduler import Scheduler
from hebe.stores.modes import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job

    from hebe.launchers.graph import Node
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
) -> RunSummary:
    """Run a flow to its end with some workers; parameters and errors are those of `hebe.launchers.local.run`.

    Parameters
    ----------
    hire
        Makes the workers; it starts nothing that would not be needed if everything is finished.
    """
    store, root = _store_and_root(store, root)
    records, name = Records.beside(store.docs_store, root), launch_id()
    limits = limits or Limits()
    with suppress(OSError):  # said when something is written there
        make_folder(root / STORE_FOLDER)
    workers = hire(Surroundings(store, records, root / STORE_FOLDER / "runs" / name, limits))

    def notify(kind: str, node: Node) -> None:
        if on_event is not None:
            on_event({"kind": kind, **node.identity})

    scheduler = Scheduler(store.docs_store, records, workers, retry_failed=retry_failed, limits=limits, notify=notify)
    with closing(records), _interruptible(scheduler, workers) as interrupts:
        with _ending(workers, interrupts):
            if str(flow.name) in records.controls():
                records.control(str(flow.name), None)
            _drive(scheduler, flow, records, name, progress=progress)
        summary = scheduler.tally.summary(interrupted=bool(interrupts) and scheduler.tally.waiting > 0)
        if scheduler.tally.total > scheduler.tally.reused:
            _beat(scheduler, records, name, summary.status)
    return summary


@contextmanager
def _ending(workers: Workers, interrupts: list[int]) -> Iterator[None]:
    """Let the workers go at the end, and end them where the launch breaks off; cancelled counts as interrupted."""
    try:
        yield
        workers.close()
    except _CancelledError:
        workers.kill()
        interrupts.append(0)
    except OSError as err:
        workers.kill()
        raise LaunchError(f"{err.filename or 'the launcher'}: {err.strerror or err}") from err
    except BaseException:
        workers.kill()
        raise


def _drive(scheduler: Scheduler, flow: Flow | Job, records: Records, name: str, *, progress: bool | None) -> None:
    due = time.monotonic()
    with shown(scheduler.tally, wanted=progress) as draw:

        def tick() -> None:
            nonlocal due
            draw()
            if time.monotonic() >= due:
                due = time.monotonic() + _BEAT_S
                _beat(scheduler, records, name, "running")
                told = records.controls().get(str(flow.name))
                scheduler.paused = told == "paused"
                if told == "cancelled":
                    raise _CancelledError

        scheduler.run(flow, tick)


def _beat(scheduler: Scheduler, records: Records, name: str, status: str) -> None:
    from hebe.stores.claims import Owner

    owner, tally = Owner.current(), scheduler.tally
    body = {
        "status": status,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": owner.started,
        "jobs": tally.jobs(),
        "calculations": tally.calculations(),
        "running": scheduler.running(),
        "elapsed_s": round(tally.elapsed_s, 1),
    }
    records.beat(name, body)


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
            raise KeyboardInterrupt
        sys.stderr.write("\nfinishing what runs; press Ctrl-C again to end at once\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
