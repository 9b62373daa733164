"""The compiled search for supercells: against a listing of all of them, with lattice vectors counted out by hand."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.config.family import load_family
from hebe.science.structures.host import host_cell
from hebe.science.structures.lattice_reduction import reduced_cell, shortest_vector
from hebe.science.structures.supercell import find_supercell, hermite_normal_forms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.structures.host import HostCell

ROCKSALT = host_cell(load_family("rocksalt"))
LAYERED = host_cell(load_family("layered-o3"), "Na")


def shortest_in(form: NDArray[np.int64], lattice: NDArray[np.float64], reach: int) -> float:
    """Shortest vector of a superlattice: the shortest of all short vectors of the lattice that belong to it."""
    steps = np.array([s for s in product(range(-reach, reach + 1), repeat=3) if any(s)])
    coords = steps @ np.linalg.inv(form)
    member = np.abs(coords - np.round(coords)).max(axis=1) < 1e-6
    return float(np.linalg.norm(steps[member] @ lattice, axis=1).min())


def listed(cell: HostCell, count: int) -> NDArray[np.int64]:
    """Best of all Hermite normal forms, one by one: longest repeat, then shortest longest row, then smallest matrix."""
    lattice = cell.structure.lattice.matrix
    keys = []
    for form in hermite_normal_forms(count, 3):
        rows = reduced_cell(form, lattice)
        longest = float(np.linalg.norm(rows @ lattice, axis=1).max())
        keys.append((-round(shortest_vector(rows @ lattice), 6), round(longest, 6), rows.tolist()))
    return np.array(min(keys)[2])


@pytest.mark.parametrize("count", [1, 5, 6, 8, 12, 16])
def test_the_best_cell_of_a_listing_is_found(count: int) -> None:
    assert np.array_equal(find_supercell(ROCKSALT, "M", count).matrix, listed(ROCKSALT, count))


@pytest.mark.parametrize("count", [6, 8])
def test_no_superlattice_repeats_later(count: int) -> None:
    lattice = ROCKSALT.structure.lattice.matrix
    best = max(shortest_in(form, lattice, 5) for form in hermite_normal_forms(count, 3))
    assert find_supercell(ROCKSALT, "M", count).shortest_repeat == pytest.approx(best, abs=1e-6)


def test_a_reduced_basis_holds_its_shortest_vector() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        lattice = rng.normal(size=(3, 3)) + 2 * np.eye(3)
        skew = np.array([[1, 0, 0], [rng.integers(-5, 6), 1, 0], [*rng.integers(-5, 6, size=2), 1]])
        steps = np.array([s for s in product(range(-4, 5), repeat=3) if any(s)])
        rows = reduced_cell(skew, lattice)
        assert round(np.linalg.det(rows)) == 1
        reduced = rows @ lattice
        assert shortest_vector(skew @ lattice) == pytest.approx(np.linalg.norm(steps @ reduced, axis=1).min())


@pytest.mark.parametrize(
    ("count", "matrix"),
    [
        (6, [[0, -2, 2], [3, -1, -2], [-1, 1, 1]]),
        (8, [[2, -3, 1], [2, 1, -3], [0, -1, 2]]),
        (12, [[4, -2, -2], [2, 2, -4], [-1, 0, 2]]),
        (18, [[1, -4, 3], [5, -2, -3], [-2, 0, 3]]),
    ],
)
def test_layered_cells_stay_those_of_earlier_campaigns(count: int, matrix: list[list[int]]) -> None:
    """Another choice among equal cells would give other structures, and with them other content keys."""
    assert find_supercell(LAYERED, "TM", count).matrix.tolist() == matrix


@pytest.mark.parametrize("count", [6, 9])
def test_no_sheet_repeats_later_and_no_offset_is_better(count: int) -> None:
    found, lattice = find_supercell(LAYERED, "TM", count), LAYERED.structure.lattice.matrix
    normal = LAYERED.layer_normal
    assert normal is not None
    sheets, cells = [], []
    for form in hermite_normal_forms(count, 3):
        rows = reduced_cell(form, lattice)
        steps = np.array(list(product(range(-4, 5), repeat=3))) @ rows
        vectors = steps @ lattice
        heights = vectors @ normal
        # one sheet per cell: the lowest vector off the layer leads to the next layer
        if np.abs(heights[np.abs(heights) > 1e-6]).min() > np.abs(lattice @ normal).max() + 1e-6:
            continue
        flat = np.linalg.norm(vectors[np.abs(heights) < 1e-6], axis=1)
        sheets.append(float(flat[flat > 1e-6].min()))
        cells.append(shortest_vector(rows @ lattice))
    longest = max(sheets)
    assert found.shortest_repeat == pytest.approx(longest, abs=1e-6)
    best = max(cell for cell, sheet in zip(cells, sheets, strict=True) if sheet > longest - 1e-6)
    assert shortest_vector(found.matrix @ lattice) == pytest.approx(best, abs=1e-6)


def test_a_thousand_sites_of_a_dense_lattice_have_the_best_cell() -> None:
    found = find_supercell(ROCKSALT, "M", 1000)
    assert found.quality == pytest.approx(1)
    assert round(abs(np.linalg.det(found.matrix))) == 1000
    assert find_supercell(LAYERED, "TM", 972).quality == pytest.approx(1), "18 sqrt(3) by 18 sqrt(3)"
