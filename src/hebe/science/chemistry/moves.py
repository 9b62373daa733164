"""Moves from members of a composition space to others, neutral by construction.

A move takes atoms of one species of a sublattice for as many of another, and then makes a second exchange, on any
sublattice, of just so many atoms that the charge of the layout can be had again. Mutation allows any exchange, crossing
only those that bring a row nearer to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.layout import Layout
from hebe.science.chemistry.membership import members

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.chemistry.walking import IntArray, Rows

_ALL: Final = 0.3
"""Share of exchanges that take all atoms of a species, so that another one stands in its place."""

_SMALL: Final = 0.5
"""Chance that an exchange of several atoms takes no more."""


@dataclass(frozen=True)
class Moves:
    """Moves between the members of a layout."""

    layout: Layout

    @cached_property
    def _block(self) -> IntArray:
        """Number of the block of each column."""
        return np.array([self.layout.blocks.index(block) for block in self.layout.block_of], dtype=np.int64)

    @cached_property
    def _ends(self) -> tuple[IntArray, IntArray]:
        """Lowest and highest charge of an atom of each column."""
        first, last = ([c.charges[end] for c in self.layout.columns] for end in (0, -1))
        return np.array(first, dtype=np.int64), np.array(last, dtype=np.int64)

    def mutated(self, rows: Rows, rng: np.random.Generator) -> Rows:
        """A neighbour of each row, those left out that are no members."""
        most = np.array([column.high for column in self.layout.columns], dtype=np.int64)
        return self._moved(rows.astype(np.int64), np.zeros(len(most), dtype=np.int64), most, rng)

    def crossed(self, rows: Rows, others: Rows, rng: np.random.Generator) -> Rows:
        """A row between each row and another, those left out that are no members."""
        aims = others.astype(np.int64)
        own = rows.astype(np.int64)
        return self._moved(own, np.minimum(own, aims), np.maximum(own, aims), rng)

    def _moved(self, rows: IntArray, least: IntArray, most: IntArray, rng: np.random.Generator) -> Rows:
        """Rows after an exchange and one that makes up for its charge, with amounts between limits."""
        now = rows.copy()
        giver, taker, room = self._exchange(now, least, most, rng)
        number = np.minimum(rng.geometric(_SMALL, len(now)), room)
        number = np.where(rng.random(len(now)) < _ALL, room, number)
        _take(now, giver, taker, number)
        first, last = self._ends
        giver, taker, room = self._exchange(now, least, most, rng)
        low, high = np.zeros_like(room), room
        for charges, left in ((first, self.layout.target - now @ first), (-last, now @ last - self.layout.target)):
            low, high = _within(charges[taker] - charges[giver], left, low, high)
        number = np.minimum(low + rng.geometric(_SMALL, len(now)) - 1, high)
        _take(now, giver, taker, number)
        found: Rows = now[(low <= high) & (now != rows).any(axis=1)].astype(np.int16)
        return np.asarray(found[members(self.layout, found)])

    def _exchange(
        self, rows: IntArray, least: IntArray, most: IntArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Columns that give and take in one block, drawn for each row, and how many atoms can go at most."""
        gives, takes, lines = rows - least, most - rows, np.arange(len(rows))
        giver = _drawn(gives > 0, rng)
        beside = (self._block[giver][:, None] == self._block) & (giver[:, None] != np.arange(rows.shape[1]))
        taker = _drawn(beside & (takes > 0), rng)
        room = np.where(beside[lines, taker], np.minimum(gives[lines, giver], takes[lines, taker]), 0)
        return giver, taker, np.maximum(room, 0)


def _drawn(where: NDArray[np.bool_], rng: np.random.Generator) -> IntArray:
    """One of the columns of each row that are allowed, each equally likely; any where none is."""
    return np.asarray(np.argmax(np.where(where, rng.random(where.shape), -1.0), axis=1))


def _take(rows: IntArray, giver: IntArray, taker: IntArray, number: IntArray) -> None:
    lines = np.arange(len(rows))
    rows[lines, giver] -= number
    rows[lines, taker] += number


def _within(each: IntArray, left: IntArray, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
    """Limits of numbers n from `low` to `high` for which ``n each <= left``; the lower above the upper if none."""
    safe = np.where(each == 0, 1, each)
    low = np.where(each < 0, np.maximum(low, -(left // -safe)), low)
    high = np.where(each > 0, np.minimum(high, left // safe), high)
    return low, np.where((each == 0) & (left < 0), -1, high)
