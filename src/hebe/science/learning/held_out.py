"""How far predictions are off where nothing was computed: groups of candidates left out in turn.

A group is what shares its elements, so that a left-out candidate has no near relative among those that a model knows.
Everything that a model fits is fitted without the group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.learning.gaussian_process import FEWEST, Array, fit

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from hebe.science.learning.gaussian_process import Process

FOLDS: Final = 10
"""Parts into which groups are put together at most."""

_FEW_GROUPS: Final = 4
"""Groups below which every candidate is its own."""

LEVELS: Final = {"50": 0.674490, "90": 1.644854}
"""Half widths of intervals in standard deviations, by the share (%) of values inside."""

_PRIOR: Final = 0.5
"""Standard deviation of the logarithm of the factor before anything was left out."""

_FACTORS: Final = np.exp(np.arange(0.0, 1.505, 0.01))
"""Intervals are only ever widened: left-out points have errors of their own, in which a narrower one would hide."""


@dataclass(frozen=True)
class HeldOut:
    """Left-out points: what was predicted without them, each shape ``(n,)``, in the unit of the quantity.

    Parameters
    ----------
    values, means
        Computed and predicted.
    sds
        Standard deviations of the predictions, as the fit without the point has them.
    errors
        Standard deviations of what is seen at a point beyond the process.
    factor
        By which ``sds`` are to be multiplied.
    """

    values: Array
    means: Array
    sds: Array
    errors: Array
    factor: float

    @property
    def rmse(self) -> float:
        """Root mean square error."""
        return float(np.sqrt(np.mean((self.values - self.means) ** 2)))

    @property
    def explained(self) -> float | None:
        """Share of the variance that predictions explain; None where all values are the same."""
        variance = float(np.var(self.values))
        return 1 - self.rmse**2 / variance if variance else None

    def coverage(self, level: str, factor: float = 1.0) -> float:
        """Share of the values inside intervals of 50 or 90 %, with standard deviations multiplied by a factor."""
        total = np.sqrt((factor * self.sds) ** 2 + self.errors**2)
        return float(np.mean(np.abs(self.values - self.means) <= LEVELS[level] * total))


def folds_of(groups: Sequence[Hashable], most: int = FOLDS) -> NDArray[np.int64]:
    """Number of the part of each candidate: groups stay together, parts are of about the same size.

    Fewer than four groups say nothing: then every candidate is a group.
    """
    names = [repr(one) for one in groups]
    if len(set(names)) < _FEW_GROUPS:
        names = [f"{number:09d}" for number in range(len(names))]
    sizes = {name: names.count(name) for name in dict.fromkeys(names)}
    filled, part = [0] * min(most, len(sizes)), dict[str, int]()
    for name in sorted(sizes, key=lambda one: (-sizes[one], one)):
        smallest = filled.index(min(filled))
        part[name] = smallest
        filled[smallest] += sizes[name]
    return np.array([part[name] for name in names], dtype=np.int64)


def leave_out(process: Process, groups: Sequence[Hashable]) -> HeldOut | None:
    """Predictions of every group by a fit to the others; None where too few others are left.

    Parameters
    ----------
    process
        The fit to everything.
    groups
        What each of its points belongs to.
    """
    parts = folds_of(groups)
    n = len(parts)
    if n - int(np.bincount(parts).max()) < FEWEST:
        return None
    means, sds, errors = np.empty(n), np.empty(n), np.empty(n)
    for number in range(int(parts.max()) + 1):
        out = parts == number
        rest = fit(process.points[~out], process.values[~out], process.noise[~out], process.parameters)
        means[out], sds[out] = rest.predict(process.points[out])
        errors[out] = np.sqrt(process.noise[out] ** 2 + rest.parameters.scatter * rest.width**2)
    return HeldOut(process.values, means, sds, errors, widening(process.values - means, sds, errors))


def widening(misses: Array, sds: Array, errors: Array) -> float:
    """Factor of the standard deviations that makes misses most likely, drawn towards 1 where there are few."""
    variances = (_FACTORS[:, None] * sds) ** 2 + errors**2
    costs = 0.5 * (misses**2 / variances + np.log(variances)).sum(axis=1) + 0.5 * (np.log(_FACTORS) / _PRIOR) ** 2
    return round(float(_FACTORS[int(np.argmin(np.round(costs, 9)))]), 2)


def calibrated(process: Process, held: HeldOut | None) -> Process:
    """Process with the factor that left-out points tell."""
    return process if held is None else replace(process, factor=held.factor)


@dataclass(frozen=True)
class Learned:
    """Error of predictions after a number of candidates: the root mean square over the others, over several draws."""

    n: int
    rmse: float


def learning_curve(process: Process, seed: int = 0, draws: int = 5) -> list[Learned]:
    """Errors after 8, 16, 32, ... candidates drawn at random, of those that were not drawn."""
    found, n = [], 8
    while 4 * n <= 3 * len(process.values):
        squares = []
        for draw in range(draws):
            order = np.random.default_rng([seed, draw]).permutation(len(process.values))
            some, rest = order[:n], order[n:]
            part = fit(process.points[some], process.values[some], process.noise[some], process.parameters)
            squares.append(float(np.mean((part.predict(process.points[rest])[0] - process.values[rest]) ** 2)))
        found.append(Learned(n, math.sqrt(math.fsum(squares) / draws)))
        n *= 2
    return found
