"""What a status without a campaign counts: every campaign as it ran last, without what earlier versions have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.launchers import local
from hebe.launchers.campaign_jobs import jobs_of_campaigns, remember_jobs
from hebe.launchers.records import Records
from hebe.launchers.status import read_status
from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow.core.store import JobStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def campaign(*made: tuple[str, str, Any], name: str = "c") -> Flow:
    """A flow of a campaign: its jobs by uuid and label."""
    for uuid, label, job in made:
        job.set_uuid(uuid)
        job.name = f"{job.name} {label}"
        job.metadata.update({"campaign": name, "label": label})
    return Flow([job for _, _, job in made], name=name)


def ran(store: JobStore, root: Path, flow: Flow) -> dict[str, Any]:
    records = Records.beside(store.docs_store, root)
    remember_jobs(records, flow)
    records.close()
    local.run(flow, store=store, progress=False)
    return read_status(store)


def test_a_failure_without_output_goes_with_its_job(store: JobStore, tmp_path: Path) -> None:
    found = ran(store, tmp_path, campaign(("old", "a/relax", jobs.explode("boom")), ("kept", "b/relax", jobs.add(1))))
    assert [failure["job_ids"] for failure in found["failures"]] == [["old"]]
    assert found["status"] == "failed"
    found = ran(store, tmp_path, campaign(("new", "a/relax", jobs.add(2)), ("kept", "b/relax", jobs.add(1))))
    assert (found["status"], found["failures"], found["jobs"]["completed"]) == ("complete", [], 2)
    found = ran(store, tmp_path, campaign(("old", "a/relax", jobs.explode("boom")), ("kept", "b/relax", jobs.add(1))))
    assert [failure["job_ids"] for failure in found["failures"]] == [["old"]], "the file was changed back"
    assert found["jobs"]["completed"] == 1


def test_failures_that_earlier_versions_noted_by_name_go_too(store: JobStore, tmp_path: Path) -> None:
    ran(store, tmp_path, campaign(("old", "a/relax", jobs.explode("boom"))))
    records = Records.beside(store.docs_store, tmp_path)
    (record,) = records.failed().values()
    bare = {key: value for key, value in record.items() if key not in {"campaign", "label", "_id"}}
    records.store.update(bare, key=["uuid", "index"])
    records.store.remove_docs({"status": "jobs"})
    assert len(read_status(store)["failures"]) == 1
    local.run(campaign(("new", "a/relax", jobs.add(2))), store=store, progress=False)
    assert read_status(store)["failures"] == []
    local.run(jobs.explode("of no campaign"), store=store, progress=False)
    assert len(read_status(store)["failures"]) == 1, "what is of no campaign stays"


def test_outputs_of_the_last_run_count_and_no_clock(store: JobStore, tmp_path: Path) -> None:
    """Three versions of a file: the third is the first again."""
    for uuid, value in (("one", 1), ("two", 2), ("one", 1)):
        found = ran(store, tmp_path, campaign((uuid, "a/relax", jobs.document(str(tmp_path), uuid, "converged"))))
        assert found["jobs"]["completed"] == value // value
    document = store.docs_store.query_one({"uuid": "two"}) or {}
    store.docs_store.update([{**document, "completed_at": "2999-01-01T00:00:00"}], key=["uuid", "index"])
    records = Records.beside(store.docs_store, tmp_path)
    assert jobs_of_campaigns(records) == {"c": {"one"}}
    from hebe.launchers.latest import latest

    digests, _ = latest(store.docs_store, records, None, {"one"})
    assert digests.keys() == {"one"}
    records.close()


def test_campaigns_are_listed_with_their_counts(store: JobStore, tmp_path: Path) -> None:
    ran(store, tmp_path, campaign(("a", "a", jobs.document(str(tmp_path), "a", "converged")), name="first"))
    flow = campaign(("b", "b", jobs.explode("boom")), ("c", "c", jobs.replaced(1, str(tmp_path))), name="second")
    found = ran(store, tmp_path, flow)
    first, second = found["campaigns"]
    assert (first["campaign"], first["status"], first["jobs"]["completed"]) == ("first", "complete", 1)
    assert first["calculations"] == {"computed": 0, "reused": 1, "failed": 0, "stored": 1}
    assert (second["campaign"], second["status"]) == ("second", "failed")
    assert second["jobs"]["total"] > 2, "with the jobs that its jobs asked for"
    assert (second["jobs"]["failed"], second["jobs"]["waiting"]) == (1, 0)
    assert sum(one["jobs"]["completed"] for one in found["campaigns"]) == found["jobs"]["completed"]


def test_reused_means_the_same_in_run_and_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    file = rocksalt(tmp_path, "Mg: [2], Ni: [2]")
    first = hebe(capsys, "run", file, "--workers", 1, "--json").json
    assert first["calculations"]["computed"] > 0
    assert first["jobs"]["reused"] == 0
    second = hebe(capsys, "run", file, "--workers", 1, "--json").json
    for asked in (hebe(capsys, "status", file, "--json").json, hebe(capsys, "status", "--json").json):
        assert asked["jobs"] == second["jobs"]
        stored = asked["calculations"].pop("stored")
        assert asked["calculations"] == second["calculations"], "all of it existed before"
        assert stored == first["calculations"]["computed"]
    text = hebe(capsys, "status").out
    assert "rs" in text
    assert "campaign" in text
