"""Supercells of a wanted number of mixed sites: layer-aware for layered hosts, near-isotropic for others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from hebe.exceptions import BadInputError
from hebe.science.structures.lattice_reduction import FloatMatrix, IntMatrix
from hebe.science.structures.supercell_search import longest_repeat, widest_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hebe.science.structures.host import HostCell


@dataclass(frozen=True)
class Supercell:
    """Integer matrix of shape (3, 3) over the primitive cell.

    ``shortest_repeat`` (A) is the shortest lattice vector, within a layer for layered hosts. ``quality`` is its ratio
    to that of the densest lattice of the same volume (or area), at most 1.
    """

    matrix: IntMatrix
    shortest_repeat: float
    quality: float


def longest_possible_repeat(size: float, dimension: int) -> float:
    """Length of the shortest vector of the best lattice: hexagonal in an area (A^2), fcc in a volume (A^3).

    Hermite's constants (Conway and Sloane, Sphere Packings, Lattices and Groups, 1999): ``(2 / sqrt 3)^(1/2)`` and
    ``2^(1/6)``.
    """
    if dimension == 2:
        return math.sqrt(2 / math.sqrt(3) * size)
    return float(2 ** (1 / 6) * size ** (1 / 3))


def hermite_normal_forms(determinant: int, dimension: int) -> Iterator[IntMatrix]:
    """All lower-triangular Hermite normal forms of a determinant, shape (dimension, dimension).

    Source: Hart and Forcade, Phys. Rev. B 77, 224115 (2008).
    """
    if dimension == 1:
        yield np.array([[determinant]], dtype=np.int64)
        return
    for last in range(1, determinant + 1):
        if determinant % last:
            continue
        for upper in hermite_normal_forms(determinant // last, dimension - 1):
            for row in product(*(range(upper[j, j]) for j in range(dimension - 1))):
                matrix = np.zeros((dimension, dimension), dtype=np.int64)
                matrix[:-1, :-1] = upper
                matrix[-1, :-1] = row
                matrix[-1, -1] = last
                yield matrix


def find_supercell(cell: HostCell, sublattice: str, n_sites: int) -> Supercell:
    """Best supercell with `n_sites` sites of `sublattice`.

    Layered hosts get one sheet per cell, with the stacking in the offset of the third vector, so that every
    layer holds the same composition; the sheet with the longest shortest repeat wins. Other hosts get the
    cell with the longest shortest repeat. Ties are broken by the smaller matrix.

    Raises
    ------
    BadInputError
        If no supercell has that number of sites; names the nearest possible one.
    """
    per_cell = cell.sites_per_cell(sublattice)
    if n_sites % per_cell or n_sites <= 0:
        nearest = max(per_cell, round(n_sites / per_cell) * per_cell)
        raise BadInputError(
            f"{n_sites} sites of {sublattice} do not fill whole cells of {per_cell}", suggestion=f"nearest: {nearest}"
        )
    matrix, repeat = _best(_as_tuple(cell.structure.lattice.matrix), _as_tuple(cell.layer_normal), n_sites // per_cell)
    vectors = matrix @ cell.structure.lattice.matrix
    if cell.layer_normal is None:
        ideal = longest_possible_repeat(abs(float(np.linalg.det(vectors))), 3)
    else:
        ideal = longest_possible_repeat(float(np.linalg.norm(np.cross(vectors[0], vectors[1]))), 2)
    return Supercell(matrix.copy(), repeat, repeat / ideal)


def _as_tuple(values: NDArray[np.float64] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values.ravel().tolist())


@lru_cache(maxsize=256)
def _best(cell: tuple[float, ...], layer_normal: tuple[float, ...] | None, count: int) -> tuple[IntMatrix, float]:
    """Matrix of `find_supercell` and its shortest repeat (A), searched once for a lattice and a number of cells."""
    lattice = np.array(cell).reshape(3, 3)
    if layer_normal is None:
        return longest_repeat(lattice, count)
    return widest_sheet(lattice, _layer_basis(lattice, np.array(layer_normal)), count)


def _layer_basis(lattice: FloatMatrix, normal: NDArray[np.float64]) -> IntMatrix:
    """Two shortest primitive translations within a layer and the shortest one to the next layer, shape (3, 3)."""
    steps = np.array([s for s in product(range(-3, 4), repeat=3) if any(s)], dtype=np.int64)
    vectors = steps @ lattice
    heights, lengths = vectors @ normal, np.linalg.norm(vectors, axis=1)
    order = np.lexsort((*steps.T, np.round(lengths, 6)))
    flat = [i for i in order if abs(heights[i]) < 1e-6]
    first = flat[0]
    second = next(i for i in flat if np.linalg.norm(np.cross(vectors[first], vectors[i])) > 1e-3)
    spacing = min(h for h in heights if h > 1e-6)
    up = next(i for i in order if abs(heights[i] - spacing) < 1e-6)
    return np.array([steps[first], steps[second], steps[up]])
