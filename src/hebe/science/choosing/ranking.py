"""Ranking by several objectives: non-dominated fronts, then the sum of the ranks in each objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hebe.science.choosing.fronts import Array, front_numbers, order_keys


class Rankable(Protocol):
    """What is ranked: candidates, or as much of them as that takes."""

    @property
    def candidate_id(self) -> str:
        """Id of the candidate."""

    @property
    def status(self) -> str:
        """How far it is computed."""

    def mean(self, name: str) -> float | None:
        """Value of a quantity, None if there is none."""


@dataclass(frozen=True)
class Objective:
    """One quantity of candidates, to be maximized or minimized."""

    name: str
    maximize: bool


@dataclass(frozen=True)
class Entrants:
    """Candidates as columns: ids, how far each is computed, and values to be minimized (see `cost_table`)."""

    ids: Sequence[str]
    statuses: Sequence[str]
    costs: Array

    @classmethod
    def of(cls, candidates: Sequence[Rankable], objectives: Sequence[Objective]) -> Entrants:
        """Columns of candidates."""
        ids, statuses = [one.candidate_id for one in candidates], [one.status for one in candidates]
        return cls(ids, statuses, cost_table(candidates, objectives))


def rank(candidates: Sequence[Rankable], objectives: Sequence[Objective]) -> list[int | None]:
    """Rank of each candidate; see `places`."""
    return places(Entrants.of(candidates, objectives))


def places(entrants: Entrants) -> list[int | None]:
    """Rank (1 is best) of each candidate, None for those that cannot be ranked.

    Sorted by front (Deb et al., IEEE Trans. Evol. Comput. 6, 182 (2002)), then by the sum of per-objective ranks,
    then by candidate id. A candidate with a null objective comes after every front; failed ones, and partial
    ones with a null objective, get no rank.
    """
    ids, keys = entrants.ids, order_keys(entrants.costs).tolist()
    lacking = set(np.flatnonzero(np.isnan(entrants.costs).any(axis=1)).tolist())
    ranked = [
        i
        for i, status in enumerate(entrants.statuses)
        if status == "complete" or (status == "partial" and i not in lacking)
    ]
    ranked.sort(key=lambda i: (keys[i], ids[i]))
    position = {i: number for number, i in enumerate(ranked, start=1)}
    return [position.get(i) for i in range(len(ids))]


def fronts(candidates: Sequence[Rankable], objectives: Sequence[Objective]) -> dict[int, int]:
    """Number of the non-dominated front (0 is best) of each candidate whose objectives all have values."""
    costs = cost_table(candidates, objectives)
    complete = np.flatnonzero(~np.isnan(costs).any(axis=1))
    return dict(zip(complete.tolist(), front_numbers(costs[complete]).tolist(), strict=True))


def cost_table(candidates: Sequence[Rankable], objectives: Sequence[Objective]) -> Array:
    """Values to be minimized, shape ``(n, objectives)``, NaN where there is none."""
    rows = [[np.nan if c is None else c for c in _costs(candidate, objectives)] for candidate in candidates]
    return np.array(rows, dtype=np.float64).reshape(len(candidates), len(objectives))


def _costs(candidate: Rankable, objectives: Sequence[Objective]) -> list[float | None]:
    """Values to be minimized, None where there is none."""
    result: list[float | None] = []
    for objective in objectives:
        value = candidate.mean(objective.name)
        result.append(None if value is None else -value if objective.maximize else value)
    return result
