"""Two fidelities of one quantity: what is dear, as a multiple of what is cheap and a process of its own.

``y = slope * cheap(u) + own(u)``: Kennedy and O'Hagan, Biometrika 87, 1 (2000). The parameters of both are fitted one
after the other; predictions are those of the joint process of all values. The prior of the slope is normal about 1, so
that a few dear values tell an offset before they tell a slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np

from hebe.exceptions import BadInputError
from hebe.science.learning.gaussian_process import Array, Process, fit

FEWEST_LINKED: Final = 5
"""Dear values that a link is fitted to, at least."""

_SLOPE_SD: Final = 0.25


class Model(Protocol):
    """What predicts a quantity from scaled descriptors."""

    @property
    def scatter(self) -> float:
        """Standard deviation of what no descriptor tells, in the unit of the quantity."""

    @property
    def usual_noise(self) -> float:
        """Variance of what is usually seen beyond the model, in the unit of the quantity squared."""

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of rows, each shape ``(rows,)``."""

    def cross(self, first: Array, second: Array) -> Array:
        """Covariance of predictions, shape ``(rows of first, rows of second)``."""

    def novelty(self, table: Array) -> Array:
        """Variance of predictions, as widened, relative to that of the values, shape ``(rows,)``."""


@dataclass(frozen=True)
class Linked:
    """A cheap process and one of what is dear beyond it, both told by the dear values.

    Parameters
    ----------
    cheap
        Process of the cheap values.
    slope
        By which it is multiplied.
    own
        Parameters of the process beyond, as fitted to what is left of the dear values.
    values, noise
        The dear values at the points of `own`, and the standard deviations of their errors.
    """

    cheap: Process
    slope: float
    own: Process
    values: Array
    noise: Array

    @property
    def scatter(self) -> float:
        """That of the dear values."""
        return self.own.scatter

    @property
    def usual_noise(self) -> float:
        """That of the dear values."""
        return float(np.median(self.noise**2)) + self.scatter**2

    def between(self, first: Array, second: Array) -> Array:
        """Covariance that the cheap values leave, shape ``(rows of first, rows of second)``."""
        return np.asarray(self.slope**2 * self.cheap.cross(first, second) + self.own.prior(first, second))

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        """Inverse of the lower triangle of the covariance of the dear values, and the coefficients of the mean."""
        points = self.own.points
        lower = np.linalg.cholesky(self.between(points, points) + np.diag(self.noise**2 + self.scatter**2))
        inverse = np.linalg.inv(lower)
        left = self.values - self.slope * self.cheap.predict(points)[0] - self.own.middle
        return inverse, inverse.T @ (inverse @ left)

    def mean(self, low: Array, table: Array) -> Array:
        """Mean of rows of which `low` is that of the cheap process, shape ``(rows,)``."""
        told = self.between(table, self.own.points) @ self._factors[1]
        return np.asarray(self.slope * low + self.own.middle + told)

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of rows, each shape ``(rows,)``."""
        low, low_sd = self.cheap.predict(table)
        told = self.between(table, self.own.points) @ self._factors[0].T
        variance = self.before(low_sd, table) - np.einsum("ij,ij->i", told, told)
        return self.mean(low, table), np.sqrt(np.maximum(variance, 0.0))

    def before(self, low_sd: Array, table: Array) -> Array:
        """Variance without the dear values, of rows with a standard deviation of the cheap process."""
        own = self.own.prior_variance(table * self.own.parameters.weights) * self.own.width**2
        return np.asarray((self.slope * low_sd) ** 2 + own)

    def cross(self, first: Array, second: Array) -> Array:
        """Covariance of predictions, shape ``(rows of first, rows of second)``."""
        known = [self.between(one, self.own.points) @ self._factors[0].T for one in (first, second)]
        return np.asarray(self.between(first, second) - known[0] @ known[1].T)

    def novelty(self, table: Array) -> Array:
        """That of the cheap process, which the other follows."""
        return self.cheap.novelty(table)


def link(cheap: Process, points: Array, values: Array, noise: Array) -> Linked:
    """Link a process to dear values.

    Parameters
    ----------
    cheap
        Process of the cheap values.
    points, values, noise
        Scaled descriptors of the dear values, these, and the standard deviations of their errors.

    Raises
    ------
    BadInputError
        If there are too few of them.
    """
    if len(values) < FEWEST_LINKED:
        raise BadInputError(f"{len(values)} values are too few to be linked to the others: at least {FEWEST_LINKED}")
    low, low_sd = cheap.predict(points)
    slope = _slope(low, values)
    own = fit(points, values - slope * low, np.sqrt(noise**2 + (slope * low_sd) ** 2))
    return Linked(cheap, slope, own, values, noise)


def _slope(low: Array, values: Array) -> float:
    """Slope of the largest posterior density, the scatter about a slope of 1 taken as known."""
    x, y = low - low.mean(), values - values.mean()
    scatter = float(np.var(y - x))
    return round(float((x @ y + scatter / _SLOPE_SD**2) / (x @ x + scatter / _SLOPE_SD**2)), 4) if x @ x else 1.0
