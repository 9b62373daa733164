"""Gaussian processes whose ions are alike, which `benchmarks/learning_embedding.py` compares with that of the package.

The covariance is that of `hebe.science.learning.gaussian_process`, over products ``x B x'`` of scaled descriptors::

    k(x, x') = mixture (1 + x B x') + departure exp(-(x - x') C (x - x') / 2)

The package has ``B = C`` diagonal. Here they are sums of metrics: a diagonal one, one over the shares of ions from a
kernel of their properties (Mercer's: linear in the shares, smooth in the ions), one from vectors of the ions, and one
of low rank that is fitted without any property.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

from hebe.science.learning.gaussian_process import DEPARTURE, MIXTURE, SCATTER, Array, Prior, weight_prior

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIANCES: Final = (MIXTURE, DEPARTURE, SCATTER)
_STARTS: Final = (0.0, -1.0, 1.0)
_LIMITS: Final = (-7.0, 4.0)


class Metric(Protocol):
    """A matrix over descriptors, and what it depends on."""

    @property
    def number(self) -> int:
        """Parameters that it has."""

    def start(self, shift: float) -> Array:
        """Middle of the prior, strengths multiplied by ``exp(shift)``."""

    def matrix(self, own: Array) -> Array:
        """The matrix, shape ``(descriptors, descriptors)``."""

    def slope(self, own: Array, by: Array) -> Array:
        """Derivative of what has the derivative `by` with respect to the matrix."""

    def prior(self, own: Array) -> tuple[float, Array]:
        """Minus the logarithm of the density of the prior, and its derivative."""


@dataclass(frozen=True)
class Diagonal:
    """A weight of each of some descriptors, as the package has it; parameters are logarithms."""

    columns: Array
    """1 for descriptors that have a weight, else 0."""

    @property
    def number(self) -> int:
        """One for each descriptor."""
        return len(self.columns)

    @property
    def _prior(self) -> Prior:
        return weight_prior(max(int(self.columns.sum()), 1))

    def start(self, shift: float) -> Array:
        """Middle of the prior."""
        return np.full(self.number, self._prior.middle + shift)

    def matrix(self, own: Array) -> Array:
        """Squares of weights."""
        return np.asarray(np.diag(self.columns * np.exp(2 * own)))

    def slope(self, own: Array, by: Array) -> Array:
        """By logarithms."""
        return np.asarray(2 * self.columns * np.exp(2 * own) * np.diag(by))

    def prior(self, own: Array) -> tuple[float, Array]:
        """That of the package."""
        return self._prior.cost(own), self._prior.slope(own)


@dataclass(frozen=True)
class OfIons:
    """Kernel between ions by their properties: a strength, and a length for each property; parameters are logarithms.

    Parameters
    ----------
    properties
        Of mean 0 and variance 1 over the ions, shape ``(ions, properties)``.
    widths
        By which scaled descriptors are multiplied to be shares in a common unit, 0 for those that are no share, shape
        ``(descriptors,)``; the ions come first.
    """

    properties: Array
    widths: Array

    @property
    def number(self) -> int:
        """A strength and the lengths."""
        return 1 + int(self.properties.shape[1])

    @property
    def _priors(self) -> tuple[Prior, Prior]:
        ions, properties = self.properties.shape
        return weight_prior(ions), Prior(0.5 * float(np.log(2 * properties)), 0.7)

    @cached_property
    def _squares(self) -> Array:
        """Squares of differences, shape ``(ions, ions, properties)``."""
        return np.asarray((self.properties[:, None] - self.properties[None]) ** 2)

    def start(self, shift: float) -> Array:
        """Middles of the priors."""
        strength, length = self._priors
        return np.array([strength.middle + shift, *[length.middle] * (self.number - 1)])

    def matrix(self, own: Array) -> Array:
        """The kernel between the ions, times the widths."""
        kernel = np.exp(2 * own[0] - 0.5 * self._squares @ np.exp(-2 * own[1:]))
        ions, found = len(kernel), np.zeros((len(self.widths),) * 2)
        found[:ions, :ions] = kernel * np.outer(self.widths[:ions], self.widths[:ions])
        return found

    def slope(self, own: Array, by: Array) -> Array:
        """By logarithms."""
        ions = len(self.properties)
        part = (by * self.matrix(own))[:ions, :ions]
        lengths = np.einsum("ij,ijp->p", part, self._squares) * np.exp(-2 * own[1:])
        return np.array([2 * float(part.sum()), *lengths])

    def prior(self, own: Array) -> tuple[float, Array]:
        """Of the strength and the lengths."""
        strength, length = self._priors
        slope = np.concatenate([strength.slope(own[:1]), length.slope(own[1:])])
        return strength.cost(own[:1]) + length.cost(own[1:]), slope


@dataclass(frozen=True)
class OfVectors:
    """Inner products of vectors of the ions with one strength, whose logarithm is the parameter.

    Parameters
    ----------
    products
        Inner products times widths, shape ``(descriptors, descriptors)``.
    ions
        How many ions there are.
    """

    products: Array
    ions: int
    number: int = 1

    def start(self, shift: float) -> Array:
        """Middle of the prior."""
        return np.array([weight_prior(self.ions).middle + shift])

    def matrix(self, own: Array) -> Array:
        """Products times the strength."""
        return np.asarray(np.exp(2 * own[0]) * self.products)

    def slope(self, own: Array, by: Array) -> Array:
        """By the logarithm."""
        return np.array([2 * float(np.sum(by * self.matrix(own)))])

    def prior(self, own: Array) -> tuple[float, Array]:
        """Of a weight among as many as there are ions."""
        prior = weight_prior(self.ions)
        return prior.cost(own), prior.slope(own)


@dataclass(frozen=True)
class LowRank:
    """Vectors of the ions that are fitted themselves, normal about 0: a coregionalisation.

    Parameters
    ----------
    first
        Where the search begins, of variance 1, shape ``(ions, rank)``.
    widths
        As of `OfIons`.
    times
        By which the standard deviation of their prior, the middle of that of a weight, is multiplied.
    """

    first: Array
    widths: Array
    times: float = 1.0

    @property
    def number(self) -> int:
        """Entries of the vectors."""
        return int(self.first.size)

    @property
    def _sd(self) -> float:
        return self.times * float(np.exp(weight_prior(len(self.first)).middle))

    def start(self, shift: float) -> Array:
        """Small vectors: zero is no place to begin at."""
        return np.asarray(0.5 * np.exp(shift) * self._sd * self.first.ravel())

    def _vectors(self, own: Array) -> Array:
        found = np.zeros((len(self.widths), self.first.shape[1]))
        found[: len(self.first)] = own.reshape(self.first.shape)
        return np.asarray(found * self.widths[:, None])

    def matrix(self, own: Array) -> Array:
        """Inner products."""
        vectors = self._vectors(own)
        return np.asarray(vectors @ vectors.T)

    def slope(self, own: Array, by: Array) -> Array:
        """By the entries."""
        found = self.widths[:, None] * ((by + by.T) @ self._vectors(own))
        return np.asarray(found[: len(self.first)].ravel())

    def prior(self, own: Array) -> tuple[float, Array]:
        """Normal."""
        return 0.5 * float(own @ own) / self._sd**2, own / self._sd**2


@dataclass(frozen=True)
class Part:
    """A metric, and whether departures from a mixture follow it too."""

    metric: Metric
    curved: bool = True


@dataclass(frozen=True)
class Fitted:
    """A process with what was found."""

    points: Array
    values: Array
    noise: Array
    variances: tuple[float, float, float]
    matrices: tuple[Array, Array]

    def predict(self, table: Array) -> tuple[Array, Array]:
        """Mean and standard deviation without noise of rows of scaled descriptors, each shape ``(rows,)``."""
        width = float(self.values.std()) or 1.0
        errors = (self.noise / width) ** 2 + self.variances[2]
        lower = np.linalg.cholesky(self._covariance(self.points, self.points) + np.diag(errors))
        k = self._covariance(table, self.points)
        told = solve_triangular(lower, k.T, lower=True)
        targets = solve_triangular(lower, (self.values - self.values.mean()) / width, lower=True)
        own = self.variances[0] * (1 + np.einsum("ij,jk,ik->i", table, self.matrices[0], table)) + self.variances[1]
        variance = np.maximum(own - np.einsum("ij,ij->j", told, told), 0.0)
        return self.values.mean() + width * (told.T @ targets), width * np.sqrt(variance)

    @property
    def scatter(self) -> float:
        """Standard deviation of what no descriptor tells, in the unit of the values."""
        return (float(self.values.std()) or 1.0) * float(np.sqrt(self.variances[2]))

    def _covariance(self, first: Array, second: Array) -> Array:
        straight, curved = self.matrices
        own = [np.einsum("ij,jk,ik->i", table, curved, table) for table in (first, second)]
        squares = 0.5 * (own[0][:, None] + own[1]) - first @ curved @ second.T
        mixture, departure, _ = self.variances
        return np.asarray(mixture * (1 + first @ straight @ second.T) + departure * np.exp(-np.maximum(squares, 0.0)))


def fit_metrics(parts: Sequence[Part], points: Array, values: Array, noise: Array) -> Fitted:
    """Process of the largest posterior density, from three starts.

    Parameters
    ----------
    parts
        Metrics, of which the sum is taken.
    points
        Scaled descriptors, shape ``(n, descriptors)``.
    values, noise
        Values, and the standard deviations of their errors.
    """
    width = float(values.std()) or 1.0
    problem = Problem(list(parts), points, (values - values.mean()) / width, (noise / width) ** 2)
    found = [
        minimize(problem.cost, problem.start(shift), jac=True, method="L-BFGS-B", bounds=problem.bounds)
        for shift in _STARTS
    ]
    best = min(found, key=lambda one: round(float(one.fun), 6)).x
    mixture, departure, scatter = np.exp(best[:3]).tolist()
    return Fitted(points, values, noise, (mixture, departure, scatter), problem.matrices(best))


@dataclass(frozen=True)
class Problem:
    """Metrics, points, values of mean 0 and variance 1, and variances of their errors."""

    parts: list[Part]
    points: Array
    targets: Array
    noise: Array

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Limits of everything that is searched."""
        return [(-9.0, 4.0)] * 3 + [_LIMITS] * sum(one.metric.number for one in self.parts)

    def start(self, shift: float) -> Array:
        """Where a search begins."""
        return np.concatenate([[p.middle for p in VARIANCES], *[one.metric.start(shift) for one in self.parts]])

    def _split(self, at: Array) -> list[Array]:
        """Parameters of each metric."""
        return np.split(at[3:], np.cumsum([one.metric.number for one in self.parts])[:-1])

    def matrices(self, at: Array) -> tuple[Array, Array]:
        """That of mixtures, and that of departures from them."""
        straight = np.zeros((self.points.shape[1],) * 2)
        curved = straight.copy()
        for one, own in zip(self.parts, self._split(at), strict=True):
            matrix = one.metric.matrix(own)
            straight += matrix
            curved += matrix * one.curved
        return straight, curved

    def cost(self, at: Array) -> tuple[float, Array]:
        """Minus the logarithm of the posterior density, without constants, and its gradient."""
        mixture, departure, scatter = np.exp(at[:3])
        straight, curved = (self.points @ matrix @ self.points.T for matrix in self.matrices(at))
        squares = 0.5 * (np.diag(curved)[:, None] + np.diag(curved)) - curved
        E = departure * np.exp(-np.maximum(squares, 0.0))
        lower = np.linalg.cholesky(mixture * (1 + straight) + E + np.diag(self.noise + scatter))
        inverse = cho_solve((lower, True), np.eye(len(lower)))
        a = inverse @ self.targets
        Q = 0.5 * (inverse - np.outer(a, a))
        M = Q * E
        cost = 0.5 * float(self.targets @ a) + float(np.log(np.diag(lower)).sum())
        slopes = [float(np.sum(Q * (mixture * (1 + straight)))), float(M.sum()), float(np.trace(Q) * scatter)]
        cost += sum(p.cost(x) for p, x in zip(VARIANCES, at[:3], strict=True))
        gradient = [np.add(slopes, [float(p.slope(x)) for p, x in zip(VARIANCES, at[:3], strict=True)])]
        by_straight = self.points.T @ (mixture * Q) @ self.points
        by_curved = self.points.T @ (M - np.diag(M.sum(axis=1))) @ self.points
        for one, own in zip(self.parts, self._split(at), strict=True):
            prior, slope = one.metric.prior(own)
            cost += prior
            gradient.append(slope + one.metric.slope(own, by_straight + by_curved * one.curved))
        return cost, np.concatenate(gradient)
