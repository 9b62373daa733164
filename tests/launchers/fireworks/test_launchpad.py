"""Steps of a job on the LaunchPad, judged by FireWorks' own reading of the same documents."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from hebe.launchers.fireworks.claimed_job import ClaimedJob
    from hebe.launchers.fireworks.launchpad import Launchpad
    from support.cluster import Project


def diamond(project: Project, *, lenient: bool = False) -> list[Any]:
    """Four jobs: one, two that follow it, one that follows both."""
    first = jobs.add(1)
    middle = [jobs.add(first.output, number) for number in range(2)]
    last = jobs.count_present([one.output for one in middle]) if lenient else jobs.add(*[one.output for one in middle])
    for made in (first, *middle, last):
        made.metadata["campaign"] = "test"
    project.submit(first, *middle, last)
    return [first, *middle, last]


def take(launchpad: Launchpad, worker: str = "pilot/0") -> ClaimedJob:
    claimed = launchpad.take("default", worker, "host")
    assert claimed is not None
    return claimed


def summary(project: Project) -> tuple[str, list[str]]:
    """State of the workflow and its jobs as FireWorks computes them from the documents."""
    pad = project.access.launchpad.pad
    workflow = pad.get_wf_by_fw_id(pad.fireworks.find_one({})["fw_id"])
    states = [workflow.fw_states[fw_id] for fw_id in sorted(workflow.fw_states)]
    assert states == [workflow.id_fw[fw_id].state for fw_id in sorted(workflow.id_fw)]
    assert pad.workflows.find_one({})["state"] == workflow.state
    return workflow.state, states


def test_a_workflow_from_beginning_to_end(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    assert summary(project) == ("READY", ["READY", "WAITING", "WAITING", "WAITING"])
    first = take(launchpad)
    assert launchpad.take("default", "pilot/1", "host") is None
    assert summary(project)[1] == ["RUNNING", "WAITING", "WAITING", "WAITING"]
    assert launchpad.complete(first)
    assert summary(project)[1] == ["COMPLETED", "READY", "READY", "WAITING"]
    left, right = take(launchpad), take(launchpad, "pilot/1")
    threads = [threading.Thread(target=launchpad.complete, args=(one,)) for one in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert summary(project)[1] == ["COMPLETED", "COMPLETED", "COMPLETED", "READY"]
    assert launchpad.complete(take(launchpad))
    assert summary(project) == ("COMPLETED", ["COMPLETED"] * 4)
    assert launchpad.unfinished() == []


def test_other_resources_and_paused_campaigns_are_left_alone(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    assert launchpad.take("large", "pilot/0", "host") is None
    assert launchpad.take("default", "pilot/0", "host", ["test"]) is None
    assert take(launchpad).facts["campaign"] == "test"


def test_who_lost_a_job_cannot_complete_it(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    before = take(launchpad)
    ((identity, again),) = launchpad.lose("pilot", "it died", attempts=3)
    assert again
    assert identity["uuid"] == before.facts["uuid"]
    now = take(launchpad, "other/0")
    assert now.fw_id == before.fw_id
    assert not launchpad.beat(before)
    assert not launchpad.complete(before)
    assert not launchpad.put_back(before)
    assert launchpad.owns(now)
    assert launchpad.complete(now)


def test_a_job_that_is_lost_too_often_fails_and_its_lenient_children_run(project: Project) -> None:
    diamond(project, lenient=True)
    launchpad = project.access.launchpad
    launchpad.complete(take(launchpad))
    for attempt in range(1, 4):
        claimed = take(launchpad)
        ((identity, again),) = launchpad.lose("pilot/0", "it died", attempts=3)
        assert again == (attempt < 3)
        assert f"try {attempt} of 3" in identity["message"]
    while (other := launchpad.take("default", "pilot/0", "host")) is not None and other.fw_id != claimed.fw_id:
        launchpad.complete(other)
    states = launchpad.states()
    assert states == {"COMPLETED": 3, "FIZZLED": 1}
    assert launchpad.rerun([claimed.facts["uuid"]]) == 2  # itself and the job that reads from it
    assert launchpad.states() == {"COMPLETED": 2, "READY": 1, "WAITING": 1}


def test_who_sees_a_lost_job_finds_why(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    seen = []
    for _ in range(3):
        take(launchpad)
        launchpad.lose(
            "pilot", "it died", 3, lambda told, again: seen.append((told["message"], again, launchpad.states()))
        )
    running = {"RUNNING": 1, "WAITING": 3}
    assert seen == [(f"it died (try {n} of 3)", n < 3, running) for n in (1, 2, 3)]
    assert launchpad.states() == {"FIZZLED": 1, "WAITING": 3}


def test_a_change_that_was_cut_short_is_mended(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    claimed = take(launchpad)
    launchpad.pad.fireworks.update_one({"fw_id": claimed.fw_id}, {"$set": {"state": "COMPLETED"}})  # and died here
    assert launchpad.pad.workflows.find_one({})["fw_states"][str(claimed.fw_id)] == "RUNNING"
    for fw_id in launchpad.unfinished():
        launchpad.mend(fw_id)
    assert sorted(launchpad.states().items()) == [("COMPLETED", 1), ("READY", 2), ("WAITING", 1)]


def test_a_job_that_was_put_back_rests(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    launchpad.put_back(take(launchpad), wait_s=1000.0)
    assert launchpad.ready("default") == 1
    assert launchpad.take("default", "pilot/0", "host") is None


def test_fireworks_own_rerun_is_understood(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    first = take(launchpad)
    launchpad.complete(first)
    launchpad.pad.rerun_fw(first.fw_id)
    assert launchpad.states() == {"READY": 1, "WAITING": 3}
    again = take(launchpad)
    assert again.fw_id == first.fw_id
    assert launchpad.complete(again)


def test_a_job_costs_few_commands(project: Project) -> None:
    """FireWorks needs 40 to 47 for the same."""
    from pymongo import monitoring

    class Counter(monitoring.CommandListener):
        count = 0

        def started(self, event: monitoring.CommandStartedEvent) -> None:
            if event.command_name not in {"hello", "ping", "endSessions"}:
                self.count += 1

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

        def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    project.submit(*[jobs.add(number) for number in range(3)])
    from hebe.launchers.fireworks.launchpad import Launchpad

    pad, counter = project.access.launchpad.pad, Counter()
    from fireworks import LaunchPad

    counted = Launchpad(
        LaunchPad(
            host=pad.host,
            name=pad.name,
            uri_mode=True,
            strm_lvl="CRITICAL",
            mongoclient_kwargs={"event_listeners": [counter]},
        )
    )
    counted.complete(take(counted))
    assert counter.count <= 10
    counted.pad.connection.close()


def test_submitting_again_adds_only_what_is_new(project: Project) -> None:
    def build(number: int) -> list[Any]:
        made = [jobs.add(value) for value in range(number)]
        for position, one in enumerate(made):
            one.set_uuid(f"{position:08d}")
        return made

    assert project.submit(*build(2))["jobs"] == 2
    found = project.submit(*build(3))
    assert (found["jobs"], found["known"], found["workflows"]) == (1, 2, 1)
    assert project.access.launchpad.states() == {"READY": 3}


def test_no_stored_document_knows_the_password(project: Project) -> None:
    diamond(project)
    launchpad = project.access.launchpad
    launchpad.complete(take(launchpad))
    database = launchpad.pad.db
    stored = [document for name in database.list_collection_names() for document in database[name].find({})]
    assert len(stored) > 5
    assert "open-sesame" not in repr(stored)
