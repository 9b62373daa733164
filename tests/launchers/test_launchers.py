"""What every launcher that runs a flow in its own process must do alike: documents, counts, resume, claims, faults."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow
from jobflow.core.store import JobStore
from maggma.stores import MemoryStore

from hebe.exceptions import BadInputError, LaunchError
from hebe.launchers import inline, local
from hebe.launchers.executor import launcher as executor
from hebe.launchers.limits import Limits
from hebe.stores import open_store
from hebe.stores.claims import Claims
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hebe.launchers.summary import RunSummary

    Run = Callable[..., RunSummary]

COPIES = "ignore:This process .* is multi-threaded:DeprecationWarning"
"""Python 3.12 and later say so when they copy a process with threads, as this pool does until Python 3.14."""

POOL = partial(executor.run, workers=2)
FORKS = partial(executor.run, executor="concurrent.futures:ProcessPoolExecutor", workers=2)
SINGLE_NODE = partial(executor.run, executor="executorlib:SingleNodeExecutor", workers=2)

needs_executorlib = pytest.mark.skipif(find_spec("executorlib") is None, reason="needs the package executorlib")
EXECUTORS = [
    pytest.param(POOL, id="pool"),
    pytest.param(FORKS, id="forks", marks=pytest.mark.filterwarnings(COPIES)),
    pytest.param(SINGLE_NODE, id="executorlib", marks=[needs_executorlib, pytest.mark.slow]),
]
LAUNCHERS = [pytest.param(local.run, id="local"), pytest.param(inline.run, id="inline"), *EXECUTORS]

every_launcher = pytest.mark.parametrize("run", LAUNCHERS)
every_executor = pytest.mark.parametrize("run", EXECUTORS)


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


def small_flow(marks: Path) -> Flow:
    """A success, what reads it, an error, a failed document, and a calculation that three jobs want."""
    made: list[Any] = []

    def add(job: Any) -> Any:
        job.set_uuid(f"{len(made):08d}")
        made.append(job)
        return job

    first = add(jobs.combine("first", str(marks), [{"value": 2}]))
    add(jobs.combine("second", str(marks), [first.output, first.output]))
    broken = add(jobs.explode("boom"))
    add(jobs.note("below", str(marks), broken.output))
    add(jobs.count_present([first.output, broken.output]))
    add(jobs.document(str(marks), "failed", "failed"))
    equal = [add(jobs.compute_once(str(marks), "equal")) for _ in range(3)]
    add(jobs.name_of(str(marks), "reader", equal[2].output))
    table = add(jobs.tabulate(7))
    add(jobs.pass_structure({"rows": table.output["table"]}))
    return Flow(made, name="small")


def stored(store: JobStore) -> dict[str, Any]:
    """Outputs as a reader sees them, by job."""
    return {document["uuid"]: store.get_output(document["uuid"], load=True) for document in store.query({}, ["uuid"])}


@every_launcher
def test_the_same_documents_counts_and_resume(run: Run, store: JobStore, marks: Path) -> None:
    summary = run(small_flow(marks), store=store, progress=False)
    assert summary.status == "failed"
    assert summary.jobs == {"total": 12, "completed": 9, "failed": 3, "running": 0, "waiting": 0, "reused": 0}
    assert summary.calculations == {"computed": 1, "reused": 2, "failed": 1}
    assert {(item.error_class, item.message, tuple(item.job_ids)) for item in summary.failures} == {
        ("ValueError", "boom", ("00000002",)),
        ("ParentFailed", "a job that it needs has no output", ("00000003",)),
        ("EngineError", "exploded", ("00000005",)),
    }
    expected = {"value": (2 * 31 + 5) % 10007}
    found = stored(store)
    assert found["00000000"]["value"] == expected["value"]
    assert found["00000001"]["value"] == (2 * expected["value"] * 31 + 6) % 10007
    assert (found["00000004"], found["00000009"]) == (1, "equal")
    assert [found[f"{number:08d}"]["key"] for number in (6, 7, 8)] == ["equal"] * 3
    assert found["00000010"]["table"] == found["00000011"]["rows"] == list(range(7))
    kept = store.query_one({"uuid": "00000010"}, load=False) or {}
    assert "blob_uuid" in kept["output"]["table"], "large parts go to the additional store"
    once = {"first": 1, "second": 1, "failed": 1, "equal": 1, "reader": 1}
    assert jobs.executions(marks) == once

    again = run(small_flow(marks), store=store, progress=False)
    assert again.status == "failed"
    assert again.jobs["reused"] == 9
    assert again.calculations == {"computed": 0, "reused": 3, "failed": 1}
    assert jobs.executions(marks) == once
    run(small_flow(marks), store=store, progress=False, retry_failed=True)
    assert jobs.executions(marks) == {**once, "failed": 2}


@every_launcher
def test_another_launcher_goes_on(run: Run, store: JobStore, marks: Path) -> None:
    run(small_flow(marks), store=store, progress=False)
    before = stored(store)
    for other in (local.run, inline.run, POOL):
        assert other(small_flow(marks), store=store, progress=False).jobs["reused"] == 9
    assert stored(store) == before
    assert set(jobs.executions(marks).values()) == {1}


@every_launcher
def test_what_jobs_ask_for_when_they_end(run: Run, store: JobStore, marks: Path) -> None:
    first, turn, extra = jobs.replaced(2, str(marks)), jobs.detoured(str(marks)), jobs.adding(str(marks))
    child, stopper, kept = jobs.last(str(marks), turn.output), jobs.stop_children(str(marks)), jobs.keep_data()
    stopped = jobs.note("stopped", str(marks), stopper.output)
    flow = Flow([first, turn, extra, child, stopper, stopped, kept])
    for _ in range(2):
        summary = run(flow, store=store, progress=False)
        assert summary.status == "complete"
        assert "stopped" not in jobs.executions(marks)
        assert set(jobs.executions(marks).values()) == {1}
    assert store.get_output(first.uuid) == 3
    assert "detour" in store.get_output(child.uuid)["before"]


@every_launcher
def test_cut_runs_again_and_what_reads_it_follows(run: Run, store: JobStore, marks: Path, tmp_path: Path) -> None:
    first = jobs.finish_if(str(marks), "first", str(tmp_path / "flag"))
    flow = Flow([first, jobs.name_of(str(marks), "second", first.output)])
    run(flow, store=store, progress=False)
    (tmp_path / "flag").touch()
    for _ in range(2):
        run(flow, store=store, progress=False)
    assert jobs.executions(marks) == {"first": 2, "second": 2}


@every_launcher
def test_a_store_in_memory(run: Run, marks: Path, tmp_path: Path) -> None:
    store = JobStore(MemoryStore(), additional_stores={"data": MemoryStore(key="blob_uuid")})
    for reused in (0, 9):
        summary = run(small_flow(marks), store=store, progress=False, root=tmp_path)
        assert summary.jobs["reused"] == reused
    assert set(jobs.executions(marks).values()) == {1}


@every_launcher
def test_what_another_process_computes_is_left_to_it(
    run: Run, store: JobStore, marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim of somebody who lives is respected; the job is put back until it is given up."""
    from hebe.stores import claims

    taken, own = Claims(store), claims.Owner.current()
    other = claims.Owner("another-host", 1, "1")
    taken._table.take("equal", other, own.pid + 4e9)
    told: list[str] = []

    def free(event: dict[str, Any]) -> None:
        told.append(event["kind"])
        if event["kind"] == "put back":
            assert not jobs.executions(marks)
            taken._table.free(other)

    monkeypatch.setattr("hebe.launchers.scheduler._PUT_BACK_S", 0.0)
    summary = run(jobs.compute_once(str(marks), "equal"), store=store, progress=False, on_event=free)
    assert summary.status == "complete"
    assert "put back" in told
    assert jobs.executions(marks) == {"equal": 1}
    assert taken.holder("equal") is None, "given up when the output is stored"


