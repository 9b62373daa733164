"""Files in which calculations write how far they are: half a line is none, and other calculations are not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.engines.checkpoint import Log, read_whole, write_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_log_gives_back_every_bit(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "log", "cell")
    assert log.resume() == []
    values = [[0.1 + 0.2, 1e-300, -0.0], [1 / 3]]
    for value in values:
        log.append(value)
    assert Log(log.path, "cell").resume() == values


@pytest.mark.parametrize("torn", [b"[1.0, 2", b"[1.0]", b"\x00\x00\n", b'{"a": \n[3.0]\n'])
def test_what_was_half_written_is_cut_away(torn: bytes, tmp_path: Path) -> None:
    log = Log(tmp_path / "log", "cell")
    log.resume()
    log.append([1.0])
    with log.path.open("ab") as file:
        file.write(torn)
    assert log.resume() == [[1.0]]
    log.append([2.0])
    assert log.resume() == [[1.0], [2.0]]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[1.0]\n[2.0]\n"])
def test_a_file_of_something_else_is_begun_anew(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(content)
    log = Log(tmp_path / "log", "cell")
    assert log.resume() == []
    log.append([1.0])
    assert log.resume() == [[1.0]]
    assert Log(log.path, "other cell").resume() == []


def test_a_file_that_is_written_whole_survives_what_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    assert read_whole(path) == {}
    write_whole(path, {"step": 1})
    path.with_name("state.json.part").write_text('{"step": 2')
    assert read_whole(path) == {"step": 1}
    write_whole(path, {"step": 2})
    assert read_whole(path) == {"step": 2}
