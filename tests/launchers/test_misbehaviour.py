"""Jobs that hang, leak, crash, leave or return too much: each is one recorded failure and the rest completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.flow import Flow
from jobflow.core.store import JobStore
from jobflow.managers.local import run_locally
from maggma.stores import MemoryStore

from hebe.exceptions import LaunchError
from hebe.launchers import local
from hebe.launchers.limits import Limits
from hebe.launchers.outcome import Failure
from hebe.stores import SQLiteStore, open_store
from hebe.stores.network import SIMULATION
from support import launcher_jobs as jobs
from support.waiting import ended, handles_of, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.launchers.summary import RunSummary

SCRIPT = Path(jobs.__file__).with_name("launcher_script.py")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is on a network file system: workers reach it through the launcher."""
    monkeypatch.setenv(SIMULATION, str(tmp_path))


@pytest.fixture(params=["shared", "exclusive"])
def each_store(request: pytest.FixtureRequest) -> Any:
    if request.param == "exclusive":
        request.getfixturevalue("network")
    return request.getfixturevalue("store")


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def launch(flow: Any, store: JobStore, **options: Any) -> RunSummary:
    return local.run(flow, store=store, progress=False, **options)


def with_limits(job: Any, **limits: Any) -> Any:
    job.config.manager_config.update(limits)
    return job


def test_every_misbehaving_job_is_one_failure(each_store: JobStore, marks: Path, tmp_path: Path) -> None:
    bad = {
        "MemoryExceeded": with_limits(jobs.leak(), memory_mb=600),
        "TimeoutExceeded": jobs.hang(),
        "OutputTooLargeError": with_limits(jobs.large(3), output_mb=2),
        "OutputError": jobs.unstorable(),
        "ValueError": jobs.explode("boom"),
    }
    dying = [with_limits(jobs.leave(3), retries=0), with_limits(jobs.crash(), retries=0)]
    good: list[Any] = [jobs.note(str(number), str(marks), number) for number in range(20)]
    below = jobs.note("below", str(marks), bad["TimeoutExceeded"].output)
    summary = launch(Flow([*bad.values(), *dying, *good, below]), each_store, workers=2)
    assert summary.jobs == {"total": 28, "completed": 20, "failed": 8, "running": 0, "waiting": 0, "reused": 0}
    found = {uuid: group.error_class for group in summary.failures for uuid in group.job_ids}
    expected = {job.uuid: name for name, job in bad.items()} | {job.uuid: "WorkerDied" for job in dying}
    assert found == {**expected, below.uuid: "ParentFailed"}
    messages = {uuid: group.message for group in summary.failures for uuid in group.job_ids}
    assert messages[bad["MemoryExceeded"].uuid] == "the job took more than 600 MB of memory"
    assert messages[bad["TimeoutExceeded"].uuid] == "the job took longer than 0.5 s"
    assert "3 MB, more than the limit of 2 MB" in messages[bad["OutputTooLargeError"].uuid]
    assert "exit code 3" in messages[dying[0].uuid]
    assert "signal 11" in messages[dying[1].uuid]
    records = SQLiteStore(tmp_path / ".hebe" / "store.db", "jobs")
    records.connect()
    assert {record["uuid"] for record in records.query({"status": "failed"})} == set(expected)
    assert jobs.executions(marks) == {str(number): 1 for number in range(20)}


@pytest.mark.parametrize(("limits", "tries"), [({}, 1), ({"timeout_retries": 2}, 3)])
def test_retries_have_a_cause_and_a_limit(limits: dict[str, int], tries: int, store: JobStore, tmp_path: Path) -> None:
    slow = with_limits(jobs.hang(), timeout_s=0.05, **limits)
    seen: list[str] = []
    launch(slow, store, on_event=lambda event: seen.append(event["kind"]))
    assert seen.count("started") == tries
    assert seen.count("retried") == tries - 1
    records = SQLiteStore(tmp_path / ".hebe" / "store.db", "jobs")
    records.connect()
    record = records.query_one({"uuid": slow.uuid}) or {}
    assert (record["error_class"], record["attempts"]) == ("TimeoutExceeded", tries)


def test_limits_of_the_launcher_hold_for_jobs_without_their_own(store: JobStore) -> None:
    job = jobs.hang()
    job.config.manager_config.clear()
    summary = launch(job, store, limits=Limits(timeout_s=0.1))
    assert summary.failures[0].message == "the job took longer than 0.1 s"