@every_launcher
def test_outputs_that_are_too_large_or_cannot_be_stored(run: Run, store: JobStore, marks: Path) -> None:
    large, strange, good = jobs.large(3), jobs.unstorable(), jobs.note("good", str(marks), 1)
    summary = run(Flow([large, strange, good]), store=store, progress=False, limits=Limits(output_mb=2))
    assert (summary.jobs["completed"], summary.jobs["failed"]) == (1, 2)
    reasons = {item.job_ids[0]: item for item in summary.failures}
    assert reasons[large.uuid].error_class == "OutputTooLargeError"
    assert "builtins.object, which no document can hold" in reasons[strange.uuid].message


def test_inline_runs_in_this_process(store: JobStore) -> None:
    job = jobs.process()
    inline.run(job, store=store, progress=False)
    assert store.get_output(job.uuid)["pid"] == os.getpid()


def test_inline_stops_at_a_breakpoint_and_prints_nothing_on_standard_output(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("sys.breakpointhook", lambda: seen.append(os.getcwd()))  # noqa: PTH109 - where the job runs
    job = jobs.pause("here")
    assert inline.run(job, store=store, progress=False).status == "complete"
    assert job.uuid[:8] in seen[0], "in the folder of the job"
    assert capsys.readouterr() == ("", "here\n")


@every_executor
def test_workers_have_no_store(run: Run, store: JobStore) -> None:
    job = jobs.process()
    run(job, store=store, progress=False)
    assert store.get_output(job.uuid)["pid"] != os.getpid()


@every_executor
def test_a_worker_that_dies_costs_its_own_job_a_try(run: Run, store: JobStore, marks: Path) -> None:
    others = [jobs.note(f"note-{number}", str(marks), number) for number in range(6)]
    dying, follower = jobs.die(str(marks), 1), jobs.note("follower", str(marks), 1)
    summary = run(Flow([*others[:3], dying, *others[3:], follower]), store=store, progress=False)
    assert summary.status == "complete"
    assert jobs.executions(marks)["die"] == 2


@every_executor
def test_a_job_that_kills_every_worker_fails_alone(run: Run, store: JobStore, marks: Path) -> None:
    others = [jobs.note(f"note-{number}", str(marks), number) for number in range(4)]
    deadly = jobs.die(str(marks), 99)
    summary = run(Flow([*others[:2], deadly, *others[2:]]), store=store, progress=False)
    assert (summary.jobs["completed"], summary.jobs["failed"]) == (4, 1)
    (failure,) = summary.failures
    assert (failure.error_class, failure.job_ids) == ("WorkerDied", [deadly.uuid])
    assert jobs.executions(marks)["die"] <= 3, "a break whose job is not known, and two tries"


@every_executor
def test_time_is_limited(run: Run, store: JobStore, marks: Path) -> None:
    hanging, good = jobs.hang(), jobs.note("good", str(marks), 1)
    summary = run(Flow([hanging, good]), store=store, progress=False)
    (failure,) = summary.failures
    assert (failure.error_class, failure.message) == ("TimeoutExceeded", "the job took longer than 0.5 s")
    assert jobs.executions(marks) == {"good": 1}


def test_a_job_that_cannot_be_ended_is_given_up(store: JobStore, marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every process of the pool is stuck: the rest has another pool then."""

    def is_overdue(sent: Any) -> bool:
        return sent.node.name == "sleep_deaf" and jobs.executions(marks).get("deaf") == 2

    monkeypatch.setattr("hebe.launchers.executor.workers._Sent.is_overdue", property(is_overdue))
    deaf = [jobs.sleep_deaf(str(marks)) for _ in range(2)]
    good = [jobs.note(f"good-{number}", str(marks), 1) for number in range(3)]
    summary = POOL(Flow([*deaf, *good]), store=store, progress=False)
    (failure,) = summary.failures
    assert (failure.error_class, set(failure.job_ids)) == ("TimeoutExceeded", {job.uuid for job in deaf})
    assert summary.jobs["completed"] == 3
    assert set(jobs.executions(marks)) == {"deaf", "good-0", "good-1", "good-2"}


@needs_executorlib
def test_executorlib_runs_jobs(store: JobStore, marks: Path) -> None:
    first = jobs.compute_once(str(marks), "equal")
    flow = Flow([first, jobs.name_of(str(marks), "second", first.output)])
    for reused in (0, 2):
        assert SINGLE_NODE(flow, store=store, progress=False).jobs["reused"] == reused
    assert jobs.executions(marks) == {"equal": 1, "second": 1}


def test_threads_of_the_launcher_are_refused(store: JobStore) -> None:
    with pytest.raises(LaunchError, match="must have processes"):
        executor.run(jobs.add(1, 2), executor=ThreadPoolExecutor, store=store, progress=False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"executor": "no_such_module:thing"}, "cannot be imported: ModuleNotFoundError"),
        ({"executor": "json:__name__"}, "makes nothing"),
        ({"arguments": {"colour": "red"}}, "refuses its arguments"),
    ],
)
def test_a_factory_that_is_of_no_use_is_named(given: dict[str, Any], told: str, store: JobStore) -> None:
    with pytest.raises(BadInputError, match=told):
        executor.run(jobs.add(1, 2), store=store, progress=False, **given)


def test_a_launch_that_breaks_off_holds_no_claim(store: JobStore, marks: Path) -> None:
    job = jobs.compute_once(str(marks), "equal")
    with pytest.raises(BadInputError, match="refuses its arguments"):
        executor.run(job, store=store, progress=False, arguments={"colour": "red"})
    assert Claims(store).holder("equal") is None


def test_the_first_result_of_a_calculation_counts(store: JobStore, marks: Path) -> None:
    """Somebody without claims has stored the same calculation while the job was on its way."""

    def store_it(event: dict[str, Any]) -> None:
        if event["kind"] == "started":
            inline.run(jobs.document(str(marks), "early", "converged", "equal"), store=store, progress=False)

    late = jobs.document(str(marks), "late", "converged", "equal")
    summary = executor.run(late, store=store, workers=1, progress=False, on_event=store_it)
    assert summary.calculations == {"computed": 0, "reused": 1, "failed": 0}
    raw = store.docs_store.query_one({"uuid": late.uuid}) or {}
    assert raw["output"]["@class"] == "OutputReference"
    assert store.get_output(late.uuid)["key"] == "equal"
