"""Compute nodes without a way to the database: ``hebe launch`` comes and goes, and nothing is lost or done twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from hebe.exceptions import BadInputError
from hebe.launchers.fireworks.launchpad import Launchpad
from hebe.launchers.fireworks.relay import FileLine, Relay, open_relayed
from hebe.launchers.fireworks.remote_launchpad import RemoteLaunchpad
from hebe.stores import open_store
from support import cluster_jobs as jobs
from support.waiting import LIMIT_S, until

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Project

relayed = pytest.mark.parametrize("project", ["relay"], indirect=True)


def line(project: Project, patience_s: float = LIMIT_S) -> FileLine:
    return FileLine(project.access.runs / "hebe-test" / "mail" / "1", patience_s)


@relayed
def test_errors_of_the_database_arrive_as_what_they_are(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ServerSelectionTimeoutError("away")

    launchpad = RemoteLaunchpad(line(project))
    monkeypatch.setattr(Launchpad, "reserve", fail)
    with pytest.raises(ServerSelectionTimeoutError, match="away"):
        launchpad.reserve(3)


@relayed
def test_a_question_without_an_answer_is_withdrawn(project: Project) -> None:
    project.submit(jobs.nap(str(project.marks), "nap0"))
    project.driver.close()
    mine = line(project, 0.05)
    launchpad = RemoteLaunchpad(mine)
    with pytest.raises(AutoReconnect, match="hebe launch does not answer"):
        launchpad.take("default", "w/0", "host")
    project.driver.serve()
    mine._patience_s = LIMIT_S
    assert launchpad.reserve(1) > 0, "answered after the one that was withdrawn"
    assert project.access.launchpad.states() == {"READY": 1}


@relayed
def test_a_job_whose_taking_was_not_answered_is_the_next_one(project: Project) -> None:
    project.submit(jobs.nap(str(project.marks), "nap0"), jobs.nap(str(project.marks), "nap1"))
    launchpad = RemoteLaunchpad(line(project))
    claimed = project.access.launchpad.take("default", "w/0", "host")
    assert claimed is not None
    launchpad._lost_answer = True
    found = launchpad.take("default", "w/0", "host")
    assert found is not None
    assert (found.fw_id, found.launch_id) == (claimed.fw_id, claimed.launch_id)
    other = launchpad.take("default", "w/0", "host")
    assert other is not None
    assert other.fw_id != claimed.fw_id
    assert launchpad.complete(other)
    assert not launchpad.complete(other)


@relayed
def test_a_relay_that_follows_another_answers_what_that_one_did_not(project: Project) -> None:
    mine = line(project)
    launchpad = RemoteLaunchpad(mine)
    first = launchpad.reserve(1)
    project.driver.close()
    with mine._asking:
        future, _ = mine.send("launchpad", "reserve", (1,), {})
    relay = Relay(project.access)
    relay.start()

    def heard() -> bool:
        mine._listen()
        return future.done()

    until(heard, "the question is answered")
    assert future.result() == first + 1, "the first question was not answered again"
    relay.stop()


def test_outputs_in_a_file_are_refused(project: Project, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(BadInputError, match=r"cluster\.relay.*outputs in a database"):
        Relay(replace(project.access, store=store))
    store.close()


@relayed
def test_a_process_with_the_number_of_a_dead_one_has_a_mailbox_of_its_own(project: Project) -> None:
    folder = project.access.runs / "hebe-test"
    folder.mkdir(parents=True)
    for _ in range(2):
        found = open_relayed(project.root, project.access.cluster, folder, LIMIT_S)
        assert found.launchpad.reserve(1) > 0
    assert len(list((folder / "mail").iterdir())) == 2


@pytest.mark.slow
@relayed
def test_hebe_launch_ends_while_a_job_runs_and_comes_back(project: Project, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    project.submit(jobs.wait_for(str(project.marks), "nap0", str(flag)), jobs.nap(str(project.marks), "nap1"))
    with project.pilot() as process:
        until(lambda: project.begun("nap0"), "the job runs", running=process)
        project.driver.close()
        flag.touch()
        until(lambda: list(project.access.runs.rglob("*.result.json")), "a result is kept", running=process)
        project.driver.serve()
        assert process.wait(LIMIT_S) == 0
    assert project.access.launchpad.states() == {"COMPLETED": 2}
    assert project.done() == {"nap0": 1, "nap1": 1}
    assert project.begun("nap0") == project.begun("nap1") == 1
    assert not list(project.access.runs.rglob("*.result.json"))
