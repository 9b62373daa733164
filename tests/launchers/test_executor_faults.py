"""``kill -9`` and Ctrl-C of a launcher that runs jobs on an executor, and what its workers are told of the store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.launchers.executor.lookup import Lookup
from hebe.launchers.job_folders import JobFolders
from hebe.launchers.limits import Limits
from hebe.launchers.outcome import Outcome
from hebe.launchers.protocol import Task, encode_job
from hebe.launchers.records import Records
from hebe.stores import open_store
from hebe.stores.claims import Claims
from support import launcher_jobs as jobs
from support.campaigns import rocksalt
from support.command import hebe
from support.processes import kill_launcher, workers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(jobs.__file__).with_name("launcher_script.py")
POOL = b"multiprocessing.spawn"

NEEDS_CHILDREN = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="needs the kernel's list of children"
)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def start(root: Path, size: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, str(SCRIPT), str(root), str(size), "2", "executor"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def until_completed(process: subprocess.Popen[str], number: int) -> set[str]:
    """Uuids of the first jobs that completed."""
    done: set[str] = set()
    for event in events(process):
        if event["kind"] == "completed":
            done.add(event["uuid"])
        if len(done) == number:
            break
    return done


@NEEDS_CHILDREN
@pytest.mark.parametrize("size", [40, -20])
def test_after_a_kill_of_the_launcher_another_one_goes_on_at_once(size: int, tmp_path: Path, marks: Path) -> None:
    """With dependent jobs, and with calculations under claims, which the dead launcher held."""
    process = start(tmp_path, size)
    done = until_completed(process, 5)
    assert kill_launcher(process, POOL) == 2
    store = open_store(tmp_path)
    kept = {document["uuid"] for document in store.query({}, ["uuid"])}
    store.close()
    assert done <= kept
    again = start(tmp_path, size)
    output, errors = again.communicate()
    assert errors == ""
    told = [json.loads(line) for line in output.splitlines()]
    assert not {event["uuid"] for event in told[:-1] if event["kind"] == "started"} & kept
    assert told[-1]["status"] == "complete"
    assert told[-1]["jobs"]["reused"] == len(kept)
    counts = jobs.executions(marks).values()
    assert sum(counts) - len(counts) <= 2, "no more than what ran was lost"


@NEEDS_CHILDREN
def test_workers_may_be_killed_in_the_middle(tmp_path: Path, marks: Path) -> None:
    process, killed = start(tmp_path, 40), 0
    for event in events(process):
        if event.get("kind") == "completed" and killed < 2:
            for pid in workers_of(process.pid, POOL)[:1]:
                os.kill(pid, signal.SIGKILL)
                killed += 1
        last = event
    assert process.wait() == 0
    process.communicate()
    assert killed == 2
    assert last["status"] == "complete"
    assert last["jobs"]["completed"] == 40
    assert len(jobs.executions(marks)) == 40


def test_interrupt_lets_running_jobs_finish(tmp_path: Path, marks: Path) -> None:
    process = start(tmp_path, 60)
    until_completed(process, 5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert "press Ctrl-C again" in errors
    assert "Traceback" not in errors
    summary = json.loads(output.splitlines()[-1])
    assert summary["status"] == "interrupted"
    assert summary["jobs"]["running"] == 0
    assert set(jobs.executions(marks).values()) == {1}


@pytest.mark.slow
def test_a_campaign_of_another_name_computes_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its jobs have other uuids: cells and calculations are found by their content, before anything is sent off."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    campaign = rocksalt(tmp_path, "Mg: [2], Ni: [2]")
    words = ("--launcher", "executor", "--workers", 2, "--json")
    first = hebe(capsys, "run", campaign, *words).json
    path = tmp_path / campaign
    others = []
    for name in ("second", "third"):
        others.append(path.with_name(f"{name}.yaml"))
        others[-1].write_text(path.read_text().replace("name: rs", f"name: {name}"))
    second = hebe(capsys, "run", others[0], *words).json
    third = hebe(capsys, "run", others[1], "--workers", 2, "--json").json
    assert [found["status"] for found in (first, second, third)] == ["complete"] * 3
    assert first["calculations"]["computed"] > 0
    assert second["jobs"]["reused"] == 0
    assert second["calculations"]["computed"] == 0
    assert second["calculations"]["reused"] >= first["calculations"]["computed"]
    assert third["calculations"] == second["calculations"], "as the local launcher does it"


class TestLookup:
    @pytest.fixture
    def lookup(self, tmp_path: Path) -> Lookup:
        self.store = open_store(tmp_path)
        records = Records.beside(self.store.docs_store, tmp_path)
        return Lookup(self.store, records, Limits(), JobFolders(tmp_path / ".hebe" / "runs"))

    def put(self, uuid: str, output: Any) -> None:
        document = {"uuid": uuid, "index": 1, "output": output, "completed_at": "2026-01-01T00:00:00"}
        self.store.docs_store.update(document, key=["uuid", "index"])

    def ask(self, lookup: Lookup, job: Any) -> Outcome | str | None:
        identity = {"uuid": job.uuid, "index": job.index, "name": job.name, "hosts": []}
        return lookup.ask(Task(1, identity, encode_job(job)), job)

    def test_a_job_that_will_compute_holds_its_claim(self, lookup: Lookup, marks: Path) -> None:
        job, claims = jobs.compute_once(str(marks), "equal"), Claims(self.store)
        assert self.ask(lookup, job) == "equal"
        assert claims.holder("equal") is not None
        assert not jobs.executions(marks), "it did not begin to compute here"
        lookup.keys.add("equal")
        other = jobs.compute_once(str(marks), "another")
        assert self.ask(lookup, other) == "another"
        assert claims.holder("equal") is not None, "another job's end gives up its own claims only"
        lookup.settle("equal")
        assert claims.holder("equal") is None

    def test_a_job_whose_result_is_there_ends_here(self, lookup: Lookup, marks: Path) -> None:
        self.put("owner", {"key": "equal", "status": "converged", "energy_scale": "test"})
        job = jobs.compute_once(str(marks), "equal")
        found = self.ask(lookup, job)
        assert isinstance(found, Outcome)
        assert found.digest is not None
        assert found.digest.is_reference
        assert self.store.get_output(job.uuid)["key"] == "equal"

    def test_a_job_that_asks_for_nothing_is_not_run_here(self, lookup: Lookup, marks: Path) -> None:
        assert self.ask(lookup, jobs.note("note", str(marks), 1)) is None
        assert not jobs.executions(marks)

    def test_documents_are_those_that_it_reads_and_the_unfinished(self, lookup: Lookup, marks: Path) -> None:
        self.put("far", 3)
        owner = {"@module": "jobflow.core.reference", "@class": "OutputReference", "uuid": "far", "attributes": []}
        self.put("reference", {"there": [owner]})
        self.put("cut", {"key": "equal", "status": "cut"})
        self.put("old", {"key": "equal", "status": "failed"})
        self.put("foreign", {"key": "foreign", "status": "cut"})
        parent = jobs.add(1, 2)
        parent.set_uuid("reference")
        reader = jobs.note("reader", str(marks), [parent.output])
        Flow([parent, reader])
        assert {document["uuid"] for document in lookup.documents(reader, None)} == {"reference", "far"}
        found = lookup.documents(reader, "equal")
        assert {document["uuid"] for document in found} == {"reference", "far", "cut"}
