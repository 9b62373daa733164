"""The linear program against pymatgen's hull."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
from pymatgen.core import Composition

from hebe.exceptions import EnergyScaleError
from hebe.science.analysis.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium

ELEMENTS = ("Na", "Fe", "Mn", "Ti", "O")


def random_entries(seed: int, n: int = 60) -> list[PhaseEntry]:
    """Elements at 0 eV and random compounds, some of them degenerate mixtures of others."""
    rng = np.random.default_rng(seed)
    entries = [PhaseEntry(e, {e: 1.0}, 0.0, "s") for e in ELEMENTS]
    for i in range(n):
        size = rng.integers(2, 5)
        chosen = rng.choice(ELEMENTS, size, replace=False)
        amounts = {str(e): float(k) for e, k in zip(chosen, rng.integers(1, 5, size), strict=True)}
        energy = float(rng.normal(-1.0, 0.5)) * sum(amounts.values())
        entries.append(PhaseEntry(f"p{i}", amounts, energy, "s"))
    first, second = entries[5], entries[6]
    joint = {e: first.amounts.get(e, 0) + second.amounts.get(e, 0) for e in {*first.amounts, *second.amounts}}
    entries.append(PhaseEntry("degenerate", joint, first.energy + second.energy, "s"))
    return entries


@pytest.mark.parametrize("seed", range(4))
def test_hull_energies_equal_pymatgen_on_fifty_compositions_each(seed: int) -> None:
    entries = random_entries(seed)
    equilibrium = PhaseEquilibrium(entries)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        diagram = PhaseDiagram([PDEntry(Composition(dict(e.amounts)), e.energy) for e in entries])
    rng = np.random.default_rng(100 + seed)
    for _ in range(50):
        amounts = {e: float(x) for e, x in zip(ELEMENTS, rng.integers(0, 6, 5), strict=True) if x}
        if not amounts:
            continue
        composition = Composition(amounts)
        expected = diagram.get_hull_energy_per_atom(composition)
        found = equilibrium.decompose(amounts)
        assert found.energy / sum(amounts.values()) == pytest.approx(expected, abs=1e-6)
        total = dict.fromkeys(ELEMENTS, 0.0)
        for name, n in found.amounts.items():
            for element, k in equilibrium.entries[name].amounts.items():
                total[element] += n * k
        assert total == pytest.approx({e: amounts.get(e, 0.0) for e in ELEMENTS}, abs=1e-7)
        assert equilibrium.e_above_hull(amounts, expected * composition.num_atoms + 0.5) == pytest.approx(
            0.5 / composition.num_atoms, abs=1e-6
        )


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


def test_what_cannot_be_made_names_the_missing_component() -> None:
    equilibrium = PhaseEquilibrium([PhaseEntry("a", {"Na": 1, "O": 1}, 0, "s"), PhaseEntry("b", {"Na": 1}, 0, "s")])
    with pytest.raises(InfeasibleError, match="no phase holds Fe") as caught:
        equilibrium.decompose({"Na": 1, "Fe": 1})
    assert caught.value.missing == ("Fe",)
    with pytest.raises(InfeasibleError, match="cannot balance"):
        equilibrium.decompose({"Na": 1, "O": 2})
    with pytest.raises(InfeasibleError):
        PhaseEquilibrium([]).decompose({"Na": 1})
