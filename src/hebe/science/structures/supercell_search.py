"""Search through all supercells of a size, in compiled code.

The sublattices of index n are listed as lower-triangular Hermite normal forms (Hart and Forcade, Phys. Rev. B 77,
224115 (2008)). Almost all hold a lattice vector shorter than the best cell found so far: one such vector rejects a
form, and where it lies in the plane of the first two rows, all forms with that plane.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import compiled
from hebe.science.structures.lattice_reduction import (
    FloatMatrix,
    IntMatrix,
    reduce_pairwise,
    shortest_of_reduced,
)

Vector = NDArray[np.float64]

_STEPS: Final = 1e6
"""Steps per A in which repeats are compared."""
_SAME_REPEAT: Final = 1e-6
"""Repeats within a layer (A) that count as equal."""
_SLACK: Final = 2e-6
"""Difference (A) beyond which a shorter vector is shorter in these steps too."""


class Best(NamedTuple):
    """Best cell so far: integer rows, repeat (A), shape (1,), and its figures in steps, shape (3,)."""

    rows: IntMatrix
    repeat: Vector
    figures: IntMatrix


class Trial(NamedTuple):
    """Room for one cell: integer rows (3, 3) and vectors (3, 3), those of a plane (2, 3), and duals of the plane."""

    rows: IntMatrix
    vectors: FloatMatrix
    plane_rows: IntMatrix
    plane: FloatMatrix
    dual: FloatMatrix


def _room() -> tuple[Best, Trial]:
    """Nothing found yet."""
    best = Best(np.zeros((3, 3), np.int64), np.zeros(1), np.full(3, np.iinfo(np.int64).max))
    plane_rows = np.zeros((2, 3), np.int64)
    return best, Trial(
        np.zeros((3, 3), np.int64), np.zeros((3, 3)), plane_rows, np.zeros(plane_rows.shape), np.zeros(plane_rows.shape)
    )


def longest_repeat(lattice: FloatMatrix, count: int) -> tuple[IntMatrix, float]:
    """Supercell of `count` cells with the longest shortest vector, and that (A).

    Equal ones are told apart by the shorter longest row of their reduced bases, then by the smaller matrix.

    Parameters
    ----------
    lattice
        Vectors of the cell as rows (A), shape (3, 3).
    count
        Cells per supercell.
    """
    best, trial = _room()
    _search_forms(np.ascontiguousarray(lattice, dtype=np.float64), count, best, trial)
    return best.rows, float(best.repeat[0])


@compiled
def _search_forms(lattice: FloatMatrix, count: int, best: Best, trial: Trial) -> None:
    """Compare all Hermite normal forms ``(a 0 0) (s b 0) (x y c)``."""
    for c in range(1, count + 1):
        if count % c:
            continue
        for b in range(1, count // c + 1):
            if (count // c) % b:
                continue
            a = count // c // b
            for shift in range(a):
                _set_rows(trial.plane_rows, trial.plane, lattice, 0, a, 0, 0)
                _set_rows(trial.plane_rows, trial.plane, lattice, 1, shift, b, 0)
                reduce_pairwise(trial.plane_rows, trial.plane)
                if shortest_of_reduced(trial.plane) < best.repeat[0] - _SLACK:
                    continue
                _set_duals(trial)
                for x in range(a):
                    for y in range(b):
                        _try_form(lattice, (a, shift, b, x, y, c), best, trial)


@compiled
def _try_form(lattice: FloatMatrix, form: tuple[int, int, int, int, int, int], best: Best, trial: Trial) -> None:
    """Compare one form with the best."""
    a, shift, b, x, y, c = form
    rows, vectors = trial.rows, trial.vectors
    _set_rows(rows, vectors, lattice, 2, x, y, c)
    if _has_shorter(vectors[2], trial, best.repeat[0] - _SLACK):
        return
    _set_rows(rows, vectors, lattice, 0, a, 0, 0)
    _set_rows(rows, vectors, lattice, 1, shift, b, 0)
    reduce_pairwise(rows, vectors)
    longest = 0.0
    for i in range(3):
        longest = max(longest, _length(vectors, i))
    repeat = shortest_of_reduced(vectors)
    _keep_better(rows, repeat, (-_in_steps(repeat), _in_steps(longest), 0), best)


def widest_sheet(lattice: FloatMatrix, basis: IntMatrix, count: int) -> tuple[IntMatrix, float]:
    """Sheet of `count` cells of a layer with the longest shortest vector within the layer, and that (A).

    The offset to the next sheet is one of those no longer than that vector and the shortest offset together. Equal
    ones are told apart by the longer shortest vector of the cell, then by the shorter offset and the smaller matrix.

    Parameters
    ----------
    lattice
        Vectors of the cell as rows (A), shape (3, 3).
    basis
        Two translations within a layer and one to the next layer, integer rows of shape (3, 3).
    count
        Cells per sheet.
    """
    best, trial = _room()
    vectors = basis @ lattice
    longest = _longest_within(vectors, count, trial)
    reach = longest + float(np.linalg.norm(vectors[2])) + _SLACK
    across, first, second = np.linalg.inv(vectors).T[[2, 0, 1]]
    edges = []
    for dual in (first, second):  # of the part of the offset within the plane
        within = dual - (dual @ across) / (across @ across) * across
        start, span = float(vectors[2] @ within), reach * float(np.linalg.norm(within))
        edges += [max(math.floor(-start - span), -count), min(math.ceil(-start + span), count)]
    _search_sheets(basis, vectors, count, longest, np.array(edges, dtype=np.int64), best, trial)
    return best.rows, float(best.repeat[0])


@compiled
def _set_rows(rows: IntMatrix, vectors: FloatMatrix, lattice: FloatMatrix, i: int, x: int, y: int, z: int) -> None:
    """Row i: x, y, z and the vector ``x a + y b + z c``."""
    rows[i, 0], rows[i, 1], rows[i, 2] = x, y, z
    for k in range(3):
        vectors[i, k] = x * lattice[0, k] + y * lattice[1, k] + z * lattice[2, k]


@compiled
def _set_duals(trial: Trial) -> None:
    """Dual basis of the plane: ``dual_i . plane_j`` is 1 for i = j, else 0."""
    plane, dual = trial.plane, trial.dual
    aa, bb, ab = 0.0, 0.0, 0.0
    for k in range(3):
        aa += plane[0, k] * plane[0, k]
        bb += plane[1, k] * plane[1, k]
        ab += plane[0, k] * plane[1, k]
    area = aa * bb - ab * ab
    for k in range(3):
        dual[0, k] = (bb * plane[0, k] - ab * plane[1, k]) / area
        dual[1, k] = (aa * plane[1, k] - ab * plane[0, k]) / area


@compiled
def _has_shorter(third: Vector, trial: Trial, limit: float) -> bool:
    """Whether a vector shorter than `limit` (A) is found among the multiples of `third`, brought near by the plane."""
    first, second, height = 0.0, 0.0, 0.0
    for k in range(3):
        first += third[k] * trial.dual[0, k]
        second += third[k] * trial.dual[1, k]
    for k in range(3):
        height += (third[k] - first * trial.plane[0, k] - second * trial.plane[1, k]) ** 2
    times = 1
    while times * times * height < limit * limit:
        u = times * first - math.floor(times * first + 0.5)
        v = times * second - math.floor(times * second + 0.5)
        length = times * times * height
        for k in range(3):
            length += (u * trial.plane[0, k] + v * trial.plane[1, k]) ** 2
        if length < limit * limit:
            return True
        times += 1
    return False


@compiled
def _length(vectors: FloatMatrix, i: int) -> float:
    return math.sqrt(vectors[i, 0] ** 2 + vectors[i, 1] ** 2 + vectors[i, 2] ** 2)


@compiled
def _in_steps(length: float) -> int:
    return np.int64(np.rint(length * _STEPS))  # type: ignore[return-value]


@compiled
def _keep_better(rows: IntMatrix, repeat: float, figures: tuple[int, int, int], best: Best) -> None:
    """Take over a cell whose figures, then whose rows, sort before those of the best."""
    order = 0
    for i in range(3):
        if order == 0 and figures[i] != best.figures[i]:
            order = -1 if figures[i] < best.figures[i] else 1
    for i in range(3):
        for k in range(3):
            if order == 0 and rows[i, k] != best.rows[i, k]:
                order = -1 if rows[i, k] < best.rows[i, k] else 1
    if order >= 0:
        return
    best.repeat[0] = repeat
    for i in range(3):
        best.figures[i] = figures[i]
        for k in range(3):
            best.rows[i, k] = rows[i, k]


@compiled
def _longest_within(vectors: FloatMatrix, count: int, trial: Trial) -> float:
    """Longest shortest vector (A) within the layer of all sheets of `count` cells."""
    longest = 0.0
    for b in range(1, count + 1):
        if count % b == 0:
            for shift in range(count // b):
                longest = max(longest, _set_sheet(vectors, count // b, shift, b, trial))
    return longest


@compiled
def _set_sheet(vectors: FloatMatrix, a: int, shift: int, b: int, trial: Trial) -> float:
    """Reduced plane of the form ``(a 0) (s b)``, rows in units of the translations; its shortest vector (A)."""
    _set_rows(trial.plane_rows, trial.plane, vectors, 0, a, 0, 0)
    _set_rows(trial.plane_rows, trial.plane, vectors, 1, shift, b, 0)
    reduce_pairwise(trial.plane_rows, trial.plane)
    return shortest_of_reduced(trial.plane)


@compiled
def _search_sheets(
    basis: IntMatrix, vectors: FloatMatrix, count: int, longest: float, edges: IntMatrix, best: Best, trial: Trial
) -> None:
    """Compare the offsets between `edges` of all sheets with the longest shortest vector."""
    handed = _determinant(basis)
    for b in range(1, count + 1):
        if count % b:
            continue
        for shift in range(count // b):
            repeat = _set_sheet(vectors, count // b, shift, b, trial)
            if repeat < longest - _SAME_REPEAT:
                continue
            for i in range(edges[0], edges[1] + 1):
                for j in range(edges[2], edges[3] + 1):
                    _try_offset(basis, vectors, repeat, i, j, handed, best, trial)


@compiled
def _determinant(m: IntMatrix) -> int:
    first = m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]) - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
    return np.int64(first + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]))  # type: ignore[return-value]


@compiled
def _try_offset(
    basis: IntMatrix, vectors: FloatMatrix, repeat: float, i: int, j: int, handed: int, best: Best, trial: Trial
) -> None:
    """Compare the sheet in `trial` with an offset ``i a + j b`` beyond the shortest one.

    `handed` is positive for a right-handed `basis`.
    """
    rows, cell = trial.rows, trial.vectors
    _set_rows(rows, cell, vectors, 2, i, j, 1)
    tilt = _length(cell, 2)
    if tilt > repeat + _length(vectors, 2) + _SAME_REPEAT:
        return
    for row in range(2):
        for k in range(3):
            cell[row, k] = trial.plane[row, k]
    reduce_pairwise(rows, cell)
    shortest = shortest_of_reduced(cell)
    for k in range(3):
        rows[2, k] = i * basis[0, k] + j * basis[1, k] + basis[2, k]
        for row in range(2):
            within = trial.plane_rows[row, 0] * basis[0, k] + trial.plane_rows[row, 1] * basis[1, k]
            rows[row if handed > 0 else 1 - row, k] = within
    _keep_better(rows, repeat, (-_in_steps(repeat), -_in_steps(shortest), _in_steps(tilt)), best)
