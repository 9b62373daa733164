"""A flow that has nothing to do is told from what each of its jobs reads, with the same counts as a launch has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow
from jobflow.core.store import JobStore
from maggma.stores import MemoryStore

from hebe.launchers import local
from hebe.launchers.finished import finished, remember_wiring, wired
from hebe.launchers.graph import references, walk
from hebe.launchers.lineage import made_from
from hebe.launchers.records import Records
from hebe.schemas.base import Document
from hebe.stores import open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.launchers.summary import RunSummary


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def records(store: JobStore, tmp_path: Path) -> Iterator[Records]:
    found = Records.beside(store.docs_store, tmp_path)
    yield found
    found.close()


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """A parent, its child and a calculation that failed."""
    (tmp_path / "marks").mkdir()
    marks = str(tmp_path / "marks")
    parent = jobs.combine("parent", marks, [{"value": 2}])
    child = jobs.combine("child", marks, [parent.output])
    broken = jobs.document(marks, "broken", "failed")
    for name, job in (("parent", parent), ("child", child), ("broken", broken)):
        job.set_uuid(name)
    return Flow([parent, child, broken], name="chain")


def told(store: JobStore, records: Records, key: str = "k", **options: Any) -> RunSummary | None:
    found = wired(records, "chain", key)
    return None if found is None else finished(store.docs_store, records, found, **options)


def change(store: JobStore, name: str, **fields: Any) -> None:
    document = store.docs_store.query_one({"uuid": name}) or {}
    store.docs_store.update([document | fields], key=["uuid", "index"])


def test_counts_are_those_of_a_launch(store: JobStore, records: Records, flow: Flow, tmp_path: Path) -> None:
    remember_wiring(records, flow, "k")
    assert told(store, records) is None, "nothing has run"
    local.run(flow, store=store, progress=False, root=tmp_path)
    again = local.run(flow, store=store, progress=False, root=tmp_path)
    found = told(store, records)
    assert found is not None
    assert {**found.as_dict(), "elapsed_s": 0} == {**again.as_dict(), "elapsed_s": 0}
    assert found.status == "failed"
    assert found.failures[0].job_ids == ["broken"]
    assert told(store, records, retry_failed=True) is None
    assert told(store, records, key="another") is None


@pytest.mark.parametrize("what", ["parent", "cut", "gone", "of something else", "older than its parent"])
def test_whatever_a_launch_would_run_is_noticed(
    what: str, store: JobStore, records: Records, flow: Flow, tmp_path: Path
) -> None:
    remember_wiring(records, flow, "k")
    local.run(flow, store=store, progress=False, root=tmp_path)
    assert told(store, records) is not None
    if what == "gone":
        store.docs_store.remove_docs({"uuid": "parent"})
    elif what == "parent":
        change(store, "parent", output={"name": "parent", "value": 7}, completed_at="1971-01-01T00:00:00")
    elif what == "cut":
        change(store, "child", output={"name": "child", "value": 2, "status": "cut"})
    elif what == "of something else":
        change(store, "child", made_from=made_from({"parent": "0" * 32}))
    else:
        document = store.docs_store.query_one({"uuid": "child"}) or {}
        del document["made_from"]
        store.docs_store.update([document], key=["uuid", "index"])
    before = jobs.executions(tmp_path / "marks")
    assert told(store, records) is None
    local.run(flow, store=store, progress=False, root=tmp_path)
    assert jobs.executions(tmp_path / "marks") != before
    assert told(store, records) is not None


def test_another_time_is_nothing_to_it(store: JobStore, records: Records, flow: Flow, tmp_path: Path) -> None:
    remember_wiring(records, flow, "k")
    local.run(flow, store=store, progress=False, root=tmp_path)
    change(store, "parent", completed_at="2999-01-01T00:00:00")
    assert told(store, records) is not None


def test_jobs_that_were_asked_for_count(store: JobStore, records: Records, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    job = jobs.detoured(str(tmp_path / "marks"))
    flow = Flow([job], name="chain")
    remember_wiring(records, flow, "k")
    local.run(flow, store=store, progress=False, root=tmp_path)
    again = local.run(flow, store=store, progress=False, root=tmp_path)
    found = told(store, records)
    assert found is not None
    assert found.jobs == again.jobs
    assert found.jobs["total"] > 1
    (asked,) = records.asked([job.uuid])
    store.docs_store.remove_docs({"uuid": asked.jobs[0].uuid})
    assert told(store, records) is None


def test_jobs_that_stop_others_are_left_to_a_launch(store: JobStore, records: Records, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    flow = Flow([jobs.stop_children(str(tmp_path / "marks"))], name="chain")
    remember_wiring(records, flow, "k")
    local.run(flow, store=store, progress=False, root=tmp_path)
    assert told(store, records) is None


def test_a_flow_that_reads_outputs_of_others_is_not_kept(records: Records, flow: Flow, tmp_path: Path) -> None:
    remember_wiring(records, flow, "k")
    known = wired(records, "chain", "k")
    assert known == {("parent", 1): [], ("child", 1): ["parent"], ("broken", 1): []}
    other = jobs.combine("other", str(tmp_path), [next(iter(flow.jobs)).output])
    remember_wiring(records, Flow([other], name="chain"), "k")
    assert wired(records, "chain", "k") is None


def test_large_flows_stand_in_several_records(records: Records, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_wiring(records, flow, "k")
    whole = wired(records, "chain", "k")
    monkeypatch.setattr("hebe.launchers.finished._PART", 2)
    remember_wiring(records, flow, "k")
    assert wired(records, "chain", "k") == whole
    records.store.remove_docs({"uuid": "wiring of chain", "index": 1})
    assert wired(records, "chain", "k") is None


def test_stores_in_memory_tell_it_too(records: Records, flow: Flow, tmp_path: Path) -> None:
    memory = JobStore(MemoryStore())
    memory.connect()
    remember_wiring(records, flow, "k")
    assert told(memory, records) is None
    local.run(flow, store=memory, progress=False, root=tmp_path)
    assert told(memory, records) is not None


def test_references_inside_documents_are_found(flow: Flow) -> None:
    class Holding(Document):
        inner: Any

    parent = next(job for job, _ in walk(flow))
    assert references([Holding(inner={"a": [parent.output, 1.5]}), Holding(inner=None)]) == {"parent"}
