"""The linear program against pymatgen's hull."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from hebe.exceptions import EnergyScaleError, HebeError
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENTS = ("Na", "Fe", "Mn", "Ti", "O")
SIX = (*ELEMENTS, "Ni")


def random_entries(seed: int, n: int = 60, elements: Sequence[str] = ELEMENTS) -> list[PhaseEntry]:
    """Elements at 0 eV and random compounds, some of them degenerate mixtures of others."""
    rng = np.random.default_rng(seed)
    entries = [PhaseEntry(e, {e: 1.0}, 0.0, "s") for e in elements]
    for i in range(n):
        size = rng.integers(2, min(5, len(elements) + 1))
        chosen = rng.choice(elements, size, replace=False)
        amounts = {str(e): float(k) for e, k in zip(chosen, rng.integers(1, 5, size), strict=True)}
        energy = float(rng.normal(-1.0, 0.5)) * sum(amounts.values())
        entries.append(PhaseEntry(f"p{i}", amounts, energy, "s"))
    first, second = entries[len(elements)], entries[len(elements) + 1]
    joint = {e: first.amounts.get(e, 0) + second.amounts.get(e, 0) for e in {*first.amounts, *second.amounts}}
    entries.append(PhaseEntry("degenerate", joint, first.energy + second.energy, "s"))
    entries.append(PhaseEntry("twin", first.amounts, first.energy, "s"))
    return entries


def random_compositions(
    seed: int, entries: list[PhaseEntry], elements: Sequence[str], n: int
) -> list[dict[str, float]]:
    """Compositions of which half are degenerate: phases, mixtures of two phases, subsystems."""
    rng = np.random.default_rng(seed)
    found: list[dict[str, float]] = []
    while len(found) < n:
        if len(found) % 2:
            first, second = (entries[int(i)] for i in rng.integers(len(entries), size=2))
            share = float(rng.choice([0.0, 0.25, 0.5]))
            amounts = {
                e: (1 - share) * first.amounts.get(e, 0) + share * second.amounts.get(e, 0)
                for e in {*first.amounts, *second.amounts}
            }
        else:
            amounts = {e: float(x) for e, x in zip(elements, rng.integers(0, 6, len(elements)), strict=True)}
        amounts = {e: x for e, x in amounts.items() if x}
        if amounts:
            found.append(amounts)
    return found


@pytest.mark.parametrize("n_components", [3, 4, 5, 6])
def test_hull_energies_equal_pymatgen_on_a_thousand_compositions(n_components: int) -> None:
    elements = SIX[:n_components]
    entries = random_entries(n_components, 40, elements)
    equilibrium = PhaseEquilibrium(entries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        diagram = PhaseDiagram([PDEntry(Composition(dict(e.amounts)), e.energy) for e in entries])
    compositions = random_compositions(100 + n_components, entries, elements, 250)
    rows = [[amounts.get(c, 0.0) for c in equilibrium.components] for amounts in compositions]
    together = equilibrium.hull_energies(rows)
    for amounts, energy in zip(compositions, together, strict=True):
        size = sum(amounts.values())
        expected = diagram.get_hull_energy_per_atom(Composition(amounts))
        found = equilibrium.decompose(amounts)
        assert found.energy / size == pytest.approx(expected, abs=1e-6)
        assert energy == pytest.approx(expected, abs=1e-6)
        total = dict.fromkeys(elements, 0.0)
        for name, n in found.amounts.items():
            for element, k in equilibrium.entries[name].amounts.items():
                total[element] += n * k
        assert total == pytest.approx({e: amounts.get(e, 0.0) for e in elements}, abs=1e-7)
        priced = sum(found.potentials[e] * n for e, n in amounts.items())
        assert priced == pytest.approx(found.energy, abs=1e-6 * size)
        assert equilibrium.e_above_hull(amounts, found.energy + 0.5) == pytest.approx(0.5 / size, abs=1e-6)


def test_scipy_gives_the_same_answers_as_the_warm_model() -> None:
    entries = random_entries(11, elements=SIX)
    program = PhaseEquilibrium(entries)._program
    rng = np.random.default_rng(0)
    for b in rng.dirichlet(np.ones(6), 20):
        assert program._second_opinion(b).value == pytest.approx(program.solve(b).value, abs=1e-8)


def test_a_lying_solver_is_not_believed() -> None:
    # the basis of other energies is a feasible mixture, but not the lowest: its proof must fail
    entries = random_entries(12)
    program = PhaseEquilibrium(entries)._program
    b = np.full(5, 0.2)
    facet = program.facet(b)
    assert facet is not None
    right = program.costs
    basis = facet.columns.copy()
    program.costs = -right
    assert program._proven(basis, b) is None
    program.costs = right
    assert program._proven(basis, b) is not None
    assert program._proven(np.array([basis[0]] * 5), b) is None
    assert program._proven(basis, np.array([2.0, -1.0, 0.0, 0.0, 0.0])) is None


@pytest.mark.parametrize("n_components", [2, 10, 14])
def test_the_energy_of_a_stable_phase_is_its_own_and_a_mixture_has_no_excess(n_components: int) -> None:
    elements = [f"X{i}" for i in range(n_components)]
    entries = [PhaseEntry(e, {e: 1.0}, 0.0, "s") for e in elements]
    rng = np.random.default_rng(n_components)
    # one compound of all components far below everything else: the lever rule is exact
    amounts = {e: float(k) for e, k in zip(elements, rng.integers(1, 5, n_components), strict=True)}
    entries.append(PhaseEntry("deep", amounts, -10.0 * sum(amounts.values()), "s"))
    equilibrium = PhaseEquilibrium(entries)
    found = equilibrium.decompose(amounts)
    assert found.amounts == pytest.approx({"deep": 1.0})
    assert not found.unique
    rich = {**amounts, elements[0]: amounts[elements[0]] + 2.0}
    mixture = equilibrium.decompose(rich)
    assert mixture.amounts == pytest.approx({"deep": 1.0, elements[0]: 2.0})
    assert mixture.potentials[elements[0]] == pytest.approx(0.0, abs=1e-9)


def test_potentials_of_a_line_compound_lie_between_those_of_its_neighbours() -> None:
    entries = [PhaseEntry("A", {"A": 1}, 0.0, "s"), PhaseEntry("B", {"B": 1}, 0.0, "s")]
    entries.append(PhaseEntry("AB", {"A": 1, "B": 1}, -1.0, "s"))
    equilibrium = PhaseEquilibrium(entries)
    assert equilibrium.potential_range({"A": 1, "B": 1}, "A") == pytest.approx((-1.0, 0.0))
    assert equilibrium.potential_range({"A": 2, "B": 1}, "A") == pytest.approx((0.0, 0.0))
    assert equilibrium.potential_range({"A": 1}, "B") == pytest.approx((-np.inf, -1.0))


def test_components_that_always_come_together_are_no_trouble() -> None:
    # ions in neutral phases: one balance follows from the others
    entries = [
        PhaseEntry("NiO", {"Ni2+": 1, "O2-": 1}, -2.0, "s"),
        PhaseEntry("TiO2", {"Ti4+": 1, "O2-": 2}, -3.0, "s"),
        PhaseEntry("NiTiO3", {"Ni2+": 1, "Ti4+": 1, "O2-": 3}, -5.1, "s"),
    ]
    equilibrium = PhaseEquilibrium(entries)
    found = equilibrium.decompose({"Ni2+": 2, "Ti4+": 1, "O2-": 4})
    assert found.amounts == pytest.approx({"NiTiO3": 1, "NiO": 1})
    energies = equilibrium.hull_energies([[2, 4, 1], [1, 3, 1], [1, 1, 1]])
    assert equilibrium.components == ["Ni2+", "O2-", "Ti4+"]
    assert energies[:2] == pytest.approx([-7.1 / 7, -5.1 / 5])
    assert np.isnan(energies[2])


def test_one_absurd_energy_does_not_disturb_the_others() -> None:
    entries = random_entries(3)
    absurd = [*entries, PhaseEntry("absurd", dict.fromkeys(ELEMENTS, 1.0), 1e9, "s")]
    amounts = dict.fromkeys(ELEMENTS, 1.0)
    plain = PhaseEquilibrium(entries).decompose(amounts).energy
    assert PhaseEquilibrium(absurd).decompose(amounts).energy == pytest.approx(plain, abs=1e-8)


def test_temperature_lowers_what_has_entropy_and_can_be_taken_back() -> None:
    entries = [PhaseEntry("A", {"A": 1}, 0.0, "s"), PhaseEntry("hot", {"A": 1}, 0.1, "s", entropy=1e-4)]
    equilibrium = PhaseEquilibrium(entries)
    assert equilibrium.decompose({"A": 1}, 999).amounts == {"A": 1}
    assert equilibrium.decompose({"A": 1}, 1001).amounts == {"hot": 1}
    assert equilibrium.decompose({"A": 1}).amounts == {"A": 1}
    assert equilibrium.hull_energies([[2.0]], 2000) == pytest.approx([-0.1])


def test_chemical_potentials_price_the_stable_phases() -> None:
    equilibrium = PhaseEquilibrium(random_entries(9))
    found = equilibrium.decompose(dict.fromkeys(ELEMENTS, 1.0))
    for name in found.amounts:
        entry = equilibrium.entries[name]
        assert sum(found.potentials[e] * n for e, n in entry.amounts.items()) == pytest.approx(entry.energy, abs=1e-6)
    for entry in equilibrium.entries.values():
        assert sum(found.potentials[e] * n for e, n in entry.amounts.items()) <= entry.energy + 1e-6


def test_energy_scales_are_not_mixed() -> None:
    with pytest.raises(EnergyScaleError, match="cannot be compared"):
        PhaseEquilibrium([PhaseEntry("a", {"Na": 1}, 0, "one"), PhaseEntry("b", {"O": 1}, 0, "two")])
    with pytest.raises(EnergyScaleError, match="cannot be compared"):
        PhaseEquilibrium([PhaseEntry("a", {"Na": 1}, 0, "one")]).e_above_hull({"Na": 1}, 0.0, "two")
    with pytest.raises(HebeError, match="two phases are called a and differ in composition"):
        PhaseEquilibrium([PhaseEntry("a", {"Na": 1}, 0, "one"), PhaseEntry("a", {"O": 1}, 0, "one")])


def test_of_polymorphs_of_one_name_the_lowest_decides() -> None:
    """As pymatgen has it at 0 K; with temperature the one of larger entropy takes over at dE/dS."""
    lithium, oxygen = PhaseEntry("Li", {"Li": 1}, -1.9, "s"), PhaseEntry("O", {"O": 1}, -4.9, "s")
    low = PhaseEntry("LiO2", {"Li": 1, "O": 2}, -12.0, "s", entropy=0.0)
    high = PhaseEntry("LiO2", {"Li": 2, "O": 4}, -23.8, "s", entropy=4e-4)  # 0.1 eV and 2e-4 eV/K per LiO2 above
    for order in ([low, high], [high, low]):
        equilibrium = PhaseEquilibrium([lithium, oxygen, *order])
        names = {id(entry): name for name, entry in equilibrium.entries.items()}
        assert [*equilibrium.entries][2:] == ["LiO2", "LiO2 (2)"]
        cold, hot = (equilibrium.decompose({"Li": 1, "O": 2}, t) for t in (499.0, 501.0))
        assert cold.energy == pytest.approx(-12.0)
        assert hot.energy == pytest.approx(-11.9 - 501.0 * 2e-4)
        assert cold.amounts == pytest.approx({names[id(low)]: 1.0})
        assert hot.amounts == pytest.approx({names[id(high)]: 0.5})
    peer = PhaseDiagram([PDEntry(Composition(dict(e.amounts)), e.energy) for e in (lithium, oxygen, low, high)])
    for formula in ("LiO", "LiO2", "LiO4"):
        composition = Composition(formula)
        ours = equilibrium.e_above_hull(composition.get_el_amt_dict(), 0.0)
        assert ours == pytest.approx(-peer.get_hull_energy_per_atom(composition))


def test_what_cannot_be_made_names_the_missing_component() -> None:
    equilibrium = PhaseEquilibrium([PhaseEntry("a", {"Na": 1, "O": 1}, 0, "s"), PhaseEntry("b", {"Na": 1}, 0, "s")])
    with pytest.raises(InfeasibleError, match="no phase holds Fe") as caught:
        equilibrium.decompose({"Na": 1, "Fe": 1})
    assert caught.value.missing == ("Fe",)
    with pytest.raises(InfeasibleError, match="cannot balance the composition: O left over") as caught:
        equilibrium.decompose({"Na": 1, "O": 2})
    assert caught.value.missing == ("O",)
    with pytest.raises(InfeasibleError):
        PhaseEquilibrium([]).decompose({"Na": 1})
