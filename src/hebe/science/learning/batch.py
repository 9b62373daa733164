"""The members of a space that are worth most to compute next, together.

The choice is greedy, each member chosen as if those before it were found as expected. A member never gains more beside
a batch that has grown: what it gains at most is computed for all, block by block, kept where that is more than half of
what the last of the batch gains so far, and only those that gain most by it are looked at again, exactly (lazy
evaluation: Minoux, 1978). Members are told apart by their gain to six digits, ties go to the first in the order of the
space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hebe.science.chemistry.walking import Rows
from hebe.science.learning.acquisition import Quick
from hebe.science.learning.gaussian_process import Array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hebe.science.learning.acquisition import Acquisition

HELD: Final = 100_000
"""Members that are held at first until it is asked which of them can still be chosen."""

MOST_HELD: Final = 4_000_000
"""Members that are held at most, those that gain most at best."""

_PART: Final = 2_048

_SAFE: Final = 0.5
"""Share of the gain of the last of a batch below which no member is held: more members may make it smaller."""

_SMALLEST: Final = 1e-290


class Members(Protocol):
    """Members of a space."""

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        """All rows with their scaled descriptors, block by block, anew at each call."""

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of some rows."""


@dataclass(frozen=True)
class Choice:
    """Members of a batch in the order of their choice, and what each was expected to gain.

    Parameters
    ----------
    rows
        Shape ``(n, columns)``.
    gains, probabilities
        Expected gain, and the probability to meet the limits, when each was chosen.
    looked_at
        How many members there were.
    """

    rows: Rows
    gains: tuple[float, ...]
    probabilities: tuple[float, ...]
    looked_at: int = 0


@dataclass(frozen=True)
class _Pool:
    """Members, what is known of them quickly, and what they gain at most."""

    rows: Rows
    quick: Quick
    upper: Array

    @classmethod
    def of(cls, parts: list[_Pool]) -> _Pool:
        """Several parts as one."""
        quick = [part.quick for part in parts]
        joined = Quick(*(np.concatenate([getattr(one, name) for one in quick]) for name in ("means", "sds", "most")))
        return cls(np.concatenate([p.rows for p in parts]), joined, np.concatenate([p.upper for p in parts]))

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, kept: NDArray[np.bool_]) -> _Pool:
        """Some of the members."""
        return _Pool(self.rows[kept], self.quick.at(kept), self.upper[kept])


def choose_batch(acquisition: Acquisition, members: Members, number: int, held: int = HELD) -> Choice:
    """Members that are worth most.

    Parameters
    ----------
    acquisition
        Says what a member gains.
    members
        Members of the space.
    number
        How many are wanted; fewer come back where no other gains anything.
    held
        Members that are held at first.
    """
    least = 0.0
    while True:
        pool, threshold, looked_at = _best(acquisition, members, number, held, least)
        found = _greedy(acquisition, members, pool, number)
        last = found.gains[-1] if len(found.gains) == number else 0.0
        if threshold <= last or threshold <= 0.0 or len(pool) >= MOST_HELD:
            return Choice(found.rows, found.gains, found.probabilities, looked_at)
        held, least = 2 * max(held, len(pool)), last


def _best(acquisition: Acquisition, members: Members, number: int, held: int, least: float) -> tuple[_Pool, float, int]:
    """Members that may be chosen, what any other gains at most, and how many there are."""
    empty, parts = np.empty((0, 0)), list[_Pool]()
    count, looked_at, threshold = 0, 0, _SAFE * least
    for rows, table in members():
        quick = acquisition.quick(table)
        part = _Pool(rows, quick, acquisition.upper(quick, empty))
        looked_at += len(rows)
        parts.append(part.at(part.upper > threshold))
        count += len(parts[-1])
        if count > held:
            pool = _Pool.of(parts)
            gains = _greedy(acquisition, members, pool, number).gains
            threshold = max(threshold, _SAFE * gains[-1] if len(gains) == number else 0.0)
            if len(pool) > MOST_HELD:
                threshold = max(threshold, float(np.partition(pool.upper, -MOST_HELD)[-MOST_HELD]))
            parts = [pool.at(pool.upper > threshold)]
            count = len(parts[0])
            held = max(held, 2 * count)
    if not parts:
        return _Pool(np.empty((0, 0), dtype=np.int16), Quick(empty, empty, np.empty(0)), np.empty(0)), 0.0, 0
    return _Pool.of(parts), threshold, looked_at


def _greedy(acquisition: Acquisition, members: Members, pool: _Pool, number: int) -> Choice:
    upper, chosen = pool.upper.copy(), list[int]()
    gains, probabilities = list[float](), list[float]()
    while len(chosen) < number and len(pool):
        batch = members.table(pool.rows[chosen]) if chosen else np.empty((0, 0))
        if chosen:
            np.minimum(upper, acquisition.upper(pool.quick, batch), out=upper)
            upper[chosen] = 0.0
        found = _next(acquisition, members, pool, upper, batch)
        if found is None:
            break
        at, gain, probability = found
        chosen.append(at)
        gains.append(gain)
        probabilities.append(probability)
    return Choice(pool.rows[chosen], tuple(gains), tuple(probabilities))


def _next(
    acquisition: Acquisition, members: Members, pool: _Pool, upper: Array, batch: Array
) -> tuple[int, float, float] | None:
    """The member that gains most, its gain and the probability to meet the limits; bounds that were computed sink."""
    best: tuple[float, int, float] | None = None
    for part in _by_bound(upper):
        if best is not None and float(six_digits(upper[part[0]] * (1 + 1e-9))) < best[0]:
            break
        table = members.table(pool.rows[part])
        gain = acquisition.gain(table, batch)
        upper[part] = np.minimum(upper[part], acquisition.lasting(gain, table, batch))
        expected = six_digits(gain.expected)
        value = float(expected.max())
        top = int(part[expected == value].min())
        if value > 0 and (best is None or (value, -top) > (best[0], -best[1])):
            best = value, top, float(gain.probability[part == top][0])
    return None if best is None else (best[1], best[0], best[2])


def _by_bound(upper: Array) -> Iterator[NDArray[np.intp]]:
    """Members with a bound above zero, highest bounds first, in parts that grow."""
    order = np.argsort(-upper, kind="stable")
    order = order[upper[order] > 0]
    begin, size = 0, _PART // 16
    while begin < len(order):
        yield order[begin : begin + size]
        begin, size = begin + size, min(2 * size, _PART)


def six_digits(values: Array) -> Array:
    """Values to six digits; none below the smallest that has so many."""
    known = np.where(values > _SMALLEST, values, 1.0)
    unit = 10.0 ** (np.floor(np.log10(known)) - 5)
    return np.asarray(np.where(values > _SMALLEST, np.round(known / unit) * unit, 0.0))
