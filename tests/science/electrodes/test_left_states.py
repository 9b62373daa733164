"""States that left the host: out of hull, average and strain, with the reason; back in where they are accepted."""

from __future__ import annotations

import math

import pytest

from hebe.analyses import volume_strain
from hebe.science.electrodes.electrode import strain_document, voltage_document, x_states
from support.insertion_states import METAL, inputs, state

WINDOW = (0.0, 1.0)
MADE = state(1, -24.0, 40.0)
HALF = state(0.5, -22.0, 39.0)
EMPTY = state(0, -19.0, 37.0)
GONE = state(0, -19.4, 55.0, "delaminated")


def test_an_end_that_left_gives_no_average_and_no_strain_and_says_so() -> None:
    given = inputs(MADE, HALF, GONE)
    voltage, strain = voltage_document(given, METAL, WINDOW), strain_document(given, WINDOW)
    assert (voltage.average_voltage_V, strain.max_volume_strain) == (None, None)
    assert (strain.volume_strain_at_max, strain.max_delta_volume) == (None, None)
    gap = "an end of the window has no state of the host"
    assert f"{gap}: no average voltage" in voltage.warnings
    assert f"{gap}: no strain" in strain.warnings
    said = "x = 0: the relaxed cell is no longer the host (delaminated) and is left out"
    assert said in voltage.warnings
    assert said in strain.warnings
    last = voltage.x_states[-1]
    assert (last.x, last.left, last.on_hull, last.topology) == (0, True, False, "delaminated")
    steps = [(step.x_low, step.x_high) for step in voltage.voltage_profile]
    assert steps == [(0.5, 1.0)], "between the states of the host there is a voltage"
    assert voltage.voltage_profile[0].voltage_V == pytest.approx((24 - 22) / 0.5 - 1.3)


def test_a_state_that_left_is_no_point_of_the_volumes_over_x() -> None:
    """Controls are compared along them."""
    (curve,) = volume_strain.ANALYSIS.curves
    strain = strain_document(inputs(MADE, HALF, GONE), WINDOW)
    assert strain.x_states[-1].volume_strain == pytest.approx(15 / 40)
    assert curve.read(strain) == pytest.approx({0.5: -1 / 40})


def test_a_state_that_left_inside_the_window_changes_nothing() -> None:
    """However low its energy and large its volume are."""
    gone = state(0.5, -30.0, 70.0, "glide")
    with_it, without = inputs(MADE, gone, EMPTY), inputs(MADE, EMPTY)
    voltages = [voltage_document(given, METAL, WINDOW) for given in (with_it, without)]
    assert voltages[0].average_voltage_V == voltages[1].average_voltage_V == pytest.approx(24 - 19 - 1.3)
    assert voltages[0].voltage_profile == voltages[1].voltage_profile
    strains = [strain_document(given, WINDOW) for given in (with_it, without)]
    assert strains[0].max_volume_strain == strains[1].max_volume_strain == pytest.approx(3 / 40)
    assert strains[0].max_delta_volume == strains[1].max_delta_volume == pytest.approx(40 / 37 - 1)


def test_what_is_accepted_counts_again() -> None:
    given = inputs(MADE, HALF, GONE, accept=("delaminated",))
    voltage, strain = voltage_document(given, METAL, WINDOW), strain_document(given, WINDOW)
    assert voltage.average_voltage_V == pytest.approx(24 - 19.4 - 1.3)
    assert strain.max_volume_strain == pytest.approx(15 / 40)
    assert (voltage.x_states[-1].left, voltage.x_states[-1].on_hull) == (False, True)
    assert "x = 0: the relaxed cell is no longer the host (delaminated)" in voltage.warnings, "it is still said"
    other = voltage_document(inputs(MADE, HALF, GONE, accept=("glide",)), METAL, WINDOW)
    assert other.average_voltage_V is None


def test_a_cell_that_is_the_host_comes_before_a_lower_one_that_left() -> None:
    given = inputs(MADE, GONE, EMPTY)
    states = x_states(given, WINDOW)
    assert [(s.x, s.left, s.topology) for s in states] == [(1, False, "host"), (0, False, "host")]
    assert voltage_document(given, METAL, WINDOW).average_voltage_V == pytest.approx(24 - 19 - 1.3)
    accepted = x_states(inputs(MADE, GONE, EMPTY, accept=("delaminated",)), WINDOW)
    assert accepted[-1].energy_eV_per_fu == pytest.approx(-19.4)


def test_without_an_as_made_host_every_state_is_left() -> None:
    given = inputs(state(1, -24.0, 40.0, "migrated"), HALF, EMPTY)
    assert [s.left for s in x_states(given, WINDOW)] == [True, True, True]
    assert not any(s.on_hull for s in x_states(given, WINDOW))
    voltage, strain = voltage_document(given, METAL, WINDOW), strain_document(given, WINDOW)
    assert (voltage.average_voltage_V, voltage.voltage_profile, strain.max_volume_strain) == (None, [], None)
    assert "fewer than two contents in the window: no average voltage" in voltage.warnings
    assert "fewer than two contents in the window: no strain" in strain.warnings


@pytest.mark.parametrize(
    ("volumes", "signed"),
    [((39.0, 37.0), -3 / 40), ((41.0, 43.0), 3 / 40), ((42.0, 37.0), -3 / 40), ((44.0, 37.0), 0.1)],
)
def test_the_largest_strain_has_its_sign(volumes: tuple[float, float], signed: float) -> None:
    given = inputs(MADE, state(0.5, -22.0, volumes[0]), state(0, -19.0, volumes[1]))
    found = strain_document(given, WINDOW)
    assert found.volume_strain_at_max == pytest.approx(signed)
    assert found.max_volume_strain == pytest.approx(abs(signed))


def test_a_state_above_the_hull_has_no_say_in_the_strain() -> None:
    """At x = 1/2 the line from -24 to -19 is at -21.5 eV."""
    found = strain_document(inputs(MADE, state(0.5, -21.4, 60.0), EMPTY), WINDOW)
    assert found.max_volume_strain == pytest.approx(3 / 40)


def test_spreads_over_starts_are_those_of_the_ends_in_quadrature() -> None:
    made = state(1, -24.0, 40.0, starts=((-24.0, 40.0), (-23.98, 40.4)))
    empty = state(0, -19.0, 37.0, starts=((-19.0, 37.0), (-18.96, 37.2)))
    given = inputs(made, empty)
    voltage, strain = voltage_document(given, METAL, WINDOW), strain_document(given, WINDOW)
    root = math.sqrt(2)
    assert voltage.average_voltage_V_sd_starts == pytest.approx(math.hypot(0.02, 0.04) / root)
    assert strain.max_volume_strain_sd_starts == pytest.approx(math.hypot(0.4, 0.2) / root / 40)
    single = voltage_document(inputs(MADE, EMPTY), METAL, WINDOW)
    assert single.average_voltage_V_sd_starts is None, "one start has no spread"


def test_starts_that_left_the_host_have_no_say_in_the_spread() -> None:
    made = state(1, -24.0, 40.0, starts=((-24.0, 40.0), (-23.98, 40.4), (-30.0, 60.0)))
    made.starts[2].topology = "glide"
    energy, volume = made.spread_over_starts()
    assert energy == pytest.approx(4 * 0.02 / math.sqrt(2))
    assert volume == pytest.approx(4 * 0.4 / math.sqrt(2))
    wide, _ = made.spread_over_starts(("glide",))
    assert wide is not None
    assert wide > 10
    made.starts[1].status = "cut"
    assert made.spread_over_starts() == (None, None)
