"""Ensembles of ordered cells: what they count, and the limits of their averages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hebe.exceptions import BadInputError
from hebe.science.structures import average, generate_ensemble

K = 8.617333262145179e-5
HALF = {"M": {"Mg": "1/2", "Ni": "1/2"}}


def test_all_cells_of_a_half_and_half_rock_salt() -> None:
    """Degeneracies count every arrangement of every superlattice: 35 lattices of four sites, six arrangements each."""
    cells = generate_ensemble("rocksalt", HALF, 4)
    assert sum(cell.degeneracy for cell in cells) == 35 * math.comb(4, 2)
    assert sum(cell.weight for cell in cells) == pytest.approx(1)
    for cell in cells:
        assert cell.structure.composition.reduced_formula == "MgNiO2"
        assert cell.weight == pytest.approx(cell.degeneracy / (35 * 6))


def test_a_layered_host_keeps_its_working_ion() -> None:
    cells = generate_ensemble("layered-o3", {"TM": {"Fe": "1/3", "Mn": "1/3", "Ni": "1/3"}}, working_ion="Na")
    assert {cell.structure.composition.reduced_formula for cell in cells} == {"Na3MnFeNiO6"}


def test_hot_is_the_plain_average_and_cold_the_ground_state() -> None:
    cells = generate_ensemble("rocksalt", HALF, 4)
    energies = np.random.default_rng(1).normal(scale=0.1, size=len(cells)).tolist()
    plain, hot, cold = average(energies, cells), average(energies, cells, 1e9), average(energies, cells, 0.1)
    assert hot.energy == pytest.approx(plain.energy, abs=1e-6)
    assert hot.entropy == pytest.approx(K * math.log(35 * 6))
    assert cold.energy == pytest.approx(min(energies))
    lowest = cells[int(np.argmin(energies))]
    assert cold.entropy == pytest.approx(K * math.log(lowest.degeneracy))


def test_thermodynamic_identities() -> None:
    """``F = -kT ln Z``, and the energy is ``d(F/T) / d(1/T)``."""
    cells = generate_ensemble("rocksalt", HALF, 4)
    energies = np.random.default_rng(2).normal(scale=0.05, size=len(cells))
    degeneracies = np.array([cell.degeneracy for cell in cells])
    found = average(energies.tolist(), cells, 700.0)
    partition = float(degeneracies @ np.exp(-energies / (K * 700)))
    assert found.free_energy == pytest.approx(-K * 700 * math.log(partition))
    step = 1e-3
    low, high = (average(energies.tolist(), cells, T) for T in (700 - step, 700 + step))
    slope = (high.free_energy / (700 + step) - low.free_energy / (700 - step)) / (1 / (700 + step) - 1 / (700 - step))
    assert found.energy == pytest.approx(slope, abs=1e-6)


def test_what_makes_no_ensemble_is_refused() -> None:
    with pytest.raises(BadInputError, match="nearest: 4 sites"):
        generate_ensemble("rocksalt", {"M": {"Mg": "1/4", "Ni": "3/4"}}, 5)
    with pytest.raises(BadInputError, match="exclude each other"):
        generate_ensemble("layered-p2", {"TM": {"Mn": "1/2", "Ni": "1/2"}})
    cells = generate_ensemble("rocksalt", HALF, 2)
    with pytest.raises(BadInputError, match="above 0 K"):
        average([0.0] * len(cells), cells, 0.0)
    with pytest.raises(BadInputError, match="one energy for each"):
        average([0.0], cells * 2)
