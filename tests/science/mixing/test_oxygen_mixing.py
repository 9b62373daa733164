"""Mixing in exchange with oxygen: identities with the closed hull, limits, closed forms, windows of potentials."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from hebe.schemas.oxygen import OxygenFit
from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.oxide_heat import ion_heat
from hebe.science.hulls.oxygen import gas_entry, gas_potential, pressure_of
from hebe.science.mixing.mixing import DisorderedPhase, mixing, mixing_at
from hebe.science.mixing.oxygen_hull import OpenHull, OxygenGas, cation_window, open_entries
from hebe.science.mixing.oxygen_mixing import HullOxygen, oxygen_mixing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GAS: Final = OxygenFit(energy_scale="s", energy_eV=-10.0)
AIR: Final = OxygenGas(GAS, 0.21)
FIRED: Final = 1173.15
ENTROPY: Final = BOLTZMANN * math.log(2)


def oxide(name: str, amounts: Mapping[str, float], energy: float, entropy: float = 0.0) -> PhaseEntry:
    return PhaseEntry(name, amounts, energy, "s", entropy, formula=name)


A2O: Final = oxide("A2O", {"A": 2.0, "O": 1.0}, -7.0)
AO: Final = oxide("AO", {"A": 1.0, "O": 1.0}, -10.0)
A3O4: Final = oxide("A3O4", {"A": 3.0, "O": 4.0}, -37.0)
BO: Final = oxide("BO", {"B": 1.0, "O": 1.0}, -12.0)
OXIDES: Final = [A2O, AO, A3O4, BO]
SOLUTION: Final = DisorderedPhase({"A": 0.5, "B": 0.5, "O": 1.0}, -11.0 + 0.05, ENTROPY, 1.0)
"""50 meV per site above AO and BO; A2O takes over below a potential of -13 eV per atom, A3O4 above -7 eV."""
IONS: Final = {"A2+": 0.5, "B2+": 0.5}


def random_system(seed: int) -> tuple[DisorderedPhase, list[PhaseEntry], dict[str, float]]:
    rng = np.random.default_rng(seed)
    entries = []
    for metal in "ABC":
        for i, content in enumerate((0.5, 1.0, 4 / 3, 1.5)):
            entries.append(
                oxide(f"{metal}{i}", {metal: 1.0, "O": content}, float(-6 - 5.2 * content + rng.normal(0, 0.3)))
            )
    for i in range(8):
        first, second = rng.choice(list("ABC"), 2, replace=False)
        content = float(rng.choice([2.0, 3.0, 4.0]))
        energy = float(-12 - 5.2 * content + rng.normal(0, 0.4))
        entries.append(
            oxide(f"t{i}", {str(first): 1.0, str(second): 1.0, "O": content}, energy, float(rng.choice([0, ENTROPY])))
        )
    phase = DisorderedPhase(
        {"A": 0.4, "B": 0.3, "C": 0.3, "O": 1.1}, -11.8 + float(rng.normal(0, 0.2)), 1.05 * BOLTZMANN, 1.0
    )
    return phase, entries, {"A2+": 0.4, "B2+": 0.3, "C2+": 0.3}


def at_potential(potential: float, temperature: float = FIRED) -> OxygenGas:
    """Gas that has a potential (eV per atom, on the energy scale) at a temperature."""
    return OxygenGas(GAS, 10 ** pressure_of(2 * (potential - AIR.zero), temperature))


def closed_excess(phase: DisorderedPhase, entries: list[PhaseEntry], temperature: float) -> float:
    return mixing_at(phase, PhaseEquilibrium(entries), temperature).dG_eV_per_site


@pytest.mark.parametrize("seed", range(12))
def test_at_the_closed_systems_own_potential_nothing_changes(seed: int) -> None:
    phase, entries, ions = random_system(seed)
    at = [PhaseEntry(e.name, e.amounts, e.energy - FIRED * e.entropy, "s") for e in entries]
    low, high = PhaseEquilibrium(at).potential_range(phase.amounts, "O")
    hull = OpenHull(phase, entries, at_potential((low + high) / 2), ions)
    mixture = hull.mixture(FIRED)
    assert hull.excess(FIRED) / phase.sites == pytest.approx(closed_excess(phase, entries, FIRED), abs=1e-7)
    if high - low > 1e-3:
        assert hull.given_off(mixture) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_exchange_never_makes_a_mixture_worse(seed: int) -> None:
    phase, entries, ions = random_system(seed)
    closed = closed_excess(phase, entries, FIRED)
    for potential in np.linspace(-9.0, -2.0, 15):
        opened = OpenHull(phase, entries, at_potential(float(potential)), ions).excess(FIRED)
        assert opened >= closed - 1e-9


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pressure", [1e-12, 0.21])
def test_it_is_the_hull_of_the_phase_in_an_excess_of_gas(seed: int, pressure: float) -> None:
    """The gas as a phase beside the others, and a composition with ten O2 more: taken up or left over."""
    phase, entries, ions = random_system(seed)
    gas = gas_entry(GAS, FIRED, pressure, "s")
    more = {**phase.amounts, "O": phase.amounts["O"] + 20.0}
    at = [PhaseEntry(e.name, e.amounts, e.energy - FIRED * e.entropy, "s") for e in entries]
    found = PhaseEquilibrium([*at, gas]).decompose(more)
    hull = OpenHull(phase, entries, OxygenGas(GAS, pressure), ions)
    own = phase.energy - FIRED * phase.entropy + 10 * gas.energy
    assert hull.excess(FIRED) == pytest.approx(own - found.energy, abs=1e-7)
    assert hull.given_off(hull.mixture(FIRED)) == pytest.approx(found.amounts[gas.name] - 10, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_without_oxygen_everything_reduces_and_with_much_everything_oxidises(seed: int) -> None:
    phase, entries, ions = random_system(seed)
    lowest, highest = (OpenHull(phase, entries, OxygenGas(GAS, p), ions).mixture(FIRED) for p in (1e-60, 1e40))
    content = {e.name: e.amounts["O"] / (e.size - e.amounts["O"]) for e in entries}
    assert {content[name] for name in lowest.amounts} == {0.5}
    assert all(content[name] == max(content.values()) or content[name] == 1.5 for name in highest.amounts)
    hull = OpenHull(phase, entries, AIR, ions)
    assert hull.given_off(lowest) == pytest.approx((1.1 - 0.5) / 2)
    assert hull.given_off(highest) < 0


def exact(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function vanishes."""
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return low


