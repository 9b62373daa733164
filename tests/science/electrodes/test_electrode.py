"""Voltages, strains and rankings against identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.science.choosing.ranking import Objective, rank
from hebe.science.electrodes.strain import axis_strain, max_delta_volume, max_volume_strain
from hebe.science.electrodes.voltage import EnergyPoint, lower_hull, voltage, voltage_profile
from support.candidate_documents import candidate as plain

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc


def points(*values: tuple[float, float]) -> list[EnergyPoint]:
    return [EnergyPoint(x, e) for x, e in values]


def test_the_average_is_the_mean_of_the_steps() -> None:
    states = points((0, -20.0), (1 / 3, -21.9), (2 / 3, -23.3), (1, -24.4))
    steps = voltage_profile(states, metal=-1.3)
    mean = sum(s.voltage_V * (s.x_high - s.x_low) for s in steps) / sum(s.x_high - s.x_low for s in steps)
    assert mean == pytest.approx(voltage(states[0], states[-1], -1.3))
    assert mean == pytest.approx(24.4 - 20.0 - 1.3)


def test_voltage_falls_with_the_ion_content_and_unstable_states_are_left_out() -> None:
    states = points((0, 0.0), (0.25, -1.0), (0.5, -1.2), (0.75, -2.6), (1, -3.0), (0.25, -0.2))
    steps = voltage_profile(states, metal=0.0)
    assert [s.voltage_V for s in steps] == sorted(s.voltage_V for s in steps)
    assert [p.x for p in lower_hull(states)] == [0, 0.25, 0.75, 1]
    assert steps[0].x_high == 1
    assert steps[-1].x_low == 0


def test_a_divalent_ion_has_half_the_voltage_for_the_same_energy() -> None:
    low, high = points((0, 0.0), (1, -4.0))
    assert voltage(low, high, 0.0, charge=2) == pytest.approx(voltage(low, high, 0.0) / 2)
    with pytest.raises(ValueError, match="x must rise"):
        voltage(high, low, 0.0)


def test_axis_strain_ignores_rotations() -> None:
    lattice = np.array([[3.0, 0.2, 0.0], [0.0, 3.1, 0.1], [0.3, 0.0, 9.0]])
    stretch = np.diag([1.02, 0.97, 1.05])
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    assert axis_strain(lattice, lattice @ stretch) == pytest.approx([0.02, -0.03, 0.05])
    assert axis_strain(lattice, lattice @ stretch @ turn.T) == pytest.approx([0.02, -0.03, 0.05])


def test_volume_strain_takes_the_as_made_cell_and_delta_volume_the_extremes() -> None:
    assert max_volume_strain([40.0, 41.0, 38.0], made=40.0) == pytest.approx(0.05)
    assert max_delta_volume([40.0, 41.0, 38.0]) == pytest.approx(41 / 38 - 1)


def candidate(name: str, voltage_: float | None, strain: float, status: str = "complete") -> CandidateDoc:
    return plain(name, {"average_voltage": voltage_, "max_volume_strain": strain}, status=status)


def test_rank_goes_by_fronts_then_rank_sums_then_id() -> None:
    wanted = [Objective("average_voltage", maximize=True), Objective("max_volume_strain", maximize=False)]
    documents = [
        candidate("dominated", 2.0, 0.05),
        candidate("best-voltage", 4.0, 0.04),
        candidate("best-strain", 3.0, 0.01),
        candidate("failed", None, 0.0, "failed"),
        candidate("partial-null", None, 0.0, "partial"),
        candidate("complete-null", None, 0.02),
    ]
    found = dict(zip([d.candidate_id for d in documents], rank(documents, wanted), strict=True))
    assert found["failed"] is None
    assert found["partial-null"] is None
    assert {found["best-voltage"], found["best-strain"]} == {1, 2}
    assert found["dominated"] == 3
    assert found["complete-null"] == 4


def test_equal_candidates_are_ranked_by_id() -> None:
    documents = [candidate("b", 3.0, 0.1), candidate("a", 3.0, 0.1)]
    assert rank(documents, [Objective("average_voltage", maximize=True)]) == [2, 1]
