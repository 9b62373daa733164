"""Ends of the files of a run: the last written first, nothing outside, nothing that is gone meanwhile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hebe.browse.logs import folder_within, tails

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_file_that_goes_away_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there.log").write_text("one\ntwo\n")
    monkeypatch.setattr(os, "walk", lambda folder: [(str(folder), [], ["gone.log", "there.log"])])
    assert [(tail.name, tail.text) for tail in tails(tmp_path)] == [("there.log", "one\ntwo")]


def test_the_last_written_comes_first_and_links_and_binaries_not_at_all(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    for age, name in ((30, "old.out"), (10, "new.out")):
        (run / name).write_text(name)
        os.utime(run / name, (1_000_000 - age, 1_000_000 - age))
    (run / "link.out").symlink_to(outside)
    (run / "data.bin").write_bytes(b"\0\1")
    (run / "empty.out").touch()
    assert [tail.name for tail in tails(run)] == ["new.out", "old.out"]


def test_only_folders_below_the_runs_are_opened(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "one").mkdir(parents=True)
    (runs / "way-out").symlink_to(tmp_path)
    assert folder_within(runs, str(runs / "one")) == (runs / "one").resolve()
    for told in (None, "", "\0", str(runs), str(tmp_path), str(runs / ".."), str(runs / "way-out"), str(runs / "none")):
        assert folder_within(runs, told) is None
