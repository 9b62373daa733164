"""Windows of compositions open to the working ion: known voltages, limits, and a linear program written anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry
from pymatgen.core import Composition, Element
from scipy.optimize import linprog

from hebe.exceptions import EnergyScaleError
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.hulls.open_hull import OpenComposition

KJ = 96.48533212331002
ELEMENTS = ("Li", "P", "S", "N", "F", "Cl", "Na", "O")


def entry(formula: str, enthalpy: float) -> PhaseEntry:
    """A phase of an enthalpy of formation (kJ/mol); elements have the energy 0."""
    amounts = {str(e): float(n) for e, n in Composition(formula).items()}
    return PhaseEntry(formula, amounts, enthalpy / KJ, "tables", formula=formula)


def solid(formula: str, enthalpy: float, others: list[PhaseEntry], ion: str = "Li") -> OpenComposition:
    own = entry(formula, enthalpy)
    return OpenComposition(own.amounts, own.energy, others, ion, 0.0, "tables")


# Enthalpies of formation at 298 K in kJ/mol: NIST-JANAF tables, 4th ed. (1998); Li3N: CRC Handbook
LI2S, LI3N, LIF, LI2O, LI2O2, LICL = -441.4, -164.6, -616.9, -598.7, -632.6, -408.3
S, N2, F2, O2, CL2 = (entry(name, 0.0) for name in ("S", "N2", "F2", "O2", "Cl2"))


def test_windows_of_binaries_are_those_of_their_heats_of_formation() -> None:
    """Lithium leaves LiF for F2 at 6.39 V, Li3N for N2 at 0.57 V; both are in equilibrium with the metal."""
    for formula, enthalpy, other, ions in (("LiF", LIF, F2, 1), ("Li3N", LI3N, N2, 3), ("Li2S", LI2S, S, 2)):
        low, high = solid(formula, enthalpy, [other]).limits()
        assert low == pytest.approx(0.0, abs=1e-6)
        assert high == pytest.approx(-enthalpy / KJ / ions, abs=1e-5)


def test_an_oxide_is_oxidised_to_the_peroxide_before_it_gives_off_oxygen() -> None:
    host = solid("Li2O", LI2O, [entry("Li2O2", LI2O2), O2])
    low, high = host.limits()
    assert low == pytest.approx(0.0, abs=1e-6)
    assert high == pytest.approx((2 * -LI2O + LI2O2) / 2 / KJ, abs=1e-5)  # 2 Li2O -> Li2O2 + 2 Li
    assert high is not None
    (product,) = host.reaction(high + 1e-3).products
    assert product[0].formula == "Li2O2"
    assert product[1] == pytest.approx(0.5)
    assert host.reaction(high + 1e-3).uptake == pytest.approx(-1.0)
    (gas,) = host.reaction(3.4).products  # above Li2O2 / O2 at 3.28 V
    assert gas[0].formula == "O2"


def test_what_nothing_oxidises_has_no_upper_limit_and_what_is_no_phase_of_the_metal_a_lower_one() -> None:
    assert solid("LiCl", LICL, []).limits()[1] is None
    low, high = solid("S", 0.0, [entry("Li2S", LI2S)]).limits()
    assert low == pytest.approx(-LI2S / 2 / KJ, abs=1e-5)  # sulfur takes up lithium below 2.29 V
    assert high is None


def thiophosphate(energy: float = -1000.0) -> OpenComposition:
    """Li3PS4 among Li2S, Li3P, P2S5, LiP, P and S; enthalpies of some size, not measured ones but Li2S's."""
    others = [entry(f, h) for f, h in (("Li2S", LI2S), ("Li3P", -330.0), ("P2S5", -200.0), ("LiP", -95.0))]
    return solid("Li3PS4", energy, [*others, entry("P", 0.0), entry("S", 0.0)])


