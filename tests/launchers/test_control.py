"""``pause``, ``resume`` and ``cancel`` are heard by a launcher that runs on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.launchers import launch, local
from hebe.launchers.records import Records
from hebe.stores import open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow import JobStore


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the launcher listen after every event, so that it hears before it starts another job."""
    monkeypatch.setattr(launch, "_BEAT_S", 0.0)


def test_cancel_ends_what_runs(store: JobStore, tmp_path: Path) -> None:
    hanging = jobs.hang()
    hanging.config.manager_config = {}
    flow = Flow([hanging, jobs.add(hanging.output)], name="long")

    def cancel(event: dict[str, Any]) -> None:
        if event["kind"] == "started":
            Records.beside(store.docs_store, tmp_path).control("long", "cancelled")

    summary = local.run(flow, store=store, workers=1, progress=False, root=tmp_path, on_event=cancel)
    assert summary.status == "interrupted"
    assert summary.jobs["completed"] == 0


def test_a_paused_campaign_goes_on_when_it_is_resumed(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "marks").mkdir()
    first = jobs.note("first", str(tmp_path / "marks"), 1)
    flow = Flow([first, jobs.note("second", str(tmp_path / "marks"), first.output)], name="long")
    records, seen = Records.beside(store.docs_store, tmp_path), list[dict[str, int]]()
    beat = launch.Heart.beat

    def resume(heart: launch.Heart, status: str) -> None:
        """After it has looked five times for something to do since the first job ended."""
        beat(heart, status)
        if heart.scheduler.tally.jobs()["completed"] and len(seen) < 5:
            seen.append(jobs.executions(tmp_path / "marks"))
            if len(seen) == 5:
                records.control("long", None)

    def pause(event: dict[str, Any]) -> None:
        if event["kind"] == "started" and not seen:
            records.control("long", "paused")

    monkeypatch.setattr(launch.Heart, "beat", resume)
    summary = local.run(flow, store=store, workers=1, progress=False, root=tmp_path, on_event=pause)
    assert summary.status == "complete"
    assert jobs.executions(tmp_path / "marks") == {"first": 1, "second": 1}
    assert seen == [{"first": 1}] * 5, "nothing starts while it is paused"
    assert records.controls() == {}


def test_other_campaigns_go_on(store: JobStore, tmp_path: Path) -> None:
    records = Records.beside(store.docs_store, tmp_path)
    records.control("other", "paused")
    summary = local.run(Flow([jobs.add(1)], name="mine"), store=store, progress=False, root=tmp_path)
    assert summary.status == "complete"
    assert records.controls() == {"other": "paused"}
    records.control("other", "cancelled")
    assert records.controls() == {"other": "cancelled"}
