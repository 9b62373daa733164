"""Order of costs in several objectives: non-dominated fronts, then rank sums.

Fronts after Deb et al., IEEE Trans. Evol. Comput. 6, 182 (2002). They are found one candidate after the other in
lexicographic order, in which only those before can dominate (Zhang, Tian, Cheng and Jin, IEEE Trans. Evol. Comput. 19,
201 (2015)): who is dominated by a member of a front is by one of every better front, so that the front is bisected.
Of two or three objectives a front is asked by its staircase of least costs (Jensen, IEEE Trans. Evol. Comput. 7, 503
(2003)).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.compiled import allocating, compiled

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Marks = NDArray[np.bool_]

_INT64: Final = 2**63
_FIRST_ROOM: Final = 4
"""Steps for which a staircase has room at first. Room doubles, so that all rooms of one take four times its steps."""


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
    places = np.empty((n, number), dtype=np.int64)
    for column in range(number):
        values = np.ascontiguousarray(costs[:, column])
        places[:, column] = _places(values, np.argsort(values))
    complete = ~np.isnan(costs).any(axis=1)
    front = np.full(n, n + 1, dtype=np.int64)
    front[complete] = _fronts(places[complete])
    keys: Whole = front * (n * number + 1) + places.sum(axis=1)
    return keys


def ranks_of(keys: Whole) -> tuple[Whole, Whole]:
    """Rank of each key from 1 on, the best and the worst of those that are equal."""
    order = np.argsort(keys)
    return _ends(keys, order)


def front_numbers(costs: Array) -> Whole:
    """Number of the non-dominated front of each candidate, 0 for the first; costs of shape ``(n, objectives)``."""
    columns = [np.unique(column, return_inverse=True)[1] for column in costs.T]
    return _fronts(np.array(columns, dtype=np.int64).reshape(costs.shape[::-1]).T)


def _fronts(places: Whole) -> Whole:
    """Fronts of whole costs."""
    n, number = places.shape
    if number == 0:
        return np.zeros(n, dtype=np.int64)
    if number == 1:
        return np.unique(places[:, 0], return_inverse=True)[1].astype(np.int64)
    order = _lexicographic(places)
    kernel = _of_two if number == 2 else _of_three if number == 3 else _sequential
    found = np.empty(n, dtype=np.int64)
    found[order] = kernel(np.ascontiguousarray(places[order]))
    return found


def _lexicographic(places: Whole) -> Whole:
    """Lexicographic order of rows of whole numbers from 0 on, by one number for each row where 63 bits hold it."""
    base = int(places.max(initial=0)) + 1
    if base ** places.shape[1] >= _INT64:
        return np.lexsort(places.T[::-1])
    numbers = places[:, 0].copy()
    for column in places.T[1:]:
        numbers = numbers * base + column
    return np.argsort(numbers)


@allocating
def _places(values: Array, order: Whole) -> Whole:
    """How many values are smaller than each, from the order of the values; NaN, which comes last, is above all."""
    found = np.empty(len(values), dtype=np.int64)
    first = 0
    for at in range(len(values)):
        value, before = values[order[at]], values[order[at - 1]]
        if at > 0 and value != before and not (np.isnan(value) and np.isnan(before)):
            first = at
        found[order[at]] = first
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
def _ends(keys: Whole, order: Whole) -> tuple[Whole, Whole]:
    """Ranks of keys, the best and the worst of those that are equal, from their order."""
    n = len(keys)
    best, worst, first = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), 0
    for at in range(n + 1):
        if at == n or (at > 0 and keys[order[at]] != keys[order[at - 1]]):
            for k in range(first, at):
                best[order[k]], worst[order[k]] = first + 1, at
            first = at
    return best, worst


@allocating
def _of_two(costs: Whole) -> Whole:
    """Fronts of two costs in lexicographic order: the last of a front has the least second cost."""
    n = len(costs)
    front, least, number = np.zeros(n, dtype=np.int64), np.empty(n, dtype=np.int64), 0
    for i in range(n):
        if i > 0 and costs[i, 0] == costs[i - 1, 0] and costs[i, 1] == costs[i - 1, 1]:
            front[i] = front[i - 1]
            continue
        low, high = 0, number
        while low < high:
            middle = (low + high) // 2
            if least[middle] <= costs[i, 1]:
                low = middle + 1
            else:
                high = middle
        front[i], least[low], number = low, costs[i, 1], max(number, low + 1)
    return front


@allocating
def _of_three(costs: Whole) -> Whole:
    """Fronts of three costs in lexicographic order; steps (second cost up, third down) stand in one pool."""
    n = len(costs)
    front = np.zeros(n, dtype=np.int64)
    begin, size, room = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    pool = np.empty((_FIRST_ROOM * (n + 1), 2), dtype=np.int64)
    number, used = 0, 0
    for i in range(n):
        y, z = costs[i, 1], costs[i, 2]
        if i > 0 and costs[i, 0] == costs[i - 1, 0] and y == costs[i - 1, 1] and z == costs[i - 1, 2]:
            front[i] = front[i - 1]
            continue
        low, high = 0, number
        while low < high:
            middle = (low + high) // 2
            at = _step(pool, begin[middle], size[middle], y)
            if at > 0 and pool[begin[middle] + at - 1, 1] <= z:
                low = middle + 1
            else:
                high = middle
        front[i], number = low, max(number, low + 1)
        if size[low] == room[low]:
            grown = max(_FIRST_ROOM, 2 * room[low])
            for k in range(size[low]):
                pool[used + k, 0], pool[used + k, 1] = pool[begin[low] + k, 0], pool[begin[low] + k, 1]
            begin[low], room[low], used = used, grown, used + grown
        size[low] = _climb(pool, begin[low], size[low], y, z)
    return front


@compiled
def _step(pool: Whole, begin: int, size: int, y: int) -> int:
    """How many steps of a staircase have a second cost of at most `y`."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if pool[begin + middle, 0] <= y:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _climb(pool: Whole, begin: int, size: int, y: int, z: int) -> int:
    """Put a step that none of a staircase is below into it, and take away those that are above; their number then."""
    at = _step(pool, begin, size, y)
    if at > 0 and pool[begin + at - 1, 0] == y:
        at -= 1
    end = at
    while end < size and pool[begin + end, 1] >= z:
        end += 1
    shift = 1 - (end - at)
    for k in range(size - 1, end - 1, -1) if shift > 0 else range(end, size):
        pool[begin + k + shift, 0], pool[begin + k + shift, 1] = pool[begin + k, 0], pool[begin + k, 1]
    pool[begin + at, 0], pool[begin + at, 1] = y, z
    return size + shift


@allocating
def _sequential(costs: Whole) -> Whole:
    """Fronts of any number of costs in lexicographic order: a front's last member dominates soonest."""
    n, number = costs.shape
    front = np.zeros(n, dtype=np.int64)
    last = np.full(n, -1, dtype=np.int64)
    before = np.full(n, -1, dtype=np.int64)
    count = 0
    for i in range(n):
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            j = last[middle]
            while j >= 0 and not _dominates(costs, j, i, number):
                j = before[j]
            if j >= 0:
                low = middle + 1
            else:
                high = middle
        front[i], before[i], last[low], count = low, last[low], i, max(count, low + 1)
    return front


@compiled
def _dominates(costs: Whole, j: int, i: int, number: int) -> bool:
    """Whether costs are nowhere higher and somewhere lower."""
    better = False
    for m in range(number):
        if costs[j, m] > costs[i, m]:
            return False
        better = better or costs[j, m] < costs[i, m]
    return better
