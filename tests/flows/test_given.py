"""Campaigns that bring their own cells, end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Structure

from hebe.campaigns.api import results, run
from hebe.config.engines.ase import ASEBlock
from hebe.engines.registry import get_engine
from support.campaigns import SPRINGS
from support.given_cells import coo2, licoo2, write
from support.small_cells import two_lithium

if TYPE_CHECKING:
    from pathlib import Path


def test_the_voltage_is_that_of_the_three_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    metal = two_lithium(shift=0.0)
    cells = {"full.vasp": licoo2(), "empty.vasp": coo2(), "li.vasp": metal}
    path = write(tmp_path, *list(cells.items())[:2], metal=("li.vasp", metal))
    summary = run(path, workers=1, progress=False)
    assert summary.status == "complete", summary.failures
    assert summary.calculations["computed"] == 3
    (candidate,) = results(path).candidates
    springs = {"depth": 2.0, "length": 2.25}
    engine = get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs", arguments=springs))
    energy = {name: engine.evaluate(Structure.from_file(tmp_path / name)).energy_eV for name in cells}
    expected = -(energy["full.vasp"] - energy["empty.vasp"] - energy["li.vasp"] / 2)
    assert candidate["average_voltage_V"] == pytest.approx(expected, abs=1e-9)
    assert [state["x"] for state in candidate["x_states"]] == [1.0, 0.0]
    strain = coo2().volume / licoo2().volume - 1
    assert candidate["max_volume_strain"] == pytest.approx(abs(strain), abs=1e-6)
    assert SPRINGS in path.read_text()
