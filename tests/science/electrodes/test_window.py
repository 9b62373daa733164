"""The window of an electrode at its ends, what leaves the anions, and states that lie on the hull's line."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from hebe.analyses.given import Cell, Given
from hebe.analyses.protocol import NoOptions
from hebe.analyses.registry import get_analysis
from hebe.schemas.structures import OrderingDoc
from hebe.science.electrodes.electrode import strain_document, voltage_document, x_states
from hebe.science.electrodes.voltage import EnergyPoint, lower_hull, voltage_profile
from support.insertion_states import METAL, N_FU, inputs, spec, state

MADE: Final = state(1, -24.0, 40.0)
HALF: Final = state(0.5, -22.0, 39.0)
QUARTER: Final = state(0.25, -20.5, 30.0)
"""In cells of four formula units contents are quarters, so that an end stands at most an eighth from one."""


@pytest.mark.parametrize(
    ("low", "counted"),
    [(0.5, [1.0, 0.5]), (0.376, [1.0, 0.5]), (0.374, [1.0, 0.5, 0.25]), (0.25, [1.0, 0.5, 0.25])],
)
def test_an_end_that_the_cell_cannot_hold_counts_as_the_nearest_content(low: float, counted: list[float]) -> None:
    """Half-way between two contents, at 3/8, the next one takes over; at a content itself the next is outside."""
    given = inputs(MADE, HALF, QUARTER)
    assert [s.x for s in x_states(given, (low, 1.0)) if s.on_hull] == counted


def test_what_lies_outside_the_window_changes_no_strain() -> None:
    given = inputs(MADE, HALF, QUARTER)
    assert strain_document(given, (0.5, 1.0)).max_volume_strain == pytest.approx(1 / 40)
    assert strain_document(given, (0.25, 1.0)).max_volume_strain == pytest.approx(10 / 40)


@pytest.mark.parametrize(("holes", "said"), [(0.0, False), (1e-7, False), (1e-5, True), (0.125, True)])
def test_electrons_that_leave_the_anions_are_said(holes: float, *, said: bool) -> None:
    ordering = OrderingDoc(key="o", x=0.5, anion_oxidation=holes)
    given = replace(inputs(MADE, HALF), orderings=[ordering])
    warning = f"x = 0.5: {holes:.2f} electrons per formula unit leave the anions"
    for document in (voltage_document(given, METAL, (0.5, 1.0)), strain_document(given, (0.5, 1.0))):
        assert (warning in document.warnings) is said
        assert [s.anion_oxidation for s in document.x_states] == [0.0, holes]


def test_energies_and_volumes_of_states_are_per_formula_unit() -> None:
    for found, (energy, volume) in zip(
        x_states(inputs(MADE, HALF), (0.5, 1.0)), ((-24.0, 40.0), (-22.0, 39.0)), strict=True
    ):
        assert found.energy_eV_per_fu == pytest.approx(energy)
        assert found.volume_A3_per_fu == pytest.approx(volume)
    assert MADE.energy == pytest.approx(-24.0 * N_FU)


def test_the_metal_counts_per_atom() -> None:
    """Its cell holds two: -2.6 eV, -1.3 eV/atom."""
    found = voltage_document(inputs(MADE, HALF), METAL, (0.5, 1.0))
    assert found.average_voltage_V == pytest.approx((24 - 22) / 0.5 - 1.3)
    assert [step.voltage_V for step in found.voltage_profile] == pytest.approx([(24 - 22) / 0.5 - 1.3])


def test_a_state_on_the_line_between_two_others_is_no_step_of_its_own() -> None:
    """Two-phase coexistence is one plateau."""
    points = [EnergyPoint(0, 0.0), EnergyPoint(0.5, -1.0), EnergyPoint(1, -2.0)]
    assert [p.x for p in lower_hull(points)] == [0, 1]
    assert len(voltage_profile(points, 0.0)) == 1
    below = [EnergyPoint(0, 0.0), EnergyPoint(0.5, -1.0 - 1e-9), EnergyPoint(1, -2.0)]
    assert [p.x for p in lower_hull(below)] == [0, 0.5, 1]


@pytest.mark.parametrize("low", [0.0, 0.5])
def test_the_spread_over_starts_is_divided_by_what_moves(low: float) -> None:
    """Two starts at each end: energies 0.02 eV apart have a deviation of 0.02/sqrt 2 eV per formula unit."""
    full, empty = (
        state(x, energy, starts=((energy, 40.0), (energy + 0.02, 40.0))) for x, energy in ((1.0, -24.0), (low, -20.0))
    )
    found = voltage_document(inputs(full, empty), METAL, (low, 1.0))
    assert found.average_voltage_V_sd_starts == pytest.approx(0.02 / (1.0 - low))


@pytest.mark.parametrize(("low", "high"), [(0.5, 1.0), (0.46, 1.0), (0.54, 1.0), (0.5, 0.96)])
def test_the_capacity_is_that_of_the_contents_that_the_cell_holds(low: float, high: float) -> None:
    """From 1 to 0.5, whatever ends they stand for: 26801.48 x 0.5 / 111.80 = 119.9 mAh/g; and that is said."""
    given = Given([Cell(N_FU, made=MADE, states=[HALF])], metal=METAL, window=(low, high))
    found = get_analysis("voltage").analyse(NoOptions(), spec(), given)
    assert found.capacity_window_mAh_g == pytest.approx(26801.48 * 0.5 / 111.80, rel=1e-4)
    said = [warning for warning in found.warnings if "stands for" in warning]
    assert said == [
        f"x = {x:g} stands for the end {end:g} of the window, which the cell cannot hold"
        for x, end in ((1.0, high), (0.5, low))
        if x != end
    ]
    assert [w for w in strain_document(inputs(MADE, HALF), (low, high)).warnings if "stands for" in w] == said


def test_a_window_without_states_keeps_the_capacity_that_was_asked_for() -> None:
    """An end that no content is within 0.05 of has no voltage."""
    given = Given([Cell(N_FU, made=MADE, states=[HALF])], metal=METAL, window=(0.4, 1.0))
    found = get_analysis("voltage").analyse(NoOptions(), spec(), given)
    assert found.average_voltage_V is None
    assert found.capacity_window_mAh_g == pytest.approx(26801.48 * 0.6 / 111.80, rel=1e-4)
