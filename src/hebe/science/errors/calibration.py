"""Errors of an engine calibrated with a few small cells: the posterior of the errors of pairs, and its residuals.

Documented errors are the prior. ``w`` of pairs of which nothing is known have a common bias, ``w ~ N(beta, sd^2)`` and
``beta ~ N(bias, bias_sd^2)``, so that cells that are all off in one direction move pairs without data too; pairs with
documented values have those. How wrong the documented spreads are is itself a
variable: those of pairs and the remainder are multiplied by scales ``a`` and ``c`` with ``1 / a^2 ~ chi^2_nu / nu``,
the prior behind Student's t with the documented degrees of freedom. Given both scales everything is Gaussian and in
closed form; they are averaged over their posterior on a grid by marginal likelihood (Gelman et al., Bayesian Data
Analysis, 3rd ed. (2013), sections 3.2, 5.4 and 14.8). The first two moments of that mixture are exact; its tails are
Student's t with one degree of freedom more for every cell, as they are where one scale stands for all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.errors.entry_errors import EntryErrors, Vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hebe.science.errors.pair_fit import Difference

BIAS_SHARE: Final = 0.5
"""Standard deviation of the bias, as a share of that of a pair, where it is not documented."""
REMAINDER_SHARE: Final = 0.1
"""What pairs do not explain, as a share of the spread of pairs, where it is not documented."""
LEAST_FREEDOM: Final = 4.0
"""Degrees of freedom of scales of which nothing is documented: the variance of Student's t is then twice its scale."""
BOUND: Final = 0.9
"""Residuals widen the errors only where their sum of squares lies beyond this share of chi-square."""
_SCALES: Final = np.geomspace(0.05, 20.0, 60)


@dataclass(frozen=True)
class Residual:
    """One cell predicted without itself: from all others, or, if it was ``kept`` aside, from those that were fitted.

    Parameters
    ----------
    name
        Of the cell.
    measured, predicted
        True less computed mixing enthalpy (eV per mixed site).
    sd
        Predicted standard deviation (eV per mixed site).
    kept
        Whether it was not fitted.
    """

    name: str
    measured: float
    predicted: float
    sd: float
    kept: bool = False


@dataclass(frozen=True)
class Calibration:
    """Errors after a calibration.

    Parameters
    ----------
    errors
        The posterior.
    residuals
        Of every cell.
    scale, scale_interval
        Root mean square of residuals over their predicted spread, and its interval from chi-square, 10 to 90 %; 1 where
        the spread is right.
    n
        Cells that were fitted.
    note
        In words, whether the errors were widened.
    """

    errors: EntryErrors
    residuals: tuple[Residual, ...]
    scale: float
    scale_interval: tuple[float, float]
    n: int
    note: str


def calibrated(
    prior: EntryErrors, rows: Sequence[Difference], *, n_illustration: int = 0, pairs: Iterable[str] = ()
) -> Calibration:
    """Posterior of the errors of an engine from true less computed mixing enthalpies of small cells.

    Parameters
    ----------
    prior
        Documented or given errors.
    rows
        Cells, in the order in which they were chosen.
    n_illustration
        So many cells, the last ones, are not fitted: they show the residual of cells that nothing was fitted to.
    pairs
        Pairs that matter and may not occur in any cell: so their common bias is known to be common.

    Raises
    ------
    ValueError
        If fewer than two cells are left to fit.
    """
    fitted, aside = rows[: len(rows) - n_illustration], rows[len(rows) - n_illustration :]
    if len(fitted) < 2:
        raise ValueError("a calibration needs two cells at least that are fitted")
    fit = _Fit(prior, fitted, pair_names(prior, rows, pairs))
    found = fit.errors()
    residuals = fit.left_out()
    scale, interval = residual_scale(residuals)
    if interval[0] > 1:
        found = widened(found, scale)
    kept = [_predicted(found, row) for row in aside]
    return Calibration(found, (*residuals, *kept), scale, interval, len(fitted), _note(len(fitted), scale, interval))


