"""Rows of a composition space whose reachable charges are regular: counted, numbered and streamed from tables."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hebe.science.chemistry.completions import Completions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Entropies, Floats, IntArray, Rows, Walk

Bounds = tuple[float | None, float | None]

_WORD = 64


class Tables:
    """Rows of a layout whose `Layout.steps` are known, in lexicographic order."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @cached_property
    def _total(self) -> int:
        return Completions(self.layout).count()

    def count(self) -> int:
        """Exact number of rows."""
        return self._total

    @cached_property
    def _walk(self) -> Walk:
        from hebe.science.chemistry.walking import make_walk

        return make_walk(self.layout)

    def rows_of(self, ranks: Sequence[int] | IntArray) -> Rows:
        """Rows of given numbers, each below `count`, shape (rows, columns)."""
        from hebe.science.chemistry.walking import first_state, rows_in_order, rows_of

        found = np.empty((len(ranks), len(self.layout.columns)), dtype=np.int16)
        if not len(ranks):
            return found
        words, states = self._walk.lowest.shape[1], first_state(self._walk)
        if words > 1:
            rows_of(self._walk, in_words(ranks, words), states, found)
            return found
        numbers = np.asarray(ranks, dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        rows_in_order(self._walk, numbers[order], states, found)
        out = np.empty_like(found)
        out[order] = found
        return out

    def rank(self, row: Sequence[int]) -> int | None:
        """Number of a row, None if there is no such row."""
        from hebe.science.chemistry.walking import enter, first_state

        if not self.count() or not self._fits(row):
            return None
        rank, states = 0, first_state(self._walk)
        for position, (column, wanted) in enumerate(zip(self.layout.columns, row, strict=True)):
            smaller = ([0] if column.optional and wanted else []) + list(range(column.low, wanted))
            if not self._walk.columns[position, 7]:
                rank += sum(self._behind(states, position, amount) for amount in smaller)
            if not self._behind(states, position, wanted):
                return None
            enter(self._walk, states, position, wanted)
        return rank

    def _fits(self, row: Sequence[int]) -> bool:
        """Whether amounts and numbers of elements are allowed, whatever the charge."""
        columns, blocks = self.layout.columns, self.layout.blocks
        if len(row) != len(columns):
            return False
        amounts = all(c.low <= n <= c.high or (n == 0 and c.optional) for c, n in zip(columns, row, strict=True))
        parts = [(block, [n for n in row[block.start : block.stop] if n]) for block in blocks]
        return amounts and all(sum(p) == b.grid and b.low <= len(p) <= b.high for b, p in parts)

    def _behind(self, states: IntArray, position: int, amount: int) -> int:
        """How many rows go on behind a column that takes an amount."""
        from hebe.science.chemistry.walking import line_of

        walk, column = self._walk, self.layout.columns[position]
        low = int(states[position, 2]) - amount * column.charges[0]
        high = int(states[position, 3]) - amount * column.charges[-1]
        if low < 0:
            return 0
        line = line_of(walk, states, position, amount)
        size = _number(walk.lowest[line + low])
        return size - _number(walk.highest[line + high]) if high >= 0 else size

    def stream(self, size: int, bounds: Mapping[str, Bounds] | None = None) -> Iterator[tuple[Rows, Floats]]:
        """Rows in order, at most `size` at a time, with the entropy (R) of each sublattice, shape (rows, blocks).

        Parameters
        ----------
        size
            Most rows of a part.
        bounds
            Sublattice -> least and greatest entropy (R) of the rows that are wanted.
        """
        from hebe.science.chemistry.walking import first_state, next_rows

        if not self.count():
            return
        walk, position, held = self._walk, 0, self._entropies(bounds or {})
        states, row = first_state(walk), np.zeros(len(walk.columns), dtype=np.int16)
        while True:
            rows = np.empty((size, len(walk.columns)), dtype=np.int16)
            entropies = np.empty((size, len(walk.blocks)))
            filled = next_rows(walk, held, states, row, position, rows, entropies)
            if filled:
                yield rows[:filled], entropies[:filled]
            if filled < size:
                return
            position = len(walk.columns)

    def _entropies(self, bounds: Mapping[str, Bounds]) -> Entropies:
        from hebe.science.chemistry.walking import Entropies

        given = [bounds.get(block.name, (None, None)) for block in self.layout.blocks]
        low, high = ([limits[i] for limits in given] for i in (0, 1))
        most = max(len(self.layout.columns), 1)
        return Entropies(
            entropy_terms(self.layout),
            np.array([0.0, *(math.log(m) for m in range(1, most + 1))]),
            np.array([-np.inf if x is None else x for x in low]),
            np.array([np.inf if x is None else x for x in high]),
            np.zeros(len(self.layout.columns) + 1),
        )


def entropy_terms(layout: Layout) -> Floats:
    """``-x ln x`` of n of grid atoms, shape (blocks, largest grid + 1)."""
    terms = np.zeros((len(layout.blocks), max(block.grid for block in layout.blocks) + 1))
    for line, block in zip(terms, layout.blocks, strict=True):
        x = np.arange(1, block.grid + 1) / block.grid
        line[1 : block.grid + 1] = -x * np.log(x)
    return terms


def site_entropies(layout: Layout, rows: Rows) -> Floats:
    """Entropy (R) of each sublattice per its own site, shape (rows, blocks)."""
    terms = entropy_terms(layout)
    parts = [line[rows[:, b.start : b.stop]].sum(axis=1) for line, b in zip(terms, layout.blocks, strict=True)]
    return np.stack(parts, axis=1)


def in_words(numbers: Sequence[int] | IntArray, words: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Whole numbers as words of 64 bits, least first, shape (numbers, words)."""
    if isinstance(numbers, np.ndarray) and numbers.dtype != object:
        result = np.zeros((len(numbers), words), dtype=np.uint64)
        result[:, 0] = numbers
        return result
    raw = b"".join(int(number).to_bytes(words * 8, "little") for number in numbers)
    return np.frombuffer(raw, dtype="<u8").reshape(-1, words).copy()


def _number(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> int:
    """Whole number of words, least first."""
    return sum(int(word) << (_WORD * i) for i, word in enumerate(words))
