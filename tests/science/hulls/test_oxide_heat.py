"""Thermal free energies of ions: those of their oxides, additive, and zero where nothing is known."""

from __future__ import annotations

import pytest

from hebe.science.constants import KJ_PER_EV
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.oxide_heat import heat_elements, heat_of, heated, ion_heat, oxide_heat

ALL = heat_elements()


def test_an_oxide_has_the_free_energy_of_its_table() -> None:
    """NIST-JANAF: CoO at 1000 K has H - H(298.15 K) = 38.176 and H(298.15 K) - H(0 K) = 9.434 kJ/mol, S = 118.526."""
    expected = (38.176 + 9.434 - 118.526) / KJ_PER_EV
    assert oxide_heat("CoO", 1000.0) == pytest.approx(expected, abs=1e-4)
    assert oxide_heat("CoO", 0.0) == 0.0


@pytest.mark.parametrize(("formula", "entropy"), [("Mn2O3", 270.94), ("Cu2O", 191.22), ("Fe3O4", 416.13)])
def test_its_slope_is_the_entropy(formula: str, entropy: float) -> None:
    """At 1150 K, J/mol/K: Robie and Hemingway (1995), integrated heat capacity; NIST-JANAF, between 1100 and 1200 K."""
    slope = (oxide_heat(formula, 1195.0) - oxide_heat(formula, 1105.0)) / 90 * 1000 * KJ_PER_EV
    assert -slope == pytest.approx(entropy, rel=0.03)


def test_only_differences_of_states_count() -> None:
    for element in ALL:
        assert ion_heat(element, 2, 1200.0) == 0.0
    assert ion_heat("Ni", 3, 1200.0) == 0.0


def test_a_binary_oxide_has_its_own_value_whatever_its_ions_are_called() -> None:
    wanted = oxide_heat("Co3O4", 1200.0) - 3 * oxide_heat("CoO", 1200.0)
    for ions in ({"Co2+": 1.0, "Co3+": 2.0, "O2-": 4.0}, {}):
        assert heat_of({"Co": 3.0, "O": 4.0}, ions, 1200.0, ALL) == pytest.approx(wanted)


def test_states_in_between_and_beyond_lie_on_straight_lines() -> None:
    """Fe2+ by Fe3O4 less Fe2O3: the table has no FeO that exists."""
    ferric = ion_heat("Fe", 3, 1100.0)
    mean = ion_heat("Fe", 8 / 3, 1100.0)
    assert 3 * mean == pytest.approx(2 * ferric)
    assert ion_heat("Fe", 2.5, 1100.0) == pytest.approx(ferric / 2)
    assert heat_of({"Fe": 1.0, "Mg": 1.0, "O": 2.5}, {"Fe3+": 1.0, "Mg2+": 1.0, "O2-": 2.5}, 1100.0, ALL) == ferric


def test_elements_that_do_not_count_change_nothing() -> None:
    entries = [
        PhaseEntry("a", {"Mn": 2.0, "O": 3.0}, -1.0, "s", ions={"Mn3+": 2.0}),
        PhaseEntry("b", {"Mg": 1.0, "O": 1.0}, -1.0, "s", ions={"Mg2+": 1.0}),
    ]
    assert heated(entries, 1200.0, frozenset()) == entries
    assert heated(entries, 1200.0, ALL)[0].energy == pytest.approx(-1.0 + 2 * ion_heat("Mn", 3, 1200.0))
    assert heated(entries, 1200.0, ALL)[1] == entries[1]
