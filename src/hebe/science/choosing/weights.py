"""Weighted scores: one number per candidate from several objectives, for those who know what each is worth to them.

An additive value function (Keeney and Raiffa, Decisions with Multiple Objectives (1976)): every objective is worth 1 at
the best and 0 at the worst candidate and linear between, and the score is the weighted mean. Weights are a choice of
a person; nothing here chooses any, and another set of candidates has other scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hebe.science.choosing.ranking import cost_table
from hebe.science.choosing.sample import HIGH, LOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.ranking import Objective
    from hebe.science.choosing.sample import Array


@dataclass(frozen=True)
class Score:
    """Score of a candidate, the ends of its middle 68 % of draws, and how often it is the best (0 to 1)."""

    value: float
    low: float
    high: float
    best: float


def weighted_scores(
    candidates: Sequence[CandidateDoc],
    objectives: Sequence[Objective],
    weights: Mapping[str, float],
    samples: Mapping[str, Array],
) -> list[Score | None]:
    """Score of each candidate, None where an objective with a weight has no value.

    Parameters
    ----------
    weights
        Of objectives by name, positive; those without one count nothing.
    samples
        Draws of the objectives by name, shape ``(candidates, draws)``; without one its values are exact.
    """
    counted = [objective for objective in objectives if weights.get(objective.name, 0.0) > 0]
    costs = cost_table(candidates, counted)
    known = np.flatnonzero(~np.isnan(costs).any(axis=1)) if counted else np.array([], dtype=int)
    found: list[Score | None] = [None] * len(candidates)
    if not len(known):
        return found
    shares = np.array([weights[objective.name] for objective in counted])
    shares = shares / shares.sum()
    best, worst = costs[known].min(axis=0), costs[known].max(axis=0)
    span = np.where(worst > best, worst - best, 1.0)
    means = ((worst - costs[known]) / span) @ shares
    drawn = np.zeros((len(known), _number(counted, samples)))
    for at, objective in enumerate(counted):
        table = samples.get(objective.name)
        values = costs[known, at][:, None] if table is None else (-1.0 if objective.maximize else 1.0) * table[known]
        drawn += shares[at] * (worst[at] - values[:, : drawn.shape[1]]) / span[at]
    drawn = np.where(np.isnan(drawn), -np.inf, drawn)
    low, high = np.quantile(drawn, (LOW, HIGH), axis=1, method="inverted_cdf")
    first = drawn == drawn.max(axis=0)
    wins = (first / first.sum(axis=0)).mean(axis=1)
    for at, i in enumerate(known):
        found[i] = Score(float(means[at]), float(low[at]), float(high[at]), float(wins[at]))
    return found


def _number(objectives: Sequence[Objective], samples: Mapping[str, Array]) -> int:
    """Draws that all objectives have."""
    return min((samples[one.name].shape[1] for one in objectives if one.name in samples), default=1)
