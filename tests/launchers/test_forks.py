"""Jobs that fork and leave processes: what a copy does is no result, and nothing outlives the job that left it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.flow import Flow

from hebe.launchers import inline, local
from hebe.launchers.executor import launcher as executor
from hebe.launchers.limits import Limits
from hebe.stores import open_store
from support import faulty_jobs
from support.waiting import ended, handles_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow.core.store import JobStore

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs handles of processes")
NEVER = Limits(timeout_s=300)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.mark.parametrize("run", [local.run, inline.run, executor.run])
def test_a_copy_that_comes_back_from_a_job_is_not_its_result(run: Any, store: JobStore, tmp_path: Path) -> None:
    twice = faulty_jobs.fork_and_return()
    raised = {kind: faulty_jobs.fork_and_raise(kind) for kind in ("error", "interrupt", "exit")}
    others: list[Any] = [faulty_jobs.fork_twice(), faulty_jobs.fork_in_thread()]
    flow = Flow([twice, *raised.values(), *others])
    options = {} if run is inline.run else {"workers": 1}
    summary = run(flow, store=store, root=tmp_path, progress=False, limits=NEVER, **options)
    assert summary.status == "complete", summary.failures
    assert store.get_output(twice.uuid) == "parent of one that left with 0"
    codes = {kind: store.get_output(job.uuid) for kind, job in raised.items()}
    assert codes == {"error": 1, "interrupt": 1, "exit": 7}
    assert [store.get_output(job.uuid) for job in others] == [1, [4]]
    assert store.count() == len(flow.jobs)


def test_processes_of_multiprocessing_compute_for_jobs(store: JobStore) -> None:
    jobs: list[Any] = [faulty_jobs.spread(method) for method in ("fork", "forkserver", "fork")]
    assert local.run(Flow(jobs), store=store, progress=False, limits=NEVER).status == "complete"
    assert [store.get_output(job.uuid) for job in jobs] == [[0, 1, 4, 9]] * 3


def told(folder: Path) -> dict[int, int]:
    """Handles of the processes that jobs have told of, as far as they are alive."""
    return handles_of(int(path.read_text(encoding="ascii")) for path in folder.iterdir())


def test_what_a_job_leaves_ends_with_it(store: JobStore, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    summary = local.run(faulty_jobs.leave_processes(str(folder)), store=store, progress=False)
    assert summary.status == "complete"
    assert {path.name for path in folder.iterdir()} == {"child", "session", "daemon", "copy", "process"}
    ended(told(folder), 10.0)


@pytest.mark.parametrize("make", [faulty_jobs.leave_daemon_and_die, faulty_jobs.copy_unseen_and_die])
def test_what_holds_pipes_open_does_not_hold_up_the_launch(make: Any, store: JobStore, tmp_path: Path) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    job, good = make(str(folder)), faulty_jobs.use_process(1)
    job.config.manager_config["retries"] = 0
    summary = local.run(Flow([job, good]), store=store, progress=False, limits=NEVER)
    assert [(group.error_class, group.job_ids) for group in summary.failures] == [("WorkerDied", [job.uuid])]
    assert store.get_output(good.uuid) == 1
    ended(told(folder), 10.0)
