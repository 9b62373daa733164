"""The members of a space that are worth most to compute next, together.

The choice is greedy, each member chosen as if those before it were found as expected. A member never gains more from a
batch that has grown: what it gains at most is computed once for all, block by block, and only those that gain most by
that are looked at again, exactly (lazy evaluation: Minoux, 1978). Members are told apart by their gain to six digits,
ties go to the first in the order of the space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.walking import Rows
from hebe.science.learning.gaussian_process import Array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hebe.science.learning.acquisition import Acquisition

KEPT: Final = 50_000
"""Members that are kept at first of a space, those that gain most at best."""

_PART: Final = 1_024

_SMALLEST: Final = 1e-290

Blocks = Callable[[], Iterable[tuple[Rows, Array]]]


@dataclass(frozen=True)
class Choice:
    """Members of a batch in the order of their choice, and what each was expected to gain.

    Parameters
    ----------
    rows
        Shape ``(n, columns)``.
    table
        Their scaled descriptors.
    gains, probabilities
        Expected gain, and the probability to meet the limits, when each was chosen.
    looked_at
        How many members there were.
    """

    rows: Rows
    table: Array
    gains: tuple[float, ...]
    probabilities: tuple[float, ...]
    looked_at: int


@dataclass
class _Pool:
    """Members that gain most at best; ``left_out`` is the most that any other could gain."""

    rows: Rows
    table: Array
    upper: Array
    left_out: float
    looked_at: int


def choose_batch(acquisition: Acquisition, blocks: Blocks, number: int, kept: int = KEPT) -> Choice:
    """Members that are worth most.

    Parameters
    ----------
    acquisition
        Says what a member gains.
    blocks
        Gives members as rows with their scaled descriptors, block by block, anew at each call.
    number
        How many are wanted; fewer come back where no other gains anything.
    kept
        Members that are kept at first; more where that proves too few.
    """
    while True:
        pool = _best(acquisition, blocks(), kept)
        choice = _greedy(acquisition, pool, number)
        least = choice.gains[-1] if len(choice.gains) == number else 0.0
        if pool.left_out <= least or pool.left_out <= 0.0:
            return choice
        kept *= 10


def _best(acquisition: Acquisition, blocks: Iterable[tuple[Rows, Array]], kept: int) -> _Pool:
    parts: list[tuple[Rows, Array, Array]] = []
    held, threshold, looked_at = 0, 0.0, 0
    for rows, table in blocks:
        upper = acquisition.upper(table)
        looked_at += len(rows)
        inside = upper > threshold
        parts.append((rows[inside], table[inside], upper[inside]))
        held += int(np.count_nonzero(inside))
        if held > 2 * kept:
            pool, threshold = _cut(parts, kept, threshold)
            parts, held = [pool], len(pool[0])
    (rows, table, upper), threshold = _cut(parts, kept, threshold)
    return _Pool(rows, table, upper, threshold, looked_at)


def _cut(
    parts: list[tuple[Rows, Array, Array]], kept: int, threshold: float
) -> tuple[tuple[Rows, Array, Array], float]:
    """Those of the highest bounds, in their order, and the highest bound that is left out."""
    if not parts:
        return (np.empty((0, 0), dtype=np.int16), np.empty((0, 0)), np.empty(0)), threshold
    rows, table, upper = (np.concatenate([part[i] for part in parts]) for i in range(3))
    if len(upper) <= kept:
        return (rows, table, upper), threshold
    edge = float(np.partition(upper, len(upper) - kept - 1)[len(upper) - kept - 1])
    inside = upper > edge
    return (rows[inside], table[inside], upper[inside]), edge


def _greedy(acquisition: Acquisition, pool: _Pool, number: int) -> Choice:
    upper, chosen = pool.upper.copy(), list[int]()
    gains, probabilities = list[float](), list[float]()
    while len(chosen) < number:
        found = _next(acquisition, pool, upper, pool.table[chosen])
        if found is None:
            break
        at, gain, probability = found
        chosen.append(at)
        gains.append(gain)
        probabilities.append(probability)
        upper[at] = 0.0
    return Choice(pool.rows[chosen], pool.table[chosen], tuple(gains), tuple(probabilities), pool.looked_at)


def _next(acquisition: Acquisition, pool: _Pool, upper: Array, batch: Array) -> tuple[int, float, float] | None:
    """The member that gains most, its gain and the probability to meet the limits; bounds that were computed sink."""
    best: tuple[float, int, float] | None = None
    for part in _by_bound(upper):
        if best is not None and upper[part[0]] < best[0] * (1 - 1e-9):
            break
        table = pool.table[part]
        gain = acquisition.gain(table, batch)
        upper[part] = np.minimum(upper[part], acquisition.lasting(gain, table))
        expected = six_digits(gain.expected)
        top = int(part[expected == expected.max()].min())
        value, probability = float(expected.max()), float(gain.probability[part == top][0])
        if value > 0 and (best is None or (value, -top) > (best[0], -best[1])):
            best = value, top, probability
    return None if best is None else (best[1], best[0], best[2])


def _by_bound(upper: Array) -> Iterator[NDArray[np.intp]]:
    """Members with a bound above zero, highest bounds first, in parts."""
    order = np.argsort(-upper, kind="stable")
    order = order[upper[order] > 0]
    for begin in range(0, len(order), _PART):
        yield order[begin : begin + _PART]


def six_digits(values: Array) -> Array:
    """Values to six digits; none below the smallest that has so many."""
    known = np.where(values > _SMALLEST, values, 1.0)
    unit = 10.0 ** (np.floor(np.log10(known)) - 5)
    return np.asarray(np.where(values > _SMALLEST, np.round(known / unit) * unit, 0.0))
