"""Two fidelities of one quantity: what is dear, as a multiple of what is cheap and a process of its own.

``y = slope * cheap(u) + own(u)``: Kennedy and O'Hagan, Biometrika 87, 1 (2000), fitted one after the other as Le
Gratiet and Garnier do, Int. J. Uncertain. Quantif. 4, 365 (2014). The prior of the slope is normal about 1, so that a
few dear values tell an offset before they tell a slope.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        """Variance of predictions relative to that of the values, shape ``(rows,)``: 1 where nothing is told."""


@dataclass(frozen=True)
class Linked:
    """A cheap process and one of what is dear beyond it."""

    cheap: Process
    slope: float
    own: Process

    @property
    def scatter(self) -> float:
        """That of the dear values."""
        return self.own.scatter

    @property
    def usual_noise(self) -> float:
        """That of the dear values."""
        return self.own.usual_noise

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of rows, each shape ``(rows,)``."""
        (low, low_sd), (own, own_sd) = self.cheap.predict(table), self.own.predict(table)
        return self.slope * low + own, np.sqrt((self.slope * low_sd) ** 2 + own_sd**2)

    def cross(self, first: Array, second: Array) -> Array:
        """Covariance of predictions, shape ``(rows of first, rows of second)``."""
        return np.asarray(self.slope**2 * self.cheap.cross(first, second) + self.own.cross(first, second))

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
    return Linked(cheap, slope, fit(points, values - slope * low, np.sqrt(noise**2 + (slope * low_sd) ** 2)))


def _slope(low: Array, values: Array) -> float:
    """Slope of the largest posterior density, the scatter about a slope of 1 taken as known."""
    x, y = low - low.mean(), values - values.mean()
    scatter = float(np.var(y - x))
    return round(float((x @ y + scatter / _SLOPE_SD**2) / (x @ x + scatter / _SLOPE_SD**2)), 4) if x @ x else 1.0
