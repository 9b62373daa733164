"""Run any jobflow flow on this machine, on several processes, with resume: run it again and only the rest runs."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.config.settings import STORE_FOLDER, get_settings
from hebe.exceptions import LaunchError
from hebe.launchers.early import waiting
from hebe.launchers.in_process import InProcessLauncher
from hebe.launchers.records import launch_id
from hebe.launchers.summary import RunSummary
from hebe.stores.modes import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job
    from jobflow.core.store import JobStore
    from maggma.core.store import Store

    from hebe.launchers.early import EarlyWorkers
    from hebe.launchers.launch import Surroundings
    from hebe.launchers.launcher import Wishes
    from hebe.launchers.limits import Limits
    from hebe.launchers.preparation import Preparation
    from hebe.launchers.remaining import Expects
    from hebe.launchers.shared_pool import Sharing
    from hebe.launchers.workers import Workers

__all__ = ["LocalLauncher", "RunSummary", "run"]


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
    expects: Expects | None = None,
    sharing: Sharing | None = None,
    early: EarlyWorkers | None = None,
) -> RunSummary:
    """Run a flow to its end; what is finished in the store is not run again.

    A job runs when it has no output, its output is ``cut``, or it was made from other outputs than those that the job
    reads now: their contents are compared, no time of day is. An output that says ``failed`` stays, unless
    ``retry_failed``. A job whose input has no output runs only if it accepts missing references. ``kill -9`` of this
    process or of a worker loses at most what was running.

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
    expects
        Says of which kind a job is and how long one is expected to take (s), for the time that is left; all jobs are
        expected to take the same time without it.
    sharing
        How many jobs share a device whose engine evaluates many cells at once; each computes for itself when None.
    early
        Workers that were started before there was a flow.

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
    from hebe.launchers.launch import launch

    _check_start(workers)
    return launch(
        flow,
        partial(_workers, workers, sharing, early),
        store=store,
        progress=progress,
        on_event=on_event,
        root=root,
        retry_failed=retry_failed,
        limits=limits,
        expects=expects,
        name=None if early is None else early.folder.name,
    )


class LocalLauncher(InProcessLauncher):
    """Runs jobs in worker processes of this machine."""

    _early: EarlyWorkers | None = None

    @contextmanager
    def started(self, wishes: Wishes, most: int, preparation: Preparation) -> Iterator[None]:
        """Have workers start and prepare themselves while the flow is put together."""
        hidden = self._project.root / STORE_FOLDER
        make_private_folder(hidden)
        number = min(most, self._at_a_time(wishes))
        with waiting(number, hidden / "runs" / launch_id(), preparation) as early:
            self._early = early
            try:
                yield
            finally:
                self._early = None

    def run_flow(self, flow: Flow, wishes: Wishes) -> RunSummary:
        """Run one flow to its end."""
        from hebe.launchers.shared_pool import Sharing

        return run(
            flow,
            store=self._project.store,
            workers=self._at_a_time(wishes),
            progress=wishes.progress,
            on_event=wishes.on_event,
            root=self._project.root,
            retry_failed=wishes.retry_failed,
            expects=wishes.expects,
            sharing=Sharing.of(get_settings(self._project.root)),
            early=self._early,
        )


def _check_start(workers: int) -> None:
    from hebe.launchers.worker import LOADING_SCRIPT

    if LOADING_SCRIPT in os.environ:
        raise LaunchError("a job is defined in the script that launches it: launch under if __name__ == '__main__'")
    if workers < 1:
        raise LaunchError(f"workers must be at least 1, not {workers}")


def _workers(workers: int, sharing: Sharing | None, early: EarlyWorkers | None, near: Surroundings) -> Workers:
    from hebe.launchers.shared_pool import SharedPool
    from hebe.launchers.worker_pool import WorkerPool

    stores, greeting = _greeting(near)
    pool = WorkerPool(workers, greeting, near.folder, stores, early)
    if sharing is None or not sharing.is_worth_a_look:
        return pool
    return SharedPool(pool, sharing, lambda size, more, folder: WorkerPool(size, {**greeting, **more}, folder, stores))


def _greeting(near: Surroundings) -> tuple[dict[str, Store], dict[str, Any]]:
    """Stores of this process that workers may ask about, and what every worker is told first."""
    from jobflow.core.store import JobStore

    from hebe.stores.service import stand_in

    inner: Any = near.store
    further = {name: f"additional/{name}" for name in inner.additional_stores}
    stores: dict[str, Store] = {"outputs": inner.docs_store, "jobs": near.records.store}
    stores |= {place: inner.additional_stores[name] for name, place in further.items()}
    theirs = {place: stand_in(place, one) for place, one in stores.items()}
    handed = JobStore(theirs["outputs"], {n: theirs[p] for n, p in further.items()}, inner.save, inner.load)
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None) if getattr(main, "__spec__", None) is None else None
    greeting = {
        "type": "greeting",
        "store": handed.as_dict(),
        "records": theirs["jobs"].as_dict(),
        "folder": str(near.folder),
        "limits": asdict(near.limits),
        "main": str(Path(script).absolute()) if script else None,
    }
    return stores, greeting
