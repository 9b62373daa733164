"""A Gaussian process of one quantity over compositions, with the noise of every point known.

The covariance is that of a linear mixture and of departures from it, over the same scaled descriptors ``u = w z``::

    k(u, u') = mixture (1 + u u') + departure exp(-|u - u'|^2 / 2)

so that one product of matrices serves both. Weights, strengths and a scatter that no descriptor tells are found by the
largest posterior density (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, chapters 2, 5). The
prior of the weights shrinks with the number of descriptors, as Hvarfner, Hellsten and Nardi propose (ICML 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

FEWEST: Final = 5
"""Points that a process is fitted to, at least."""

_STARTS: Final = (0.0, -1.0, 1.0)
"""Logarithms by which all weights of a start of the search differ from the middle of their prior."""

_DIGITS: Final = 2
"""Decimals to which logarithms of what was found are kept: what the last bits of a processor do is not in them."""

_VARIANCES: Final = (-9.0, 4.0)
_WEIGHTS: Final = (-7.0, 1.5)
"""Limits of the logarithms of variances and weights: the covariance of any points then has an inverse to seven digits.
A scatter of one percent of the spread is the least."""


@dataclass(frozen=True)
class Prior:
    """Normal prior of the logarithm of a positive number: its middle and standard deviation."""

    middle: float
    width: float

    def cost(self, value: Array | float) -> float:
        """Minus the logarithm of its density, without constants."""
        return 0.5 * float(np.sum(((np.asarray(value) - self.middle) / self.width) ** 2))

    def slope(self, value: Array) -> Array:
        """Derivative of the cost."""
        return np.asarray((value - self.middle) / self.width**2)


MIXTURE: Final = Prior(0.0, 1.0)
DEPARTURE: Final = Prior(0.5, 1.0)
SCATTER: Final = Prior(-4.0, 1.5)
"""Of variances, relative to that of the values."""


def weight_prior(number: int) -> Prior:
    """Prior of the logarithm of a weight, among a number of descriptors of unit variance."""
    return Prior(-0.5 * math.log(number) - 0.25, 0.5)


@dataclass(frozen=True)
class Scale:
    """Middle and width of each descriptor, shape ``(descriptors,)``; those that never vary have no width."""

    middle: Array
    width: Array

    @classmethod
    def of(cls, tables: Sequence[Array]) -> Scale:
        """Scale of all rows of some tables."""
        every = np.concatenate(tables)
        width = every.std(axis=0)
        return cls(every.mean(axis=0), np.where(width > 1e-9, width, 0.0))

    def __call__(self, table: Array) -> Array:
        """Descriptors of mean 0 and variance 1; those without width are 0."""
        inverse = np.divide(1.0, self.width, out=np.zeros_like(self.width), where=self.width > 0)
        return np.asarray((table - self.middle) * inverse)


@dataclass(frozen=True)
class Parameters:
    """What the fit finds: variances relative to that of the values, and a weight of each descriptor."""

    mixture: float
    departure: float
    scatter: float
    weights: Array

    @property
    def logarithms(self) -> Array:
        """As the search has them."""
        return np.asarray(np.log([self.mixture, self.departure, self.scatter, *self.weights]))

    @classmethod
    def of(cls, logarithms: Array) -> Parameters:
        """From what the search has."""
        mixture, departure, scatter, *weights = np.exp(np.round(logarithms, _DIGITS)).tolist()
        return cls(mixture, departure, scatter, np.array(weights))


@dataclass(frozen=True)
class Process:
    """A fitted process.

    Parameters
    ----------
    points
        Scaled descriptors of the points, shape ``(n, descriptors)``.
    values, noise
        Values, and the standard deviations of their errors, in the unit of the quantity.
    parameters
        What was found.
    factor
        By which standard deviations of predictions are multiplied, as left-out points tell.
    """

    points: Array
    values: Array
    noise: Array
    parameters: Parameters
    factor: float = 1.0

    @cached_property
    def middle(self) -> float:
        """Mean of the values."""
        return float(self.values.mean())

    @cached_property
    def width(self) -> float:
        """Standard deviation of the values; 1 where all are the same."""
        return float(self.values.std()) or 1.0

    @cached_property
    def scaled(self) -> Array:
        """Points times weights."""
        return np.asarray(self.points * self.parameters.weights)

    @cached_property
    def errors(self) -> Array:
        """Variance of what is seen at each point beyond the process, relative to that of the values."""
        return np.asarray((self.noise / self.width) ** 2 + self.parameters.scatter)

    @property
    def scatter(self) -> float:
        """Standard deviation of what no descriptor tells, in the unit of the quantity."""
        return self.width * math.sqrt(self.parameters.scatter)

    @property
    def usual_noise(self) -> float:
        """Variance of what is usually seen beyond the process, in the unit of the quantity squared."""
        return float(np.median(self.errors)) * self.width**2

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        """Inverse of the lower triangle, and the coefficients of the mean."""
        from scipy.linalg import solve_triangular

        K = covariance(self.scaled, self.scaled, self.parameters)
        lower = np.linalg.cholesky(K + np.diag(self.errors))
        inverse = solve_triangular(lower, np.eye(len(K)), lower=True)
        targets = (self.values - self.middle) / self.width
        return inverse, inverse.T @ (inverse @ targets)

    @property
    def coefficients(self) -> Array:
        """Coefficients of the mean, shape ``(n,)``: the mean is ``k(u, points) @ coefficients``, scaled."""
        return self._factors[1]

    def prior_variance(self, table: Array) -> Array:
        """Variance where nothing was computed, relative to that of the values, shape ``(rows,)``."""
        squares = np.einsum("ij,ij->i", table, table)
        return np.asarray(self.parameters.mixture * (1 + squares) + self.parameters.departure)

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (without noise) of rows of scaled descriptors, each shape ``(rows,)``."""
        u = table * self.parameters.weights
        k = covariance(u, self.scaled, self.parameters)
        inverse, coefficients = self._factors
        variance = self.prior_variance(u) - np.einsum("ij,ij->i", part := k @ inverse.T, part)
        sd = np.sqrt(np.maximum(variance, 0.0)) * self.width * self.factor
        return self.middle + self.width * (k @ coefficients), sd

    def cross(self, first: Array, second: Array) -> Array:
        """Covariance of predictions, in the unit of the quantity squared, shape ``(rows of first, rows of second)``."""
        u, v = (table * self.parameters.weights for table in (first, second))
        inverse = self._factors[0]
        known = [covariance(one, self.scaled, self.parameters) @ inverse.T for one in (u, v)]
        found = covariance(u, v, self.parameters) - known[0] @ known[1].T
        return np.asarray(found * (self.width * self.factor) ** 2)

    def prior(self, first: Array, second: Array) -> Array:
        """Covariance where nothing was computed, in the unit of the quantity squared, as `cross`."""
        u, v = (table * self.parameters.weights for table in (first, second))
        return covariance(u, v, self.parameters) * (self.width * self.factor) ** 2

    def novelty(self, table: Array) -> Array:
        """Variance of predictions, as widened, relative to that of the values, shape ``(rows,)``."""
        return np.asarray((self.predict(table)[1] / self.width) ** 2)


