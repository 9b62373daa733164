"""Candidates of one or several campaigns as rows that are chosen and sorted, many times a minute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import columns_of
from hebe.browse.holdings import Holdings
from hebe.campaigns.expression import Expression, in_order_of
from hebe.campaigns.keys import key_names, key_of, scalar_keys
from hebe.campaigns.summaries import is_late, with_late

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import RankedCandidate

_LOOKED_AT: Final = 100


@dataclass(frozen=True)
class Row:
    """Place of a candidate: its campaign, and where it stands among those."""

    holdings: Holdings
    position: int

    @property
    def campaign(self) -> str:
        """Name of the campaign."""
        return self.holdings.campaign

    @property
    def values(self) -> Mapping[str, Any]:
        """What is printed of it, by key."""
        return self.holdings.rows[self.position]

    @property
    def identifier(self) -> str:
        """Id of the candidate."""
        return str(self.values["candidate_id"])

    @property
    def name(self) -> str:
        """Campaign and id, which name a row among all."""
        return f"{self.campaign}/{self.identifier}"

    @cached_property
    def candidate(self) -> RankedCandidate:
        """The candidate itself; read from the store where there are many."""
        return self.holdings.candidates[self.position]


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

    @cached_property
    def rows(self) -> list[Row]:
        """All rows."""
        return [Row(one, position) for one in self.holdings for position in range(len(one.rows))]

    @cached_property
    def columns(self) -> list[Quantity[Any]]:
        """Quantities that are shown."""
        return columns_of(self.first, [name for one in self.holdings for name in one.ranked_by])

    @cached_property
    def first(self) -> list[RankedCandidate]:
        """First candidates of each campaign, by which columns and their heads are chosen."""
        return [candidate for one in self.holdings for candidate in one.candidates[:_LOOKED_AT]]

    @cached_property
    def elements(self) -> list[str]:
        """Elements of all rows."""
        return sorted(frozenset[str]().union(*self._elements))

    def chosen(self, wanted: Wanted) -> list[Row]:
        """Rows that are wanted, in the wanted order.

        Raises
        ------
        BadInputError
            If the expression cannot be read, or names a key that candidates do not have.
        """
        having, lacking = frozenset(wanted.having), frozenset(wanted.lacking)
        kept = [n for n, own in enumerate(self._elements) if having <= own and not lacking & own]
        if wanted.where.strip():
            expression = Expression.parse(wanted.where)
            values = self._with(expression.keys(self._names))
            found = expression.holding([values[n] for n in kept], self._names)
            kept = [kept[n] for n in found]
        if wanted.sort:
            key = key_of(wanted.sort, self._names)
            values = self._with({key})
            order = in_order_of([values[n] for n in kept], key, reverse=wanted.descending)
            kept = [kept[n] for n in order]
        return [self.rows[n] for n in kept]

    def row(self, name: str) -> Row | None:
        """Row of a name."""
        return self._by_name.get(name)

    def _with(self, keys: set[str]) -> Sequence[Mapping[str, Any]]:
        """Values of all rows, of whole candidates where one of some keys asks for that."""
        return self._whole if any(map(is_late, keys)) else self._values

    @cached_property
    def _values(self) -> list[Mapping[str, Any]]:
        return [{"campaign": one.campaign, **row} for one in self.holdings for row in one.rows]

    @cached_property
    def _whole(self) -> list[Mapping[str, Any]]:
        return [{"campaign": one.campaign, **row} for one in self.holdings for row in one.whole_rows]

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names that expressions may hold, each with its key."""
        return key_names(with_late(scalar_keys(self._values)))

    @cached_property
    def _elements(self) -> list[frozenset[str]]:
        return [frozenset(row.get("elements") or ()) for row in self._values]

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}
