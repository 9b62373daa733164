"""What runs again when a flow is run again: what was computed from other outputs than those that are there now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, JobOrder
from jobflow.core.store import JobStore
from maggma.stores import MemoryStore

from hebe.launchers import inline, local
from hebe.launchers.executor import launcher as executor
from hebe.launchers.lineage import Lineage, made_from, read_digests
from hebe.stores import open_store
from hebe.stores.content import CONTENT, content_of
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hebe.launchers.summary import RunSummary

    Run = Callable[..., RunSummary]

LAUNCHERS = [
    pytest.param(local.run, id="local"),
    pytest.param(inline.run, id="inline"),
    pytest.param(partial(executor.run, workers=1), id="pool"),
]
TOMORROW, LONG_AGO = "2999-01-01T00:00:00", "1971-01-01T00:00:00"
ALL = ["child", "grandchild", "parent", "stranger"]


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


def chain(marks: Path) -> Flow:
    """A parent, its child and grandchild, and a job that reads none of them."""
    made: list[Any] = []
    for name, inputs in (("parent", [{"value": 2}]), ("child", [0]), ("grandchild", [1]), ("stranger", [{"value": 1}])):
        given = [made[one].output if isinstance(one, int) else one for one in inputs]
        job = jobs.combine(name, str(marks), given)
        job.set_uuid(name)
        made.append(job)
    return Flow(made, name="chain")


def ran(run: Run, store: JobStore, marks: Path) -> list[str]:
    """Run the chain; what was executed by that."""
    for mark in marks.iterdir():
        mark.unlink()
    summary = run(chain(marks), store=store, progress=False)
    assert summary.status == "complete", summary.failures
    return sorted(jobs.executions(marks))


def change(store: JobStore, name: str, **fields: Any) -> None:
    """Write other fields into a stored document."""
    document = store.docs_store.query_one({"uuid": name})
    assert document is not None
    new = {**document, **{field: value for field, value in fields.items() if value is not None}}
    for field in [field for field, value in fields.items() if value is None]:
        del new[field]
    store.docs_store.update([new], key=["uuid", "index"])


@pytest.mark.parametrize("run", LAUNCHERS)
def test_content_and_no_clock_decides_what_runs_again(run: Run, store: JobStore, marks: Path) -> None:
    assert ran(run, store, marks) == ALL
    for name, when in (("parent", TOMORROW), ("child", LONG_AGO), ("stranger", ""), ("grandchild", None)):
        change(store, name, completed_at=when)
    assert ran(run, store, marks) == [], "what it was made from is what it was"
    change(store, "parent", output={"name": "parent", "value": 7}, completed_at=LONG_AGO)
    assert ran(run, store, marks) == ["child", "grandchild"], "another parent, whatever its time says"
    assert ran(run, store, marks) == []
    change(store, "parent", output={"name": "parent", "value": 7, "remark": "nothing that the child makes use of"})
    assert ran(run, store, marks) == ["child"], "the child is what it was, and so the grandchild is current"


@pytest.mark.parametrize("run", LAUNCHERS)
def test_what_a_job_no_longer_asks_for_is_forgotten(run: Run, store: JobStore, marks: Path, tmp_path: Path) -> None:
    def asked() -> list[str]:
        for mark in marks.iterdir():
            mark.unlink()
        parent = jobs.combine("parent", str(marks), [{"value": 2}])
        parent.set_uuid("parent")
        quick = [jobs.adding_if(str(marks), str(tmp_path), parent.output) for _ in range(3)]  # known to be brief
        adding = jobs.adding_if(str(marks), str(tmp_path / "no more"), parent.output)
        adding.set_uuid("adding")
        assert run(Flow([parent, *quick, adding]), store=store, progress=False).status == "complete"
        return sorted(jobs.executions(marks))

    assert asked() == ["adding", "addition", "parent"]
    (tmp_path / "no more").touch()
    change(store, "parent", output={"name": "parent", "value": 7})
    store.docs_store.remove_docs({"uuid": "addition"})
    assert asked() == ["adding"]
    assert asked() == ["adding"], "what was asked for before is not asked for now"
    assert store.docs_store.query_one({"uuid": "addition"}) is None


def test_a_restored_backup_is_taken_for_what_it_is(store: JobStore, marks: Path) -> None:
    run = local.run
    ran(run, store, marks)
    backup = list(store.docs_store.query({}))
    change(store, "parent", output={"name": "parent", "value": 7})
    assert ran(run, store, marks) == ["child", "grandchild"]
    store.docs_store.update(backup, key=["uuid", "index"])
    assert ran(run, store, marks) == [], "all of it is of one time"
    store.docs_store.remove_docs({"uuid": "parent"})
    assert ran(run, store, marks) == ["parent"], "it comes out as before"


def test_stores_without_the_note_stay_valid_and_follow_what_is_made_anew(store: JobStore, marks: Path) -> None:
    run = local.run
    ran(run, store, marks)
    for name in ALL:
        change(store, name, made_from=None)
    change(store, "parent", completed_at=TOMORROW)
    assert ran(run, store, marks) == [], "nothing says that it is of something else"
    store.docs_store.remove_docs({"uuid": "parent"})
    assert ran(run, store, marks) == ["child", "grandchild", "parent"], "what has no note is older than what has one"
    assert ran(run, store, marks) == []


def test_half_a_resume_is_finished_by_the_next(store: JobStore, marks: Path) -> None:
    """A parent was computed anew and the launch died before its children."""
    ran(local.run, store, marks)
    for name in ALL:
        change(store, name, made_from=None)
    change(store, "parent", made_from=made_from({}), completed_at=LONG_AGO)
    assert ran(local.run, store, marks) == ["child", "grandchild"]


def test_a_reference_has_the_content_of_what_it_refers_to(store: JobStore, marks: Path) -> None:
    own = jobs.combine("own", str(marks), [{"value": 2}])
    own.set_uuid("own")
    pointer = jobs.refer("own")
    pointer.set_uuid("pointer")
    reader = jobs.combine("reader", str(marks), [pointer.output])
    reader.set_uuid("reader")
    flow = Flow([own, pointer, reader], order=JobOrder.LINEAR)
    for expected in ({"own": 1, "reader": 1}, {"own": 1, "reader": 1}):
        local.run(flow, store=store, progress=False)
        assert jobs.executions(marks) == expected
    change(store, "own", output={"name": "own", "value": 3})
    local.run(flow, store=store, progress=False)
    assert jobs.executions(marks) == {"own": 1, "reader": 2}


@pytest.mark.parametrize("kind", ["embedded", "memory"])
def test_contents_are_the_same_on_every_store(kind: str, tmp_path: Path) -> None:
    made = open_store(tmp_path) if kind == "embedded" else JobStore(MemoryStore())
    made.connect()
    outputs = {"a": {"x": [1, 2.5, None], "y": {"z": "ä"}}, "b": 3, "c": {"y": {"z": "ä"}, "x": (1, 2.5, None)}}
    large = {"l": {"status": list(range(100))}, "m": {"x": 2**62, "y": float("inf")}}
    documents = [{"uuid": name, "index": 1, "output": output} for name, output in {**outputs, **large}.items()]
    made.docs_store.update(documents, ["uuid", "index"])
    found = read_digests(made.docs_store, {*outputs, *large})
    contents = {name: digest.content for (name, _), digest in found.items()}
    assert contents["a"] == contents["c"] != contents["b"]
    assert contents == {name: content_of(output) for name, output in {**outputs, **large}.items()}
    assert Lineage(made.docs_store).contents(["a", "nobody"]) == {"a": contents["a"], "nobody": ""}
    assert made.docs_store.query_one({"uuid": "a"}) is not None
    assert CONTENT not in (made.docs_store.query_one({"uuid": "a"}) or {}), "documents are what was put in"
    made.close()