def covariance(u: Array, v: Array, parameters: Parameters) -> Array:
    """Covariance of rows of scaled descriptors times weights, shape ``(rows of u, rows of v)``."""
    inner = u @ v.T
    squares = 0.5 * (np.einsum("ij,ij->i", u, u)[:, None] + np.einsum("ij,ij->i", v, v)[None, :])
    departure = np.exp(np.minimum(inner - squares, 0.0))
    return np.asarray(parameters.mixture * (1 + inner) + parameters.departure * departure)


def fit(points: Array, values: Array, noise: Array, start: Parameters | None = None) -> Process:
    """Process of the largest posterior density.

    Parameters
    ----------
    points
        Scaled descriptors, shape ``(n, descriptors)``.
    values, noise
        Values, and the standard deviations of their errors.
    start
        Where the search begins; from three starts in the prior without.

    Raises
    ------
    BadInputError
        If there are too few points.
    """
    if len(values) < FEWEST:
        raise BadInputError(f"{len(values)} candidates have a value: a model takes at least {FEWEST}")
    from scipy.optimize import minimize

    width = float(values.std()) or 1.0
    problem = _Problem(points, (values - values.mean()) / width, (noise / width) ** 2)
    starts = [problem.start(shift) for shift in _STARTS] if start is None else [start.logarithms]
    bounds = [_VARIANCES] * 3 + [_WEIGHTS] * points.shape[1]
    found = [minimize(problem.cost, at, jac=True, method="L-BFGS-B", bounds=bounds) for at in starts]
    best = min(found, key=lambda one: round(float(one.fun), 6))
    return Process(points, values, noise, Parameters.of(best.x))


@dataclass(frozen=True)
class _Problem:
    """Points, values of mean 0 and variance 1, and variances of their errors."""

    points: Array
    targets: Array
    noise: Array

    @cached_property
    def prior(self) -> Prior:
        """Prior of the weights."""
        return weight_prior(max(int(np.count_nonzero(self.points.any(axis=0))), 1))

    def start(self, shift: float) -> Array:
        """Middle of the prior, all weights multiplied by ``exp(shift)``."""
        weights = np.full(self.points.shape[1], self.prior.middle + shift)
        return np.concatenate([[MIXTURE.middle, DEPARTURE.middle, SCATTER.middle], weights])

    def cost(self, logarithms: Array) -> tuple[float, Array]:
        """Minus the logarithm of the posterior density, without constants, and its gradient."""
        from scipy.linalg import cho_solve

        mixture, departure, scatter = np.exp(logarithms[:3])
        weights = np.exp(logarithms[3:])
        u = self.points * weights
        inner = u @ u.T
        squares = np.diag(inner)
        E = departure * np.exp(np.minimum(inner - 0.5 * (squares[:, None] + squares), 0.0))
        K = mixture * (1 + inner) + E + np.diag(self.noise + scatter)
        lower = np.linalg.cholesky(K)
        inverse = cho_solve((lower, True), np.eye(len(K)))
        a = inverse @ self.targets
        cost = 0.5 * float(self.targets @ a) + float(np.log(np.diag(lower)).sum())
        Q = 0.5 * (inverse - np.outer(a, a))
        M = Q * E
        # d|u_i - u_j|^2 / dlog w = 2 (u_i - u_j)^2, and of u_i u_j it is 2 u_i u_j
        linear = 2 * mixture * np.einsum("ij,ij->j", u, Q @ u)
        curved = -2 * (M.sum(axis=1) @ u**2 - np.einsum("ij,ij->j", u, M @ u))
        slopes = [float(np.sum(Q * (mixture * (1 + inner)))), float(M.sum()), float(np.trace(Q) * scatter)]
        own = logarithms[:3], logarithms[3:]
        priors = (MIXTURE, DEPARTURE, SCATTER)
        cost += sum(p.cost(x) for p, x in zip(priors, own[0], strict=True)) + self.prior.cost(own[1])
        extra = [float(p.slope(x)) for p, x in zip(priors, own[0], strict=True)]
        gradient = np.concatenate([np.add(slopes, extra), linear + curved + self.prior.slope(own[1])])
        return cost, gradient
