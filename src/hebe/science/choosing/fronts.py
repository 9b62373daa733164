"""Order of costs in several objectives: non-dominated fronts, then rank sums.

Fronts after Deb et al., IEEE Trans. Evol. Comput. 6, 182 (2002), found one candidate after the other in lexicographic
order (Zhang, Tian, Cheng and Jin, IEEE Trans. Evol. Comput. 19, 201 (2015)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import allocating

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]


def order_keys(costs: Array) -> Whole:
    """Number of each candidate by which candidates are sorted; equal where neither comes first.

    Parameters
    ----------
    costs
        To be minimized, shape ``(n, objectives)``; NaN where there is no value: the candidate comes after all fronts.

    Returns
    -------
    ndarray
        Shape ``(n,)``: by front, then by the sum over objectives of the number of candidates that are better.
    """
    n, number = costs.shape
    complete = ~np.isnan(costs).any(axis=1)
    front = np.full(n, n + 1, dtype=np.int64)
    front[complete] = front_numbers(costs[complete])
    keys: Whole = front * (n * number + 1) + _rank_sums(costs)
    return keys


def front_numbers(costs: Array) -> Whole:
    """Number of the non-dominated front of each candidate, 0 for the first; costs of shape ``(n, objectives)``."""
    n, number = costs.shape
    if number == 0:
        return np.zeros(n, dtype=np.int64)
    if number == 1:
        return np.unique(costs[:, 0], return_inverse=True)[1].astype(np.int64)
    order = np.lexsort(costs.T[::-1])
    found = np.empty(n, dtype=np.int64)
    found[order] = _sequential(np.ascontiguousarray(costs[order]))
    return found


def first_front(costs: Array) -> Marks:
    """Which candidates are on the first front; costs of shape ``(n, objectives)``, NaN is never on it.

    Parameters
    ----------
    costs
        To be minimized.
    """
    complete = np.flatnonzero(~np.isnan(costs).any(axis=1))
    found = np.zeros(len(costs), dtype=np.bool_)
    if costs.shape[1] == 0:
        found[complete] = True
        return found
    order = complete[np.lexsort(costs[complete].T[::-1])]
    found[order] = _undominated(np.ascontiguousarray(costs[order]))
    return found


@allocating
def _undominated(costs: Array) -> Marks:
    """Which costs in lexicographic order are dominated by none: only those on the front before can dominate."""
    n, number = costs.shape
    inside = np.ones(n, dtype=np.bool_)
    front = np.empty(n, dtype=np.int64)
    size = 0
    for i in range(n):
        for at in range(size):
            j = front[at]
            worse, better = False, False
            for m in range(number):
                worse = worse or costs[j, m] > costs[i, m]
                better = better or costs[j, m] < costs[i, m]
            if worse or not better:
                continue
            inside[i] = False
            break
        if inside[i]:
            front[size] = i
            size += 1
    return inside


@allocating
def _sequential(costs: Array) -> Whole:
    """Fronts of costs in lexicographic order: only those before can dominate, and a front's last does it soonest."""
    n, number = costs.shape
    front = np.zeros(n, dtype=np.int64)
    last = np.full(n, -1, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    for i in range(n):
        k = 0
        while True:
            j = last[k]
            while j >= 0:
                worse, better = False, False
                for m in range(number):
                    worse = worse or costs[j, m] > costs[i, m]
                    better = better or costs[j, m] < costs[i, m]
                if better and not worse:
                    break
                j = before[j]
            if j < 0:
                break
            k += 1
        front[i], before[i], last[k] = k, last[k], i
    return front


def _rank_sums(costs: Array) -> Whole:
    """Sum over objectives of the number of candidates that are better; no value counts as worst."""
    sums = np.zeros(len(costs), dtype=np.int64)
    for column in costs.T:
        known = np.sort(column[~np.isnan(column)])
        sums += np.where(np.isnan(column), len(known), np.searchsorted(known, column))
    return sums