def test_a_phase_that_oxidises_in_the_cold_and_is_reduced_in_the_heat() -> None:
    """Both ends in closed form: against A3O4 + BO below, against A2O + BO above, and AO + BO decides at neither."""
    higher, lower = oxide("A3O4", {"A": 3.0, "O": 4.0}, -30.0 - 6.2), oxide("A2O", {"A": 2.0, "O": 1.0}, -20.0 + 6.6)
    found = oxygen_mixing(SOLUTION, [lower, AO, higher, BO], AIR, FIRED, IONS)
    mixed = SOLUTION.energy - (AO.energy + BO.energy) / 2

    def against(oxide_of_a: float, temperature: float) -> float:
        """Free energy above half of BO and half of A in an oxide, whose grand potential per A is given."""
        own = AO.energy - AIR.potential(temperature)
        return mixed - temperature * ENTROPY + (own - oxide_of_a) / 2

    def cold(t: float) -> float:
        return against((higher.energy - 4 * AIR.potential(t)) / 3, t)

    def hot(t: float) -> float:
        return -against((lower.energy - AIR.potential(t)) / 2, t)

    assert found.stable_K == [pytest.approx((exact(cold, 1.0, 2000.0), exact(hot, 600.0, 2000.0)), abs=0.2)]
    assert (found.T_mix_K, found.T_stable_up_to_K) == found.stable_K[0]
    closed = mixing(SOLUTION, PhaseEquilibrium([AO, BO])).T_mix_K
    assert found.T_mix_K is not None
    assert closed is not None
    assert found.T_mix_K > closed + 50


