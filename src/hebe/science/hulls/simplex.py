"""Dual simplex method on small dense programs, compiled: from an optimal basis to that of another composition.

A basis that is optimal for one composition prices no column above its cost whatever the composition is, so that the
next one is a few pivots away: Lemke, Nav. Res. Logist. Q. 1, 36 (1954). The ratio test has two passes, after Harris,
Math. Program. 5, 1 (1973).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import compiled

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]

_FEASIBLE: Final = 1e-10
_PIVOT: Final = 1e-9
_SLACK: Final = 1e-12
_PIVOTS_PER_ROW: Final = 20


class Walk:
    """A basis with its inverse that walks from composition to composition; what it says is proven.

    Parameters
    ----------
    matrix
        Composition of each column, shape ``(n_components, n_columns)``.
    costs
        Cost of each column.
    columns
        Optimal basis, shape ``(n_components,)``; ``n_columns + r`` stands for component r, which the others balance.
    inverse
        Inverse of the basis.
    tolerances
        Accepted violation of the balance and of the signs of the amounts, and of the prices.
    """

    def __init__(
        self, matrix: Vector, costs: Vector, columns: Indices, inverse: Vector, tolerances: tuple[float, float]
    ) -> None:
        rows, n_columns = matrix.shape
        self.basis = columns.astype(np.intp)
        self.amounts = np.zeros(rows)
        self.potentials = np.zeros(rows)
        self._free = np.ones(n_columns, dtype=np.bool_)
        self._free[self.basis[self.basis < n_columns]] = False
        # price of a component that stands in the basis by itself: 0
        self._program = (np.ascontiguousarray(matrix), costs)
        self._state: tuple[Any, ...] = (self.basis, self._free, np.array(inverse, order="C"), np.zeros(n_columns))
        self._results: tuple[Any, ...] = (self.amounts, self.potentials, np.zeros(n_columns), np.zeros(rows))
        self._primal, self._dual = tolerances
        price(*self._program, self.basis, self._state[2], self.potentials, self._state[3])

    def reach(self, b: Vector) -> bool:
        """Whether `b` is reached and proven; then `basis`, `amounts` and `potentials` are its optimum."""
        return self.values(b[None], np.empty(1)) == 1

    def values(self, b: Vector, values: Vector) -> int:
        """Fill in optimal values of compositions, shape ``(n, n_components)``, to the first without a proof.

        Returns
        -------
        int
            How many were done.
        """
        rows = np.ascontiguousarray(b, dtype=float)
        arguments: tuple[Any, ...] = (
            *self._program,
            *self._state,
            *self._results,
            rows,
            values,
            self._primal,
            self._dual,
        )
        return _values(*arguments)


@compiled
def _values(
    matrix: Vector,
    costs: Vector,
    basis: Indices,
    free: NDArray[np.bool_],
    inverse: Vector,
    reduced: Vector,
    amounts: Vector,
    potentials: Vector,
    row: Vector,
    column: Vector,
    compositions: Vector,
    values: Vector,
    primal: float,
    dual: float,
) -> int:
    for i in range(len(compositions)):
        b = compositions[i]
        if not _reach(matrix, basis, free, inverse, reduced, amounts, row, column, b):
            return i
        lowest = price(matrix, costs, basis, inverse, potentials, reduced)
        if lowest < -dual or not balanced(matrix, basis, amounts, b, primal):
            return i
        value, priced = 0.0, 0.0
        for k in range(len(basis)):
            priced += potentials[k] * b[k]
            if basis[k] < matrix.shape[1]:
                value += costs[basis[k]] * amounts[k]
        if not abs(value - priced) <= dual:
            return i
        values[i] = value
    return len(compositions)


@compiled
def _reach(
    matrix: Vector,
    basis: Indices,
    free: NDArray[np.bool_],
    inverse: Vector,
    reduced: Vector,
    amounts: Vector,
    row: Vector,
    column: Vector,
    b: Vector,
) -> bool:
    """Pivot until no amount is negative; False where that takes too long or no column can help."""
    m, n = matrix.shape
    for k in range(m):
        amounts[k] = 0.0
        for r in range(m):
            amounts[k] += inverse[k, r] * b[r]
    for _ in range(_PIVOTS_PER_ROW * m):
        leaving, worst = -1, _FEASIBLE
        for k in range(m):
            off = abs(amounts[k]) if basis[k] >= n else -amounts[k]
            if off > worst:
                leaving, worst = k, off
        if leaving < 0:
            return True
        sign = 1.0 if amounts[leaving] < 0 else -1.0
        entering = _entering(matrix, free, inverse, reduced, row, leaving, sign)
        if entering < 0:
            return False
        step = reduced[entering] / row[entering]
        for j in range(n):
            reduced[j] -= step * row[j]
        reduced[entering] = 0.0
        old = basis[leaving]
        if old < n:
            reduced[old] = -step
            free[old] = True
        free[entering] = False
        basis[leaving] = entering
        exchange(matrix, inverse, amounts, column, leaving, entering)
    return False


@compiled
def _entering(
    matrix: Vector,
    free: NDArray[np.bool_],
    inverse: Vector,
    reduced: Vector,
    row: Vector,
    leaving: int,
    sign: float,
) -> int:
    """Column whose price is met first when that of the leaving one rises; of nearly equal ones the safest pivot."""
    m, n = matrix.shape
    for j in range(n):
        row[j] = 0.0
    for r in range(m):
        factor = sign * inverse[leaving, r]
        for j in range(n):
            row[j] += factor * matrix[r, j]
    bound = np.inf
    for j in range(n):
        if free[j] and row[j] < -_PIVOT:
            bound = min(bound, (max(reduced[j], 0.0) + _SLACK) / -row[j])
    entering, largest = -1, 0.0
    for j in range(n):
        if free[j] and row[j] < -_PIVOT and -row[j] > largest and reduced[j] <= -bound * row[j]:
            entering, largest = j, -row[j]
    return entering


@compiled
def exchange(matrix: Vector, inverse: Vector, amounts: Vector, column: Vector, leaving: int, entering: int) -> None:
    """Bring a column into the basis: inverse and amounts of the new one."""
    m = len(matrix)
    for k in range(m):
        column[k] = 0.0
        for r in range(m):
            column[k] += inverse[k, r] * matrix[r, entering]
    pivot = column[leaving]
    for r in range(m):
        inverse[leaving, r] /= pivot
    amounts[leaving] /= pivot
    for k in range(m):
        if k != leaving:
            amounts[k] -= column[k] * amounts[leaving]
            for r in range(m):
                inverse[k, r] -= column[k] * inverse[leaving, r]


@compiled
def price(matrix: Vector, costs: Vector, basis: Indices, inverse: Vector, potentials: Vector, reduced: Vector) -> float:
    """Potentials and reduced costs of a basis from nothing but its inverse; the lowest reduced cost."""
    m, n = matrix.shape
    for r in range(m):
        potentials[r] = 0.0
        for k in range(m):
            if basis[k] < n:
                potentials[r] += costs[basis[k]] * inverse[k, r]
    for j in range(n):
        reduced[j] = costs[j]
    for r in range(m):
        for j in range(n):
            reduced[j] -= potentials[r] * matrix[r, j]
    lowest = np.inf
    for j in range(n):
        lowest = min(lowest, reduced[j])
    return lowest


@compiled
def balanced(matrix: Vector, basis: Indices, amounts: Vector, b: Vector, tolerance: float) -> bool:
    """Whether the amounts are not negative and give the composition, by the columns and not by the inverse."""
    m, n = matrix.shape
    for k in range(m):
        off = abs(amounts[k]) if basis[k] >= n else -amounts[k]
        if not off <= tolerance:
            return False
    for r in range(m):
        total = -b[r]
        for k in range(m):
            if basis[k] < n:
                total += matrix[r, basis[k]] * amounts[k]
            elif basis[k] - n == r:
                total += amounts[k]
        if not abs(total) <= tolerance:
            return False
    return True
