"""Swap annealing of pair counts in compiled code: the search behind special quasi-random structures.

Zunger, Wei, Ferreira, Bernard, Phys. Rev. Lett. 65, 353 (1990) define the target; the search is simulated annealing
over swaps of two sites, with pair counts updated and not recounted.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@numba.njit(cache=True)
def count_pairs(occupation: IntArray, neighbours: IntArray, offsets: IntArray, n_species: int) -> FloatArray:
    """Ordered neighbour pairs per shell, shape (shells, n_species, n_species), symmetric."""
    counts = np.zeros((len(offsets) - 1, n_species, n_species))
    for s in range(len(offsets) - 1):
        for i in range(len(occupation)):
            for t in range(offsets[s], offsets[s + 1]):
                counts[s, occupation[i], occupation[neighbours[i, t]]] += 1.0
    return counts


@numba.njit(cache=True)
def pair_cost(counts: FloatArray, targets: FloatArray, weights: FloatArray) -> float:
    """``sum_s w_s sum_{i<=j} |1 - C_sij / T_sij|`` over pairs with a positive target."""
    cost = 0.0
    for s in range(counts.shape[0]):
        for i in range(counts.shape[1]):
            for j in range(i, counts.shape[1]):
                if targets[s, i, j] > 0.0:
                    cost += weights[s] * abs(1.0 - counts[s, i, j] / targets[s, i, j])
    return cost


@numba.njit(cache=True)
def _random(state: NDArray[np.uint64]) -> np.uint64:
    """Next number of a xorshift64 generator: the same on every machine."""
    state[0] ^= state[0] << np.uint64(13)
    state[0] ^= state[0] >> np.uint64(7)
    state[0] ^= state[0] << np.uint64(17)
    return np.uint64(state[0])


@numba.njit(cache=True)
def _below(state: NDArray[np.uint64], limit: int) -> int:
    """Random whole number from 0 to limit - 1."""
    return int(_random(state) >> np.uint64(33)) % limit


@numba.njit(cache=True)
def _shift_counts(
    counts: FloatArray, occupation: IntArray, neighbours: IntArray, offsets: IntArray, site: int, sign: float
) -> None:
    """Add (+1) or remove (-1) the ordered pairs in which `site` takes part, except with empty sites (-1)."""
    a = occupation[site]
    for s in range(len(offsets) - 1):
        for t in range(offsets[s], offsets[s + 1]):
            other = neighbours[site, t]
            if occupation[other] >= 0:
                counts[s, a, occupation[other]] += sign
                if other != site:
                    counts[s, occupation[other], a] += sign


@numba.njit(cache=True)
def anneal(
    occupation: IntArray,
    neighbours: IntArray,
    offsets: IntArray,
    targets: FloatArray,
    weights: FloatArray,
    n_steps: int,
    seed: int,
    t_start: float,
    t_end: float,
) -> tuple[float, IntArray]:
    """Lowest cost found in `n_steps` proposed swaps, with its occupation.

    Parameters
    ----------
    occupation
        Species index per site, shape (n,); also fixes the composition.
    neighbours, offsets
        As in `Shells`.
    targets
        Wanted ordered pair counts, shape (shells, species, species); zero leaves a pair out.
    weights
        One per shell.
    n_steps, seed
        Decide the result; no clock does.
    t_start, t_end
        Temperatures of the geometric schedule, in units of the cost.
    """
    n = len(occupation)
    state = np.array([np.uint64(seed) * np.uint64(2654435761) + np.uint64(88172645463325252)])
    now = occupation.copy()
    for i in range(n - 1, 0, -1):
        j = _below(state, i + 1)
        now[i], now[j] = now[j], now[i]
    counts = count_pairs(now, neighbours, offsets, targets.shape[1])
    cost = pair_cost(counts, targets, weights)
    best, best_cost = now.copy(), cost
    cooling = (t_end / t_start) ** (1.0 / max(1, n_steps))
    temperature = t_start
    for _ in range(n_steps):
        temperature *= cooling
        i = _below(state, n)
        j = _below(state, n)
        if now[i] == now[j]:
            continue
        _swap(counts, now, neighbours, offsets, i, j)
        after = pair_cost(counts, targets, weights)
        draw = np.float64(_random(state) >> np.uint64(11)) / 9007199254740992.0
        if after <= cost or draw < np.exp((cost - after) / temperature):
            cost = after
            if cost < best_cost - 1e-12:
                best_cost, best = cost, now.copy()
                if best_cost < 1e-12:
                    break
        else:
            _swap(counts, now, neighbours, offsets, i, j)
    return best_cost, best


@numba.njit(cache=True)
def _swap(counts: FloatArray, occupation: IntArray, neighbours: IntArray, offsets: IntArray, i: int, j: int) -> None:
    """Exchange two sites and keep the counts true."""
    first, second = occupation[i], occupation[j]
    _shift_counts(counts, occupation, neighbours, offsets, i, -1.0)
    occupation[i] = -1
    _shift_counts(counts, occupation, neighbours, offsets, j, -1.0)
    occupation[j] = -1
    occupation[i] = second
    _shift_counts(counts, occupation, neighbours, offsets, i, 1.0)
    occupation[j] = first
    _shift_counts(counts, occupation, neighbours, offsets, j, 1.0)
