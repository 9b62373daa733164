"""The local launcher: same outputs as jobflow's own, resume, failures, replaced and added jobs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.flow import Flow, JobOrder
from jobflow.core.store import JobStore
from jobflow.managers.local import run_locally
from maggma.stores import MemoryStore

from hebe.exceptions import LaunchError
from hebe.launchers import local
from hebe.stores import SQLiteStore, open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.launchers.summary import RunSummary

pytestmark = [
    pytest.mark.filterwarnings("ignore:Some jobs are not connected:UserWarning:jobflow"),
    pytest.mark.filterwarnings("ignore:cd is deprecated:FutureWarning:jobflow"),
]


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return open_store(tmp_path)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def launch(flow: Any, store: JobStore, **options: Any) -> RunSummary:
    return local.run(flow, store=store, progress=False, **options)


def outputs(flow: Flow, store: JobStore) -> list[Any]:
    return [store.get_output(job.uuid) for job, _ in flow.iterflow()]


def random_dag(seed: int, folder: Path, size: int) -> Flow:
    generator = random.Random(seed)
    made: list[Any] = []
    for number in range(size):
        parents = generator.sample(made, min(len(made), generator.randint(0, 3)))
        inputs = [parent.output for parent in parents] or [{"value": generator.randint(0, 1000)}]
        made.append(jobs.combine(f"job-{number}", str(folder), inputs))
    return Flow(made)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_graphs_give_the_outputs_of_run_locally(seed: int, store: JobStore, marks: Path) -> None:
    flow = random_dag(seed, marks, 30)
    summary = launch(flow, store, workers=2)
    assert summary.status == "complete"
    assert summary.jobs == {"total": 30, "completed": 30, "failed": 0, "running": 0, "waiting": 0, "reused": 0}
    assert set(jobs.executions(marks).values()) == {1}
    peer = JobStore(MemoryStore())
    run_locally(flow, store=peer, log=False)
    assert outputs(flow, store) == outputs(flow, peer)


def test_workers_run_nothing_that_lies_in_the_folder(
    store: JobStore, marks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that somebody sent may hold a file with the name of a module of Python."""
    ran = tmp_path / "ran"
    here = tmp_path / "sent"
    here.mkdir()
    (here / "json.py").write_text(f"open({str(ran)!r}, 'w')\nraise SystemExit(1)\n", encoding="utf-8")
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert launch(random_dag(1, marks, 3), store, workers=1).status == "complete"
    assert not ran.exists()


