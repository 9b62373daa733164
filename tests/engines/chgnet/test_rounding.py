"""Processes that compile the kernels and processes that load them: the same numbers to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.crystals import frames

PROGRAM = Path(__file__).parents[2] / "support" / "evaluations.py"
SMALL, LARGE = "one atom", "disordered, displaced"
NAMES = (SMALL, "two atoms, rotated", "primitive layered, strained", LARGE, "MgO")
"""Cells with and without angles, from 1 to 48 atoms."""


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    path, structures = tmp_path / "cells.json", frames()
    path.write_text(json.dumps({name: structures[name].as_dict() for name in NAMES}))
    return path


def numbers(cells: Path, cache: Path, seed: int, *words: str) -> dict[str, list[str]]:
    """Energy, forces and stress by name, from a new process with a cache and a hash seed of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONHASHSEED": str(seed),
    }
    command = [sys.executable, "-W", "ignore", str(PROGRAM), str(cells), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def kernels(cache: Path) -> list[Path]:
    """Compiled kernels in a cache."""
    return sorted(cache.rglob("kernels.*.nbc"))


@pytest.mark.slow
def test_who_compiles_computes_what_others_load(cells: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    compiling = numbers(cells, first, 1, "--moments", *NAMES)
    assert len(kernels(first)) == 10, "two of each gather and three of each gated sum"
    assert numbers(cells, first, 2, *reversed(NAMES)) == compiling

    for kernel in kernels(first)[::2]:
        kernel.unlink()
    assert numbers(cells, first, 3, *reversed(NAMES)) == compiling, "some compiled, some loaded"

    assert not kernels(second)
    assert numbers(cells, second, 4, "--batch", LARGE, *NAMES[:3], "MgO") == compiling
    assert numbers(cells, second, 5, "--moments", "--batch", *NAMES) == compiling
