"""Where a candidate stands in a ranking whose values are uncertain: its rank, and where it may stand as well.

The ranking is made again in every draw of the errors. Candidates whose order the draws do not tell share a rank.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.choosing.fronts import order_keys, ranks_of
from hebe.science.choosing.ranking import Entrants, places
from hebe.science.choosing.sample import HIGH, LOW, is_uncertain, shares_before

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.science.choosing.ranking import Objective, Rankable
    from hebe.science.choosing.sample import Array

CERTAIN: Final = 0.84
"""Probability from which on a candidate counts as really before another: a difference of one standard deviation."""

_AT_ONCE: Final = 64

Places = NDArray[np.int32]


@dataclass(frozen=True)
class Standing:
    """Where a candidate stands.

    Parameters
    ----------
    place
        In the strict order: by the values as they are, then by id; 1 is best.
    rank
        That of the first of its group, as in competitions: 1, 1, 3.
    low, high
        Best and worst rank of 68 % of the draws.
    tied
        Whether others have its rank.
    """

    place: int
    rank: int
    low: int
    high: int
    tied: bool = False


def standings(
    candidates: Sequence[Rankable], objectives: Sequence[Objective], samples: Mapping[str, Array]
) -> list[Standing | None]:
    """Standing of each candidate; see `standings_of`."""
    return standings_of(Entrants.of(candidates, objectives), objectives, samples)


def standings_of(
    entrants: Entrants, objectives: Sequence[Objective], samples: Mapping[str, Array]
) -> list[Standing | None]:
    """Standing of each candidate, None for those that have no rank.

    Groups are formed from the best downwards: a group starts with a candidate, and the next one in the order joins
    while the probability that the first of the group is really before it is below ``CERTAIN``; else it starts the next
    group. Where no value is uncertain every candidate has a rank of its own.

    Parameters
    ----------
    samples
        Draws of the objectives by name, shape ``(candidates, draws)``; without one its values are exact.
    """
    found = places(entrants)
    order = sorted((i for i, place in enumerate(found) if place is not None), key=lambda i: found[i] or 0)
    if len(order) < 2 or not any(o.name in samples and is_uncertain(samples[o.name]) for o in objectives):
        return [None if place is None else Standing(place, place, place, place) for place in found]
    drawn = drawn_ranks(entrants.costs, objectives, samples, order)
    ranks = shared_ranks(drawn.best)
    low, high = drawn.interval()
    number_with = Counter(ranks)
    stands: list[Standing | None] = [None] * len(found)
    for at, i in enumerate(order):
        stands[i] = Standing(at + 1, ranks[at], low[at], high[at], number_with[ranks[at]] > 1)
    return stands


@dataclass(frozen=True)
class DrawnRanks:
    """Ranks of candidates in every draw, shape ``(candidates, draws)``: the best and worst of those that are equal."""

    best: Places
    worst: Places

    def interval(self) -> tuple[list[int], list[int]]:
        """Ranks that 16 and 84 % of the draws do not exceed, of each candidate."""
        low = np.quantile(self.best, LOW, axis=1, method="inverted_cdf")
        high = np.quantile(self.worst, HIGH, axis=1, method="inverted_cdf")
        return low.astype(int).tolist(), high.astype(int).tolist()


def drawn_ranks(
    costs: Array,
    objectives: Sequence[Objective],
    samples: Mapping[str, Array],
    chosen: Sequence[int],
) -> DrawnRanks:
    """Ranks of the `chosen` of some candidates, with these costs, among each other in every draw."""
    costs = costs.copy()
    signs = [-1.0 if objective.maximize else 1.0 for objective in objectives]
    tables = [None if (t := samples.get(o.name)) is None else s * t.T for o, s in zip(objectives, signs, strict=True)]
    number = min(len(table) for table in tables if table is not None)
    best = np.empty((number, len(chosen)), dtype=np.int32)
    worst = np.empty_like(best)
    for k in range(number):
        for column, table in enumerate(tables):
            if table is not None:
                costs[:, column] = table[k]
        best[k], worst[k] = ranks_of(order_keys(costs)[chosen])
    return DrawnRanks(np.ascontiguousarray(best.T), np.ascontiguousarray(worst.T))


def shared_ranks(drawn: Places) -> list[int]:
    """Ranks of candidates that stand in their order, from their ranks in every draw."""
    ranks, first = [1], 0
    while len(ranks) < len(drawn):
        begin = len(ranks)
        apart = shares_before(drawn[first], drawn[begin : begin + _AT_ONCE]) >= CERTAIN
        if apart.any():
            found = begin + int(apart.argmax())
            ranks += [first + 1] * (found - begin) + [found + 1]
            first = found
        else:
            ranks += [first + 1] * len(apart)
    return ranks