def residual_scale(residuals: Sequence[Residual]) -> tuple[float, tuple[float, float]]:
    """Root mean square of residuals over their predicted spread, and its interval from chi-square, 10 to 90 %."""
    from scipy.stats import chi2

    n = len(residuals)
    total = sum(((one.measured - one.predicted) / one.sd) ** 2 for one in residuals)
    low, high = (math.sqrt(total / float(chi2.ppf(share, n))) for share in (BOUND, 1 - BOUND))
    return math.sqrt(total / n), (low, high)


def widened(errors: EntryErrors, factor: float) -> EntryErrors:
    """Errors of pairs and the remainder with all spreads multiplied."""
    return replace(
        errors,
        sd=errors.sd * factor,
        bias_sd=errors.bias_sd * factor,
        remainder=errors.remainder * factor,
        covariance=errors.covariance * factor**2,
    )


def pair_names(prior: EntryErrors, rows: Iterable[Difference], pairs: Iterable[str] = ()) -> tuple[str, ...]:
    """All pairs of which something is known or asked, sorted."""
    return tuple(sorted({*prior.pairs, *pairs, *(name for row in rows for name in row.terms)}))


def joint_prior(prior: EntryErrors, names: Sequence[str]) -> tuple[Vector, Vector]:
    """Mean and covariance of the bias and of ``w`` of pairs, shape ``(1 + n_pairs,)`` and its square.

    In eV per mixed site. Pairs of which nothing is known share the bias; the others have their own distribution.
    """
    shared, single = variances(prior)
    known = {name: i for i, name in enumerate(prior.pairs)}
    own = np.array([known.get(name, -1) for name in names], dtype=np.intp)
    new = np.concatenate([[True], own < 0])
    mean = np.full(1 + len(names), prior.bias)
    covariance = shared * np.outer(new, new) + np.diag(np.where(new, single, 0.0))
    covariance[0, 0] = shared
    old = 1 + np.flatnonzero(own >= 0)
    mean[old] = prior.mean[own[own >= 0]]
    covariance[np.ix_(old, old)] = prior.covariance[np.ix_(own[own >= 0], own[own >= 0])]
    return mean, covariance


def variances(prior: EntryErrors) -> tuple[float, float]:
    """Of the bias and of single pairs about it (square of eV per mixed site)."""
    if prior.bias_sd:
        return prior.bias_sd**2, prior.sd**2
    return (BIAS_SHARE * prior.sd) ** 2, (1 - BIAS_SHARE**2) * prior.sd**2


def remainder_of(prior: EntryErrors) -> float:
    """Standard deviation of what pairs do not explain (eV per mixed site), a share of the spread if unknown."""
    return prior.remainder or REMAINDER_SHARE * prior.sd


