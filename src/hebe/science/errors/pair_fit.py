"""Errors of an engine per pair of ions, fitted to differences of mixing enthalpies: bias apart from spread.

A member's error (true less computed, eV per mixed site) is ``sum_{i<j} w_ij m_s x_i x_j + r``, with
``w ~ N(bias, sd^2)`` for every pair and ``r ~ N(0, remainder^2)`` for every member; what is linear in the ions cancels
in a mixing enthalpy. So differences of mixing enthalpies are ``y = F w + A r``, with the second differences of
``m_s x_i x_j`` in ``F`` and the members in ``A``, where cells that share a vertex share its remainder. Given both
standard deviations everything is Gaussian and in closed form (MacKay, Neural Comput. 4, 415 (1992); Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006), sections 2.7 and 5.4); these are averaged over their posterior
on a grid, with weak half-normal priors (Gelman, Bayesian Anal. 1, 515 (2006)), because with few cells the likelihood
alone can put one of them at zero.

In hosts of mixed valence single ``w`` are not identifiable: ``w_ij -> w_ij + (c_i - c_j) (q_j - q_i)`` changes no
difference of neutral members. The prior fixes that gauge; only predicted differences have a meaning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = NDArray[np.float64]

BIAS_SD: Final = 0.5
"""Standard deviation (eV per mixed site) of the normal prior of the bias about zero."""
SPREAD_SCALE: Final = 0.5
"""Scale (eV per mixed site) of the half-normal prior of the spread of pairs."""
REMAINDER_SCALE: Final = 0.1
"""Scale (eV per mixed site) of the half-normal prior of the remainder."""
_GRID: Final = 32
_SMALLEST: Final = 1e-3


@dataclass(frozen=True)
class Difference:
    """True less computed mixing enthalpy of one cell.

    Parameters
    ----------
    cell
        Its name.
    value
        eV per mixed site.
    terms
        Pair of ions -> second difference of ``m_s x_i x_j`` per mixed site: of the cell less its vertices.
    members
        Member -> 1 for the cell, minus its coefficient for a vertex.
    """

    cell: str
    value: float
    terms: Mapping[str, float]
    members: Mapping[str, float]


@dataclass(frozen=True)
class Spread:
    """Standard deviations (eV per mixed site) of ``w`` about the bias and of what pairs do not explain."""

    pairs: float
    remainder: float


@dataclass(frozen=True)
class PairErrors:
    """Posterior of the errors of pairs.

    Parameters
    ----------
    bias, bias_sd
        Mean of ``w`` over all pairs, and how well it is known (eV per mixed site).
    spread
        Standard deviations, posterior means.
    names, mean, covariance
        Pairs that occur, and the joint posterior of their ``w`` (eV per mixed site, and its square).
    n
        Cells.
    """

    bias: float
    bias_sd: float
    spread: Spread
    names: tuple[str, ...]
    mean: Vector
    covariance: Vector
    n: int

    def predicted(self, terms: Mapping[str, float], members: Mapping[str, float]) -> tuple[float, float]:
        """Mean and standard deviation (eV per mixed site) of a difference, of a cell that was not fitted.

        Parameters
        ----------
        terms, members
            As in `Difference`.
        """
        known = np.array([terms.get(name, 0.0) for name in self.names])
        new = np.array([value for name, value in terms.items() if name not in self.names])
        mean = float(known @ self.mean) + self.bias * float(new.sum())
        variance = float(known @ self.covariance @ known) + self.spread.pairs**2 * float(new @ new)
        variance += (self.bias_sd * float(new.sum())) ** 2
        variance += self.spread.remainder**2 * sum(value**2 for value in members.values())
        return mean, math.sqrt(variance)


@dataclass(frozen=True)
class _Design:
    """Values, terms (cells, pairs) and members (cells, members) of differences."""

    values: Vector
    terms: Vector
    members: Vector
    names: tuple[str, ...]

    @classmethod
    def of(cls, differences: Sequence[Difference]) -> _Design:
        names = tuple(sorted({name for one in differences for name in one.terms}))
        members = sorted({name for one in differences for name in one.members})
        terms = np.array([[one.terms.get(name, 0.0) for name in names] for one in differences])
        held = np.array([[one.members.get(name, 0.0) for name in members] for one in differences])
        return cls(np.array([one.value for one in differences]), terms, held, names)

    def covariance(self, spread: Spread) -> Vector:
        """Of the values, with the bias integrated over its prior."""
        common = self.terms.sum(axis=1)
        found: Vector = spread.pairs**2 * self.terms @ self.terms.T + BIAS_SD**2 * np.outer(common, common)
        return found + spread.remainder**2 * self.members @ self.members.T

    def log_likelihood(self, spread: Spread) -> float:
        """Logarithm of the marginal likelihood, but for a constant."""
        root = np.linalg.cholesky(self.covariance(spread))
        white = np.linalg.solve(root, self.values)
        return float(-0.5 * white @ white - np.log(np.diag(root)).sum())


def fit_pairs(differences: Sequence[Difference]) -> PairErrors:
    """Posterior of the errors of pairs from differences of mixing enthalpies.

    Raises
    ------
    ValueError
        If there are fewer than two differences.
    """
    if len(differences) < 2:
        raise ValueError("bias and spread need two cells at least")
    design = _Design.of(differences)
    return posterior(differences, _mean_spread(design))


def posterior(differences: Sequence[Difference], spread: Spread) -> PairErrors:
    """Posterior at known standard deviations."""
    design = _Design.of(differences)
    inverse = np.linalg.inv(design.covariance(spread))
    n_pairs = len(design.names)
    prior = spread.pairs**2 * np.eye(n_pairs) + BIAS_SD**2
    gain = prior @ design.terms.T @ inverse
    common = design.terms.sum(axis=1)
    bias_gain = BIAS_SD**2 * common @ inverse
    return PairErrors(
        bias=float(bias_gain @ design.values),
        bias_sd=math.sqrt(max(0.0, BIAS_SD**2 - BIAS_SD**2 * float(bias_gain @ common))),
        spread=spread,
        names=design.names,
        mean=gain @ design.values,
        covariance=prior - gain @ design.terms @ prior,
        n=len(differences),
    )


def leave_one_out(differences: Sequence[Difference], spread: Spread) -> list[tuple[float, float]]:
    """Residual and predicted standard deviation (eV per mixed site) of each cell from all others.

    At known standard deviations, from one inverse: ``r_i = [K^-1 y]_i / [K^-1]_ii``, ``s_i^2 = 1 / [K^-1]_ii``
    (Rasmussen and Williams, equations 5.10 to 5.12).
    """
    design = _Design.of(differences)
    inverse = np.linalg.inv(design.covariance(spread))
    weighted = inverse @ design.values
    return [(float(w / k), float(1 / math.sqrt(k))) for w, k in zip(weighted, np.diag(inverse), strict=True)]


def standardised_spread(residuals: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Root mean square of residuals over their predicted standard deviations, and its standard error.

    1 where the spread is right; the standard error is that of independent normal numbers, ``1 / sqrt(2 n)``.
    """
    scores = [residual / predicted for residual, predicted in residuals]
    size = math.sqrt(sum(score**2 for score in scores) / len(scores))
    return size, 1 / math.sqrt(2 * len(scores))


def _mean_spread(design: _Design) -> Spread:
    """Posterior means of both standard deviations, on a grid with even steps of their logarithms."""
    pairs = np.geomspace(_SMALLEST, 4 * SPREAD_SCALE, _GRID)
    remainders = np.geomspace(_SMALLEST, 4 * REMAINDER_SCALE, _GRID)
    logs = np.array([[design.log_likelihood(Spread(float(p), float(r))) for r in remainders] for p in pairs])
    logs += -0.5 * ((pairs / SPREAD_SCALE) ** 2)[:, None] - 0.5 * ((remainders / REMAINDER_SCALE) ** 2)[None, :]
    logs += np.log(pairs)[:, None] + np.log(remainders)[None, :]  # even steps of the logarithm
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    return Spread(float(weights.sum(axis=1) @ pairs), float(weights.sum(axis=0) @ remainders))
