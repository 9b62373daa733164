"""Which of many rows of whole amounts are compositions of a space, without numbering them.

A row is one when its amounts and numbers of elements are allowed and some choice of oxidation states has the charge of
the layout. Charges that can be had lie in steps between the lowest and the highest (`hebe.science.chemistry.layout`);
those with other gaps are listed row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.science.chemistry.masks import Masks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import IntArray, Rows


def members(layout: Layout, rows: Rows) -> NDArray[np.bool_]:
    """Which rows, shape ``(rows, columns)``, belong to a layout."""
    found = allowed(layout, rows)
    some = rows[found].astype(np.int64)
    found[found] = _neutral_by_list(layout, some) if layout.steps is None else _neutral(layout, some)
    return found


def allowed(layout: Layout, rows: Rows) -> NDArray[np.bool_]:
    """Which rows have allowed amounts and numbers of elements, whatever their charge."""
    columns = layout.columns
    low, high = np.array([c.low for c in columns]), np.array([c.high for c in columns])
    none = (rows == 0) & np.array([c.optional for c in columns])
    found = np.asarray((none | ((rows >= low) & (rows <= high))).all(axis=1))
    for block in layout.blocks:
        part = rows[:, block.start : block.stop]
        used = np.count_nonzero(part, axis=1)
        found &= (part.sum(axis=1) == block.grid) & (used >= block.low) & (used <= block.high)
    return found


def _neutral(layout: Layout, rows: IntArray) -> NDArray[np.bool_]:
    """Which rows reach the charge, where the charges of atoms rise by none, one or two steps."""
    columns, steps = layout.columns, layout.steps or ()
    rise = layout.target - rows @ np.array([c.charges[0] for c in columns])
    if layout.target < 0 or not steps:
        return np.asarray((rise == 0) & (layout.target >= 0))
    small, ratio = steps[0], steps[-1] // steps[0]
    spans = [((c.charges[-1] - c.charges[0]) // small, c.step == small) for c in columns]
    few = rows @ np.array([span if is_small else 0 for span, is_small in spans])
    all_of_them = rows @ np.array([span for span, _ in spans])
    whole, number = rise % small == 0, rise // small
    between = whole & (number >= 0) & (number <= all_of_them)
    left = number % ratio
    gapless = few >= ratio - 1
    return np.asarray(between & (gapless | ((left <= few) & (number - left <= all_of_them - few))))


def _neutral_by_list(layout: Layout, rows: IntArray) -> NDArray[np.bool_]:
    """The same for any charges, row by row."""
    low, high = (rows @ np.array([c.charges[end] for c in layout.columns]) for end in (0, -1))
    between = (low <= layout.target) & (high >= layout.target) & (layout.target >= 0)
    listed = Masks(layout)
    for at in np.flatnonzero(between).tolist():
        between[at] = listed.reaches(rows[at].tolist())
    return np.asarray(between)
