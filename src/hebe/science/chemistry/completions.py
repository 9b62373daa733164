"""How many ways a row of a composition space can be completed: counted exactly, without listing any.

With n_i atoms of element i, whose charges run from a_i to b_i in steps of d, the charges that a row can have run from
``sum n_i a_i`` to ``sum n_i b_i`` in the same steps. It is neutral when the target lies between: the neutral rows are
those whose lowest charge is at most the target, less those whose highest charge is below it. These are two counts over
one charge each instead of one over sets of charges. Each is a polynomial in the charge with whole coefficients; it is
held as one Python integer with a fixed number of bits per coefficient, so that to add an atom is a shift.

Where atoms of a second step ``R d`` are among them, the charges are complete as soon as the first step is taken R - 1
times, and else are R - 1 or fewer separate series of the second step: completions then also depend on the ``class`` of
what is there, which is how often the first step can be taken, up to R - 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hebe.science.chemistry.layout import Layout

if TYPE_CHECKING:
    from hebe.science.chemistry.layout import Block, Column

Grid = list[list[int]]
"""Polynomials by elements present and atoms placed on one sublattice so far."""


@dataclass(frozen=True)
class Completions:
    """Completions of the rows of a layout whose `Layout.steps` are known.

    Parameters
    ----------
    layout
        The columns.
    word
        Bits per coefficient are a multiple of this.
    """

    layout: Layout
    word: int = 1

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """Steps of the reachable charges."""
        return self.layout.steps or ()

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.steps[1] // self.steps[0] if len(self.steps) > 1 else 1

    def class_step(self, column: Column) -> int:
        """How far an atom of a column raises the class."""
        if self.classes == 1 or column.step != self.steps[0]:
            return 0
        return (column.charges[-1] - column.charges[0]) // self.steps[0]

    @cached_property
    def bits(self) -> int:
        """Bits per coefficient, enough for all rows of the right amounts, neutral or not."""
        alike = _Pass(self.layout, [0] * len(self.layout.columns), 0, 0)
        total = alike.layers(1)[0][0][0]
        return max(self.word * math.ceil((total.bit_length() + 1) / self.word), self.word)

    @cached_property
    def lowest(self) -> list[list[Grid]]:
        """By position and class: polynomials in ``target - lowest charge so far``."""
        return self._tables(highest=False)

    @cached_property
    def highest(self) -> list[list[Grid]]:
        """By position and class: polynomials in ``target - highest charge so far``, to be taken off the others."""
        return self._tables(highest=True)

    def count(self) -> int:
        """Exact number of neutral rows."""
        target = self.layout.target
        if target < 0:
            return 0
        found = self._coefficient(self._tables(highest=False, first=True)[0][0][0][0], target)
        return found - self._coefficient(self._tables(highest=True, first=True)[0][0][0][0], target)

    def _coefficient(self, polynomial: int, power: int) -> int:
        return polynomial >> (power * self.bits) & ((1 << self.bits) - 1)

    def _tables(self, *, highest: bool, first: bool = False) -> list[list[Grid]]:
        """Polynomials of all positions, or of the `first` alone."""
        n = 1 if first else len(self.layout.columns) + 1
        if highest and not self.steps:
            return [[_like(grid, 0) for grid in part] for part in (self.lowest if not first else [[[[0]]]])]
        step = self.steps[0] if self.steps else 0
        shift = step if highest else 0
        everything = [_moved(self, grid, shift) for grid in self._layers(step, highest=highest)[:n]]
        result = [[grid for _ in range(self.classes)] for grid in everything]
        for held in range(self.classes - 1):
            close = [_moved(self, grid, shift) for grid in self._layers(step, held, highest=highest)[:n]]
            wide = self._layers(self.steps[1], held, highest=highest)[:n]
            for position in range(n):
                for have in range(self.classes - 1 - held):
                    parts = [
                        self._offset(wide[position], have + held, a, highest=highest) for a in range(have + held + 1)
                    ]
                    result[position][have] = _sum(result[position][have], close[position], parts)
        return result

    def _offset(self, grid: Grid, extra: int, taken: int, *, highest: bool) -> Grid:
        """Polynomials of one series of the second step, of which the first step is `taken` so many times of `extra`."""
        small, wide = self.steps
        return _moved(self, grid, wide - (extra - taken) * small if highest else taken * small)

    def _layers(self, step: int, held: int | None = None, *, highest: bool) -> list[Grid]:
        """Layers of completions that lie at any number of steps below; only those of class `held` if it is given."""
        target, columns = self.layout.target, self.layout.columns
        one = sum(1 << (self.bits * charge) for charge in range(0, target + 1, step or target + 1))
        charges = [column.charges[-1 if highest else 0] for column in columns]
        steps = None if held is None else [self.class_step(column) for column in columns]
        return _Pass(self.layout, charges, self.bits, target, steps, held or 0).layers(one)


@dataclass(frozen=True)
class _Pass:
    """One pass over the columns from the last to the first, every atom of a column with the same charge."""

    layout: Layout
    charges: list[int]
    bits: int
    target: int
    steps: list[int] | None = None
    held: int = 0

    def layers(self, one: int) -> list[Grid]:
        """Grids of all positions, the last being that of the complete row, `one`."""
        found = [[[[one]] if not s else [[0]] for s in range(self.held + 1)]]
        blocks = self.layout.block_of
        for position in range(len(blocks) - 1, -1, -1):
            block, after = blocks[position], found[-1]
            if position + 1 == block.stop:
                after = [_closing(block, grid[0][0]) for grid in after]
            found.append([self._layer(position, after, s) for s in range(self.held + 1)])
            if position == block.start:
                found[-1] = [[[grid[0][0]]] for grid in found[-1]]
        return [part[self.held] for part in reversed(found)]

    def _layer(self, position: int, after: list[Grid], held: int) -> Grid:
        column, same = self.layout.columns[position], after[held]
        step = 0 if self.steps is None else self.steps[position]
        result = [list(row) if column.optional else [0] * len(row) for row in same]
        for used in range(len(same) - 1):
            if column.high < column.low:
                break
            if step:
                self._add_few(result[used], after, used + 1, held, position)
            else:
                self._add_window(result[used], same[used + 1], position)
        return result

    def _add_window(self, into: list[int], after: list[int], position: int) -> None:
        """Add all amounts of a column at once: those of one atom more are the same, moved by one."""
        column, move = self.layout.columns[position], self.charges[position] * self.bits
        mask, low, window = (1 << (self.bits * (self.target + 1))) - 1, column.low, 0
        enter, leave, last = move * low, move * (column.high + 1), len(after) - 1
        for atoms in range(last - low, -1, -1):
            window = window << move if window else 0
            if added := after[atoms + low]:
                window += added << enter
            if atoms + column.high < last and (gone := after[atoms + column.high + 1]):
                window -= gone << leave & mask if move else gone
            if move:
                window &= mask
            into[atoms] += window

    def _add_few(self, into: list[int], after: list[Grid], used: int, held: int, position: int) -> None:
        """Add the few amounts that keep the class at `held`."""
        column, move = self.layout.columns[position], self.charges[position] * self.bits
        step = (self.steps or [1])[position]
        mask = (1 << (self.bits * (self.target + 1))) - 1
        for amount in range(column.low, min(column.high, held // step) + 1):
            source = after[held - amount * step][used]
            for atoms in range(len(into) - amount):
                into[atoms] += source[atoms + amount] << move * amount & mask


def _closing(block: Block, value: int) -> Grid:
    """Grid behind the last column of a block: only a full sublattice with the right number of elements goes on."""
    grid = [[0] * (block.grid + 1) for _ in range(block.high + 1)]
    for used in range(block.low, block.high + 1):
        grid[used][block.grid] = value
    return grid


def _like(grid: Grid, value: int) -> Grid:
    return [[value] * len(row) for row in grid]


def _moved(found: Completions, grid: Grid, shift: int) -> Grid:
    """Polynomials times a power of the charge."""
    mask = (1 << (found.bits * (found.layout.target + 1))) - 1
    return grid if not shift else [[value << (shift * found.bits) & mask for value in row] for row in grid]


def _sum(base: Grid, less: Grid, more: list[Grid]) -> Grid:
    return [
        [value - less[i][j] + sum(part[i][j] for part in more) for j, value in enumerate(row)]
        for i, row in enumerate(base)
    ]
