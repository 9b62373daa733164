"""What is particular to runs of ABINIT."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

import pytest

from support.abinit import CHEAP, engine
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
