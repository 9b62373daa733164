"""Queue jobs whose slots share a device: the documents of jobs one by one, whatever becomes of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.launchers import local
from hebe.stores import open_store
from launchers.test_shared_pool import flow_of, relaxation, results
from support.batched_springs import NO_ENERGY, installed, noted
from support.processes import kill_tree
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.cluster import Project

pytestmark = pytest.mark.filterwarnings("ignore:Some jobs are not connected:UserWarning:jobflow")


@pytest.fixture
def shared(project: Project) -> Iterator[Project]:
    with installed(project.root / "site"):
        yield project


def outputs(project: Project) -> list[dict[str, Any]]:
    return [one["output"] for one in project.access.store.query({"output.status": {"$exists": True}}, load=True)]


@pytest.mark.slow
def test_slots_that_share_a_device_leave_the_documents_of_jobs_one_by_one(
    shared: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bad = relaxation(shared.root, 9, element=NO_ENERGY)
    shared.submit(*(relaxation(shared.root, number) for number in range(5)), bad)
    assert shared.work(slots=3, batch=3, idle_s=5.0) == 0
    passes = noted(shared.root / "passes")
    assert max(map(len, passes)) > 1, "no pass had several cells"
    found = {one["label"]: one for one in outputs(shared)}
    assert sum(map(len, passes)) == sum(one["n_steps"] for one in found.values() if one["status"] == "converged")
    assert found.pop(f"{NO_ENERGY} 9")["status"] == "failed"
    other = tmp_path_factory.mktemp("alone")
    (other / ".hebe").mkdir()
    peer = open_store(other)
    local.run(flow_of(shared.root, 5), store=peer, root=other, progress=False)
    assert results(flow_of(shared.root, 5), shared.access.store) == results(flow_of(shared.root, 5), peer)


@pytest.mark.slow
def test_a_queue_job_that_is_killed_loses_no_member_that_has_ended(shared: Project) -> None:
    shared.submit(*(relaxation(shared.root, number) for number in range(8)))
    with shared.pilot(slots=3, batch=3, idle_s=5.0) as process:
        until(lambda: len(outputs(shared)) >= 2, "some members have ended", running=process)
        kill_tree(process)
    finished = {one["label"]: one for one in outputs(shared)}
    assert len(finished) < 8
    passes = shared.root / "passes"
    passes.unlink()
    for name in {worker.partition("/")[0] for worker in shared.access.launchpad.workers()}:
        shared.access.launchpad.lose(name, "it was killed", attempts=3)
    assert shared.work(slots=3, batch=3, idle_s=5.0) == 0
    now = {one["label"]: one for one in outputs(shared)}
    assert len(now) == 8
    assert {label: now[label] for label in finished} == finished
    assert sum(map(len, noted(passes))) == sum(one["n_steps"] for label, one in now.items() if label not in finished)
