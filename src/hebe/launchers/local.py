"""Run any jobflow flow on this machine, on several processes, with resume: run it again and only the rest runs."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.exceptions import LaunchError
from hebe.launchers.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job
    from jobflow.core.store import JobStore
    from maggma.core.store import Store

    from hebe.launchers.crew import Crew
    from hebe.launchers.graph import Node
    from hebe.launchers.limits import Limits
    from hebe.launchers.records import Records
    from hebe.launchers.scheduler import Scheduler

__all__ = ["RunSummary", "run"]

_BEAT_S = 2.0


class _CancelledError(Exception):
    """Somebody has cancelled what this launch runs."""


def run(
    flow: Flow | Job,
    *,
    store: JobStore | None = None,
    workers: int = 1,
    progress: bool | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    root: Path | None = None,
    retry_failed: bool = False,
    limits: Limits | None = None,
) -> RunSummary:
    """Run a flow to its end; what is finished in the store is not run again.

    A job runs when it has no output, its output is ``cut``, or one of its inputs is newer than it. An output that
    says ``failed`` stays, unless ``retry_failed``. A job whose input has no output runs only if it accepts missing
    references. ``kill -9`` of this process or of a worker loses at most what was running.

    Ctrl-C lets running jobs finish; a second one ends them. ``hebe pause`` and ``hebe cancel`` are
    heard within seconds.

    Parameters
    ----------
    flow
        Any flow or job of jobflow.
    store
        Where outputs go; the embedded store of the project when None. A store that only this process may open (in
        memory, or a file on a network file system) is read and written by this process on behalf of the workers.
    workers
        Worker processes, each with one compute thread.
    progress
        None and True show progress on stderr, False does not.
    on_event
        Called with ``{"kind", "uuid", "index", "name"}`` for every change of a job.
    root
        Project folder, whose ``.hebe/runs`` takes the job folders; found from the store or the current folder when
        None. A job's folder is kept when it failed or left files.
    retry_failed
        Whether failed outputs are computed again.
    limits
        Wall time, memory, size of output and number of retries of each job; a job's ``config.manager_config`` overrides
        them by name.

    Returns
    -------
    RunSummary
        Counts of jobs and calculations, and failures by reason.

    Raises
    ------
    hebe.exceptions.LaunchError
        If ``workers`` is less than 1, jobs wait for each other in a circle, or run folders cannot be written.
    hebe.exceptions.StoreError
        If the store cannot be read or written.
    """
    from hebe.launchers.limits import Limits
    from hebe.launchers.records import Records, launch_id
    from hebe.launchers.scheduler import Scheduler

    _check_start(workers)
    store, root = _places(store, root)
    records, launch = Records.beside(store.docs_store, root), launch_id()
    limits = limits or Limits()
    crew = _crew(store, records, workers, root / ".hebe" / "runs" / launch, limits)

    def notify(kind: str, node: Node) -> None:
        if on_event is not None:
            on_event({"kind": kind, **node.identity})

    scheduler = Scheduler(store.docs_store, records, crew, retry_failed=retry_failed, limits=limits, notify=notify)
    with closing(records), _interruptible(scheduler, crew) as interrupts:
        with _ending(crew, interrupts):
            if str(flow.name) in records.controls():
                records.control(str(flow.name), None)
            _drive(scheduler, flow, records, launch, progress=progress)
        summary = scheduler.tally.summary(interrupted=bool(interrupts) and scheduler.tally.waiting > 0)
        if crew.started or scheduler.tally.total > scheduler.tally.reused:
            _beat(scheduler, records, launch, summary.status)
    return summary


def _check_start(workers: int) -> None:
    from hebe.launchers.worker import LOADING_SCRIPT

    if LOADING_SCRIPT in os.environ:
        raise LaunchError("a job is defined in the script that launches it: launch under if __name__ == '__main__'")
    if workers < 1:
        raise LaunchError(f"workers must be at least 1, not {workers}")


@contextmanager
def _ending(crew: Crew, interrupts: list[int]) -> Iterator[None]:
    """Let the workers go at the end, and end them where the launch breaks off; cancelled counts as interrupted."""
    try:
        yield
        crew.close()
    except _CancelledError:
        crew.kill()
        interrupts.append(0)
    except OSError as err:
        crew.kill()
        raise LaunchError(f"{err.filename or 'the launcher'}: {err.strerror or err}") from err
    except BaseException:
        crew.kill()
        raise


def _drive(scheduler: Scheduler, flow: Flow | Job, records: Records, launch: str, *, progress: bool | None) -> None:
    from hebe.launchers.progress import shown

    due = time.monotonic()
    with shown(scheduler.tally, wanted=progress) as draw:

        def tick() -> None:
            nonlocal due
            draw()
            if time.monotonic() >= due:
                due = time.monotonic() + _BEAT_S
                _beat(scheduler, records, launch, "running")
                told = records.controls().get(str(flow.name))
                scheduler.paused = told == "paused"
                if told == "cancelled":
                    raise _CancelledError

        scheduler.run(flow, tick)


def _beat(scheduler: Scheduler, records: Records, launch: str, status: str) -> None:
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
    records.beat(launch, body)


def _places(store: JobStore | None, root: Path | None) -> tuple[JobStore, Path]:
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


def _crew(store: JobStore, records: Records, workers: int, folder: Path, limits: Limits) -> Crew:
    from jobflow.core.store import JobStore

    from hebe.launchers.crew import Crew
    from hebe.stores.service import stand_in

    inner: Any = store
    further = {name: f"additional/{name}" for name in inner.additional_stores}
    stores: dict[str, Store] = {"outputs": inner.docs_store, "jobs": records.store}
    stores |= {place: inner.additional_stores[name] for name, place in further.items()}
    theirs = {place: stand_in(place, one) for place, one in stores.items()}
    handed = JobStore(theirs["outputs"], {n: theirs[p] for n, p in further.items()}, inner.save, inner.load)
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None) if getattr(main, "__spec__", None) is None else None
    greeting = {
        "type": "greeting",
        "store": handed.as_dict(),
        "records": theirs["jobs"].as_dict(),
        "folder": str(folder),
        "limits": asdict(limits),
        "main": str(Path(script).absolute()) if script else None,
    }
    return Crew(workers, greeting, folder, stores)


@contextmanager
def _interruptible(scheduler: Scheduler, crew: Crew) -> Iterator[list[int]]:
    """Turn the first Ctrl-C into a graceful end and the second into an abrupt one."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def handle(number: int, _frame: object) -> None:
        pressed.append(number)
        scheduler.stopping = True
        if len(pressed) > 1:
            crew.kill()
            raise KeyboardInterrupt
        sys.stderr.write("\nfinishing what runs; press Ctrl-C again to end at once\n")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
