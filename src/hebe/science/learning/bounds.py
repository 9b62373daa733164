"""Predictions of many compositions at once: exact means, and standard deviations that are at most too large.

What is known from some of the points leaves at least the variance that is known from all of them, so that an
acquisition that never falls with the variance is never underestimated. Exact variances take a product with the inverse
of the whole covariance for every row; they are left to the few rows for which the bound says that they matter.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.compiled import compiled
from hebe.science.learning.gaussian_process import Process, covariance
from hebe.science.learning.linked import Linked, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.learning.gaussian_process import Array

KNOWN: Final = 48
"""Points from which the bound of a variance follows."""

_PART: Final = 1_024
"""Rows whose products are in the cache of a processor together."""

_SLACK: Final = 1e-10
"""By which rounding can make a variance too small, relative to that of the values."""


@compiled
def _means(
    inner: Array, own: Array, others: Array, mixture: float, departure: float, coefficients: Array, out: Array, k: Array
) -> None:
    """Means from inner products, shape ``(rows, points)``, which turn into the covariance with the first points."""
    for i in range(inner.shape[0]):
        total = 0.0
        for j in range(inner.shape[1]):
            g = inner[i, j]
            value = mixture * (1.0 + g) + departure * math.exp(g - own[i] - others[j])
            total += value * coefficients[j]
            if j < k.shape[1]:
                k[i, j] = value
        out[i] = total


def spread_points(process: Process, number: int) -> NDArray[np.intp]:
    """Points in an order in which each is the one that those before tell least of: pivots of Cholesky's factor."""
    K = covariance(process.scaled, process.scaled, process.parameters) + np.diag(process.errors)
    left, chosen = np.diag(K).copy(), list[int]()
    factor = np.zeros((len(K), min(number, len(K))))
    for column in range(factor.shape[1]):
        pivot = int(np.argmax(np.round(left, 9)))
        chosen.append(pivot)
        factor[:, column] = (K[:, pivot] - factor @ factor[pivot]) / math.sqrt(left[pivot])
        left -= factor[:, column] ** 2
        left[chosen] = -1.0
    rest = np.setdiff1d(np.arange(len(K)), chosen)
    return np.concatenate([np.array(chosen, dtype=np.intp), rest])


class Bounded:
    """Means and bounds of standard deviations of one process."""

    def __init__(self, process: Process) -> None:
        order = spread_points(process, KNOWN)
        number = min(KNOWN, len(order))
        self.process = process
        self._points = np.ascontiguousarray(process.scaled[order])
        self._squares = 0.5 * np.einsum("ij,ij->i", self._points, self._points)
        self._coefficients = np.ascontiguousarray(process.coefficients[order])
        known = self._points[:number]
        K = covariance(known, known, process.parameters) + np.diag(process.errors[order[:number]])
        self._inverse = np.linalg.inv(np.linalg.cholesky(K)).T

    @cached_property
    def _room(self) -> tuple[Array, Array]:
        """Room for the products of one part of the rows, taken once: fresh memory costs more than the products."""
        return np.empty((_PART, len(self._points))), np.empty((_PART, len(self._inverse)))

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Means, and standard deviations at least as large as the exact ones, of rows of scaled descriptors."""
        means, variances = np.empty(len(table)), np.empty(len(table))
        for begin in range(0, len(table), _PART):
            part = slice(begin, begin + _PART)
            self._fill(table[part], means[part], variances[part])
        process = self.process
        sds = np.sqrt(np.maximum(variances, 0.0) + _SLACK) * process.width * process.factor
        return process.middle + process.width * means, sds

    def _fill(self, table: Array, means: Array, variances: Array) -> None:
        """Means and bounds of variances relative to those of the values, of at most `_PART` rows."""
        found = self.process.parameters
        u = table * found.weights
        squares = np.einsum("ij,ij->i", u, u)
        inner, k = (room[: len(u)] for room in self._room)
        np.matmul(u, self._points.T, out=inner)
        _means(inner, 0.5 * squares, self._squares, found.mixture, found.departure, self._coefficients, means, k)
        told = k @ self._inverse
        variances[:] = found.mixture * (1 + squares) + found.departure - np.einsum("ij,ij->i", told, told)


class BoundedLinked:
    """The same of two linked processes."""

    def __init__(self, model: Linked) -> None:
        self.model, self.cheap = model, Bounded(model.cheap)

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Means, and standard deviations as large as without the dear values, of rows of scaled descriptors."""
        low, low_sd = self.cheap.predict(table)
        return self.model.mean(low, table), np.sqrt(self.model.before(low_sd, table))


def bounded(model: Model) -> Bounded | BoundedLinked:
    """Bounds of the predictions of a model."""
    if isinstance(model, Linked):
        return BoundedLinked(model)
    assert isinstance(model, Process)  # noqa: S101 - the two that there are
    return Bounded(model)