def test_a_cold_oxide_takes_oxygen_up_until_the_gas_gets_too_hot() -> None:
    """AO alone against A3O4: above the temperature at which the potential of the gas falls below the oxide's."""
    own = DisorderedPhase({"A": 1.0, "O": 1.0}, AO.energy, 0.0, 1.0)
    balance = A3O4.energy - 3 * AO.energy  # eV per O that is taken up
    expected = exact(lambda t: AIR.potential(t) - balance, 1.0, 4000.0)
    found = oxygen_mixing(own, [A3O4], AIR, 400.0, {"A2+": 1.0}, highest=3000.0)
    assert found.T_mix_K == pytest.approx(expected, abs=0.2)
    assert found.T_stable_up_to_K is None
    assert found.dG_eV_per_site == pytest.approx((AIR.potential(400.0) - balance) / 3)
    assert found.O2_given_off_per_site == pytest.approx(-1 / 6)
    assert {part.phase: part.amount for part in found.decomposition} == {"A3O4": pytest.approx(1 / 3)}


def test_a_hot_oxide_gives_oxygen_off_and_is_stable_up_to_there() -> None:
    own = DisorderedPhase({"A": 1.0, "O": 1.0}, -4.5 - 5.8, 0.0, 1.0)
    lower = oxide("A2O", {"A": 2.0, "O": 1.0}, -9.0 - 5.0 + 0.2)
    balance = 2 * own.energy - lower.energy
    expected = exact(lambda t: AIR.potential(t) - balance, 1.0, 4000.0)
    found = oxygen_mixing(own, [lower], AIR, 1800.0, {"A2+": 1.0})
    assert found.T_mix_K == 0.0
    assert found.T_stable_up_to_K == pytest.approx(expected, abs=0.2)
    assert found.O2_given_off_per_site == pytest.approx(0.25)


def test_without_redox_the_gas_changes_nothing() -> None:
    """Oxides of one state: the mixing temperature of the closed hull."""
    closed = mixing(SOLUTION, PhaseEquilibrium([AO, BO]))
    found = oxygen_mixing(SOLUTION, [AO, BO], AIR, FIRED, IONS)
    assert found.T_mix_K == pytest.approx(closed.T_mix_K, abs=0.2)
    assert found.dG_eV_per_site == pytest.approx(closed_excess(SOLUTION, [AO, BO], FIRED))
    assert found.O2_given_off_per_site == pytest.approx(0.0, abs=1e-9)
    assert found.overlap_reason == "nothing bounds the windows of the cations"


@pytest.mark.parametrize("seed", range(8))
def test_the_window_holds_exactly_the_potentials_at_which_it_is_on_the_hull(seed: int) -> None:
    phase, entries, ions = random_system(seed)
    phase = DisorderedPhase(phase.amounts, phase.energy - 0.6, phase.entropy, phase.sites)
    window = OpenHull(phase, entries, AIR, ions).window(FIRED)
    for potential in np.linspace(-9.0, -2.0, 40):
        excess = OpenHull(phase, entries, at_potential(float(potential)), ions).excess(FIRED)
        if window is None:
            assert excess > 0
        elif min(abs(potential - end) for end in window) > 1e-3:
            assert (excess <= 1e-9) == (window[0] < potential < window[1])


def test_cation_windows_and_their_overlap() -> None:
    """AO between A2O (-13 eV) and A3O4 (-7 eV) in closed form; that of one oxide has no ends."""
    assert cation_window(Ion("A", 2), OXIDES) == pytest.approx((2 * -10.0 + 7.0, -37.0 + 30.0))
    assert cation_window(Ion("B", 2), OXIDES) == (-math.inf, math.inf)
    assert cation_window(Ion("A", 3), OXIDES) is None
    found = oxygen_mixing(SOLUTION, OXIDES, AIR, FIRED, IONS)
    assert found.window_overlap_eV == pytest.approx(6.0)
    own = found.cation_windows["A2+"]
    assert own.low_eV == pytest.approx(-13.0 + 5.0)
    assert own.high_log10_bar == pytest.approx(pressure_of(2 * -7.0 + 10.0, FIRED))
    lost = oxygen_mixing(SOLUTION, OXIDES, AIR, FIRED, {"A3+": 0.5, "B2+": 0.5})
    assert (lost.window_overlap_eV, lost.overlap_reason) == (None, "no binary oxide of A3+")


@pytest.mark.parametrize("seed", range(20))
def test_the_overlap_of_many_is_the_least_of_two_and_a_gap_is_negative(seed: int) -> None:
    _, entries, ions = random_system(seed)
    windows = [cation_window(Ion.parse(name), entries) for name in ions]
    ends = [window for window in windows if window is not None]
    width = min(high for _, high in ends) - max(low for low, _ in ends)
    pairs = [min(a[1], b[1]) - max(a[0], b[0]) for a, b in combinations(ends, 2)]
    assert width == pytest.approx(min(pairs))


