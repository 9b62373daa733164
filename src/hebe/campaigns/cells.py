"""Candidates as the columns of a table: cells that summaries keep, and what is known when candidates are ranked."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import orjson
import zstandard

from hebe.analyses.registry import all_quantities
from hebe.campaigns.contract import INTERVAL, SPREADS
from hebe.config.reading.hiding import STEERING, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.campaigns.summary import Job, Whole

    Interval = Mapping[str, float | None]

_BETWEEN: Final = "\n"
"""Stands between cells; JSON has none."""


def packed_cells(made: Sequence[Whole]) -> dict[str, Any]:
    """Cells of some documents by column, compressed, the columns that each has in their order, and intervals."""
    orders = list(dict.fromkeys(tuple(whole.order) for whole in made))
    number = {order: at for at, order in enumerate(orders)}
    names = dict.fromkeys(name for whole in made for name in whole.cells)
    columns = {name: _BETWEEN.join(whole.cells.get(name, "") for whole in made) for name in names}
    drawn = dict.fromkeys(name for whole in made for name in whole.intervals)
    pack = zstandard.ZstdCompressor(level=1)
    return {
        "orders": [list(order) for order in orders],
        "order": [number[tuple(whole.order)] for whole in made],
        "cells": {name: base64.b64encode(pack.compress(text.encode())).decode() for name, text in columns.items()},
        "intervals": {name: orjson.dumps([whole.intervals.get(name) for whole in made]).decode() for name in drawn},
    }


class Cells:
    """Rows of a table that summaries keep.

    Parameters
    ----------
    blocks
        Blocks of printed keys and of cells, of the same documents.
    """

    def __init__(self, blocks: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        self._orders: list[tuple[str, ...]] = []
        self._order: list[int] = []
        self._at: dict[Job, int] = {}
        self._columns: dict[str, list[Any]] = {}
        self._intervals: dict[str, list[Interval | None]] = {}
        for keys, cells in blocks:
            self._add(keys, cells)

    def _add(self, keys: Mapping[str, Any], cells: Mapping[str, Any]) -> None:
        before = len(self._order)
        jobs = zip(cells["uuid"], cells["index"], cells["content"], strict=True)
        self._at |= {job: before + at for at, job in enumerate(jobs)}
        self._order += [len(self._orders) + number for number in cells["order"]]
        self._orders += map(tuple, cells["orders"])
        columns = {name: _shown(text) for name, text in keys["columns"].items()}
        unpack = zstandard.ZstdDecompressor()
        for name, packed in cells["cells"].items():
            texts = unpack.decompress(base64.b64decode(packed)).decode().split(_BETWEEN)
            others = columns.get(name) or [None] * len(texts)
            columns[name] = [text or other for text, other in zip(texts, others, strict=True)]
        _append(self._columns, columns, before)
        _append(self._intervals, {name: orjson.loads(text) for name, text in cells["intervals"].items()}, before)

    def holds(self, jobs: Iterable[Job]) -> bool:
        """Whether there are rows of all of some candidates."""
        return all(job in self._at for job in jobs)

    def interval(self, job: Job, quantity: str) -> Interval | None:
        """Interval of a quantity of a candidate without its standard error; None if it has no draws."""
        column, place = self._intervals.get(quantity, ()), self._at[job]
        return column[place] if place < len(column) else None

    def table(self, jobs: Sequence[Job], late: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Columns of some candidates in the order of a ranked candidate; None where one has no such column.

        Parameters
        ----------
        late
            For each candidate, values of the keys that are known when candidates are ranked.
        """
        places = [self._at[job] for job in jobs]
        kinds = {(self._order[place], tuple(values)): None for place, values in zip(places, late, strict=True)}
        orders = (with_late_keys(self._orders[order], keys) for order, keys in kinds)
        names = dict.fromkeys(name for order in orders for name in order)
        are_late = {name for _, keys in kinds for name in keys}
        found = {}
        for name in names:
            column = self._columns.get(name, [])
            column = column + [None] * (len(self._order) - len(column))
            kept = [column[place] for place in places]
            if name in are_late:
                kept = [values.get(name, value) for values, value in zip(late, kept, strict=True)]
            found[printable(name)] = kept
        return found


def _append(columns: dict[str, list[Any]], more: Mapping[str, Sequence[Any]], before: int) -> None:
    """Append a block to columns, some of which it or the blocks before may lack."""
    for name, column in more.items():
        known = columns.setdefault(name, [])
        known += [None] * (before - len(known))
        known += column


def _shown(text: str) -> list[Any]:
    """Values of a column of JSON, whose texts do not steer a terminal."""
    column: list[Any] = orjson.loads(text)
    if "\\" not in text and STEERING.search(text) is None:
        return column
    return [printable(value) if isinstance(value, str) else value for value in column]


def with_late_keys(order: Sequence[str], late: Iterable[str]) -> list[str]:
    """Columns in the order of a ranked candidate: spreads and intervals stand behind the quantity that they are of."""
    found, known = dict[str, None](), {*order, *late}
    of_quantities = {quantity.key for quantity in all_quantities().values()}
    for key in order:
        found[key] = None
        if key in of_quantities:
            found |= dict.fromkeys(name for name in (f"{key}_{end}" for end in (*SPREADS, *INTERVAL)) if name in known)
    return list(found)
