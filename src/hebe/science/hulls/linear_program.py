"""The linear program of a hull: a basis that walks to the next composition, HiGHS behind it; all answers are proven.

``min c x  subject to  A x = b, x >= 0``. A basis whose amounts ``B^-1 b`` are not negative and whose potentials
``y = c_B B^-1`` price no column above its cost is optimal. The first basis at given costs is that of HiGHS (Huangfu
and Hall, Math. Program. Comput. 10, 119 (2018)), as is that of every composition that the walk does not reach.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import HebeError

if TYPE_CHECKING:
    from hebe.science.hulls.simplex import Walk

Vector = NDArray[np.float64]

PRIMAL_TOLERANCE: Final = 1e-9
"""Accepted violation of the balance and of the sign of the amounts, per component of a composition of sum 1."""
DUAL_TOLERANCE: Final = 1e-8
"""Accepted reduced cost below zero, in the unit of the costs."""
_REMAINDER: Final = 1e-7
_HIGHS_TOLERANCE: Final = 1e-10


@dataclass(frozen=True)
class Facet:
    """An optimal basis: inverse, potentials, and columns.

    A column number beyond the last, ``n_columns + r``, is component r, which the others balance by themselves.
    """

    columns: NDArray[np.intp]
    inverse: Vector
    potentials: Vector


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
        self._start: Facet | None = None
        self._walk: Walk | None = None

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
        held = self.matrix.T != 0
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = np.append(0, np.cumsum(held.sum(axis=1)))
        program.a_matrix_.index_ = np.nonzero(held)[1]
        program.a_matrix_.value_ = self.matrix.T[held]
        model.passModel(program)
        return model

    @property
    def start(self) -> Facet | None:
        """Last proven facet at these costs, None before there is one."""
        return self._start

    def set_costs(self, costs: Vector) -> None:
        """Give the columns other costs."""
        self.costs = np.array(costs, dtype=float)
        self._start = self._walk = None
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
        walk = self._warm()
        if walk is not None and walk.reach(b):
            return self._optimum(walk.basis, walk.amounts, walk.potentials.copy())
        facet = self.facet(b)
        if facet is None:
            return self._second_opinion(b)
        self._start, self._walk = facet, None
        return self._optimum(facet.columns, facet.inverse @ b, facet.potentials)

    def values(self, b: Vector) -> Vector:
        """Optimal values at many compositions, shape ``(n,)``; NaN where no mixture has the composition.

        Parameters
        ----------
        b
            Compositions of sum 1, shape ``(n, n_components)``.
        """
        result = np.full(len(b), np.nan)
        done = 0
        while done < len(b):
            walk = self._warm()
            done += 0 if walk is None else walk.values(b[done:], result[done:])
            if done < len(b):
                with suppress(UnbalancedError):
                    result[done] = self.solve(b[done]).value
                done += 1
        return result

    def _warm(self) -> Walk | None:
        """The walk at these costs, from the first basis on that was found."""
        if self._walk is None and self._start is not None:
            from hebe.science.hulls.simplex import Walk

            tolerances = (PRIMAL_TOLERANCE, DUAL_TOLERANCE)
            self._walk = Walk(self.matrix, self.costs, self._start.columns, self._start.inverse, tolerances)
        return self._walk

    def _optimum(self, columns: NDArray[np.intp], amounts: Vector, potentials: Vector) -> Optimum:
        real = columns < len(self._columns)
        found = np.zeros(len(self._columns))
        found[columns[real]] = np.maximum(amounts[real], 0.0)
        return Optimum(found, potentials, float(self.costs @ found))

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
                basis = np.asarray(model.getBasicVariables()[1], dtype=np.intp)
                # HiGHS counts rows by negative numbers
                facet = self._proven(np.where(basis < 0, len(self._columns) - 1 - basis, basis), b)
                if facet is not None:
                    return facet
        return None

    def _proven(self, columns: NDArray[np.intp], b: Vector) -> Facet | None:
        """Facet of a basis, if its amounts and potentials prove it."""
        real = columns < len(self._columns)
        square = np.zeros((len(self._rows), len(columns)))
        square[:, real] = self.matrix[:, columns[real]]
        square[columns[~real] - len(self._columns), np.flatnonzero(~real)] = 1.0
        prices = np.zeros(len(columns))
        prices[real] = self.costs[columns[real]]
        try:
            inverse = np.linalg.inv(square)
        except np.linalg.LinAlgError:
            return None
        facet = Facet(columns, np.asarray(inverse, dtype=float), np.asarray(prices @ inverse, dtype=float))
        amounts = inverse @ b
        proven = (
            np.abs(square @ amounts - b).max() <= PRIMAL_TOLERANCE
            and (amounts[real] >= -PRIMAL_TOLERANCE).all()
            and (np.abs(amounts[~real]) <= PRIMAL_TOLERANCE).all()
            and self._prices(facet.potentials)
        )
        return facet if proven else None

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