@pytest.mark.parametrize(
    "wrong", [{"timeout_s": 0}, {"memory_mb": "much"}, {"retries": -1}, {"timeout_s": True}, {"output_mb": -1}]
)
def test_unusable_limits_are_named(wrong: dict[str, Any], store: JobStore) -> None:
    (name,) = wrong
    with pytest.raises(LaunchError, match=f"{name} must be a"):
        launch(with_limits(jobs.add(1, 2), **wrong), store)
    with pytest.raises(LaunchError, match=f"{name} must be a"):
        Limits(**wrong)


@pytest.mark.slow
def test_300_megabytes_are_one_failure(each_store: JobStore, marks: Path) -> None:
    good: list[Any] = [jobs.note(str(number), str(marks), number) for number in range(5)]
    large = jobs.large(300)
    summary = launch(Flow([large, *good]), each_store)
    assert summary.jobs["completed"] == 5
    assert [(f.error_class, f.job_ids) for f in summary.failures] == [("OutputTooLargeError", [large.uuid])]


def test_stored_data_is_kept(store: JobStore, tmp_path: Path) -> None:
    job = jobs.keep_data()
    launch(job, store)
    assert store.get_output(job.uuid) == 1
    records = SQLiteStore(tmp_path / ".hebe" / "store.db", "jobs")
    records.connect()
    assert (records.query_one({"uuid": job.uuid}) or {})["stored_data"] == {"queue": "long", "cores": 4}
    assert launch(job, store).jobs["reused"] == 1


def test_missing_references_are_passed_on_as_asked(store: JobStore) -> None:
    bad = jobs.explode("boom")
    passed, counted, strict = jobs.describe(bad.output), jobs.count_present([bad.output]), jobs.add(bad.output)
    summary = launch(Flow([bad, passed, counted, strict]), store)
    assert (summary.jobs["completed"], summary.jobs["failed"]) == (2, 2)
    assert store.get_output(passed.uuid) == "OutputReference"
    assert store.get_output(counted.uuid) == 0


def test_chains_of_brief_jobs_keep_jobflows_meaning(store: JobStore) -> None:
    """Outputs handed on in memory are those of the store: not changed by who reads them, broken chains stop."""
    warm = [jobs.change([number]) for number in range(40)]
    first = jobs.change([1])
    chain: list[Any] = [first, jobs.change(first.output), jobs.change(first.output)]
    for _ in range(60):
        chain.append(jobs.change(chain[-1].output))
    broken = jobs.explode("boom")
    late = jobs.change(broken.output)
    end = jobs.change(late.output)
    flow = Flow([*warm, *chain, broken, late, end])
    summary = launch(flow, store, workers=2)
    assert summary.jobs["failed"] == 3
    peer = JobStore(MemoryStore())
    run_locally(flow, store=peer, log=False)
    for job in chain:
        assert store.get_output(job.uuid) == peer.get_output(job.uuid)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs handles of processes")
@pytest.mark.parametrize("killed", ["worker", "launcher"])
def test_children_of_killed_workers_are_ended(killed: str, store: JobStore, marks: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hebe.launchers import local; from hebe.stores import open_store;"
        "from support import launcher_jobs as jobs; root = Path(sys.argv[1]);"
        "job = jobs.start_child_and_hang(str(root / 'marks')); job.config.manager_config['retries'] = 0;"
        "local.run(job, store=open_store(root), progress=False)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    store.close()
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment)
    until((marks / "child").exists, "the child is there", running=process)
    child = int((marks / "child").read_text(encoding="ascii"))
    handles = handles_of([child])
    parent = int(Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
    os.kill(parent if killed == "worker" else process.pid, 9)
    try:
        ended(handles)
    finally:
        process.wait()


def test_failed_output_without_error_says_something() -> None:
    assert Failure.of_output({"status": "failed", "warnings": ["a", "b"]}).message == "warnings: a; b"
    assert Failure.of_output({"status": "failed", "error": "exploded"}).message == "exploded"
    assert Failure.of_output({"status": "failed", "topology": "exploded"}).message == "topology: exploded"
    assert Failure.of_output({"status": "failed", "task": "relax"}).message == "relax is failed and names no error"
    assert Failure.of_output({"status": "failed"}).message == "the output is failed and names no error"
    error = {"error_class": "EngineError", "message": ""}
    assert Failure.of_output({"error": error, "reason": "no"}) == Failure("EngineError", "reason: no")
