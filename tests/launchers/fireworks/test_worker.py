"""What queue jobs do, started here without a queue: every job once, failures told, cut relaxations continued."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Lattice, Structure

from hebe.launchers import local
from hebe.launchers.fireworks.orphans import bury, release_held
from hebe.launchers.fireworks.project import submit_flow
from hebe.launchers.rerun import Choice, rerun
from hebe.launchers.status import read_status
from hebe.makers import RelaxMaker
from hebe.stores import open_store
from support import cluster_jobs as jobs
from support import launcher_jobs
from support.waiting import LIMIT_S, until

if TYPE_CHECKING:
    from jobflow import Flow

    from support.cluster import Project

pytestmark = pytest.mark.slow

with_and_without_relay = pytest.mark.parametrize("project", ["direct", "relay"], indirect=True)


@with_and_without_relay
def test_outputs_are_those_of_the_local_launcher(project: Project, tmp_path: Path) -> None:
    def flow(marks: Path) -> Flow:
        marks.mkdir(exist_ok=True)
        return launcher_jobs.campaign_like(2, str(marks))

    submit_flow(flow(project.marks), project.root)
    assert project.work(slots=2) == 0
    here = tmp_path / "local"
    here.mkdir()
    with_local = flow(here / "marks")
    store = open_store(here)
    local.run(with_local, store=store, workers=1, progress=False, root=here)
    found = project.access.store
    for job in with_local.jobs:
        assert found.get_output(job.uuid) == store.get_output(job.uuid)
    store.close()
    assert set(project.done().values()) == {1}


def test_a_finished_output_is_not_made_again(project: Project) -> None:
    first = jobs.nap(str(project.marks), "nap0")
    project.submit(first)
    assert project.work() == 0
    pad = project.access.launchpad.pad
    pad.fireworks.update_one({"spec.hebe.uuid": first.uuid}, {"$set": {"state": "READY", "launches": []}})
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 1}
    assert project.done() == {"nap0": 1}


def test_failures_are_rerun_by_their_error(project: Project, tmp_path: Path) -> None:
    marks, flags = str(project.marks), [tmp_path / "red", tmp_path / "blue"]
    names = [f"{('reds', 'blue')[number % 2]}{number}" for number in range(20)]
    made = [jobs.fail_without(marks, name, str(flags[number % 2])) for number, name in enumerate(names)]
    follower = jobs.nap(marks, "follower", made[0].output)
    project.submit(*made, follower)
    assert project.work() == 0
    status = read_status(project.access.store, [job.uuid for job in (*made, follower)], root=project.root)
    assert status["jobs"]["failed"] == 20
    assert sorted((one["error_class"], one["count"]) for one in status["failures"]) == [("RuntimeError", 10)] * 2
    folder = Path(status["failures"][0]["run_dir"])
    assert "is missing" in (folder / "traceback.txt").read_text()
    for flag in flags:
        flag.touch()
    chosen = rerun(project.access.store, project.root, Choice(re.compile("reds"), within_s=3600.0))
    assert (len(chosen["jobs"]), chosen["kept"], chosen["launcher"]) == (10, 10, "fireworks")
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 11, "FIZZLED": 10}
    rerun(project.access.store, project.root, Choice())
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 21}
    assert project.done() == dict.fromkeys([*names, "follower"], 1)
    assert read_status(project.access.store, None, root=project.root)["failures"] == []


@with_and_without_relay
def test_a_relaxation_that_meets_the_end_of_its_queue_job_goes_on_in_the_next(project: Project) -> None:
    engine = {
        "ase": "support.cluster_jobs:patient",
        "arguments": {"folder": str(project.marks)},
        "energy_scale": "springs",
        "fmax": 1e-4,
    }
    structure = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.3), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    structure.translate_sites([0], [0.03, 0.01, 0.02])
    job = RelaxMaker(engine=engine).make(structure, label="mgo")
    project.submit(job)
    left = project.root / "seconds-left"
    with project.pilot(walltime_s=3600.0, grace_s=40.0) as process:
        until(left.exists, "it has come to its fourth evaluation of about ten", running=process)
        process.terminate()  # as Slurm does at the end of a queue job
        assert process.wait(LIMIT_S) == 0
    assert 0 < float(left.read_text()) < 3560.0, "without a signal it would end by itself"
    cut = project.access.store.get_output(job.uuid, load=True)
    assert cut["status"] == "cut"
    assert project.access.launchpad.states() == {"READY": 1}
    assert project.work() == 0
    whole = project.access.store.get_output(job.uuid, load=True)
    assert whole["status"] == "converged"
    assert cut["n_steps"] < whole["n_steps"] == project.done()["evaluation"]


@with_and_without_relay
def test_a_stage_border_waits_for_every_candidate_and_brings_the_next_stage(project: Project) -> None:
    marks = str(project.marks)
    stage: list[Any] = [jobs.nap(marks, name) for name in ("a", "b")]
    stage.append(jobs.fail_without(marks, "c", "/nowhere"))
    for job, name in zip(stage, "abc", strict=True):
        job.metadata["candidate"] = name
    border = jobs.promote([job.output for job in stage], marks)
    project.submit(*stage, border)
    assert release_held(project.access) == 0
    assert project.work() == 0
    assert project.access.launchpad.states() == {"COMPLETED": 2, "FIZZLED": 1, "WAITING": 1}
    assert release_held(project.access) == 1
    assert project.work() == 0
    assert project.done() == {"a": 1, "b": 1, "border": 1, "a-2": 1, "b-2": 1}
    groups = {job["spec"]["hebe"]["group"] for job in project.access.launchpad.pad.fireworks.find({"name": "nap"})}
    assert groups == {"a", "b"}


def test_a_result_that_could_not_be_stored_is_collected(project: Project, tmp_path: Path) -> None:
    if project.server is None:
        pytest.skip("a real server is not ours to stop")
    flag = tmp_path / "flag"
    project.submit(jobs.wait_for(str(project.marks), "nap0", str(flag)))
    with project.pilot() as process:
        until(lambda: project.begun("nap0"), "the job runs", running=process)
        project.server.kill()
        flag.touch()
        until(lambda: list(project.access.runs.rglob("*.result.json")), "its result is kept", running=process)
        process.terminate()
        assert process.wait(LIMIT_S) != 0
    project.server.start()
    (result,) = project.access.runs.rglob("*.result.json")
    assert "open-sesame" not in result.read_text()
    (folder,) = project.access.runs.glob("hebe-*")
    assert bury(project.access, folder.name, folder, attempts=3) == 0
    assert project.access.launchpad.states() == {"COMPLETED": 1}
    assert project.done() == {"nap0": 1}
    assert project.work() == 0
    assert project.begun("nap0") == 1


def test_pause_resume_and_cancel(project: Project) -> None:
    project.submit(*[jobs.nap(str(project.marks), f"nap{number}") for number in range(2)], name="one")
    project.access.records.control("one", "paused")
    assert project.work() == 0
    assert project.done() == {}
    assert read_status(project.access.store, None, root=project.root)["controls"] == {"one": "paused"}
    project.access.records.control("one", None)
    assert project.work() == 0
    assert project.done() == {"nap0": 1, "nap1": 1}


@with_and_without_relay
def test_what_runs_is_ended_when_its_campaign_is_cancelled(project: Project, tmp_path: Path) -> None:
    marks, flag = str(project.marks), tmp_path / "flag"
    project.submit(jobs.wait_for(marks, "endless", str(flag)), name="one")
    project.submit(jobs.nap(marks, "other"), name="two")
    with project.pilot(slots=1) as process:
        until(lambda: project.begun("endless"), "the job runs", running=process)
        project.access.records.control("one", "cancelled")
        process.wait(LIMIT_S)
    assert project.access.launchpad.states() == {"COMPLETED": 1, "READY": 1}
    assert project.done() == {"other": 1}
    flag.touch()
    project.access.records.control("one", None)
    assert project.work() == 0
    assert project.done() == {"other": 1, "endless": 1}


RESTLESS = """
import sys
from pathlib import Path
from hebe.engines.deadline import DEADLINE
from hebe.launchers.fireworks import worker
from hebe.launchers.fireworks.access import open_project
worker._BEAT_S = 0.0
DEADLINE.set(3600.0)
worker.Worker(open_project(Path(sys.argv[1])), "w/0", "default", Path(sys.argv[2]), idle_s=0.5).work()
"""


def test_a_heartbeat_never_ends_a_worker_that_has_just_finished_a_job(project: Project, tmp_path: Path) -> None:
    project.submit(*[jobs.nap(str(project.marks), f"nap{number}") for number in range(40)])
    paths = os.pathsep.join([*sys.path, str(Path(__file__).parents[2])])
    words = [sys.executable, "-c", RESTLESS, str(project.root), str(tmp_path / "w")]
    subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, check=True)
    assert project.done() == {f"nap{number}": 1 for number in range(40)}


@with_and_without_relay
def test_no_word_of_a_process_and_no_log_holds_the_password(project: Project) -> None:
    if project.server is None:
        pytest.skip("the password of a real server is not known here")
    project.submit(jobs.nap(str(project.marks), "nap0"), jobs.fail_without(str(project.marks), "nap1", "/nowhere"))
    seen = ""
    with project.pilot() as process:
        while process.poll() is None:
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen += path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
    assert "hebe.launchers.fireworks.pilot" in seen
    written = [path.read_text(errors="replace") for path in project.access.runs.rglob("*") if path.is_file()]
    database = project.access.launchpad.pad.db
    stored = [document for name in database.list_collection_names() for document in database[name].find({})]
    for text in (seen, *written, repr(stored)):
        assert "open-sesame" not in text
