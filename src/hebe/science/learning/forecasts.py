"""How good probabilities are: Brier score, logarithmic score, area under the curve, reliability, intervals of these.

Brier, Mon. Weather Rev. 78, 1 (1950); Good, J. R. Stat. Soc. B 14, 107 (1952); the area is that of Mann and Whitney,
Ann. Math. Stat. 18, 50 (1947): the chance that of two outcomes the one that happened had the higher probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from hebe.science.learning.gaussian_process import Array

DRAWS: Final = 400
"""Times that groups are drawn anew for an interval."""

_CLOSEST: Final = 1e-6
"""Probabilities are kept so far from 0 and 1 where a logarithm is taken."""

EDGES: Final = (0.0, 0.5, 0.7, 0.8, 0.9, 1.0)
"""Edges of the bins of a reliability diagram: most compositions that are tried do form."""


@dataclass(frozen=True)
class Score:
    """A score with the interval of 90 % over groups drawn anew; an end is None where too few draws have one."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Bin:
    """Forecasts of a bin: how many, their mean, and the share that happened."""

    number: int
    mean: float
    share: float


def brier(probabilities: Array, outcomes: Array) -> float:
    """``mean (p - y)^2``."""
    return float(np.mean((probabilities - outcomes) ** 2))


def log_loss(probabilities: Array, outcomes: Array) -> float:
    """``-mean log P(y)``, in nats."""
    p = np.clip(probabilities, _CLOSEST, 1 - _CLOSEST)
    return float(-np.mean(outcomes * np.log(p) + (1 - outcomes) * np.log(1 - p)))


def area(probabilities: Array, outcomes: Array) -> float | None:
    """Area under the receiver operating characteristic, equal probabilities count one half; None with one outcome."""
    yes, no = probabilities[outcomes > 0.5], probabilities[outcomes < 0.5]
    if not len(yes) or not len(no):
        return None
    above = (yes[:, None] > no).sum() + 0.5 * (yes[:, None] == no).sum()
    return float(above / (len(yes) * len(no)))


def area_within(probabilities: Array, outcomes: Array, groups: Sequence[Hashable]) -> float | None:
    """The same area over pairs of the same group alone: how well members of one group are told apart.

    Forecasts of groups that were left out differ by what was left out with them, which is no merit and no fault.
    """
    above, pairs = 0.0, 0
    for name in dict.fromkeys(groups):
        inside = np.array([group == name for group in groups])
        own = area(probabilities[inside], outcomes[inside])
        number = int((outcomes[inside] > 0.5).sum() * (outcomes[inside] < 0.5).sum())
        above, pairs = above + (own or 0.0) * number, pairs + number
    return above / pairs if pairs else None


def with_interval(score: Callable[[Sequence[int]], float | None], groups: Sequence[Hashable], seed: int = 0) -> Score:
    """Score with its interval: whole groups are drawn, because what shares a group is no independent evidence.

    Parameters
    ----------
    score
        Of some rows, of which some may be there several times.
    groups
        What each row belongs to.
    """
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    parts, rng = list(members.values()), np.random.default_rng(seed)
    found = []
    for _ in range(DRAWS):
        rows = [row for part in rng.integers(len(parts), size=len(parts)).tolist() for row in parts[part]]
        value = score(rows)
        if value is not None:
            found.append(value)
    ends = np.quantile(found, [0.05, 0.95]).tolist() if len(found) > DRAWS // 2 else [None, None]
    return Score(score(range(len(groups))), *ends)


def reliability(probabilities: Array, outcomes: Array, edges: Sequence[float] = EDGES) -> list[Bin]:
    """Bins that hold something, in the order of their edges; the last one holds its upper edge."""
    at = np.clip(np.searchsorted(np.array(edges), probabilities, side="right") - 1, 0, len(edges) - 2)
    return [
        Bin(int(inside.sum()), float(probabilities[inside].mean()), float(outcomes[inside].mean()))
        for number in range(len(edges) - 1)
        if (inside := at == number).any()
    ]
