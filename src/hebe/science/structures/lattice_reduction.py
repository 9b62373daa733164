"""Bases of lattices: pairwise reduction and the shortest vector, in compiled code; Hermite normal form."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import compiled

IntMatrix = NDArray[np.int64]
FloatMatrix = NDArray[np.float64]

_TIE: Final = 1e-9


@compiled
def nearest_whole(value: float) -> int:
    """Nearest whole number, halves towards zero: hexagonal lattices have them, and the last bit must not decide."""
    size = max(math.ceil(abs(value) - 0.5 - _TIE), 0)
    return np.int64(size if value > 0 else -size)  # type: ignore[return-value]


@compiled
def reduce_pairwise(rows: IntMatrix, vectors: FloatMatrix) -> None:
    """Gauss-like reduction in place until no vector can be shortened by adding another one.

    Parameters
    ----------
    rows
        Integer coordinates of the vectors, shape (n, 3).
    vectors
        The same vectors, Cartesian (A), shape (n, 3).
    """
    changed = True
    while changed:
        changed = False
        for i in range(len(vectors)):
            for j in range(len(vectors)):
                if i != j:
                    changed |= _shorten(rows, vectors, i, j)


@compiled
def _shorten(rows: IntMatrix, vectors: FloatMatrix, i: int, j: int) -> bool:
    """Subtract from vector i the multiple of vector j that leaves it shortest, if that shortens it."""
    own, other, across, left = 0.0, 0.0, 0.0, 0.0
    for k in range(3):
        own += vectors[i, k] * vectors[i, k]
        other += vectors[j, k] * vectors[j, k]
        across += vectors[i, k] * vectors[j, k]
    times = nearest_whole(across / other)
    for k in range(3):
        left += (vectors[i, k] - times * vectors[j, k]) ** 2
    if left >= own - _TIE:
        return False
    for k in range(3):
        vectors[i, k] -= times * vectors[j, k]
        rows[i, k] -= times * rows[j, k]
    return True


@compiled
def shortest_of_reduced(vectors: FloatMatrix) -> float:
    """Length of the shortest lattice vector of a pairwise-reduced basis, shape (2 or 3, 3)."""
    lowest = np.inf
    for i in range(-1, 2):
        for j in range(-1, 2):
            for k in range(-1 if len(vectors) == 3 else 0, 2 if len(vectors) == 3 else 1):
                if i or j or k:
                    length = 0.0
                    for axis in range(3):
                        third = k * vectors[2, axis] if len(vectors) == 3 else 0.0
                        length += (i * vectors[0, axis] + j * vectors[1, axis] + third) ** 2
                    lowest = min(lowest, length)
    return math.sqrt(lowest)


def shortest_vector(vectors: FloatMatrix) -> float:
    """Length of the shortest lattice vector of a basis of shape (n, 3), n = 2 or 3."""
    reduced = np.array(vectors, dtype=np.float64)
    reduce_pairwise(np.zeros(reduced.shape, dtype=np.int64), reduced)
    return float(shortest_of_reduced(reduced))


def reduced_cell(rows: IntMatrix, lattice: FloatMatrix) -> IntMatrix:
    """Pairwise-reduced integer rows that span the same lattice."""
    reduced = np.array(rows, dtype=np.int64)
    reduce_pairwise(reduced, np.ascontiguousarray(reduced @ lattice, dtype=np.float64))
    return reduced


def hermite_normal_form(rows: IntMatrix) -> IntMatrix:
    """Lower-triangular Hermite normal form of the lattice that integer rows span, shape (3, 3).

    Diagonal entries are positive, those below are at least 0 and less than the diagonal one of their column.
    """
    h = np.array(rows, dtype=np.int64)
    for column in (2, 1, 0):
        while np.count_nonzero(h[: column + 1, column]) > 1 or h[column, column] == 0:
            part = h[: column + 1, column]
            nonzero = [int(i) for i in np.flatnonzero(part)]
            pivot = min(nonzero, key=lambda i: abs(int(part[i])))
            h[[pivot, column]] = h[[column, pivot]]
            for i in range(column):
                h[i] -= (h[i, column] // h[column, column]) * h[column]
        if h[column, column] < 0:
            h[column] *= -1
    for i in range(1, 3):
        for j in range(i - 1, -1, -1):
            h[i] -= (h[i, j] // h[j, j]) * h[j]
    return h
