"""Ranking by several objectives: non-dominated fronts, then the sum of the ranks in each objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.candidate import CandidateDoc


@dataclass(frozen=True)
class Objective:
    """One quantity of candidates, to be maximized or minimized."""

    name: str
    maximize: bool


def rank(candidates: Sequence[CandidateDoc], objectives: Sequence[Objective]) -> list[int | None]:
    """Rank (1 is best) of each candidate, None for those that cannot be ranked.

    Sorted by front (Deb et al., IEEE Trans. Evol. Comput. 6, 182 (2002)), then by the sum of per-objective ranks,
    then by candidate id. A candidate with a null objective comes after every front; failed ones, and partial
    ones with a null objective, get no rank.
    """
    costs = [_costs(candidate, objectives) for candidate in candidates]
    complete = [i for i, cost in enumerate(costs) if None not in cost]
    front_of = _sorted_fronts({i: [c for c in costs[i] if c is not None] for i in complete})
    sums = _rank_sums(costs)
    ranked = [
        i for i, c in enumerate(candidates) if c.status == "complete" or (c.status == "partial" and i in front_of)
    ]
    last = len(candidates) + 1
    ranked.sort(key=lambda i: (front_of.get(i, last), sums[i], candidates[i].candidate_id))
    position = {i: number for number, i in enumerate(ranked, start=1)}
    return [position.get(i) for i in range(len(candidates))]


def fronts(candidates: Sequence[CandidateDoc], objectives: Sequence[Objective]) -> dict[int, int]:
    """Number of the non-dominated front (0 is best) of each candidate whose objectives all have values."""
    costs = {i: _costs(candidate, objectives) for i, candidate in enumerate(candidates)}
    return _sorted_fronts({i: [c for c in cost if c is not None] for i, cost in costs.items() if None not in cost})


def _costs(candidate: CandidateDoc, objectives: Sequence[Objective]) -> list[float | None]:
    """Values to be minimized, None where there is none."""
    result: list[float | None] = []
    for objective in objectives:
        value = candidate.mean(objective.name)
        result.append(None if value is None else -value if objective.maximize else value)
    return result


def _sorted_fronts(costs: Mapping[int, Sequence[float]]) -> dict[int, int]:
    """Number of the non-dominated front of each candidate, 0 for the first."""
    left, result, number = dict(costs), dict[int, int](), 0
    while left:
        front = [i for i, cost in left.items() if not any(_dominates(other, cost) for other in left.values())]
        for i in front:
            result[i] = number
            del left[i]
        number += 1
    return result


def _dominates(first: Sequence[float], second: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(first, second, strict=True)) and any(
        a < b for a, b in zip(first, second, strict=True)
    )


def _rank_sums(costs: Sequence[Sequence[float | None]]) -> list[int]:
    """Sum over objectives of the number of candidates that are better; a null counts as worst."""
    sums = [0] * len(costs)
    for column in zip(*costs, strict=True):
        for i, value in enumerate(column):
            sums[i] += sum(1 for other in column if other is not None and (value is None or other < value))
    return sums
