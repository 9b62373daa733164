"""Steps of a job on the LaunchPad, judged by FireWorks' own reading of the same documents."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from hebe.launchers.fireworks.board import Board
    from hebe.launchers.fireworks.taken import Taken
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


def take(board: Board, worker: str = "pilot/0") -> Taken:
    taken = board.take("default", worker, "host")
    assert taken is not None
    return taken


def summary(project: Project) -> tuple[str, list[str]]:
    """State of the workflow and its jobs as FireWorks computes them from the documents."""
    pad = project.access.board.pad
    workflow = pad.get_wf_by_fw_id(pad.fireworks.find_one({})["fw_id"])
    states = [workflow.fw_states[fw_id] for fw_id in sorted(workflow.fw_states)]
    assert states == [workflow.id_fw[fw_id].state for fw_id in sorted(workflow.id_fw)]
    assert pad.workflows.find_one({})["state"] == workflow.state
    return workflow.state, states


def test_a_workflow_from_beginning_to_end(project: Project) -> None:
    diamond(project)
    board = project.access.board
    assert summary(project) == ("READY", ["READY", "WAITING", "WAITING", "WAITING"])
    first = take(board)
    assert board.take("default", "pilot/1", "host") is None
    assert summary(project)[1] == ["RUNNING", "WAITING", "WAITING", "WAITING"]
    assert board.complete(first)
    assert summary(project)[1] == ["COMPLETED", "READY", "READY", "WAITING"]
    left, right = take(board), take(board, "pilot/1")
    threads = [threading.Thread(target=board.complete, args=(one,)) for one in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert summary(project)[1] == ["COMPLETED", "COMPLETED", "COMPLETED", "READY"]
    assert board.complete(take(board))
    assert summary(project) == ("COMPLETED", ["COMPLETED"] * 4)
    assert board.unfinished() == []


def test_other_resources_and_paused_campaigns_are_left_alone(project: Project) -> None:
    diamond(project)
    board = project.access.board
    assert board.take("large", "pilot/0", "host") is None
    assert board.take("default", "pilot/0", "host", ["test"]) is None
    assert take(board).facts["campaign"] == "test"


def test_who_lost_a_job_cannot_complete_it(project: Project) -> None:
    diamond(project)
    board = project.access.board
    before = take(board)
    ((identity, again),) = board.lose("pilot", "it died", attempts=3)
    assert again
    assert identity["uuid"] == before.facts["uuid"]
    now = take(board, "other/0")
    assert now.fw_id == before.fw_id
    assert not board.beat(before)
    assert not board.complete(before)
    assert not board.put_back(before)
    assert board.owns(now)
    assert board.complete(now)


def test_a_job_that_is_lost_too_often_fails_and_its_lenient_children_run(project: Project) -> None:
    diamond(project, lenient=True)
    board = project.access.board
    board.complete(take(board))
    for attempt in range(1, 4):
        taken = take(board)
        ((identity, again),) = board.lose("pilot/0", "it died", attempts=3)
        assert again == (attempt < 3)
        assert f"try {attempt} of 3" in identity["message"]
    while (other := board.take("default", "pilot/0", "host")) is not None and other.fw_id != taken.fw_id:
        board.complete(other)
    states = board.states()
    assert states == {"COMPLETED": 3, "FIZZLED": 1}
    assert board.rerun([taken.facts["uuid"]]) == 2  # itself and the job that reads from it
    assert board.states() == {"COMPLETED": 2, "READY": 1, "WAITING": 1}


def test_a_change_that_was_cut_short_is_mended(project: Project) -> None:
    diamond(project)
    board = project.access.board
    taken = take(board)
    board.pad.fireworks.update_one({"fw_id": taken.fw_id}, {"$set": {"state": "COMPLETED"}})  # and died here
    assert board.pad.workflows.find_one({})["fw_states"][str(taken.fw_id)] == "RUNNING"
    for fw_id in board.unfinished():
        board.mend(fw_id)
    assert sorted(board.states().items()) == [("COMPLETED", 1), ("READY", 2), ("WAITING", 1)]


def test_a_job_that_was_put_back_rests(project: Project) -> None:
    diamond(project)
    board = project.access.board
    board.put_back(take(board), wait_s=1000.0)
    assert board.ready("default") == 1
    assert board.take("default", "pilot/0", "host") is None


def test_fireworks_own_rerun_is_understood(project: Project) -> None:
    diamond(project)
    board = project.access.board
    first = take(board)
    board.complete(first)
    board.pad.rerun_fw(first.fw_id)
    assert board.states() == {"READY": 1, "WAITING": 3}
    again = take(board)
    assert again.fw_id == first.fw_id
    assert board.complete(again)


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
    from hebe.launchers.fireworks.board import Board

    pad, counter = project.access.board.pad, Counter()
    from fireworks import LaunchPad

    counted = Board(
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
    assert project.access.board.states() == {"READY": 3}


def test_no_stored_document_knows_the_password(project: Project) -> None:
    diamond(project)
    board = project.access.board
    board.complete(take(board))
    database = board.pad.db
    stored = [document for name in database.list_collection_names() for document in database[name].find({})]
    assert len(stored) > 5
    assert "open-sesame" not in repr(stored)
