"""A batch from a space that is too large to look at every member: evolution of members by neutral moves.

The choice is greedy, each member chosen as if those before it were found as expected. For each, those that gain most of
all that were looked at are mutated and crossed (`hebe.science.chemistry.moves`) until no better one has been found for
some generations. Members are told apart by their gain to six digits, ties go to the first in the order of the space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hebe.science.chemistry.moves import Moves
from hebe.science.chemistry.walking import Rows
from hebe.science.choosing.fronts import first_front
from hebe.science.learning.batch import Choice, Members, six_digits
from hebe.science.learning.gaussian_process import Array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.chemistry.layout import Layout
    from hebe.science.learning.acquisition import Acquisition

PARENTS: Final = 300
"""Members that have children: those that gain most."""

CHILDREN: Final = 1_500
"""Children of a generation, before those that are no members, are taken or are known already are left out."""

PATIENCE: Final = 8
"""Generations without a better member after which the search for it ends."""

MOST_GENERATIONS: Final = 100
"""Generations for each member of a batch at most."""

KEPT: Final = 5_000
"""Members that are kept at a time: those that gain most."""


class Relatives(Members, Protocol):
    """Members of a space that moves lead to."""

    @property
    def layout(self) -> Layout:
        """Of the space."""

    def passing(self, rows: Rows) -> Rows:
        """Those of some rows of the space that may be chosen."""


@dataclass(frozen=True)
class _Herd:
    """Members, their scaled descriptors, what they gain to six digits, and how probably they meet the limits."""

    rows: Rows
    table: Array
    gains: Array
    probabilities: Array

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, kept: NDArray[np.intp]) -> _Herd:
        """Some of the members."""
        return _Herd(self.rows[kept], self.table[kept], self.gains[kept], self.probabilities[kept])

    def best(self, number: int) -> _Herd:
        """Those that gain most, the most first."""
        return self.at(np.argsort(-self.gains, kind="stable")[:number])

    def beside(self, other: _Herd) -> _Herd:
        """The members of both."""
        return _Herd(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.table, other.table]),
            np.concatenate([self.gains, other.gains]),
            np.concatenate([self.probabilities, other.probabilities]),
        )

    @property
    def top(self) -> float:
        """What any member gains most."""
        return float(self.gains.max(initial=0.0))

    @property
    def first(self) -> int:
        """The member that gains most; of several the first in the order of the space."""
        most = np.flatnonzero(self.gains == self.top)
        return int(most[np.lexsort(self.rows[most].T[::-1])[0]])


def evolve(
    acquisition: Acquisition, members: Relatives, founders: Rows, known: Rows, number: int, seed: int = 0
) -> Choice:
    """Members that are worth most together, as far as evolution finds them.

    Parameters
    ----------
    acquisition
        Says what a member gains.
    members
        Members of the space.
    founders
        Rows of the space to begin with, such as a uniform sample of it, shape ``(n, columns)``.
    known
        Rows of what is computed: children of those on its front are founders too.
    number
        How many are wanted; fewer come back where no other gains anything.
    seed
        Of the random numbers.
    """
    search = _Search(acquisition, members, seed)
    if len(known):
        front = known[first_front(acquisition.means(members.table(known)))]
        founders = np.concatenate([founders, search.children(front)])
    herd, chosen, none = search.new(founders, np.empty((0, 0))), list[_Herd](), founders[:0]
    while len(chosen) < number and len(herd):
        herd = search.improved(herd, _batch(chosen))
        if herd.top <= 0:
            break
        at = herd.first
        chosen.append(herd.at(np.array([at])))
        herd = search.scored(np.delete(herd.rows, at, axis=0), np.delete(herd.table, at, axis=0), _batch(chosen))
    gains = tuple(float(one.gains[0]) for one in chosen)
    probabilities = tuple(float(one.probabilities[0]) for one in chosen)
    return Choice(np.concatenate([none, *(one.rows for one in chosen)]), gains, probabilities, search.looked_at)


def _batch(chosen: list[_Herd]) -> Array:
    return np.concatenate([one.table for one in chosen]) if chosen else np.empty((0, 0))


class _Search:
    """Finds members by their relatives; none is looked at twice."""

    def __init__(self, acquisition: Acquisition, members: Relatives, seed: int) -> None:
        self.acquisition, self.members = acquisition, members
        self._moves, self._rng = Moves(members.layout), np.random.default_rng(seed)
        self._seen, self.looked_at = set[bytes](), 0

    def improved(self, herd: _Herd, batch: Array) -> _Herd:
        """A herd and its descendants, those that gain most beside a batch."""
        idle = 0
        for _ in range(MOST_GENERATIONS):
            top = herd.top
            herd = herd.beside(self.new(self.children(herd.best(PARENTS).rows), batch)).best(KEPT)
            idle = 0 if herd.top > top else idle + 1
            if idle == PATIENCE:
                break
        return herd

    def children(self, parents: Rows) -> Rows:
        """Neighbours of some rows, and rows between two of them; the first of them have the most."""
        first = (len(parents) * self._rng.random(CHILDREN) ** 2).astype(np.intp)
        second, half = self._rng.integers(0, len(parents), CHILDREN), CHILDREN // 2
        alone = self._moves.mutated(parents[first[:half]], self._rng)
        crossed = self._moves.crossed(parents[first[half:]], parents[second[half:]], self._rng)
        return np.concatenate([alone, crossed])

    def new(self, rows: Rows, batch: Array) -> _Herd:
        """Those of some rows that may be chosen and were not looked at before."""
        different = np.unique(rows, axis=0)
        keys = [row.tobytes() for row in different]
        found = self.members.passing(different[np.array([key not in self._seen for key in keys], dtype=bool)])
        self._seen.update(keys)
        self.looked_at += len(found)
        return self.scored(found, self.members.table(found), batch)

    def scored(self, rows: Rows, table: Array, batch: Array) -> _Herd:
        """Rows with what they gain beside a batch."""
        gain = self.acquisition.gain(table, batch)
        return _Herd(rows, table, six_digits(gain.expected), gain.probability)
