"""Two launches on one store: each job is run by one of them, and a store that is taken away is said to be."""

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

from hebe.exceptions import StoreError
from hebe.launchers import batches, inline, local
from hebe.launchers.job_claims import job_key
from hebe.launchers.outcome import Failure
from hebe.launchers.records import Records
from hebe.launchers.status import read_status
from hebe.stores import open_store
from hebe.stores.claims import Claims, ManyClaims
from hebe.stores.owners import Owner, process_start
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

SCRIPT = Path(jobs.__file__).with_name("launcher_script.py")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def start(root: Path, size: int, workers: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    words = [sys.executable, str(SCRIPT), str(root), str(size), str(workers)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_launches_run_every_job_once(tmp_path: Path, marks: Path) -> None:
    candidates = 6 * 10_000
    open_store(tmp_path).close()
    both = [start(tmp_path, candidates, 1) for _ in range(2)]
    summaries = []
    for process in both:
        output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        summaries.append(json.loads(output.splitlines()[-1]))
    assert [summary["status"] for summary in summaries] == ["complete", "complete"]
    assert set(jobs.executions(marks).values()) == {1}, "plain jobs, too"
    total = summaries[0]["jobs"]["total"]
    own = [summary["jobs"]["completed"] - summary["jobs"]["reused"] for summary in summaries]
    assert sum(own) == total == len(jobs.executions(marks)), "each job is counted as run by one of them"


@pytest.fixture
def other() -> Iterator[Owner]:
    """Another process of this host, which lives until the test ends."""
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield Owner(Owner.current().host, process.pid, process_start(process.pid) or "")
        process.kill()


def claim(store: JobStore, owner: Owner, name: str) -> None:
    """Have a process hold the claim on a job, for long."""
    assert Claims(store)._table.take(job_key(name, 1), owner, 4e9)


def test_a_claim_of_the_dead_is_taken_over_at_once(store: JobStore, marks: Path, other: Owner) -> None:
    job = jobs.combine("plain", str(marks), [{"value": 2}])
    job.set_uuid("plain")
    claim(store, other, "plain")
    os.kill(other.pid, signal.SIGKILL)
    while process_start(other.pid) is not None:
        pass
    summary = local.run(job, store=store, progress=False)
    assert (summary.status, jobs.executions(marks)) == ("complete", {"plain": 1})
    assert Claims(store).holder(job_key("plain", 1)) is None, "given up when it ended"


def test_what_another_launch_makes_meanwhile_is_taken_as_it_is(
    store: JobStore, marks: Path, tmp_path: Path, other: Owner
) -> None:
    """The other launch holds a job when this one comes to it, stores its output, and gives it up."""
    plain = jobs.combine("plain", str(marks), [{"value": 2}])
    plain.set_uuid("plain")
    failing = jobs.explode("boom")
    failing.set_uuid("failing")
    reader = jobs.combine("reader", str(marks), [plain.output])
    for name in ("plain", "failing"):
        claim(store, other, name)
    records = Records.beside(store.docs_store, tmp_path)
    body = {"host": other.host, "pid": other.pid, "started": other.started, "elapsed_s": 1.0, "running": []}
    records.beat("other", {**body, "status": "running", "jobs": {"waiting": 0}, "calculations": {}})
    names = {"index": 1, "name": "failing", "hosts": []}

    def on_event(event: dict[str, Any]) -> None:
        if event["kind"] == "started":
            assert event["name"] == "combine", "jobs of others are not started here"

    looks: list[set[str]] = []
    real = ManyClaims.take

    def take(self: ManyClaims, keys: Any) -> set[str]:
        taken = real(self, keys)
        looks.append(taken)
        if len(looks) == 2:
            assert looks == [set(), set()], "held by the other one"
            output = {"name": "plain", "value": 9}
            document = {"uuid": "plain", "index": 1, "output": output, "made_from": {"all": "", "each": []}}
            store.docs_store.update([document], key=["uuid", "index"])
            records.fail({"uuid": "failing", **names}, Failure("ValueError", "boom there"))
            for name in ("plain", "failing"):
                Claims(store)._table.release(job_key(name, 1), other)
        return taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ManyClaims, "take", take)
        summary = local.run(Flow([plain, failing, reader]), store=store, progress=False, on_event=on_event)
    assert jobs.executions(marks) == {"reader": 1}
    assert store.get_output(reader.uuid)["value"] == (9 * 31 + 6) % 10007
    assert [(group.error_class, group.job_ids) for group in summary.failures] == [("ValueError", ["failing"])]
    assert summary.jobs == {"total": 3, "completed": 2, "failed": 1, "running": 0, "waiting": 0, "reused": 1}


def test_a_job_and_the_one_after_it_that_another_launch_makes_end_once(
    store: JobStore, marks: Path, tmp_path: Path, other: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are to be handed to one worker, and the second waits for the first, when they are found to be made."""
    monkeypatch.setattr(batches, "BRIEF_S", 60.0)
    monkeypatch.setattr(batches, "AHEAD_S", 1e3)
    made: list[Any] = [jobs.combine("first", str(marks), [{"value": 2}])]
    for name in ("second", "third"):
        made.append(jobs.combine(name, str(marks), [made[-1].output]))
    records = Records.beside(store.docs_store, tmp_path)
    body = {"host": other.host, "pid": other.pid, "started": other.started, "elapsed_s": 1.0, "running": []}
    records.beat("other", {**body, "status": "running", "jobs": {"waiting": 0}, "calculations": {}})
    real, taken = ManyClaims.take, list[int]()

    def take(self: ManyClaims, keys: Any) -> set[str]:
        found = real(self, keys)
        taken.append(len(found))
        if len(taken) == 2:
            documents = [{"uuid": job.uuid, "index": 1, "output": {"value": 9}, "made_from": None} for job in made[1:]]
            store.docs_store.update(documents, key=["uuid", "index"])
        return found

    monkeypatch.setattr(ManyClaims, "take", take)
    ended: list[str] = []
    told = local.run(
        Flow(made),
        store=store,
        progress=False,
        on_event=lambda event: ended.append(event["uuid"]) if event["kind"] != "started" else None,
    )
    assert taken[:2] == [1, 2], "the third is handed over with the second"
    assert jobs.executions(marks) == {"first": 1}
    assert told.jobs == {"total": 3, "completed": 3, "failed": 0, "running": 0, "waiting": 0, "reused": 2}
    assert ended == [job.uuid for job in made]


@pytest.mark.parametrize("run", [local.run, inline.run])
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_store_that_vanishes_is_said_and_the_next_run_goes_on(
    run: Any, how: str, tmp_path: Path, marks: Path
) -> None:
    store = open_store(tmp_path)
    path = tmp_path / ".hebe" / "store.db"
    first = jobs.combine("first", str(marks), [{"value": 2}])
    taking = jobs.take_away(str(path), how, first.output)
    second = jobs.combine("second", str(marks), [taking.output])
    flow = Flow([first, taking, second])
    with pytest.raises(StoreError, match=r"store\.db was removed or replaced while it was in use") as told:
        run(flow, store=store, progress=False)
    assert "\n" not in str(told.value)
    assert "second" not in jobs.executions(marks), "nothing goes on after that"
    store.close()
    store = open_store(tmp_path)
    assert store.query_one({"uuid": taking.uuid}) is None, "its output is not in the store"
    assert run(flow, store=store, progress=False).status == "complete"
    assert jobs.executions(marks)["second"] == 1
    assert {document["uuid"] for document in store.query({}, ["uuid"])} == {first.uuid, taking.uuid, second.uuid}
    store.close()


def test_status_says_who_runs_something(store: JobStore, tmp_path: Path) -> None:
    own = Owner.current()
    records = Records.beside(store.docs_store, tmp_path)
    body = {
        "host": own.host,
        "pid": own.pid,
        "started": own.started,
        "elapsed_s": 7.0,
        "running": [],
        "status": "running",
        "jobs": dict.fromkeys(("waiting", "completed", "failed", "reused", "total", "running"), 0),
        "calculations": {},
    }
    records.beat("one", body)
    (found,) = read_status(store)["launches"]
    assert (found["host"], found["pid"]) == (own.host, own.pid)
    assert found["since_s"] >= 7.0
    records.beat("one", {**body, "status": "complete"})
    assert read_status(store)["launches"] == []


@pytest.mark.parametrize("run", [local.run, inline.run])
@pytest.mark.parametrize("output", [7, {"key": "k", "energy_scale": "test", "status": "converged", "value": 7}])
def test_a_reference_to_itself_never_replaces_an_output(run: Any, output: Any, store: JobStore) -> None:
    """Another launch has stored the output while the job ran, which then finds its own result."""
    job = jobs.refer_to_itself(output)
    summary = run(Flow([job]), store=store, progress=False)
    assert summary.status == "complete", summary.failures
    document = store.docs_store.query_one({"uuid": job.uuid})
    assert document is not None
    assert (document["output"], document["metadata"]) == (output, {"of": "another launch"})
    assert store.get_output(job.uuid) == output


@pytest.mark.parametrize("run", [local.run, inline.run])
def test_a_reference_to_itself_is_no_output(run: Any, store: JobStore) -> None:
    summary = run(Flow([jobs.refer_to_itself(None)]), store=store, progress=False)
    (failure,) = summary.failures
    assert (summary.status, failure.error_class) == ("failed", "OutputError")
    assert "refers to the job itself" in failure.message
    assert store.count() == 0
