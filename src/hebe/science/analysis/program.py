"""The linear program of a hull, in one HiGHS model that every composition re-uses; no answer leaves it unproven.

``min c x  subject to  A x = b, x >= 0``. A basis whose amounts ``B^-1 b`` are not negative and whose potentials
``y = c_B B^-1`` price no column above its cost is optimal for every ``b`` with that property: it is a facet of the
hull, and one solution serves all compositions inside it. HiGHS: Huangfu and Hall, Math. Program. Comput. 10, 119
(2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import HebeError

Vector = NDArray[np.float64]

PRIMAL_TOLERANCE: Final = 1e-9
"""Accepted violation of the balance and of the sign of the amounts, per component of a composition of sum 1."""
DUAL_TOLERANCE: Final = 1e-8
"""Accepted reduced cost below zero, in the unit of the costs."""
_REMAINDER: Final = 1e-7
_HIGHS_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Facet:
    """An optimal basis: columns (-1 for a component that the others balance by themselves), inverse, potentials."""

    columns: NDArray[np.intp]
    inverse: Vector
    potentials: Vector

    def amounts(self, b: Vector) -> Vector:
        """Amounts of the basic columns at compositions of shape ``(..., n_components)``."""
        return b @ self.inverse.T

    def holds(self, b: Vector) -> NDArray[np.bool_]:
        """Which of the compositions lie in the facet, shape ``(...)``."""
        amounts = self.amounts(b)
        real = self.columns >= 0
        inside = (amounts[..., real] >= -PRIMAL_TOLERANCE).all(axis=-1)
        return np.asarray(inside & (np.abs(amounts[..., ~real]) <= PRIMAL_TOLERANCE).all(axis=-1))


@dataclass(frozen=True)
class Optimum:
    """A proven answer: amounts of all columns, potentials of the components, value."""

    amounts: Vector
    potentials: Vector
    value: float


class UnbalancedError(HebeError):
    """No mixture of the columns has the composition; `excess` is what the nearest one leaves over, per component."""

    def __init__(self, excess: Vector) -> None:
        self.excess = excess
        super().__init__("the columns cannot balance the composition")


class HullProgram:
    """The program with its warm model.

    Parameters
    ----------
    matrix
        Composition of each column, shape ``(n_components, n_columns)``, every column of sum 1.
    costs
        Cost of each column.
    """

    def __init__(self, matrix: Vector, costs: Vector) -> None:
        self.matrix = matrix
        self.costs = np.array(costs, dtype=float)
        self._rows = np.arange(len(matrix), dtype=np.int32)
        self._columns = np.arange(matrix.shape[1], dtype=np.int32)

    @cached_property
    def _model(self) -> Any:
        import highspy

        new_model: Any = highspy.Highs  # its methods come from a compiled class without annotations
        model = new_model()
        for option, value in (
            ("output_flag", False),
            ("presolve", "off"),
            ("threads", 1),
            ("solver", "simplex"),
            ("simplex_scale_strategy", 0),
            # with two or three pivots a composition, weights cost more than they save
            ("simplex_dual_edge_weight_strategy", 0),
            ("primal_feasibility_tolerance", _HIGHS_TOLERANCE),
            ("dual_feasibility_tolerance", _HIGHS_TOLERANCE),
        ):
            model.setOptionValue(option, value)
        rows, columns = self.matrix.shape
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = rows, columns
        program.col_cost_ = self.costs
        program.col_lower_ = np.zeros(columns)
        program.col_upper_ = np.full(columns, highspy.kHighsInf)
        program.row_lower_ = program.row_upper_ = np.zeros(rows)
        held = [np.flatnonzero(column) for column in self.matrix.T]
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = np.cumsum([0, *map(len, held)])
        program.a_matrix_.index_ = np.concatenate(held)
        program.a_matrix_.value_ = np.concatenate([self.matrix[k, j] for j, k in enumerate(held)])
        model.passModel(program)
        return model

    def set_costs(self, costs: Vector) -> None:
        """Give the columns other costs; the basis stays."""
        self.costs = np.array(costs, dtype=float)
        self._model.changeColsCost(len(self._columns), self._columns, self.costs)

    def solve(self, b: Vector) -> Optimum:
        """Proven optimum at a composition of sum 1.

        Raises
        ------
        UnbalancedError
            If no mixture of the columns has it, which is proven as well.
        HebeError
            If no solver gave an answer that can be proven.
        """
        facet = self.facet(b)
        if facet is None:
            return self._second_opinion(b)
        real = facet.columns >= 0
        amounts = np.zeros(len(self._columns))
        amounts[facet.columns[real]] = np.maximum(facet.amounts(b)[real], 0.0)
        return Optimum(amounts, facet.potentials, float(self.costs @ amounts))

    def values(self, b: Vector) -> Vector:
        """Optimal values at many compositions, shape ``(n,)``; NaN where no mixture has the composition.

        Parameters
        ----------
        b
            Compositions of sum 1, shape ``(n, n_components)``.
        """
        result = np.full(len(b), np.nan)
        left = np.arange(len(b))
        while len(left):
            try:
                facet = self.facet(b[left[0]])
                if facet is None:
                    result[left[0]] = self._second_opinion(b[left[0]]).value
            except UnbalancedError:
                facet = None
            if facet is None:
                left = left[1:]
                continue
            inside = facet.holds(b[left])
            result[left[inside]] = b[left[inside]] @ facet.potentials
            left = left[~inside]
        return result

    def facet(self, b: Vector) -> Facet | None:
        """Proven facet around a composition, None where the warm and a cold run of the model fail to give one.

        Raises
        ------
        UnbalancedError
            If no mixture of the columns has the composition.
        """
        import highspy

        model = self._model
        model.changeRowsBounds(len(self._rows), self._rows, b, b)
        for cold in (False, True):
            if cold:
                model.clearSolver()
            model.run()
            status = model.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                self._prove_unbalanced(b)
            elif status == highspy.HighsModelStatus.kOptimal:
                facet = self._proven(np.asarray(model.getBasicVariables()[1]), b)
                if facet is not None:
                    return facet
        return None

    def _proven(self, basis: NDArray[np.intp], b: Vector) -> Facet | None:
        """Facet of a basis, if its amounts and potentials prove it; negative numbers of HiGHS stand for rows."""
        real = basis >= 0
        square = np.zeros((len(self._rows), len(basis)))
        square[:, real] = self.matrix[:, basis[real]]
        square[-basis[~real] - 1, np.flatnonzero(~real)] = 1.0
        try:
            inverse = np.linalg.inv(square)
        except np.linalg.LinAlgError:
            return None
        columns = np.where(real, basis, -1)
        potentials = np.asarray(np.where(real, self.costs[columns], 0.0) @ inverse, dtype=float)
        facet = Facet(columns, np.asarray(inverse, dtype=float), potentials)
        balanced = np.abs(square @ facet.amounts(b) - b).max() <= PRIMAL_TOLERANCE
        return facet if balanced and facet.holds(b) and self._prices(potentials) else None

    def _prices(self, potentials: Vector) -> bool:
        """Whether no column costs less than its components at these potentials."""
        return bool((self.costs - potentials @ self.matrix).min() >= -DUAL_TOLERANCE)

    def _prove_unbalanced(self, b: Vector) -> None:
        """Raise if the nearest mixture, by least squares, proves that none has the composition (Farkas)."""
        from scipy.optimize import nnls

        amounts, _ = nnls(self.matrix, b)
        excess = b - self.matrix @ amounts
        if excess @ b > _REMAINDER**2 and (excess @ self.matrix).max() <= PRIMAL_TOLERANCE * np.abs(excess).max():
            raise UnbalancedError(excess)

    def _second_opinion(self, b: Vector) -> Optimum:
        """The same program by scipy, proven in the same way."""
        from scipy.optimize import linprog

        for method in ("highs-ds", "highs-ipm"):
            found = linprog(self.costs, A_eq=self.matrix, b_eq=b, bounds=(0, None), method=method)
            if found.status != 0 or found.x is None:
                continue
            amounts, potentials = np.maximum(found.x, 0.0), np.asarray(found.eqlin.marginals, dtype=float)
            gap = abs(float(self.costs @ amounts) - float(potentials @ b))
            balanced = np.abs(self.matrix @ amounts - b).max() <= PRIMAL_TOLERANCE
            if balanced and gap <= DUAL_TOLERANCE and self._prices(potentials):
                return Optimum(amounts, potentials, float(self.costs @ amounts))
        raise HebeError("the linear program gave no proven optimum with any solver")
