"""What is particular to runs of ABINIT."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

import pytest

from support.abinit import CHEAP, engine
from support.given_cells import licoo2
from support.small_cells import lithium

pytestmark = [pytest.mark.abinit, pytest.mark.slow]


def test_runs_leave_no_open_files_and_no_log_handlers(tmp_path: Path) -> None:
    """Every run of the maker opens a log that nobody closes."""
    run, counts = engine(**CHEAP).open_run(lithium(), tmp_path), []
    for _ in range(2):
        run.evaluate(lithium())
        gc.collect()
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[1] <= counts[0]
    for name in ("atomate2", "abipy", "pymatgen.io.abinit"):
        assert not any(isinstance(h, logging.FileHandler) for h in logging.getLogger(name).handlers)


def test_chromium_keeps_its_moments_with_u(tmp_path: Path) -> None:
    """With ABINIT's own mixing this density lost them and converged 1.2 eV above the one with three electrons."""
    cell = licoo2(a=2.99, c=15.96, z=0.2665)
    cell.replace(0, "Na")
    cell.replace(1, "Cr")
    found = engine("ci", cutoff=500, k_spacing=0.9).static(cell, folder=tmp_path)
    assert found.magmoms is not None
    assert found.magmoms[1] == pytest.approx(2.83, abs=0.02), "of three, 0.17 are outside the sphere"
    assert found.electronic is not None
    assert not found.electronic.is_metal
