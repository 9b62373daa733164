"""What a person does with ``lpad`` is seen: by queue jobs, ``hebe launch``, ``hebe status`` and ``hebe resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import status
from hebe.launchers.fireworks.driver import Driver
from hebe.launchers.fireworks.workflow_states import state_of
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from hebe.launchers.fireworks.queue import Listed
    from support.cluster import Project


class NoQueue:
    """A queue without jobs."""

    def listed(self) -> list[Listed]:
        return []


def three(project: Project) -> list[Any]:
    """Three jobs without dependencies."""
    made = [jobs.note(name, str(project.marks), number) for number, name in enumerate(("one", "two", "three"))]
    project.submit(*made)
    return made


def number_of(project: Project, job: Any) -> int:
    """Number of the firework of a job."""
    (found,) = project.access.launchpad.of([job.uuid], {"fw_id": 1})
    return int(found["fw_id"])


def launched(project: Project) -> Any:
    """Last report of ``hebe launch`` when nothing is ready, and what it told."""
    told: list[str] = []
    queue: Any = NoQueue()
    driver = Driver(project.access, queue, idle_s=0.0)
    report = driver.run(lambda one: told.append(one.text), interval_s=0.01)
    return report, told[-1]


def test_paused_jobs_are_not_done(project: Project) -> None:
    made = three(project)
    pad = project.access.launchpad.pad
    for job in made[:2]:
        pad.pause_fw(number_of(project, job))
    assert project.work() == 0
    assert jobs.executions(project.marks) == {"three": 1}
    report, text = launched(project)
    assert (report.status, report.left) == ("interrupted", 2)
    assert "2 paused with lpad" in text
    found = status(start=project.root)
    assert (found["status"], found["lpad"]["paused"]) == ("interrupted", 2)
    pad.resume_fw(number_of(project, made[0]))
    pad.resume_fw(number_of(project, made[1]))
    assert project.work() == 0
    assert jobs.executions(project.marks) == {"one": 1, "two": 1, "three": 1}
    report, _ = launched(project)
    assert (report.status, report.left) == ("complete", 0)
    assert status(start=project.root)["status"] == "complete"


def test_defused_and_deleted_jobs_are_not_done(project: Project) -> None:
    made = three(project)
    pad = project.access.launchpad.pad
    pad.defuse_fw(number_of(project, made[0]))
    pad.delete_wf(number_of(project, made[1]))
    assert project.work() == 0
    report, text = launched(project)
    assert (report.status, report.left, report.deleted) == ("interrupted", 2, 1)
    assert "1 defused" in text
    assert "1 not on the LaunchPad any more" in text
    found = status(start=project.root)["lpad"]
    assert found == {"paused": 0, "defused": 1, "rerun": 0, "deleted": 1}
    for job in made:
        job.hosts = []
    again = project.submit(*made)
    assert again["jobs"] == 1, "the one that was deleted"
    pad.reignite_fw(number_of(project, made[0]))
    assert project.work() == 0
    assert launched(project)[0].status == "complete"
    assert jobs.executions(project.marks) == {"one": 1, "two": 1, "three": 1}


def test_what_a_job_stops_itself_is_done(project: Project) -> None:
    stopper = jobs.stop_children(str(project.marks))
    child = jobs.note("child", str(project.marks), stopper.output)
    project.submit(stopper, child)
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 1, "DEFUSED": 1}
    assert launched(project)[0].status == "complete"
    assert status(start=project.root)["lpad"]["defused"] == 0


def test_rerun_by_lpad_runs_again_and_only_then(project: Project) -> None:
    first = jobs.note("first", str(project.marks), 1)
    calculation = jobs.compute_once(str(project.marks), "key")
    reader = jobs.name_of(str(project.marks), "reader", calculation.output)
    project.submit(first, calculation, reader)
    assert project.work() == 0
    once = {"first": 1, "key": 1, "reader": 1}
    assert jobs.executions(project.marks) == once
    pad = project.access.launchpad.pad
    pad.rerun_fw(number_of(project, first))
    pad.rerun_fw(number_of(project, calculation))
    found = status(start=project.root)
    assert (found["status"], found["lpad"]["rerun"]) == ("interrupted", 3)
    assert (found["jobs"]["waiting"], found["jobs"]["completed"]) == (3, 0)
    assert project.work() == 0
    assert jobs.executions(project.marks) == {"first": 2, "key": 2, "reader": 2}, "with what follows, as lpad does"
    assert status(start=project.root)["status"] == "complete"
    launchpad = project.access.launchpad
    launchpad.rerun([first.uuid])
    assert launchpad.by_hand().rerun == frozenset()
    assert project.work() == 0
    assert jobs.executions(project.marks)["first"] == 2, "Hebe itself looks whether the output is still good"


def test_a_worker_that_dies_is_no_rerun(project: Project) -> None:
    (job,) = [jobs.note("one", str(project.marks), 1)]
    project.submit(job)
    launchpad = project.access.launchpad
    claimed = launchpad.take("default", "pilot/0", "host")
    assert claimed is not None
    launchpad.lose("pilot", "it died", attempts=3)
    again = launchpad.take("default", "other/0", "host")
    assert again is not None
    assert "forced" not in again.facts


def test_a_rest_that_another_clock_has_made_long_is_none(project: Project) -> None:
    job = jobs.note("one", str(project.marks), 1)
    project.submit(job)
    launchpad = project.access.launchpad
    for seconds, expected in ((1000.0, False), (86400.0, True)):
        launchpad.pad.fireworks.update_many({}, {"$set": {"spec.hebe.not_before": 0.0}})
        claimed = launchpad.take("default", "pilot/0", "host")
        assert claimed is not None
        launchpad.put_back(claimed, wait_s=seconds)
        assert (launchpad.take("default", "pilot/0", "host") is not None) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [(["PAUSED", "COMPLETED"], "PAUSED"), (["PAUSED", "READY"], "READY"), (["PAUSED", "FIZZLED"], "FIZZLED")],
)
def test_a_workflow_with_paused_jobs(states: list[str], expected: str) -> None:
    assert state_of(states) == expected
