"""Commands for clusters: what they say when something is missing, and pausing without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    return tmp_path


@pytest.mark.parametrize("words", [["submit", "rs.yaml"], ["submit", "rs.yaml", "--dry-run"], ["launch"]])
def test_a_launchpad_must_be_named(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fireworks", reason="needs the package fireworks")
    rocksalt(folder, "Mg: [2], Ni: [2]")
    done = hebe(capsys, *words)
    assert done.code == 2
    assert "cluster.uri: no database for the LaunchPad is named" in done.err


def test_an_absent_database_is_named_without_its_password(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fireworks", reason="needs the package fireworks")
    options = "serverSelectionTimeoutMS=20"
    (folder / "hebe.yaml").write_text(f"cluster: {{uri: 'mongodb://me:hunter2@127.0.0.1:9/hebe?{options}'}}")
    from hebe.stores import mongodb

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mongodb._patience, "seconds", 0.02)
        done = hebe(capsys, "launch")
    assert done.code == 1
    assert "the LaunchPad at mongodb://127.0.0.1:9/hebe cannot be reached" in done.err
    assert "hunter2" not in done.err


def test_another_launcher_is_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rocksalt(folder, "Mg: [2], Ni: [2]")
    done = hebe(capsys, "submit", "rs.yaml", "--launcher", "airflow")
    assert done.code == 2
    assert "fireworks" in done.err


def test_pause_and_resume_are_told_by_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = rocksalt(folder, "Mg: [2], Ni: [2]")
    assert hebe(capsys, "pause", campaign).code == 2  # nothing is there yet
    assert hebe(capsys, "run", campaign, "--workers", 1).code == 0
    assert hebe(capsys, "pause", campaign, "--json").json == {"campaign": "rs", "control": "paused"}
    assert "rs is paused: hebe resume lets it go on" in hebe(capsys, "status", campaign).out
    assert hebe(capsys, "cancel", campaign).out == "rs: cancelled\n"
    assert hebe(capsys, "status", "--json").json["controls"] == {"rs": "cancelled"}
    assert hebe(capsys, "resume", campaign).out == "rs: goes on\n"
    assert hebe(capsys, "status", "--json").json["controls"] == {}
