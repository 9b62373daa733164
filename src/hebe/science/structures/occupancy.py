"""Lowest ways to occupy part of a set of sites with pair energies: all of them, or by annealed swaps.

``E(S) = sum_{i in S} h_i + sum_{i<j in S} J_ij``. Pairs that exclude each other carry the energy `EXCLUDED`. Every
step changes the energy by a difference of kept fields; nothing is summed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import compiled, next_random, random_below, random_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.structures.compiled import RandomState

EXCLUDED: Final = 1e4
"""Energy (eV) of a pair of sites that are never occupied together."""

BoolArray = NDArray[np.bool_]
_DRAWS: Final = 1024
_PLATEAUS: Final = 128
_STARTS: Final = 24
_STEPS_PER_SITE: Final = 3_000
_HOT, _COLD = 0.5, 0.01


class SiteEnergies(NamedTuple):
    """Energies (eV) of occupied sites: ``alone`` of shape (n,), ``pair`` (n, n) with zeros on the diagonal.

    ``group`` numbers the sites within which ions may move; quotas say how many each holds.
    """

    alone: NDArray[np.float64]
    pair: NDArray[np.float64]
    group: NDArray[np.int64]


def energies_of(states: BoolArray, sites: SiteEnergies) -> NDArray[np.float64]:
    """Energies (eV) of states of shape (m, n)."""
    real = states.astype(float)
    return np.asarray(0.5 * np.einsum("ci,ij,cj->c", real, sites.pair, real, optimize=True) + real @ sites.alone)


@numba.njit(cache=True)
def lowest_of_all(sites: SiteEnergies, quotas: NDArray[np.int64], capacity: int) -> tuple[NDArray[np.int64], int]:
    """Occupied sites of the lowest states, at least `capacity` of them if there are as many, and the number of all.

    States are walked through in lexicographic order; the field of those chosen so far is kept per depth, so that the
    last ion of a state costs one addition.
    """
    n, k = len(sites.alone), quotas.sum()
    left, chosen = quotas.copy(), np.full(k, -1, dtype=np.int64)
    field, energy = np.zeros((k + 1, n)), np.zeros(k + 1)
    field[0] = sites.alone
    kept, values = np.zeros((2 * capacity, k), dtype=np.int64), np.zeros(2 * capacity)
    filled, total, limit, depth = 0, 0, np.inf, 0
    while depth >= 0:
        if chosen[depth] >= 0:
            left[sites.group[chosen[depth]]] += 1
        i = chosen[depth] + 1 if chosen[depth] >= 0 else (chosen[depth - 1] + 1 if depth else 0)
        while i <= n - k + depth and (left[sites.group[i]] == 0 or field[depth, i] > EXCLUDED / 2):
            i += 1
        if i > n - k + depth:
            chosen[depth] = -1
            depth -= 1
            continue
        chosen[depth] = i
        left[sites.group[i]] -= 1
        energy[depth + 1] = energy[depth] + field[depth, i]
        if depth + 1 < k:
            for j in range(i + 1, n):
                field[depth + 1, j] = field[depth, j] + sites.pair[i, j]
            depth += 1
            continue
        total += 1
        if energy[k] < limit:
            kept[filled], values[filled] = chosen, energy[k]
            filled += 1
            if filled == 2 * capacity:
                order = np.argsort(values)
                kept[:capacity], values[:capacity] = kept[order[:capacity]], values[order[:capacity]]
                filled, limit = capacity, values[capacity - 1]
    return kept[:filled], total


@compiled
def _swap(state: BoolArray, field: NDArray[np.float64], sites: SiteEnergies, out: int, into: int) -> None:
    """Move one ion and keep the field of all sites true."""
    state[out], state[into] = False, True
    for s in range(len(field)):
        field[s] += sites.pair[s, into] - sites.pair[s, out]


@compiled
def _descend(state: BoolArray, field: NDArray[np.float64], sites: SiteEnergies) -> None:
    """Take the best move until none lowers the energy."""
    n = len(field)
    while True:
        best, out, into = -1e-9, -1, -1
        for i in range(n):
            if state[i]:
                for j in range(n):
                    if not state[j] and sites.group[i] == sites.group[j]:
                        change = field[j] - field[i] - sites.pair[i, j]
                        if change < best - 1e-9:
                            best, out, into = change, i, j
        if out < 0:
            return
        _swap(state, field, sites, out, into)


@compiled
def _cool(
    state: BoolArray,
    field: NDArray[np.float64],
    sites: SiteEnergies,
    temperatures: NDArray[np.float64],
    draws: NDArray[np.float64],
    n_steps: int,
    random: RandomState,
) -> None:
    """Anneal one state by moves of single ions within their group, then descend."""
    n = len(field)
    for step in range(n_steps):
        i, j = random_below(random, n), random_below(random, n)
        if state[i] == state[j] or sites.group[i] != sites.group[j]:
            continue
        out, into = (i, j) if state[i] else (j, i)
        change = field[into] - field[out] - sites.pair[out, into]
        draw = draws[np.int64((next_random(random) >> np.uint64(20)) & np.uint64(len(draws) - 1))]
        if change <= temperatures[step * len(temperatures) // n_steps] * draw:
            _swap(state, field, sites, out, into)
    _descend(state, field, sites)


def annealed(sites: SiteEnergies, quotas: Sequence[int], seed: int) -> BoolArray:
    """Local minima met by annealing from random starts, shape (m, n); decided by the seed alone."""
    n = len(sites.alone)
    generator, random, found = np.random.default_rng(seed), random_state(seed), []
    scale = _energy_scale(sites, quotas, generator)
    share = (np.arange(_PLATEAUS) + 0.5) / _PLATEAUS
    temperatures = np.asarray(np.round(scale * _HOT * (_COLD / _HOT) ** share, 10), dtype=np.float64)
    draws = np.asarray(np.round(-np.log((np.arange(_DRAWS) + 0.5) / _DRAWS), 10), dtype=np.float64)
    for _ in range(_STARTS):
        state = random_occupation(sites, quotas, generator)
        field = sites.alone + sites.pair @ state
        _cool(state, field, sites, temperatures, draws, _STEPS_PER_SITE * n, random)
        found.append(state)
    return np.unique(np.array(found), axis=0)


def random_occupation(sites: SiteEnergies, quotas: Sequence[int], generator: np.random.Generator) -> BoolArray:
    """Random state with `quotas[g]` ions in group g, exclusion not looked at."""
    state = np.zeros(len(sites.alone), dtype=bool)
    for g, quota in enumerate(quotas):
        state[generator.choice(np.flatnonzero(sites.group == g), quota, replace=False)] = True
    return state


def _energy_scale(sites: SiteEnergies, quotas: Sequence[int], generator: np.random.Generator) -> float:
    """Typical change of energy (eV) by a move, excluded pairs left out, rounded to three digits."""
    state = random_occupation(sites, quotas, generator)
    field = sites.alone + np.where(sites.pair > EXCLUDED / 2, 0.0, sites.pair) @ state
    spread = float(np.std(field))
    return float(f"{spread:.2e}") if spread > 1e-6 else 1.0


def neighbours(state: BoolArray, sites: SiteEnergies, limit: float) -> BoolArray:
    """States that differ from `state` by one move and whose energy is below `limit` (eV), shape (m, n)."""
    field = sites.alone + sites.pair @ state
    energy = float(energies_of(state[None], sites)[0])
    out, into = np.flatnonzero(state), np.flatnonzero(~state)
    change = field[into][None, :] - field[out][:, None] - sites.pair[np.ix_(out, into)]
    allowed = (sites.group[out][:, None] == sites.group[into][None, :]) & (energy + change < limit)
    rows = np.argwhere(allowed)
    found = np.repeat(state[None], len(rows), axis=0)
    found[np.arange(len(rows)), out[rows[:, 0]]] = False
    found[np.arange(len(rows)), into[rows[:, 1]]] = True
    return found
