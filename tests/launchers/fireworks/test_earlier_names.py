"""What an earlier version has left behind, in a LaunchPad and in the folders of queue jobs, still finds its names."""

from __future__ import annotations

import json
import pickle
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hebe.launchers.fireworks.claimed_job import ClaimedJob
from hebe.launchers.fireworks.pilot import Pilot
from hebe.launchers.fireworks.remote_launchpad import answers_of
from hebe.stores.service import Service
from support import cluster_jobs as jobs

if TYPE_CHECKING:
    from support.cluster import Project


def test_no_document_of_a_launchpad_names_a_module_of_the_launchers(project: Project) -> None:
    project.submit(jobs.nap(str(project.marks), "nap0"))
    pad = project.access.launchpad.pad
    stored = [*pad.fireworks.find(), *pad.workflows.find()]
    assert "support.cluster_jobs" in json.dumps(stored, default=str), "the module of the job is named"
    assert "hebe.launchers" not in json.dumps(stored, default=str)


def test_a_queue_job_that_waits_starts_what_its_script_names() -> None:
    assert find_spec("hebe.launchers.fireworks.pilot") is not None
    told = '{"name": "hebe-1", "root": "/r", "category": "default", "slots": 1, "walltime_s": 9.0, "grace_s": 1.0,'
    told += ' "attempts": 3, "idle_s": 1.0}'
    assert Pilot(**json.loads(told)).relay is False


def test_a_worker_that_was_started_before_may_give_its_job_back(project: Project) -> None:
    project.submit(jobs.nap(str(project.marks), "nap0"))
    project.access.launchpad.prepare()
    claimed = project.access.launchpad.take("default", "hebe-1/0", "host")
    assert isinstance(claimed, ClaimedJob)
    by_its_earlier_name = pickle.dumps(claimed, 2).replace(
        b"hebe.launchers.fireworks.claimed_job\nClaimedJob\n", b"hebe.launchers.fireworks.taken\nTaken\n"
    )
    assert b"taken\nTaken" in by_its_earlier_name
    assert pickle.loads(by_its_earlier_name) == claimed  # noqa: S301 - written above
    service = Service({}, {"board": answers_of(project.access.launchpad)})
    question = pickle.dumps(("board", "put_back", ((claimed, 0.0), {})))
    assert pickle.loads(service.answer(question)) == (True, True)  # noqa: S301 - same
    assert project.access.launchpad.states() == {"READY": 1}
