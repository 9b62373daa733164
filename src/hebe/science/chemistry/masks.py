"""Rows of a composition space whose reachable charges have gaps: one bit mask of charges per state.

The charges that n atoms of one element can have are a bit mask, and masks of elements combine by shifted OR. This holds
for any oxidation states, and is slower than `hebe.science.chemistry.tables`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Rows

State = tuple[int, int, int, int]
"""Position, elements and atoms on its sublattice so far, mask of the charges so far."""

_START: State = (0, 0, 0, 1)


class Masks:
    """Rows of a layout, in lexicographic order."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._memo: dict[State, int] = {}
        self._block_of = layout.block_of

    @cached_property
    def _masks(self) -> list[list[int]]:
        """By column and number of atoms: mask of the charges that they can have."""
        return [_reachable(column.charges, column.high, self.layout.target) for column in self.layout.columns]

    def count(self) -> int:
        """Exact number of rows."""
        return self._count(_START) if self.layout.target >= 0 else 0

    def _count(self, state: State) -> int:
        if state[0] == len(self._block_of):
            return state[3] >> self.layout.target & 1
        if state not in self._memo:
            self._memo[state] = sum(self._count(after) for _, after in self._choices(state))
        return self._memo[state]

    def _choices(self, state: State) -> Iterator[tuple[int, State]]:
        """Amounts that the next column can take, with the state after each."""
        position, used, atoms, mask = state
        column, block = self.layout.columns[position], self._block_of[position]
        last = position + 1 == block.stop
        none = (0,) if column.optional else ()
        for amount in (*none, *range(column.low, min(column.high, block.grid - atoms) + 1)):
            now, total = used + (amount > 0), atoms + amount
            if now > block.high or (last and (total != block.grid or now < block.low)):
                continue
            charges = _combine(mask, self._masks[position][amount], self.layout.target)
            if charges:
                yield amount, (position + 1, 0 if last else now, 0 if last else total, charges)

    def rows_of(self, ranks: Sequence[int] | NDArray[Any]) -> Rows:
        """Rows of given numbers, shape (rows, columns)."""
        rows = [self._row(int(rank)) for rank in ranks]
        return np.array(rows, dtype=np.int16).reshape(-1, len(self._block_of))

    def _row(self, rank: int) -> list[int]:
        row: list[int] = []
        state = _START
        while len(row) < len(self._block_of):
            for amount, after in self._choices(state):
                size = self._count(after)
                if rank < size:
                    row.append(amount)
                    state = after
                    break
                rank -= size
        return row

    def rank(self, row: Sequence[int]) -> int | None:
        """Number of a row, None if there is no such row."""
        rank, state = 0, _START
        for wanted in row:
            for amount, after in self._choices(state):
                if amount == wanted:
                    state = after
                    break
                rank += self._count(after)
            else:
                return None
        return rank if self._count(state) else None

    def reaches(self, row: Sequence[int]) -> bool:
        """Whether a row of allowed amounts can have the wanted charge."""
        charges = 1
        for masks, amount in zip(self._masks, row, strict=True):
            charges = _combine(charges, masks[amount], self.layout.target)
        return bool(charges >> self.layout.target & 1)

    def stream(self, size: int) -> Iterator[Rows]:
        """All rows in order, at most `size` at a time."""
        total = self.count()
        for begin in range(0, total, size):
            yield self.rows_of(range(begin, min(begin + size, total)))


def _combine(first: int, second: int, target: int) -> int:
    """Bit mask of the sums of two sets of charges, up to `target`."""
    result, limit = 0, (1 << (target + 1)) - 1
    while second:
        step = (second & -second).bit_length() - 1
        result |= first << step
        second &= second - 1
    return result & limit


def _reachable(charges: Sequence[int], most: int, target: int) -> list[int]:
    """Bit masks of the charges that 0..most atoms can have, each of one of `charges`."""
    single = sum(1 << charge for charge in charges)
    masks = [1]
    for _ in range(most):
        masks.append(_combine(masks[-1], single, target))
    return masks
