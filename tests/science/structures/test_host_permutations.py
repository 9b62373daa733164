"""Symmetry of supercells from that of their hosts, and arrangements told apart by it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.config.family import load_family
from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.host import HostCell, host_cell
from hebe.science.structures.host_permutations import host_permutations
from hebe.science.structures.objective import Objective, Problem, build_problem
from hebe.science.structures.orderings import site_permutations
from hebe.science.structures.sqs import canonical_label, distinct_arrangements, surroundings
from hebe.science.structures.supercell import find_supercell

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure


def supercell(cell: HostCell, sublattice: str, n: int) -> tuple[Structure, NDArray[np.int64], list[int]]:
    """Supercell of `n` sites of a sublattice, its matrix, and the indices of these sites."""
    matrix = find_supercell(cell, sublattice, n).matrix
    structure = cell.structure.make_supercell(matrix, in_place=False)
    return (
        structure,
        matrix,
        [i for i, label in enumerate(structure.site_properties["sublattice"]) if label == sublattice],
    )


@pytest.mark.parametrize(
    ("family", "ion", "sizes"),
    [
        ("rocksalt", None, (1, 3, 8, 10)),
        ("layered-o3", "Na", (3, 8, 12)),
        ("layered-p2", "Na", (4, 12)),
        ("spinel", "Li", (4, 8)),
        ("nasicon", "Na", (4, 8)),
    ],
)
def test_permutations_are_those_that_the_supercell_itself_shows(
    family: str, ion: str | None, sizes: tuple[int, ...]
) -> None:
    data = load_family(family)
    cell = host_cell(data, ion)
    for n in sizes:
        structure, matrix, sites = supercell(cell, data.mixed[0], n)
        found = host_permutations(cell.structure, matrix, structure.frac_coords[sites])
        assert np.array_equal(found, site_permutations(structure, sites)), n


def problem(n: int) -> tuple[Problem, NDArray[np.int64]]:
    """A rock salt of three cations and the symmetry of its sites."""
    cell = host_cell(load_family("rocksalt"))
    structure, matrix, sites = supercell(cell, "M", n)
    counts = {"Mg": n // 2, "Ni": n // 4, "Co": n - n // 2 - n // 4}
    permutations = host_permutations(cell.structure, matrix, structure.frac_coords[sites])
    return build_problem(structure, mixed_sites([sites]), [counts], Objective()), permutations


@pytest.mark.parametrize("n", [8, 12, 16])
def test_arrangements_that_symmetry_makes_equal_have_equal_surroundings(n: int) -> None:
    given, permutations = problem(n)
    rng = np.random.default_rng(n)
    kinds = rng.permutation(given.start)
    assert len(permutations) > n / 2
    for permutation in permutations[rng.permutation(len(permutations))[:50]]:
        assert surroundings(kinds[permutation], given.pairs) == surroundings(kinds, given.pairs)


def test_surroundings_tell_random_arrangements_apart() -> None:
    given, _ = problem(48)
    rng = np.random.default_rng(0)
    assert len({surroundings(rng.permutation(given.start), given.pairs) for _ in range(100)}) == 100


def test_arrangements_are_distinct_with_and_without_the_short_cut() -> None:
    given, permutations = problem(12)
    asked: list[int] = []

    def symmetry() -> NDArray[np.int64]:
        asked.append(1)
        return permutations

    assert len(list(islice(distinct_arrangements(given, symmetry, range(3)), 1))) == 1
    assert not asked, "one arrangement is compared with none"
    found = list(distinct_arrangements(given, symmetry, range(40), n_steps=15))
    labels = {canonical_label(one.kinds, permutations) for one in found}
    assert len(labels) == len(found) > 3
    assert len(asked) == 1
