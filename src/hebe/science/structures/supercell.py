"""Supercells of a wanted number of mixed sites: layer-aware for layered hosts, near-isotropic for others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.science.structures.host import HostCell

IntMatrix = NDArray[np.int64]

_TIE: Final = 1e-9


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


def shortest_vector(vectors: NDArray[np.float64]) -> float:
    """Length of the shortest lattice vector of a basis of shape (n, 3), n = 2 or 3."""
    basis = _reduced(vectors)
    steps = np.array([s for s in product((-1, 0, 1), repeat=len(basis)) if any(s)])
    return float(np.linalg.norm(steps @ basis, axis=1).min())


def _reduced(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gauss-like pairwise reduction: no vector can be shortened by adding another one."""
    basis = np.array(vectors, dtype=float)
    changed = True
    while changed:
        changed = False
        for i, j in product(range(len(basis)), repeat=2):
            if i == j:
                continue
            shorter = basis[i] - _nearest(float(basis[i] @ basis[j] / (basis[j] @ basis[j]))) * basis[j]
            if shorter @ shorter < basis[i] @ basis[i] - 1e-9:
                basis[i], changed = shorter, True
    return basis


def _nearest(value: float) -> int:
    """Nearest whole number, halves towards zero: hexagonal lattices have them, and the last bit must not decide."""
    return int(math.copysign(max(math.ceil(abs(value) - 0.5 - _TIE), 0), value))


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
    count = n_sites // per_cell
    normal = cell.layer_normal
    options = _isotropic(cell, count) if normal is None else _layered(cell, normal, count)
    best = min(options, key=lambda option: (*(-round(v, 6) for v in option[1]), option[0].tolist()))
    vectors = best[0] @ cell.structure.lattice.matrix
    if normal is None:
        ideal = longest_possible_repeat(abs(float(np.linalg.det(vectors))), 3)
    else:
        ideal = longest_possible_repeat(float(np.linalg.norm(np.cross(vectors[0], vectors[1]))), 2)
    return Supercell(best[0], best[1][0], best[1][0] / ideal)


def _isotropic(cell: HostCell, count: int) -> Iterator[tuple[IntMatrix, tuple[float, ...]]]:
    lattice = cell.structure.lattice.matrix
    for matrix in hermite_normal_forms(count, 3):
        reduced = reduced_cell(matrix, lattice)
        lengths = np.sort(np.linalg.norm(reduced @ lattice, axis=1))
        yield reduced, (shortest_vector(reduced @ lattice), -float(lengths[-1]))


def _layered(cell: HostCell, normal: NDArray[np.float64], count: int) -> Iterator[tuple[IntMatrix, tuple[float, ...]]]:
    lattice = cell.structure.lattice.matrix
    first, second, offset = _layer_basis(cell, normal)
    sheets = [(h, shortest_vector(h @ np.array([first, second]) @ lattice)) for h in hermite_normal_forms(count, 2)]
    longest = max(repeat for _, repeat in sheets)
    for form, repeat in sheets:
        if repeat < longest - 1e-6:
            continue
        lateral = reduced_cell(form @ np.array([first, second]), lattice)
        for i, j in product(range(-count, count + 1), repeat=2):
            third = offset + i * first + j * second
            if np.linalg.norm(third @ lattice) > repeat + np.linalg.norm(offset @ lattice) + 1e-6:
                continue
            matrix = np.array([*lateral, third])
            if np.linalg.det(matrix) < 0:
                matrix[[0, 1]] = matrix[[1, 0]]
            tilt = float(np.linalg.norm(third @ lattice))
            yield matrix, (repeat, shortest_vector(matrix @ lattice), -tilt)


def _layer_basis(cell: HostCell, normal: NDArray[np.float64]) -> tuple[IntMatrix, IntMatrix, IntMatrix]:
    """Two shortest primitive translations within a layer and the shortest one to the next layer."""
    lattice = cell.structure.lattice.matrix
    steps = np.array([s for s in product(range(-3, 4), repeat=3) if any(s)], dtype=np.int64)
    vectors = steps @ lattice
    heights, lengths = vectors @ normal, np.linalg.norm(vectors, axis=1)
    order = np.lexsort((*steps.T, np.round(lengths, 6)))
    flat = [i for i in order if abs(heights[i]) < 1e-6]
    first = flat[0]
    second = next(i for i in flat if np.linalg.norm(np.cross(vectors[first], vectors[i])) > 1e-3)
    spacing = min(h for h in heights if h > 1e-6)
    up = next(i for i in order if abs(heights[i] - spacing) < 1e-6)
    return steps[first], steps[second], steps[up]


def reduced_cell(rows: IntMatrix, lattice: NDArray[np.float64]) -> IntMatrix:
    """Pairwise-reduced integer rows that span the same lattice."""
    real = _reduced(rows @ lattice)
    return np.array(np.rint(Lattice(lattice).get_fractional_coords(real)), dtype=np.int64)
