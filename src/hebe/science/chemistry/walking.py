"""Compiled walks over the rows of a composition space: rows of given numbers, and all rows in order.

A state is what the columns before one leave open: elements and atoms on its sublattice so far, the charges below the
target that the lowest and the highest choice leave, and the class of `hebe.science.chemistry.completions`. How many
rows go on from it stands in tables; whole numbers of any size are held as several words of 64 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.completions import Completions
from hebe.science.compiled import compiled

if TYPE_CHECKING:
    from hebe.science.chemistry.completions import Grid
    from hebe.science.chemistry.layout import Layout

IntArray = NDArray[np.int64]
Words = NDArray[np.uint64]
Rows = NDArray[np.int16]
Floats = NDArray[np.float64]

_BYTES: Final = 8
_BITS: Final = 64
_LEAST, _MOST, _OPTIONAL, _FIRST, _LAST, _RISE, _BLOCK, _CLOSES, _BEHIND = range(9)
_USED, _ATOMS, _LOW, _HIGH, _CLASS, _AMOUNT, _BACK, _BEGIN, _END = range(9)
_GRID, _FEWEST, _MOST_USED, _STOP = range(4)


class Walk(NamedTuple):
    """Columns and tables of a space for compiled code.

    ``columns`` has one line per column: least and most atoms, whether none are allowed, first and last charge of an
    atom, how an atom raises the class, number of the block, whether the column closes it, columns that follow in it.
    ``blocks`` has grid, fewest and most elements and last column of each. ``shape`` has one line per position: where
    its table begins, classes, numbers of elements and of atoms. Tables ``lowest`` and ``highest`` have one line per
    state and charge, and the words of a number in it, least first.
    """

    columns: IntArray
    blocks: IntArray
    shape: IntArray
    lowest: Words
    highest: Words
    target: int


def make_walk(layout: Layout) -> Walk:
    """Walk over a layout whose `Layout.steps` are known and whose target is not negative."""
    found, width = Completions(layout, _BITS), layout.target + 1
    shape, begin, columns = [], 0, []
    for part in found.lowest:
        sizes = (len(part), len(part[0]), len(part[0][0]))
        shape.append((begin, *sizes))
        begin += sizes[0] * sizes[1] * sizes[2] * width
    for position, (column, block) in enumerate(zip(layout.columns, layout.block_of, strict=True)):
        number, behind = layout.blocks.index(block), block.stop - position - 1
        bounds = (column.low, column.high, column.optional, column.charges[0], column.charges[-1])
        columns.append([*bounds, found.class_step(column), number, not behind, behind])
    return Walk(
        np.array(columns, dtype=np.int64),
        np.array([[b.grid, b.low, b.high, b.stop - 1] for b in layout.blocks], dtype=np.int64),
        np.array(shape, dtype=np.int64),
        _flat(found.lowest, width, found.bits // _BITS),
        _flat(found.highest, width, found.bits // _BITS),
        layout.target,
    )


def _flat(tables: list[list[Grid]], width: int, words: int) -> Words:
    """Polynomials of all tables one after the other, a line per coefficient."""
    values = (value for part in tables for grid in part for row in grid for value in row)
    flat = np.frombuffer(b"".join(value.to_bytes(_BYTES * width * words, "little") for value in values), dtype="<u8")
    return flat.reshape(-1, words)


def first_state(walk: Walk) -> IntArray:
    """Room for the states before each column and behind the last, with the amounts that they took; the first is set."""
    states = np.zeros((len(walk.columns) + 1, 9), dtype=np.int64)
    states[0, _LOW] = states[0, _HIGH] = walk.target
    states[:, _AMOUNT], states[0, _BACK] = -1, -1
    return states


@compiled
def line_of(walk: Walk, states: IntArray, position: int, amount: int) -> int:
    """Line of the table behind a column that takes an amount, of the charge 0."""
    shape, column = walk.shape, walk.columns
    if column[position, _CLOSES]:
        held, used, atoms = 0, 0, 0
    else:
        used, atoms = states[position, _USED] + (amount > 0), states[position, _ATOMS] + amount
    held = min(states[position, _CLASS] + amount * column[position, _RISE], shape[position + 1, 1] - 1)
    line = (held * shape[position + 1, 2] + used) * shape[position + 1, 3] + atoms
    return int(shape[position + 1, 0] + line * (walk.target + 1))


@compiled
def goes_on(walk: Walk, states: IntArray, position: int, amount: int) -> bool:
    """Whether any row goes on behind a column that takes an amount."""
    low = states[position, _LOW] - amount * walk.columns[position, _FIRST]
    if low < 0:
        return False
    high = states[position, _HIGH] - amount * walk.columns[position, _LAST]
    line, zero = line_of(walk, states, position, amount), np.uint64(0)
    for word in range(walk.lowest.shape[1]):
        if walk.lowest[line + low, word] != (walk.highest[line + high, word] if high >= 0 else zero):
            return True
    return False


@compiled
def enter(walk: Walk, states: IntArray, position: int, amount: int) -> None:
    """Write the state behind a column that takes an amount."""
    column, here, after = walk.columns, position, position + 1
    closes = column[here, _CLOSES]
    states[here, _AMOUNT] = amount
    states[after, _USED] = 0 if closes else states[here, _USED] + (amount > 0)
    states[after, _ATOMS] = 0 if closes else states[here, _ATOMS] + amount
    states[after, _LOW] = states[here, _LOW] - amount * column[here, _FIRST]
    states[after, _HIGH] = states[here, _HIGH] - amount * column[here, _LAST]
    states[after, _CLASS] = min(states[here, _CLASS] + amount * column[here, _RISE], walk.shape[after, 1] - 1)
    states[after, _AMOUNT], states[after, _BACK] = -1, here


@compiled
def take_off(walk: Walk, states: IntArray, position: int, amount: int, ranks: Words, i: int) -> bool:
    """Take the rows that go on behind a column off a number; False, with the number as it was, if it is smaller."""
    low = states[position, _LOW] - amount * walk.columns[position, _FIRST]
    if low < 0:
        return True
    high = states[position, _HIGH] - amount * walk.columns[position, _LAST]
    line, words, smaller = line_of(walk, states, position, amount), walk.lowest.shape[1], False
    borrow, zero = np.uint64(0), np.uint64(0)
    for word in range(words):
        first, second = walk.lowest[line + low, word], walk.highest[line + high, word] if high >= 0 else zero
        size = first - second - borrow
        borrow = np.uint64(first < second) | (np.uint64(first == second) & borrow)
        if ranks[i, word] != size:
            smaller = ranks[i, word] < size
    if smaller:
        return False
    borrow, under = zero, zero
    for word in range(words):
        first, second = walk.lowest[line + low, word], walk.highest[line + high, word] if high >= 0 else zero
        size = first - second - borrow
        borrow = np.uint64(first < second) | (np.uint64(first == second) & borrow)
        rest = ranks[i, word] - size - under
        under = np.uint64(ranks[i, word] < size) | (np.uint64(ranks[i, word] == size) & under)
        ranks[i, word] = rest
    return True


@compiled
def size_behind(walk: Walk, states: IntArray, position: int, amount: int) -> int:
    """How many rows go on behind a column that takes an amount, where numbers have one word."""
    low = states[position, _LOW] - amount * walk.columns[position, _FIRST]
    if low < 0:
        return 0
    high = states[position, _HIGH] - amount * walk.columns[position, _LAST]
    line = line_of(walk, states, position, amount)
    return int(walk.lowest[line + low, 0] - (walk.highest[line + high, 0] if high >= 0 else np.uint64(0)))


@compiled
def settle(walk: Walk, states: IntArray, position: int, rest: int) -> tuple[int, int, int]:
    """Amount of a column in the row that is number `rest` of those that go on from it.

    Returns
    -------
    tuple
        The amount, how many rows go on behind it, and the number of the row among those.
    """
    column, amount, size = walk.columns[position], 0, 0
    if column[_OPTIONAL]:
        size = size_behind(walk, states, position, 0)
        if rest < size:
            return 0, size, rest
        rest -= size
    amount = column[_LEAST]
    if column[_RISE]:
        size = size_behind(walk, states, position, amount)
        while rest >= size:
            rest -= size
            amount += 1
            size = size_behind(walk, states, position, amount)
        return int(amount), size, rest
    line = line_of(walk, states, position, amount)  # from one amount to the next, all changes alike
    low = line + states[position, _LOW] - amount * column[_FIRST]
    high = states[position, _HIGH] - amount * column[_LAST]
    width = walk.target + 1
    while True:
        size = np.int64(walk.lowest[low, 0]) - (np.int64(walk.highest[line + high, 0]) if high >= 0 else 0)  # type: ignore[assignment]
        if rest < size:
            return int(amount), size, rest
        rest -= size
        amount += 1
        line += width
        low += width - column[_FIRST]
        high -= column[_LAST]


@compiled
def rows_in_order(walk: Walk, ranks: IntArray, states: IntArray, out: Rows) -> None:
    """Rows of numbers that rise, where numbers have one word; what a row has in common with the last is kept.

    Parameters
    ----------
    ranks
        Numbers, each below that of all rows, shape (rows,).
    states
        As of `first_state`.
    out
        Rows, shape (rows, columns), to be filled.
    """
    columns, last = walk.columns, len(walk.columns)
    for i in range(len(out)):
        position = 0
        while position < last and ranks[i] < states[position + 1, _END]:
            out[i, position] = out[i - 1, position]
            position += 1
        rest = ranks[i] - states[position, _BEGIN]
        while position < last:
            left = walk.blocks[columns[position, _BLOCK], _GRID] - states[position, _ATOMS]
            if left == 0:
                after = close(walk, states, position)
                for passed in range(position, after):
                    out[i, passed] = 0
                    states[passed + 1, _END] = states[position, _END]
                states[after, _BEGIN] = states[position, _BEGIN]
                position = after
                continue
            amount, size = left, states[position, _END] - states[position, _BEGIN]
            if not columns[position, _CLOSES]:
                amount, size, rest = settle(walk, states, position, rest)
            enter(walk, states, position, amount)
            out[i, position] = amount
            position += 1
            states[position, _BEGIN] = ranks[i] - rest
            states[position, _END] = ranks[i] - rest + size


@compiled
def rows_of(walk: Walk, ranks: Words, states: IntArray, out: Rows) -> None:
    """Rows of given numbers of several words.

    Parameters
    ----------
    ranks
        Numbers in words, shape (rows, words), each below that of all rows; used up.
    states
        As of `first_state`.
    out
        Rows, shape (rows, columns), to be filled.
    """
    columns, blocks = walk.columns, walk.blocks
    for i in range(len(out)):
        for position in range(len(columns)):
            amount = blocks[columns[position, _BLOCK], _GRID] - states[position, _ATOMS]
            if not columns[position, _CLOSES]:
                amount = 0
                if not columns[position, _OPTIONAL] or take_off(walk, states, position, 0, ranks, i):
                    amount = columns[position, _LEAST]
                    while take_off(walk, states, position, amount, ranks, i):
                        amount += 1
            enter(walk, states, position, amount)
            out[i, position] = amount


@compiled
def close(walk: Walk, states: IntArray, position: int) -> int:
    """Write the state behind a sublattice that is full, from a column before its end; the position of that state."""
    after = position + walk.columns[position, _BEHIND] + 1
    states[after, _USED], states[after, _ATOMS] = 0, 0
    states[after, _LOW], states[after, _HIGH] = states[position, _LOW], states[position, _HIGH]
    states[after, _CLASS] = min(states[position, _CLASS], walk.shape[after, 1] - 1)
    states[after, _AMOUNT], states[after, _BACK] = -1, states[position, _BACK]
    return int(after)


class Entropies(NamedTuple):
    """Site entropies (R) along a walk.

    ``terms[b, n]`` is ``-x ln x`` of n atoms on block b, ``logarithms[m]`` is ln m; rows whose block b has not
    between ``low[b]`` and ``high[b]`` are left out. ``sums`` are those of the columns of a block up to each position.
    """

    terms: Floats
    logarithms: Floats
    low: Floats
    high: Floats
    sums: Floats


@compiled
def next_rows(
    walk: Walk, held: Entropies, states: IntArray, row: Rows, position: int, out: Rows, entropies: Floats
) -> int:
    """Fill `out` with the rows that follow, `entropies` (rows, blocks) with theirs.

    Parameters
    ----------
    states
        As of `first_state` at the beginning.
    row
        Room for the amounts so far.
    position
        Where to go on: 0 at the beginning, the number of columns later.

    Returns
    -------
    int
        How many rows there are; fewer than there is room for at the end.
    """
    last, filled, columns = len(walk.columns), 0, walk.columns
    if position == last:
        position = states[last, _BACK]
    while position >= 0:
        if walk.blocks[columns[position, _BLOCK], _GRID] == states[position, _ATOMS]:
            after = close(walk, states, position)
            for passed in range(position, after):
                row[passed] = 0
            held.sums[after - 1] = held.sums[position - 1]
            position = after
        else:
            amount = next_amount(walk, held, states, position)
            if amount < 0:
                position = states[position, _BACK]
                continue
            enter(walk, states, position, amount)
            row[position] = amount
            position += 1
        if position == last:
            for i in range(last):
                out[filled, i] = row[i]
            for block in range(len(walk.blocks)):
                entropies[filled, block] = held.sums[walk.blocks[block, _STOP]]
            filled += 1
            if filled == len(out):
                break
            position = states[last, _BACK]
    return filled


@compiled
def next_amount(walk: Walk, held: Entropies, states: IntArray, position: int) -> int:
    """Next amount of a column with which rows go on; -1 if there is none."""
    amount, columns = states[position, _AMOUNT], walk.columns
    block = columns[position, _BLOCK]
    left = walk.blocks[block, _GRID] - states[position, _ATOMS]
    if columns[position, _CLOSES]:  # it takes what is left
        return left if amount < 0 and allows(walk, held, states, position, left) else -1
    amount = 0 if amount < 0 and columns[position, _OPTIONAL] else max(amount + 1, columns[position, _LEAST])
    most = min(columns[position, _MOST], left) if states[position, _USED] < walk.blocks[block, _MOST_USED] else 0
    while amount <= most or amount == 0:
        if goes_on(walk, states, position, amount) and allows(walk, held, states, position, amount):
            return int(amount)
        amount = max(amount + 1, columns[position, _LEAST])
    return -1


@compiled
def allows(walk: Walk, held: Entropies, states: IntArray, position: int, amount: int) -> bool:
    """Whether the entropy of a sublattice can still come to lie between its bounds; keeps the sum up to a column.

    Of atoms on m elements ``sum -x ln x`` is highest in equal parts and lowest on one.
    """
    columns, block = walk.columns, walk.columns[position, _BLOCK]
    begins = position == 0 or columns[position - 1, _CLOSES]
    total = held.terms[block, amount] + (0.0 if begins else held.sums[position - 1])
    held.sums[position] = total
    if held.low[block] == -np.inf and held.high[block] == np.inf:
        return True
    rest = walk.blocks[block, _GRID] - states[position, _ATOMS] - amount
    low = total + held.terms[block, rest]
    if rest == 0:
        return bool(held.low[block] <= low <= held.high[block])
    used = states[position, _USED] + (amount > 0)
    most = min(walk.blocks[block, _MOST_USED] - used, columns[position, _BEHIND])
    high = low + rest / walk.blocks[block, _GRID] * held.logarithms[max(most, 1)]
    return bool(high >= held.low[block] and low <= held.high[block])
