"""Ordered cells: numbers of derivative structures as published, degeneracies, ensembles with random correlations."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.structures.enumeration import (
    derivative_cells,
    distinct_labelings,
    ordered_ensemble,
)
from hebe.science.structures.host import HostCell, host_cell
from hebe.science.structures.lattice_reduction import hermite_normal_form
from hebe.science.structures.supercell import hermite_normal_forms

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

ROCKSALT = host_cell(load_family("rocksalt"))

# Hart and Forcade, Phys. Rev. B 77, 224115 (2008): superlattices and binary derivative structures of fcc by volume
SUPERLATTICES = {2: 2, 3: 3, 4: 7, 5: 5, 6: 10, 7: 7, 8: 20}
STRUCTURES = {3: 3, 5: 14, 7: 52}


def cations(cell: HostCell, matrix: NDArray[np.int64]) -> tuple[Structure, list[int]]:
    structure = cell.structure.make_supercell(matrix, in_place=False)
    return structure, [i for i, name in enumerate(structure.site_properties["sublattice"]) if name == "M"]


@pytest.mark.parametrize(("n", "number"), SUPERLATTICES.items())
def test_superlattices_of_fcc_are_as_many_as_published(n: int, number: int) -> None:
    cells = derivative_cells(ROCKSALT, n)
    assert len(cells) == number
    assert sum(multiplicity for _, multiplicity in cells) == len(list(hermite_normal_forms(n, 3)))


@pytest.mark.parametrize(("n", "number"), STRUCTURES.items())
def test_binary_structures_on_fcc_are_as_many_as_published(n: int, number: int) -> None:
    # exchange of the two labels makes structures equal: for odd n one half of the compositions
    total = 0
    for matrix, _ in derivative_cells(ROCKSALT, n):
        structure, sites = cations(ROCKSALT, matrix)
        for k in range(1, (n + 1) // 2):
            labelings, _ = distinct_labelings(structure, [sites], [{"A": k, "B": n - k}], primitive_only=True)
            total += len(labelings)
    assert total == number


def test_degeneracies_count_every_arrangement() -> None:
    for matrix, _ in derivative_cells(ROCKSALT, 6):
        structure, sites = cations(ROCKSALT, matrix)
        labelings, degeneracies = distinct_labelings(structure, [sites], [{"A": 1, "B": 2, "C": 3}])
        assert degeneracies.sum() == math.factorial(6) // (2 * 6)
        assert {tuple(sorted(Counter(row.tolist()).items())) for row in labelings} == {((0, 1), (1, 2), (2, 3))}


def test_the_normal_form_is_that_of_the_lattice() -> None:
    rng = np.random.default_rng(0)
    for form in hermite_normal_forms(12, 3):
        mixed = form.copy()
        for _ in range(6):
            i, j = rng.choice(3, 2, replace=False)
            mixed[i] += int(rng.integers(-3, 4)) * mixed[j]
        assert np.array_equal(hermite_normal_form(mixed), form)


def test_an_ensemble_of_all_cells_is_weighted_by_degeneracy() -> None:
    found = ordered_ensemble(ROCKSALT, {"M": {"Mg": 1, "Ni": 1}}, {"O": "O"}, 2)
    # L1_0 and L1_1: three and four superlattices of the seven, two arrangements each
    assert sorted(one.degeneracy for one in found) == [6, 8]
    assert sum(one.weight for one in found) == pytest.approx(1)
    assert all(one.structure.composition.reduced_formula == "MgNiO2" for one in found)


def test_a_small_set_has_random_pair_correlations() -> None:
    every = ordered_ensemble(ROCKSALT, {"M": {"Mg": 2, "Ni": 2}}, {"O": "O"}, 4)
    few = ordered_ensemble(ROCKSALT, {"M": {"Mg": 2, "Ni": 2}}, {"O": "O"}, 4, most=3)
    assert 1 <= len(few) <= 3 < len(every)
    assert sum(one.weight for one in few) == pytest.approx(1)
    unlike = 0.0
    for one in few:
        metals = [i for i, site in enumerate(one.structure) if site.specie.symbol != "O"]
        for i in metals:
            around = [x for x in one.structure.get_neighbors(one.structure[i], 3.1) if x.specie.symbol != "O"]
            assert len(around) == 12
            different = sum(x.specie != one.structure[i].specie for x in around)
            unlike += one.weight * different / 12 / len(metals)
    assert unlike == pytest.approx(0.5, abs=0.05)


def test_too_many_arrangements_and_wrong_numbers_are_refused() -> None:
    with pytest.raises(BadInputError, match="3 species for 4 sites of M"):
        ordered_ensemble(ROCKSALT, {"M": {"Mg": 1, "Ni": 2}}, {"O": "O"}, 4)
    structure, sites = cations(ROCKSALT, 3 * np.eye(3, dtype=np.int64))
    with pytest.raises(BadInputError, match="too many to list"):
        distinct_labelings(structure, [sites], [{"A": 13, "B": 14}])
