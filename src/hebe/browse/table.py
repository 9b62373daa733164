"""Candidates of one or several campaigns as rows that are chosen and sorted, many times a minute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import columns_of
from hebe.browse.holdings import Holdings
from hebe.browse.language import Language
from hebe.schemas.candidate import RankedCandidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.quantity import Quantity

_SYMBOL: Final = re.compile(r"[A-Z][a-z]?")


@dataclass(frozen=True)
class Row:
    """A candidate, its campaign and the elements in it."""

    candidate: RankedCandidate
    campaign: str
    elements: frozenset[str]

    @property
    def name(self) -> str:
        """Campaign and id, which name a row among all."""
        return f"{self.campaign}/{self.candidate.candidate_id}"


@dataclass(frozen=True)
class Wanted:
    """Which rows are wanted, and in which order.

    Parameters
    ----------
    where
        Expression as of ``hebe results --where``; empty for all.
    having, lacking
        Elements that have to be in a candidate, and that must not.
    sort
        Key to sort by; empty for the order of the ranking.
    descending
        Largest first.
    """

    where: str = ""
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of some campaigns, best first, campaign by campaign."""

    holdings: tuple[Holdings, ...]
    rows: tuple[Row, ...]
    language: Language

    @classmethod
    def of(cls, holdings: Sequence[Holdings], language: Language) -> Table:
        """Table of the candidates of campaigns, whose rows are chosen in a language."""
        rows = [Row(c, one.campaign, _elements(c)) for one in holdings for c in one.candidates]
        return cls(tuple(holdings), tuple(rows), language)

    @cached_property
    def columns(self) -> list[Quantity[Any]]:
        """Quantities that are shown."""
        ranked_by = [name for one in self.holdings for name in one.ranked_by]
        return columns_of([row.candidate for row in self.rows], ranked_by)

    @cached_property
    def elements(self) -> list[str]:
        """Elements of all rows."""
        return sorted(frozenset[str]().union(*(row.elements for row in self.rows)))

    @cached_property
    def values(self) -> dict[str, Mapping[str, Any]]:
        """By name of the row: its values by dotted key."""
        every = (values for one in self.holdings for values in one.values)
        return {row.name: values for row, values in zip(self.rows, every, strict=True)}

    @cached_property
    def names(self) -> dict[str, str]:
        """Names that expressions may hold, each with its key."""
        return self.language.names(list(self.values.values()))

    def chosen(self, wanted: Wanted) -> list[Row]:
        """Rows that are wanted, in the wanted order.

        Raises
        ------
        BadInputError
            If the expression cannot be read, or names a key that candidates do not have.
        """
        having, lacking = frozenset(wanted.having), frozenset(wanted.lacking)
        found = [row for row in self.rows if having <= row.elements and not lacking & row.elements]
        if wanted.where.strip():
            holds = self.language.test(wanted.where, self.names)
            found = [row for row in found if holds(self.values[row.name])]
        return self._sorted(found, wanted) if wanted.sort else found

    def row(self, name: str) -> Row | None:
        """Row of a name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    def _sorted(self, rows: list[Row], wanted: Wanted) -> list[Row]:
        key = self.language.key(wanted.sort, self.names)
        values = {row.name: self.values[row.name].get(key) for row in rows}
        having = [row for row in rows if values[row.name] is not None]
        texts = any(isinstance(values[row.name], str) for row in having)
        having.sort(key=lambda row: str(values[row.name]) if texts else values[row.name], reverse=wanted.descending)
        return having + [row for row in rows if values[row.name] is None]


def _elements(candidate: RankedCandidate) -> frozenset[str]:
    """Elements in the formula of a candidate."""
    return frozenset(_SYMBOL.findall(candidate.formula))
