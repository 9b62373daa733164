"""Free energies of mixing at temperatures: zero at both ends of stability, signs and sites in between."""

from __future__ import annotations

import math
from typing import Final

import pytest

from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.mixing.mixing import DisorderedPhase, mixing, mixing_at

S: Final = BOLTZMANN * math.log(2)
SITES: Final = 2.0
ENTHALPY: Final = 0.1
"""eV per formula unit of two mixed sites."""

PHASE: Final = DisorderedPhase({"A": 1.0, "B": 1.0}, ENTHALPY, SITES * S, SITES)
PURE: Final = PhaseEquilibrium([PhaseEntry(name, {name: 1.0}, 0.0, "s") for name in "AB"])


def test_it_is_zero_at_the_mixing_temperature() -> None:
    temperature = mixing(PHASE, PURE).T_mix_K
    assert temperature is not None
    assert temperature == pytest.approx(ENTHALPY / (SITES * S))
    assert mixing_at(PHASE, PURE, temperature).dG_eV_per_site == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("temperature", [0.0, 300.0, 1000.0, 2000.0])
def test_entropy_lowers_it_and_it_counts_per_site(temperature: float) -> None:
    """``dH - T dS`` with half of the enthalpy and of the entropy of the formula."""
    found = mixing_at(PHASE, PURE, temperature)
    assert found.dG_eV_per_site == pytest.approx(ENTHALPY / SITES - temperature * S)
    assert {part.phase: part.amount for part in found.decomposition} == {"A": 0.5, "B": 0.5}


def test_the_entropy_of_the_other_phases_is_taken_off() -> None:
    """A compound with as much entropy as the phase: temperature changes nothing."""
    compound = PhaseEntry("AB", {"A": 1.0, "B": 1.0}, -0.3, "s", SITES * S)
    references = PhaseEquilibrium([*PURE.entries.values(), compound])
    for temperature in (0.0, 1500.0):
        assert mixing_at(PHASE, references, temperature).dG_eV_per_site == pytest.approx((ENTHALPY + 0.3) / SITES)


def test_both_ends_of_stability_have_no_free_energy() -> None:
    """A phase that gains k ln 2 per site against pure phases and loses 0.2 k against a mixture of more entropy."""
    richer = PhaseEntry("AB", {"A": 1.0, "B": 1.0}, ENTHALPY + 0.1, "s", SITES * S + 0.2 * BOLTZMANN)
    references = PhaseEquilibrium([*PURE.entries.values(), richer])
    found = mixing(PHASE, references)
    assert found.T_stable_up_to_K == pytest.approx(0.1 / (0.2 * BOLTZMANN))
    for temperature in (found.T_mix_K, found.T_stable_up_to_K):
        assert temperature is not None
        assert mixing_at(PHASE, references, temperature).dG_eV_per_site == pytest.approx(0.0, abs=1e-9)


def test_enthalpies_count_per_site() -> None:
    found = mixing(PHASE, PURE)
    assert found.dH_eV_per_site == pytest.approx(ENTHALPY / SITES)
    assert found.dS_eV_per_K_per_site == pytest.approx(S)


def test_the_energy_above_the_hull_counts_per_atom() -> None:
    """Two atoms of 0.1 eV together above the pure phases, and a half of the formula with half of the energy."""
    assert PURE.e_above_hull(PHASE.amounts, ENTHALPY) == pytest.approx(ENTHALPY / 2)
    assert PURE.e_above_hull({"A": 0.5, "B": 0.5}, ENTHALPY / 2) == pytest.approx(ENTHALPY / 2)