def brute(host: OpenComposition, voltage: float) -> tuple[float, float]:
    """Grand potential (eV per formula unit) of the lowest mixture at a voltage, and its lithium: by another program."""
    own = PhaseEntry("own", host.amounts, host.energy, host.energy_scale)
    phases = [e for e in (*host.entries, own) if set(e.amounts) != {"Li"}]
    mu = host.metal - voltage
    costs = [e.energy - mu * e.amounts.get("Li", 0.0) for e in phases]
    rest = [c for c in ELEMENTS if c != "Li"]
    matrix = [[e.amounts.get(c, 0.0) for e in phases] for c in rest]
    found = linprog(costs, A_eq=matrix, b_eq=[host.amounts.get(c, 0.0) for c in rest], method="highs-ipm")
    assert found.fun is not None
    assert found.x is not None
    lithium = [e.amounts.get("Li", 0.0) for e in phases]
    return float(found.fun), float(np.dot(found.x, lithium))


@pytest.mark.parametrize("energy", [-1000.0, -700.0])
def test_limits_are_where_the_lithium_of_the_lowest_mixture_changes(energy: float) -> None:
    """Stable and metastable (above 3/2 Li2S + 1/2 P2S5): inside of the limits 3 Li, outside more or less."""
    host = thiophosphate(energy)
    low, high = host.limits()
    assert low is not None
    assert high is not None
    assert high > low + 0.05
    assert (host.above_hull() > 0) == (energy == -700.0)
    for inside in np.linspace(low + 1e-3, high - 1e-3, 4):
        assert brute(host, inside)[1] == pytest.approx(3.0, abs=1e-6)
    assert brute(host, low - 1e-3)[1] > 3.01
    assert brute(host, high + 1e-3)[1] < 2.99


@pytest.mark.parametrize("voltage", [0.0, 0.7, 1.2, 3.0])
def test_reactions_balance_and_have_the_energy_of_another_program(voltage: float) -> None:
    host = thiophosphate()
    found = host.reaction(voltage)
    for element in ("Li", "P", "S"):
        gained = sum(n * e.amounts.get(element, 0.0) for e, n in found.products)
        more = found.uptake if element == "Li" else 0.0
        assert gained == pytest.approx(host.amounts[element] + more, abs=1e-7)
    own = host.energy - (host.metal - voltage) * 3
    lowest, _ = brute(host, voltage)
    assert min(found.energy, 0.0) == pytest.approx(
        lowest - own, abs=1e-7
    )  # within the window the host itself is lowest
    by_hand = sum(n * e.energy for e, n in found.products) - host.energy - found.uptake * (host.metal - voltage)
    assert found.energy == pytest.approx(by_hand, abs=1e-9)


def test_products_are_those_of_pymatgen_and_zero_is_the_metal() -> None:
    host = thiophosphate()
    entries = [PDEntry(Composition(e.amounts), e.energy) for e in host.entries]
    entries += [PDEntry(Composition("Li"), 0.0), PDEntry(Composition(host.amounts), host.energy)]
    for voltage in (0.0, 0.7, 1.5, 3.0):
        diagram = GrandPotentialPhaseDiagram(entries, {Element("Li"): -voltage})
        mixture: dict[Any, float] = diagram.get_decomposition(Composition("PS4"))
        expected = {e.original_comp.reduced_formula for e in mixture}
        found = host.reaction(voltage)
        ours = {e.formula for e, _ in found.products} if found.energy < 0 else {"Li3PS4"}
        assert ours == expected


def test_other_zeros_of_the_elements_change_no_voltage_and_other_scales_are_refused() -> None:
    """Shifted element energies shift all phases alike; the limits stay."""
    shift = {"Li": -1.9, "P": -5.4, "S": -4.1}
    host = thiophosphate()
    moved = [replace(e, energy=e.energy + sum(shift[c] * n for c, n in e.amounts.items())) for e in host.entries]
    energy = host.energy + sum(shift[c] * n for c, n in host.amounts.items())
    other = OpenComposition(host.amounts, energy, moved, "Li", shift["Li"], "tables")
    assert other.limits() == pytest.approx(host.limits(), abs=1e-6)
    with pytest.raises(EnergyScaleError):
        replace(other, energy_scale="another").limits()
