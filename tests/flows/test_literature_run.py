"""Materials of the literature through the benchmark: a campaign, its run, its row and the score."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """Names of the benchmark."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return runpy.run_path(str(ROOT / "benchmarks" / "literature.py"))
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


def test_the_smallest_cells_come_first(script: dict[str, Any]) -> None:
    names = ["na-o3-nm55", "el-si", "liq-licl", "ref-li2o"]
    assert script["in_order"](names) == ["el-si", "ref-li2o", "na-o3-nm55"]


@pytest.mark.slow
def test_rows_are_those_of_a_run_and_are_the_same_again(script: dict[str, Any], tmp_path: Path) -> None:
    names = ["ref-li2o", "na-o3-nm55"]
    runs = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        script["compute"](names, folder)
        runs.append(script["rows_of"](names, folder))
    first, second = runs
    assert first == second
    assert first["ref-li2o"]["cell"]["a"] == pytest.approx(4.619, rel=0.02)
    row = first["na-o3-nm55"]
    assert (row["status"], row["problem"], row["atoms"]) == ("complete", None, 48)
    assert row["slab_A"] + row["gap_A"] == pytest.approx(row["cell"]["c"] / 3, rel=0.01)
    assert [step["x_low"] for step in row["voltage_profile"]][-1] == pytest.approx(1 / 3, abs=1e-5)
    lines = {line.target_id: line for line in script["score"](first)}
    assert lines["measured-ref-li2o-a"].verdict == "reproduced"
    assert lines["measured-na-o3-nm55-average-voltage"].computed == pytest.approx(3.0, abs=0.6)
