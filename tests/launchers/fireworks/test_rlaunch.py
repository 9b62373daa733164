"""FireWorks' own launchers on what ``hebe submit`` put onto the LaunchPad: outputs go to the store of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.launchers import local
from hebe.launchers.fireworks.project import submit_flow
from hebe.stores import open_store
from support import launcher_jobs
from support import launcher_jobs as jobs
from support.launcher_jobs import executions

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Project

pytestmark = pytest.mark.slow


def rlaunch(project: Project, patch: pytest.MonkeyPatch, folder: Path | None = None) -> dict[str, int]:
    """``rlaunch rapidfire`` until nothing is ready; how many jobs are in which state."""
    from fireworks.core.fworker import FWorker
    from fireworks.core.rocket_launcher import rapidfire

    patch.chdir(folder or project.root)
    rapidfire(project.access.launchpad.pad, FWorker(), strm_lvl="CRITICAL")
    return project.access.launchpad.states()


def test_outputs_are_those_of_the_local_launcher(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates that share jobs, and a border that waits for all of them."""

    def flow(marks: Path) -> Any:
        marks.mkdir(exist_ok=True)
        return launcher_jobs.campaign_like(2, str(marks))

    submit_flow(flow(project.marks), project.root)
    assert set(rlaunch(project, monkeypatch)) == {"COMPLETED"}
    here = tmp_path / "local"
    here.mkdir()
    with_local = flow(here / "marks")
    store = open_store(here)
    local.run(with_local, store=store, workers=1, progress=False, root=here)
    for job in with_local.jobs:
        assert project.access.store.get_output(job.uuid) == store.get_output(job.uuid)
    store.close()
    assert set(project.done().values()) == {1}, "nothing ran twice"


def test_hebe_goes_on_where_rlaunch_has_stopped(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from fireworks.core.fworker import FWorker
    from fireworks.core.rocket_launcher import rapidfire

    first = jobs.add(1)
    last = jobs.add(first.output, 10)
    project.submit(first, last)
    monkeypatch.chdir(project.root)
    rapidfire(project.access.launchpad.pad, FWorker(), nlaunches=1, strm_lvl="CRITICAL")
    assert project.access.store.get_output(first.uuid) == 1
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 2}
    assert project.access.store.get_output(last.uuid) == 11


def test_elsewhere_the_job_refuses_and_says_so(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.add(1)
    project.submit(job)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert rlaunch(project, monkeypatch, elsewhere) == {"FIZZLED": 1}
    pad = project.access.launchpad.pad
    (fw_id,) = pad.get_fw_ids()
    told = str(pad.get_launch_by_id(pad.get_fw_by_id(fw_id).launches[-1].launch_id).action.to_dict())
    assert "no database for the LaunchPad is named" in told or "in the folder of its project" in told
    assert project.access.store.count() == 0
    pad.rerun_fw(fw_id)
    assert rlaunch(project, monkeypatch) == {"COMPLETED": 1}


@pytest.mark.parametrize("name", ["replaced", "detoured", "adding"])
def test_flows_that_a_job_asks_for_run_before_what_reads_from_it(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def made(marks: Path) -> list[Any]:
        marks.mkdir(exist_ok=True)
        asking = jobs.replaced(2, str(marks)) if name == "replaced" else getattr(jobs, name)(str(marks))
        return [asking, jobs.note("after", str(marks), asking.output)]

    mine = made(project.marks)
    project.submit(*mine)
    assert set(rlaunch(project, monkeypatch)) == {"COMPLETED"}
    here = tmp_path / "local"
    here.mkdir()
    other = made(here / "marks")
    store = open_store(here)
    local.run(Flow(other), store=store, workers=1, progress=False, root=here)
    expected = store.get_output(other[1].uuid, load=True)
    store.close()
    assert project.access.store.get_output(mine[1].uuid, load=True) == expected
    assert project.done() == executions(here / "marks")


def test_a_failure_is_told_and_what_may_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = jobs.explode("no such luck"), jobs.add(2)
    lenient = jobs.count_present([bad.output, good.output])
    strict = jobs.add(bad.output)
    project.submit(bad, good, lenient, strict)
    assert rlaunch(project, monkeypatch) == {"FIZZLED": 1, "COMPLETED": 2, "WAITING": 1}
    assert project.access.store.get_output(lenient.uuid) == 1
    (record,) = project.access.records.failed().values()
    assert "no such luck" in record["message"]


def test_what_a_job_stops_does_not_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = jobs.stop_children(str(project.marks))
    project.submit(stopping, jobs.note("never", str(project.marks), stopping.output))
    assert rlaunch(project, monkeypatch) == {"COMPLETED": 1, "DEFUSED": 1}
    assert "never" not in project.done()
