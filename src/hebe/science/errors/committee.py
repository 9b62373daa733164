"""A committee of models: where they differ more than elsewhere the errors of a pair are taken to be larger.

How far models are from one another says nothing of what is wrong with all of them (Musil et al., J. Chem. Theory
Comput. 15, 906 (2019), who scale it for that reason): so only its distribution over pairs is used. The size stays that
of the prior, and the score on cells that were left out says whether it helps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.errors.calibration import LEAST_FREEDOM, calibrated, joint_prior, pair_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.errors.entry_errors import EntryErrors, Vector
    from hebe.science.errors.pair_fit import Difference

FLOOR: Final = 0.5
"""Least factor on the standard deviation of a pair: models trained on the same data agree where all are wrong."""
PRIOR_CELLS: Final = 1.0
"""Weight of the average over all pairs, in cells that hold nothing but one pair."""


@dataclass(frozen=True)
class CommitteeCell:
    """Mixing enthalpies of one cell by the members of a committee.

    Parameters
    ----------
    terms
        Pair of ions -> second difference of ``m_s x_i x_j`` per mixed site.
    enthalpies
        Model -> mixing enthalpy (eV per mixed site).
    """

    terms: Mapping[str, float]
    enthalpies: Mapping[str, float]

    @property
    def disagreement(self) -> float:
        """Variance over the models per square of the terms (square of eV per mixed site)."""
        return float(np.var(list(self.enthalpies.values()), ddof=1)) / sum(n**2 for n in self.terms.values())


@dataclass(frozen=True)
class CommitteeScore:
    """Mean logarithm of the predicted density of cells that were left out (nats per cell); higher is better."""

    plain: float
    committee: float
    n: int


def committee_prior(prior: EntryErrors, cells: Sequence[CommitteeCell]) -> EntryErrors:
    """Errors whose spread per pair follows the disagreement of a committee.

    ``factor^2 = (k + sum_c f_c d_c / d) / (k + sum_c f_c)`` with the share ``f_c`` of a pair in the squared terms of
    cell c, the disagreement ``d_c`` of that cell, its mean ``d``, and ``k`` for the prior.

    Parameters
    ----------
    prior
        Errors of the engine; pairs with values of their own keep them.
    cells
        At least two cells, each with two models or more.

    Raises
    ------
    ValueError
        If there are fewer cells or models.
    """
    if len(cells) < 2 or any(len(cell.enthalpies) < 2 for cell in cells):
        raise ValueError("a committee needs two cells at least, and two models at each")
    names = tuple(sorted({name for cell in cells for name in cell.terms}))
    factors = _factors(names, cells)
    every = pair_names(prior, [], names)
    mean, covariance = joint_prior(prior, every)
    for name, factor in zip(names, factors, strict=True):
        if name not in prior.pairs:
            own = 1 + every.index(name)
            # what all pairs share stays as it is
            covariance[own, own] = max(factor**2 * covariance[own, own], covariance[0, 0])
    return replace(prior, pairs=every, mean=mean[1:], covariance=covariance[1:, 1:])


def _factors(names: Sequence[str], cells: Sequence[CommitteeCell]) -> Vector:
    """Factor on the standard deviation of each pair, shape ``(n_pairs,)``."""
    terms = np.array([[cell.terms.get(name, 0.0) for name in names] for cell in cells])
    parts = terms**2 / np.sum(terms**2, axis=1, keepdims=True)
    found = np.array([cell.disagreement for cell in cells])
    relative = found / found.mean() if found.mean() > 0 else np.ones(len(found))
    factors: Vector = np.sqrt((PRIOR_CELLS + relative @ parts) / (PRIOR_CELLS + parts.sum(axis=0)))
    return np.maximum(factors, FLOOR)


def committee_score(prior: EntryErrors, committee: EntryErrors, rows: Sequence[Difference]) -> CommitteeScore:
    """How well cells that were left out are predicted with and without the committee.

    Parameters
    ----------
    prior, committee
        Errors without it and with it.
    rows
        At least three cells with true less computed mixing enthalpies; each is predicted from all others.
    """
    plain, other = (held_out(errors, rows) for errors in (prior, committee))
    return CommitteeScore(plain, other, len(rows))


def held_out(prior: EntryErrors, rows: Sequence[Difference]) -> float:
    """Mean logarithm of the predicted density (1 / eV per mixed site) of cells that were left out."""
    from scipy.stats import t as students_t

    logs = []
    for number, row in enumerate(rows):
        others = [*rows[:number], *rows[number + 1 :], row]
        found = calibrated(prior, others, n_illustration=1)
        kept = found.residuals[-1]
        freedom = found.errors.freedom or LEAST_FREEDOM
        scale = kept.sd * math.sqrt((freedom - 2) / freedom)
        logs.append(float(students_t.logpdf(kept.measured, freedom, kept.predicted, scale)))
    return float(np.mean(logs))
