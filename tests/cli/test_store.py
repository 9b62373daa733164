"""``hebe store``: check, heal, backup, compact, copy."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from hebe.stores import open_store
from hebe.stores.database import disconnect
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three outputs, which is the working folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    store = open_store(folder)
    for name in "abc":
        document = {"uuid": name, "index": 1, "output": {"big": [1]}, "metadata": {"campaign": "c"}}
        store.update(document, save={"data": ["big"]})
    store.close()
    return folder


def test_which(project: Path, capsys: Captured) -> None:
    assert str(project / ".hebe" / "store.db") in hebe(capsys, "store").out
    assert hebe(capsys, "store", "--json").json["kind"] == "embedded"


def test_heal(project: Path, capsys: Captured) -> None:
    store = open_store(project)
    output = {"key": "k", "status": "converged", "energy_eV": float("nan")}
    store.update({"uuid": "d", "index": 1, "name": "adopted run", "output": output})
    store.close()
    outcome = hebe(capsys, "store", "check")
    assert outcome.code == 1
    assert "called converged and has no energy: hebe store heal" in outcome.out
    assert "1 calculations would be taken out" in hebe(capsys, "store", "heal", "--dry-run").out
    assert "adopted run: called converged" in hebe(capsys, "store", "heal").out
    assert hebe(capsys, "store", "check").code == 0
    assert hebe(capsys, "store", "heal", "--json").json == {"calculations": [], "dry_run": False, "followers": 0}


def test_check(project: Path, capsys: Captured) -> None:
    outcome = hebe(capsys, "store", "check")
    assert (outcome.code, outcome.err) == (0, "")
    assert "sound" in outcome.out
    path = str(project / ".hebe" / "store.db")
    disconnect(path)
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM entries")
    other.close()
    outcome = hebe(capsys, "store", "check", "--json")
    assert (outcome.code, outcome.json["sound"], len(outcome.json["problems"])) == (1, False, 6)


def test_backup_and_compact(project: Path, capsys: Captured) -> None:
    outcome = hebe(capsys, "store", "backup", "copy.db", "--json")
    assert (outcome.code, outcome.json["documents"], outcome.json["blobs"]) == (0, 6, 3)
    assert hebe(capsys, "store", "check", "--store", project / "copy.db").code == 0
    outcome = hebe(capsys, "store", "backup", "copy.db")
    assert outcome.code == 1
    assert "copy.db exists" in outcome.err
    outcome = hebe(capsys, "store", "compact", "--json")
    assert outcome.json["bytes_after"] <= outcome.json["bytes_before"]


def test_copy(project: Path, capsys: Captured) -> None:
    outcome = hebe(capsys, "store", "copy", ".", "new.db", "--campaign", "c", "--json")
    assert (outcome.code, outcome.json["outputs"], outcome.json["blobs"]) == (0, 3, {"data": 3})
    assert "3 outputs, 3 blobs of data copied and verified" in hebe(capsys, "store", "copy", ".", "new.db").out
    assert hebe(capsys, "store", "check", "--store", project / "new.db").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--store", "none.db"], "none.db: there is no such store"),
        (["copy", "none.db", "b.db"], "none.db: there is no such store"),
        (["copy", ".", "b.txt"], "names no store"),
        (["chek"], "invalid choice"),
        (["backup"], "required: FILE"),
    ],
)
def test_mistakes_are_one_line(project: Path, capsys: Captured, words: list[str], said: str) -> None:
    outcome = hebe(capsys, "store", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert [path.name for path in project.iterdir()] == [".hebe"]


def test_settings_that_name_no_file(project: Path, capsys: Captured) -> None:
    (project / "hebe.yaml").write_text("store: {kind: mongodb, uri: 'mongodb://me:hunter2@host/a'}\n")
    outcome = hebe(capsys, "store", "check")
    assert outcome.code == 2
    assert "--store PATH" in outcome.err
    assert "hunter2" not in outcome.err + hebe(capsys, "store").out
