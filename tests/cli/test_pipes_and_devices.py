"""Named pipes and devices where a file is read or written are refused at once: nothing waits for ever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]
BUILT = "structures: {cations: 4, per_candidate: 1, seed: 1, starts: 1}"


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.cif")
    (tmp_path / "good.cif").write_text("data_x\n")
    return rocksalt(tmp_path)


@pytest.mark.parametrize("given", ["pipe", "pipe.cif", "/dev/zero"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rank:", "mixing: {{entries: [{{file: {0}, energy_scale: springs}}]}}\nrank:"),
        ("rank:", "mixing: {{phases: [{0}]}}\nrank:"),
        (BUILT, "structures: {{method: explicit, files: [{0}]}}"),
        (BUILT, "structures: {{method: explicit, files: [good.cif, {0}]}}"),
        ("family: rocksalt", "file: {0}"),
    ],
    ids=["entries", "phases", "cells", "list of cells", "host"],
)
def test_what_is_read_is_a_regular_file(given: str, old: str, new: str, campaign: Path, capsys: Captured) -> None:
    text = campaign.read_text()
    assert old in text
    campaign.write_text(text.replace(old, new.format(given)))
    outcome = hebe(capsys, "space", campaign)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert given in outcome.err
    assert any(words in outcome.err for words in ("expected a regular file", "no plain file"))


def test_the_metal_is_a_regular_file(campaign: Path, capsys: Captured) -> None:
    cells = "structures: {method: explicit, files: [good.cif], metal: pipe}"
    campaign.write_text(campaign.read_text().replace(BUILT, cells))
    outcome = hebe(capsys, "space", campaign)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "expected a regular file, got a named pipe" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        "report {file} -o {target}",
        "export {file} --format csv -o {target}",
        "export {file} --format json -o {target}",
        "export some-id --format cif -o {target}",
        "enumerate {file} -o {target}",
    ],
)
@pytest.mark.parametrize("kind", ["a named pipe", "a device", "a folder"])
def test_what_is_written_is_a_regular_file(
    words: str, kind: str, campaign: Path, capsys: Captured, tmp_path: Path
) -> None:
    target = tmp_path / ("there.csv" if "enumerate" in words else "there.html")
    if kind == "a named pipe":
        os.mkfifo(target)
    elif kind == "a device":
        target.symlink_to("/dev/null")
    else:
        target.mkdir()
    outcome = hebe(capsys, *words.format(file=campaign, target=target).split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {target}: expected a file, got {kind}\n"
