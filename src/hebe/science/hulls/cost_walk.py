"""Primal simplex method on small dense programs, compiled: from a basis to the optimum at other costs.

A basis that makes a composition makes it at all costs, so that the optimum of the next draw is a few pivots from that
of the last: Dantzig, Linear Programming and Extensions (1963), chapter 6. Equal ratios are settled by the largest
pivot; what cycles or drifts is left to another solver.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.hulls.simplex import balanced, exchange, price
from hebe.science.structures.compiled import allocating, compiled

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]

_PIVOT: Final = 1e-9
_TIE: Final = 1e-12
_PIVOTS_PER_ROW: Final = 30


class CostWalk:
    """A basis that walks from costs to costs at one composition; what it says is proven.

    Parameters
    ----------
    matrix
        Composition of each column, shape ``(n_components, n_columns)``.
    composition
        Shape ``(n_components,)``.
    columns, inverse
        A basis that makes the composition, and its inverse; ``n_columns + r`` stands for component r, which the others
        balance.
    tolerances
        Accepted violation of the balance and of the signs of the amounts, and of the prices.
    """

    def __init__(
        self, matrix: Vector, composition: Vector, columns: Indices, inverse: Vector, tolerances: tuple[float, float]
    ) -> None:
        self._matrix, self._b = np.ascontiguousarray(matrix), np.ascontiguousarray(composition)
        self._columns, self._inverse = columns.astype(np.intp), np.array(inverse, order="C")
        self._primal, self._dual = tolerances

    def mixtures(self, energies: Vector, entropies: Vector, temperature: Vector) -> tuple[Vector, Vector]:
        """Energy and entropy of the lowest mixture of each row, shape ``(n,)``; NaN where there is no proof.

        Parameters
        ----------
        energies
            Of the columns, shape ``(n, n_columns)``.
        entropies
            Of the columns, shape ``(n_columns,)``.
        temperature
            Of each row, shape ``(n,)``.
        """
        found = np.full((len(energies), 2), np.nan)
        rows, at = np.ascontiguousarray(energies), np.ascontiguousarray(temperature)
        tolerances = (self._primal, self._dual)
        _mixtures(self._matrix, self._b, rows, entropies, at, self._columns, self._inverse, *tolerances, found)
        return found[:, 0], found[:, 1]


@allocating
def _mixtures(
    matrix: Vector,
    b: Vector,
    energies: Vector,
    entropies: Vector,
    temperature: Vector,
    columns: Indices,
    start: Vector,
    primal: float,
    dual: float,
    found: Vector,
) -> None:
    m, n = matrix.shape
    basis, inverse = columns.copy(), start.copy()
    amounts, potentials, column = np.zeros(m), np.zeros(m), np.zeros(m)
    costs, reduced = np.zeros(n), np.zeros(n)
    for i in range(len(energies)):
        for j in range(n):
            costs[j] = energies[i, j] - temperature[i] * entropies[j]
        proven = _walk(matrix, b, costs, basis, inverse, amounts, potentials, column, reduced, primal, dual)
        if proven:
            found[i] = 0.0
            for k in range(m):
                if basis[k] < n:
                    found[i, 0] += energies[i, basis[k]] * max(amounts[k], 0.0)
                    found[i, 1] += entropies[basis[k]] * max(amounts[k], 0.0)
        else:
            basis[:], inverse[:] = columns, start


@compiled
def _walk(
    matrix: Vector,
    b: Vector,
    costs: Vector,
    basis: Indices,
    inverse: Vector,
    amounts: Vector,
    potentials: Vector,
    column: Vector,
    reduced: Vector,
    primal: float,
    dual: float,
) -> bool:
    """Pivot until no column costs less than its price; False without a proof."""
    m, n = matrix.shape
    for k in range(m):
        amounts[k] = 0.0
        for r in range(m):
            amounts[k] += inverse[k, r] * b[r]
    for _ in range(_PIVOTS_PER_ROW * m):
        if price(matrix, costs, basis, inverse, potentials, reduced) >= -dual:
            return balanced(matrix, basis, amounts, b, primal)
        entering = 0
        for j in range(n):
            if reduced[j] < reduced[entering]:
                entering = j
        leaving = _leaving(matrix, basis, inverse, amounts, column, entering)
        if leaving < 0:
            return False
        basis[leaving] = entering
        exchange(matrix, inverse, amounts, column, leaving, entering)
    return False


@compiled
def _leaving(matrix: Vector, basis: Indices, inverse: Vector, amounts: Vector, column: Vector, entering: int) -> int:
    """Row that is used up first when a column enters; of equal ones the safest pivot. -1 if none is."""
    m, n = matrix.shape
    nearest = np.inf
    for k in range(m):
        column[k] = 0.0
        for r in range(m):
            column[k] += inverse[k, r] * matrix[r, entering]
        if basis[k] < n and column[k] > _PIVOT:
            nearest = min(nearest, max(amounts[k], 0.0) / column[k])
        elif basis[k] >= n and abs(column[k]) > _PIVOT:
            nearest = 0.0
    row, largest = -1, 0.0
    for k in range(m):
        held = basis[k] >= n
        if (held and abs(column[k]) <= _PIVOT) or (not held and column[k] <= _PIVOT):
            continue
        ratio = 0.0 if held else max(amounts[k], 0.0) / column[k]
        if ratio <= nearest + _TIE and abs(column[k]) > largest:
            row, largest = k, abs(column[k])
    return row
