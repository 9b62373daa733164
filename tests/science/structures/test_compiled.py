"""Compiled functions where code can be kept on disk and where it cannot."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numba
import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import numpy as np
from hebe.science.structures.compiled import allocating, compiled

@compiled
def square(n):
    return n * n

@allocating
def squares(n):
    out = np.empty(n)
    for i in range(n):
        out[i] = square(i)
    return out
"""


def module(folder: Path) -> Any:
    """The source as a module in a folder."""
    path = folder / "squares.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("squares", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize("writable", [True, False])
def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writable: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, "/dev/null")
    if not writable:
        (tmp_path / "__pycache__").touch()
    assert module(tmp_path).squares(4).tolist() == [0, 1, 4, 9]
    assert bool(list(tmp_path.rglob("*.nbc"))) == writable
