"""Rows drawn so that every set of elements is there as often as the others, however many rows it has."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.masks import Masks
from hebe.science.chemistry.sampling import different_ranks
from hebe.science.chemistry.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Rows

_LISTED: Final = 5_000
"""Sets that are all looked at; of more some are drawn."""
_TRIES: Final = 20
"""Sets that are drawn for one that is wanted, at most; those without a neutral row are passed over."""

Columns = tuple[int, ...]


def stratified(layout: Layout, n: int, seed: int) -> Rows:
    """Up to `n` different rows, as evenly over the sets of elements as these have rows, and uniform within each set.

    Of more than 5,000 sets as many are drawn as rows are wanted, every set equally likely, with one row of each.
    """
    rng = np.random.default_rng(seed)
    parts = _sets_with_rows(layout, n, rng)
    sizes = [part.count() for part in parts]
    numbers = _shares(sizes, n, rng)
    rows = [
        part.rows_of(different_ranks(size, number, int(rng.integers(1 << 32))))
        for part, size, number in zip(parts, sizes, numbers, strict=True)
    ]
    return np.concatenate([np.zeros((0, len(layout.columns)), dtype=np.int16), *rows])


def _sets_with_rows(layout: Layout, n: int, rng: np.random.Generator) -> list[Tables | Masks]:
    """Rows by set of elements, sets without rows left out."""
    sizes = [range(block.low, block.high + 1) for block in layout.blocks]
    widths = [block.stop - block.start for block in layout.blocks]
    choices = [[math.comb(width, k) for k in size] for width, size in zip(widths, sizes, strict=True)]
    found: dict[Columns, Tables | Masks] = {}
    if math.prod(map(sum, choices)) <= _LISTED:
        sets: Iterator[Columns] = _all_sets(layout)
    else:
        sets = (_drawn_set(layout, choices, rng) for _ in range(_TRIES * n))
    for columns in sets:
        if columns not in found and (part := _only(layout, columns)).count():
            found[columns] = part
            if len(found) == n and math.prod(map(sum, choices)) > _LISTED:
                break
    return list(found.values())


def _all_sets(layout: Layout) -> Iterator[Columns]:
    each = [
        [s for k in range(b.low, b.high + 1) for s in itertools.combinations(range(b.start, b.stop), k)]
        for b in layout.blocks
    ]
    return (tuple(itertools.chain(*parts)) for parts in itertools.product(*each))


def _drawn_set(layout: Layout, choices: list[list[int]], rng: np.random.Generator) -> Columns:
    """Columns of one set, every set of the allowed numbers equally likely."""
    found = list[int]()
    for block, numbers in zip(layout.blocks, choices, strict=True):
        weights = np.array(numbers, dtype=np.float64)
        k = block.low + int(rng.choice(len(weights), p=weights / weights.sum()))
        found += sorted(int(i) for i in rng.choice(range(block.start, block.stop), k, replace=False))
    return tuple(found)


def _only(layout: Layout, columns: Columns) -> Tables | Masks:
    """Rows that have exactly these columns."""
    chosen = set(columns)
    parts = tuple(
        replace(column, optional=False) if i in chosen else replace(column, low=1, high=0, optional=True)
        for i, column in enumerate(layout.columns)
    )
    part = replace(layout, columns=parts)
    return Masks(part) if part.steps is None else Tables(part)


def _shares(sizes: list[int], n: int, rng: np.random.Generator) -> list[int]:
    """Rows to take of each set: the same of all that have as many, the rest of sets at random."""
    numbers = [0] * len(sizes)
    left = min(n, sum(sizes))
    while left:
        open_ones = [i for i, size in enumerate(sizes) if numbers[i] < size]
        share = left // len(open_ones)
        if not share:
            for i in rng.choice(open_ones, left, replace=False):
                numbers[int(i)] += 1
            return numbers
        for i in open_ones:
            more = min(share, sizes[i] - numbers[i])
            numbers[i] += more
            left -= more
    return numbers