def test_second_run_starts_nothing(store: JobStore, marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = random_dag(4, marks, 20)
    launch(flow, store)
    before = outputs(flow, store)

    def refuse(*_: Any) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr("hebe.launchers.worker_pool.WorkerPool._start", refuse)
    summary = launch(flow, store, workers=2)
    assert summary.status == "complete"
    assert summary.jobs["reused"] == summary.jobs["completed"] == 20
    assert outputs(flow, store) == before
    assert set(jobs.executions(marks).values()) == {1}


def test_run_on_a_store_in_memory(marks: Path, tmp_path: Path) -> None:
    store = JobStore(MemoryStore())
    flow = random_dag(5, marks, 10)
    assert launch(flow, store, root=tmp_path).status == "complete"
    assert launch(flow, store, root=tmp_path).jobs["reused"] == 10


def test_workers_must_be_positive(store: JobStore) -> None:
    with pytest.raises(LaunchError, match="workers must be at least 1, not 0"):
        launch(jobs.add(1, 2), store, workers=0)


def test_exception_is_recorded_and_children_that_accept_it_run(store: JobStore, tmp_path: Path) -> None:
    good, bad = jobs.add(1, 2), jobs.explode("boom")
    child = jobs.count_present([good.output, bad.output])
    strict = jobs.add(bad.output, 1)
    below = jobs.add(strict.output, 1)
    flow = Flow([good, bad, child, strict, below])
    summary = launch(flow, store)
    assert summary.status == "failed"
    assert summary.jobs == {"total": 5, "completed": 2, "failed": 3, "running": 0, "waiting": 0, "reused": 0}
    assert store.get_output(child.uuid) == 1
    groups = {(item.error_class, item.count): item for item in summary.failures}
    assert groups["ValueError", 1].job_ids == [bad.uuid]
    assert groups["ValueError", 1].message == "boom"
    assert set(groups["ParentFailed", 2].job_ids) == {strict.uuid, below.uuid}
    records = SQLiteStore(tmp_path / ".hebe" / "store.db", "jobs")
    records.connect()
    record = records.query_one({"uuid": bad.uuid})
    assert record["attempts"] == 1
    assert "raise ValueError(message)" in record["traceback"]
    assert "boom" in (tmp_path / record["run_dir"] / "traceback.txt").read_text(encoding="utf-8")
    again = launch(flow, store)
    assert again.jobs["reused"] == 2
    assert records.query_one({"uuid": bad.uuid})["attempts"] == 2


def test_cut_runs_again_and_its_children_follow(store: JobStore, marks: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    first = jobs.finish_if(str(marks), "first", str(flag))
    second = jobs.note("second", str(marks), first.output)
    third = jobs.note("third", str(marks), second.output)
    other = jobs.note("other", str(marks), 1)
    flow = Flow([first, second, third, other])
    launch(flow, store)
    launch(flow, store)
    assert jobs.executions(marks) == {"first": 2, "second": 2, "third": 2, "other": 1}
    flag.touch()
    launch(flow, store)
    launch(flow, store)
    assert jobs.executions(marks) == {"first": 3, "second": 3, "third": 3, "other": 1}
    assert store.get_output(third.uuid)["status"] == "converged"


def test_failed_documents_stay_unless_asked(store: JobStore, marks: Path) -> None:
    bad = jobs.document(str(marks), "bad", "failed")
    child = jobs.name_of(str(marks), "child", bad.output)
    good = jobs.document(str(marks), "good", "converged")
    flow = Flow([bad, child, good])
    first = launch(flow, store)
    second = launch(flow, store)
    assert jobs.executions(marks) == {"bad": 1, "child": 1, "good": 1}
    for summary in (first, second):
        assert summary.status == "failed"
        assert [(f.error_class, f.message, f.job_ids) for f in summary.failures] == [
            ("EngineError", "exploded", [bad.uuid])
        ]
    assert first.calculations == {"computed": 1, "reused": 0, "failed": 1}
    assert second.calculations == {"computed": 0, "reused": 1, "failed": 1}
    launch(flow, store, retry_failed=True)
    assert jobs.executions(marks) == {"bad": 2, "child": 1, "good": 1}, "it comes out as before: the child is current"


def test_reference_as_output_counts_as_reused(store: JobStore, marks: Path) -> None:
    owner = jobs.document(str(marks), "owner", "converged")
    hit = jobs.refer(owner.uuid)
    reader = jobs.name_of(str(marks), "reader", hit.output)
    flow = Flow([owner, hit, reader], order=JobOrder.LINEAR)
    assert launch(flow, store).calculations == {"computed": 1, "reused": 1, "failed": 0}
    assert store.get_output(reader.uuid) == "owner"
    assert launch(flow, store).calculations == {"computed": 0, "reused": 2, "failed": 0}


@pytest.mark.parametrize("workers", [1, 2])
def test_replace(store: JobStore, marks: Path, workers: int) -> None:
    first = jobs.replaced(3, str(marks))
    child = jobs.last(str(marks), first.output)
    flow = Flow([first, child])
    for _ in range(2):
        summary = launch(flow, store, workers=workers)
        assert summary.status == "complete"
        assert summary.jobs["waiting"] == 0
    assert jobs.executions(marks) == {f"replaced-{depth}": 1 for depth in range(4)}
    assert store.get_output(child.uuid) == {"value": 4, "before": [f"replaced-{depth}" for depth in range(4)]}
    peer = JobStore(MemoryStore())
    run_locally(flow, store=peer, log=False)
    assert peer.get_output(child.uuid)["value"] == 4


def test_detour_runs_before_children_and_addition_runs(store: JobStore, marks: Path) -> None:
    turn, extra = jobs.detoured(str(marks)), jobs.adding(str(marks))
    child = jobs.last(str(marks), turn.output)
    flow = Flow([turn, child, extra])
    summary = launch(flow, store, workers=2)
    assert summary.failures == []
    assert summary.jobs["completed"] == summary.jobs["total"] == 5
    assert store.get_output(child.uuid)["value"] == 5
    assert "detour" in store.get_output(child.uuid)["before"]
    again = launch(flow, store, workers=2)
    assert again.jobs["reused"] == again.jobs["total"] == 5
    assert jobs.executions(marks) == {"detoured": 1, "detour": 1, "adding": 1, "addition": 1}


def test_stop_children(store: JobStore, marks: Path) -> None:
    stopper = jobs.stop_children(str(marks))
    child = jobs.note("child", str(marks), stopper.output)
    grandchild = jobs.note("grandchild", str(marks), child.output)
    free = jobs.note("free", str(marks), 1)
    for _ in range(2):
        assert launch(Flow([stopper, child, grandchild, free]), store).status == "complete"
        for job in (stopper, child, grandchild, free):
            job.hosts.clear()
        assert jobs.executions(marks) == {"stopper": 1, "free": 1}


def test_stop_jobflow(store: JobStore, marks: Path) -> None:
    stopper = jobs.stop_all()
    later = jobs.note("later", str(marks), stopper.output)
    flow = Flow([stopper, later])
    assert launch(flow, store).jobs["waiting"] == 1
    assert launch(flow, store).jobs["waiting"] == 1
    assert jobs.executions(marks) == {}


def test_linear_order_and_priority(store: JobStore, marks: Path) -> None:
    seen: list[str] = []
    made: list[Any] = [jobs.note(str(number), str(marks), number) for number in range(6)]
    made[4].metadata["priority"] = 2
    made[2].metadata["priority"] = 1

    def listen(event: dict[str, Any]) -> None:
        if event["kind"] == "completed":
            seen.append(event["uuid"])

    launch(Flow(made), store, on_event=listen)
    assert seen == [made[number].uuid for number in (4, 2, 0, 1, 3, 5)]
    line: list[Any] = [jobs.note(f"line-{number}", str(marks), number) for number in range(4)]
    line[3].metadata["priority"] = 9
    seen.clear()
    launch(Flow(line, order=JobOrder.LINEAR), store, workers=2, on_event=listen)
    assert seen == [job.uuid for job in line]


def test_folders_logs_and_threads(store: JobStore, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    writer, quiet = jobs.leave_file("hello"), jobs.process()
    launch(Flow([writer, quiet]), store)
    (left,) = (tmp_path / ".hebe" / "runs").glob("*/*/left.txt")
    assert str(left.parent) == store.get_output(writer.uuid)
    (log,) = (tmp_path / ".hebe" / "runs").glob("*/worker-0.log")
    assert "hello" in log.read_text(encoding="utf-8")
    assert {path.name for path in log.parent.iterdir()} == {log.name, left.parent.name}
    assert store.get_output(quiet.uuid)["threads"] == "1"
    assert capfd.readouterr() == ("", "")


def test_equal_keys_are_computed_once(store: JobStore, marks: Path) -> None:
    made: list[Any] = [jobs.compute_once(str(marks), f"key-{number % 3}") for number in range(12)]
    summary = launch(Flow(made), store, workers=2)
    assert summary.calculations == {"computed": 3, "reused": 9, "failed": 0}
    assert set(jobs.executions(marks).values()) == {1}
    assert {store.get_output(job.uuid)["key"] for job in made} == {"key-0", "key-1", "key-2"}


def test_job_that_cannot_be_handed_over_is_one_failure(store: JobStore, marks: Path) -> None:
    bad = jobs.note("bad", str(marks), lambda: None)
    good = jobs.note("good", str(marks), 1)
    summary = launch(Flow([bad, good]), store)
    assert summary.jobs["completed"] == summary.jobs["failed"] == 1
    assert summary.failures[0].job_ids == [bad.uuid]


def test_output_that_cannot_be_stored_is_one_failure(store: JobStore, marks: Path) -> None:
    bad, good = jobs.unstorable(), jobs.note("good", str(marks), 1)
    summary = launch(Flow([bad, good]), store)
    assert summary.jobs["completed"] == summary.jobs["failed"] == 1
    assert summary.failures[0].message == "output is a builtins.object, which no document can hold"


def test_structures_pass_quickly(store: JobStore) -> None:
    from pymatgen.core import Lattice, Structure

    structure = Structure(Lattice.cubic(9.0), ["Na", "O"] * 24, [[i / 48, i / 50, i / 49] for i in range(48)])
    first = jobs.pass_structure(structure)
    second = jobs.pass_structure(first.output)
    launch(Flow([first, second]), store)
    from monty.json import MontyDecoder

    assert MontyDecoder().process_decoded(store.get_output(second.uuid)) == structure


SCRIPT = """
from pathlib import Path
from jobflow import Flow, job
from hebe.launchers import local
from hebe.stores import open_store

@job
def double(x):
    return 2 * x

{guard}
    first = double(4)
    second = double(first.output)
    store = open_store(Path.cwd())
    summary = local.run(Flow([first, second]), store=store, workers=2, progress=False)
    print(summary.status, [f.message for f in summary.failures][:1], store.query_one({{"uuid": second.uuid}}))
"""


@pytest.mark.parametrize(
    ("guard", "expected"), [("if __name__ == '__main__':", "complete"), ("if True:", "launch under if __name__")]
)
def test_jobs_of_a_script(guard: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.format(guard=guard), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert expected in done.stdout
    assert done.stderr == ""