@pytest.mark.parametrize("seed", range(10))
def test_a_cation_window_is_that_of_the_hull_of_its_element(seed: int) -> None:
    _, entries, _ = random_system(seed)
    binary = [entry for entry in entries if set(entry.amounts) == {"A", "O"}]
    window, hull = cation_window(Ion("A", 2), entries), PhaseEquilibrium(binary)
    assert window is not None
    own = next(entry for entry in binary if entry.amounts["O"] == 1.0)
    if hull.e_above_hull(own.amounts, own.energy) > 1e-9:
        assert window[0] > window[1]
    else:
        assert window == pytest.approx(hull.potential_range(own.amounts, "O"), abs=1e-6)


def test_ions_that_change_their_state_bring_the_heat_of_their_oxides() -> None:
    """CoO against Co3O4: the table's thermal functions move the temperature, and those of the gas stay."""
    energies = (-14.0, -47.0)
    own = DisorderedPhase({"Co": 1.0, "O": 1.0}, energies[0], 0.0, 1.0)
    higher = PhaseEntry("Co3O4", {"Co": 3.0, "O": 4.0}, energies[1], "s", ions={"Co2+": 1.0, "Co3+": 2.0, "O2-": 4.0})
    hull = OpenHull(own, [higher], AIR, {"Co2+": 1.0})
    cold = energies[1] - 3 * energies[0]
    for temperature in (600.0, FIRED):
        heat = 3 * ion_heat("Co", 8 / 3, temperature)
        expected = (AIR.potential(temperature) - cold - heat) / 3
        assert hull.excess(temperature) == pytest.approx(expected)
    assert hull.heated_elements == {"Co"}
    unknown = OpenHull(own, [higher], AIR, {})
    assert unknown.heated_elements == frozenset()
    assert unknown.excess(FIRED) == pytest.approx((AIR.potential(FIRED) - cold) / 3)


def test_phases_of_unknown_states_are_named() -> None:
    brought = PhaseEntry("mine", {"Co": 1.0, "Mg": 1.0, "O": 2.0}, -25.0, "s")
    spinel = PhaseEntry("spinel", {"Co": 1.0, "Mn": 2.0, "O": 4.0}, -50.0, "s")
    others = [PhaseEntry(name, {name[:2]: 1.0, "O": 1.0}, -12.0, "s") for name in ("CoO", "MgO", "MnO")]
    own = DisorderedPhase({"Co": 0.4, "Mn": 0.2, "Mg": 0.4, "O": 1.0}, -12.0, ENTROPY, 1.0)
    found = oxygen_mixing(own, [brought, spinel, *others], AIR, FIRED, {"Co2+": 0.4, "Mn2+": 0.2, "Mg2+": 0.4})
    assert (found.heated, found.unknown_states) == (["Co", "Mn"], ["mine", "spinel"])


def test_what_cannot_be_told_says_why() -> None:
    nothing = HullOxygen({}, FIRED, 0.21).mixing(SOLUTION, OXIDES, IONS, "s")
    assert nothing.T_mix_K is None
    assert nothing.reason == "no pair of oxides has energies"
    metal = DisorderedPhase({"A": 0.5, "B": 0.5}, -3.0, ENTROPY, 1.0)
    assert oxygen_mixing(metal, OXIDES, AIR, FIRED, {}).reason == "the candidate holds no oxygen"
    lost = oxygen_mixing(SOLUTION, [AO], AIR, FIRED, IONS)
    assert lost.reason == "no phase holds B"
    unstable = DisorderedPhase(SOLUTION.amounts, -5.0, ENTROPY, 1.0)
    assert oxygen_mixing(unstable, OXIDES, AIR, FIRED, IONS).reason == "not on the hull up to 2000 K"


def test_only_oxygen_is_free() -> None:
    (entry,) = open_entries([A3O4, oxide("O2", {"O": 2.0}, -10.0)], -5.5)
    assert dict(entry.amounts) == {"A": 3.0}
    assert entry.energy == pytest.approx(-37.0 + 4 * 5.5)
    assert gas_potential(FIRED, 0.21) / 2 + AIR.zero == AIR.potential(FIRED)
