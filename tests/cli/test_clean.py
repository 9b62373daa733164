"""``hebe clean``: what run folders hold is said, and nothing that something needs is removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jobflow import Flow

from hebe.launchers import local
from hebe.launchers.records import Records
from hebe.stores import open_store
from hebe.stores.owners import Owner
from support import launcher_jobs as jobs
from support.command import hebe

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(folder: Path) -> Path:
    """Folders of a job that left a file, of one that failed, and of one that was cut off."""
    (folder / "marks").mkdir()
    store = open_store(folder)
    left, broken = jobs.leave_file("x" * 2000), jobs.explode("boom")
    cut = jobs.finish_if(str(folder / "marks"), "cut", str(folder / "never"))
    for job in (left, broken, cut):
        job.metadata.update({"campaign": "c", "label": job.name})
    local.run(Flow([left, broken, cut]), store=store, progress=False, root=folder)
    (launch,) = (folder / ".hebe" / "runs").iterdir()
    (launch / f"relax-{cut.uuid[:8]}-1").mkdir(exist_ok=True)
    (launch / f"relax-{cut.uuid[:8]}-1" / "WAVECAR").write_bytes(bytes(3000))
    store.close()
    return launch.parent


def names(runs: Path) -> set[str]:
    """Beginnings of the names of the job folders that are there."""
    return {path.name.split("-")[0] for launch in runs.iterdir() for path in launch.iterdir() if path.is_dir()}


def test_nothing_is_made_or_said_where_nothing_is(folder: Path, capsys: Captured) -> None:
    assert "holds nothing" in hebe(capsys, "clean").out
    assert list(folder.iterdir()) == []


def test_what_folders_hold_is_said_and_nothing_removed(runs: Path, capsys: Captured) -> None:
    before = names(runs)
    assert before >= {"leave_file", "explode", "relax"}
    found: dict[str, Any] = hebe(capsys, "clean", "--json").json
    assert found["bytes"] == sum(path.lstat().st_size for path in runs.rglob("*") if path.is_file())
    assert found["bytes"] > 5000
    assert found["campaigns"][0]["campaign"] == "c"
    assert found["removable"]["bytes"] >= 2000
    reasons = {Path(one["path"]).name.split("-")[0]: one["reason"] for one in found["needed"]}
    assert reasons["explode"] == "named by a failure"
    assert reasons["relax"] == "a calculation that was cut off goes on from it"
    assert "leave_file" not in reasons
    text = hebe(capsys, "clean").out
    assert "hebe clean --remove would remove" in text
    assert names(runs) == before
    assert hebe(capsys, "clean", "--all").code == 2


def test_only_what_nothing_needs_is_removed(runs: Path, capsys: Captured) -> None:
    found = hebe(capsys, "clean", "--remove", "--json").json
    assert found["removed"]["bytes"] >= 2000
    assert names(runs) == {"explode", "relax"}
    hebe(capsys, "clean", "--remove", "--all")
    assert list(runs.iterdir()) == []


def test_what_is_in_use_or_not_stored_is_never_removed(runs: Path, folder: Path, capsys: Captured) -> None:
    (launch,) = runs.iterdir()
    kept = launch / "job-12345678-1.result.json"
    kept.write_text("{}")
    queue = runs / "hebe-abc"
    queue.mkdir()
    (queue / "pilot.json").write_text("{}")
    hebe(capsys, "clean", "--remove", "--all")
    assert {path.name for path in runs.rglob("*") if path.is_file()} == {kept.name, "pilot.json"}
    (queue / "ended").touch()
    hebe(capsys, "clean", "--remove", "--all")
    assert [path.name for path in runs.iterdir()] == [launch.name]
    store, own = open_store(folder), Owner.current()
    records = Records.beside(store.docs_store, folder)
    alive = runs / "20260101T000000-1"
    alive.mkdir()
    (alive / "output").write_text("x")
    body = {"status": "running", "host": own.host, "pid": own.pid, "started": own.started}
    records.beat(alive.name, body)
    found = hebe(capsys, "clean", "--remove", "--all", "--json").json
    assert (alive / "output").exists()
    assert "in use" in {one["reason"] for one in found["needed"]}
    store.close()