class _Fit:
    """Posterior of the bias and of pairs, averaged over both scales.

    Parameters
    ----------
    prior
        Documented errors.
    rows
        Cells.
    names
        Pairs.
    """

    def __init__(self, prior: EntryErrors, rows: Sequence[Difference], names: tuple[str, ...]) -> None:
        self.prior, self.rows, self.names = prior, rows, names
        self.mean, self.covariance = joint_prior(prior, names)
        members = sorted({name for row in rows for name in row.members})
        self.terms = np.array([[0.0, *(row.terms.get(name, 0.0) for name in names)] for row in rows])
        held = np.array([[row.members.get(name, 0.0) for name in members] for row in rows])
        self.signal = self.terms @ self.covariance @ self.terms.T
        self.noise = remainder_of(prior) ** 2 * held @ held.T
        self.values = np.array([row.value for row in rows])
        self.excess = self.values - self.terms @ self.mean

    @cached_property
    def freedom(self) -> float:
        """Degrees of freedom of the documented spreads."""
        return LEAST_FREEDOM if self.prior.freedom is None else self.prior.freedom

    @property
    def freedom_of_remainder(self) -> float:
        """The same of the remainder."""
        return self.freedom if self.prior.remainder else LEAST_FREEDOM

    @cached_property
    def scales(self) -> tuple[Vector, Vector]:
        """Scales of pairs and of the remainder at every point of the grid, shape ``(n_points,)``."""
        pairs, remainders = np.meshgrid(_SCALES, _SCALES, indexing="ij")
        return pairs.ravel(), remainders.ravel()

    @cached_property
    def inverses(self) -> Vector:
        """Inverse covariances of the values, shape ``(n_points, n, n)``."""
        found: Vector = np.asarray(np.linalg.inv(self._covariances), dtype=np.float64)
        return found

    @cached_property
    def weights(self) -> Vector:
        """Posterior of the scales on the grid, shape ``(n_points,)``."""
        pairs, remainders = self.scales
        fit = np.einsum("i,gij,j->g", self.excess, self.inverses, self.excess)
        logs = -0.5 * fit - 0.5 * np.linalg.slogdet(self._covariances)[1]
        for scale, freedom in ((pairs, self.freedom), (remainders, self.freedom_of_remainder)):
            logs = logs - freedom * np.log(scale) - 0.5 * freedom / scale**2  # even steps of the logarithm
        shares = np.exp(logs - logs.max())
        found: Vector = np.asarray(shares / shares.sum(), dtype=np.float64)
        return found

    def errors(self) -> EntryErrors:
        """The posterior: exact mean and covariance of the mixture, and Student's t of that covariance."""
        squares, remainders = self.scales[0] ** 2, self.scales[1]
        answers = squares[:, None] * np.einsum("gij,j->gi", self.inverses, self.excess)
        answer = self.weights @ answers
        between = np.einsum("g,gi,gj->ij", self.weights, answers - answer, answers - answer)
        known = np.einsum("g,gij->ij", self.weights * squares**2, self.inverses) - between
        reach = self.covariance @ self.terms.T
        mean = self.mean + reach @ answer
        covariance = float(self.weights @ squares) * self.covariance - reach @ known @ reach.T
        freedom = self.freedom + len(self.rows)
        share = (freedom - 2) / freedom  # of the scale of Student's t in its variance
        single = variances(self.prior)[1] * float(self.weights @ squares)
        return replace(
            self.prior,
            bias=float(mean[0]),
            sd=math.sqrt(single * share),
            bias_sd=math.sqrt(float(covariance[0, 0]) * share),
            remainder=remainder_of(self.prior) / math.sqrt(float(self.weights @ remainders**-2)),
            pairs=self.names,
            mean=mean[1:],
            covariance=covariance[1:, 1:] * share,
            freedom=freedom,
            source="calibrated",
        )

    def left_out(self) -> list[Residual]:
        """Each cell from all others, at the mean scales.

        From one inverse: ``r_i = [K^-1 y]_i / [K^-1]_ii``, ``s_i^2 = 1 / [K^-1]_ii`` (Rasmussen and Williams, Gaussian
        Processes for Machine Learning (2006), equations 5.10 to 5.12).
        """
        pairs, remainders = (float(self.weights @ scale**2) for scale in self.scales)
        inverse = np.linalg.inv(pairs * self.signal + remainders * self.noise)
        spreads = 1 / np.diag(inverse)
        off = (inverse @ self.excess) * spreads
        return [
            Residual(row.cell, row.value, row.value - float(rest), math.sqrt(float(square)))
            for row, rest, square in zip(self.rows, off, spreads, strict=True)
        ]

    @cached_property
    def _covariances(self) -> Vector:
        pairs, remainders = (scale[:, None, None] ** 2 for scale in self.scales)
        found: Vector = pairs * self.signal + remainders * self.noise
        return found


def _predicted(errors: EntryErrors, row: Difference) -> Residual:
    """A cell that was not fitted."""
    mean, covariance = joint_prior(errors, errors.pairs)
    terms = np.array([0.0, *(row.terms.get(name, 0.0) for name in errors.pairs)])
    variance = float(terms @ covariance @ terms) + errors.remainder**2 * sum(n**2 for n in row.members.values())
    return Residual(row.cell, row.value, float(terms @ mean), math.sqrt(variance * _variance(errors)), kept=True)


def _variance(errors: EntryErrors) -> float:
    """Variance of Student's t over the square of its scale."""
    return 1.0 if errors.freedom is None else errors.freedom / (errors.freedom - 2)


def _note(n: int, scale: float, interval: tuple[float, float]) -> str:
    low, high = interval
    found = f"residuals of {n} cells are {scale:.2f} of their predicted spread ({low:.2f} to {high:.2f})"
    return f"{found}: errors widened by that" if low > 1 else found
