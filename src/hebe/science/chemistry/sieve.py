"""A space with the filters of a campaign: what the space itself can leave out, and what is tested row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.emptied import reaches
from hebe.science.chemistry.filtering import TOLERANCE, always_there, row_tests
from hebe.science.chemistry.row_plan import RowPlan
from hebe.science.chemistry.row_split import always_splits
from hebe.science.chemistry.row_table import RowTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.chemistry.tables import Bounds
    from hebe.science.chemistry.walking import Floats, Rows


class Sieve:
    """Filters of a campaign, in file order, over its space.

    Elements that are included or excluded restrict the space, and bounds on the entropy of one sublattice its walk, as
    long as no other filter comes first: what is left after each filter stays exact.

    Parameters
    ----------
    campaign, space
        The campaign and its space.
    prunes
        Whether bounds on the entropy restrict the walk.
    """

    def __init__(self, campaign: Campaign, space: CompositionSpace, *, prunes: bool = True) -> None:
        self.filters, self.primary = campaign.filters, campaign.host.primary
        self.space = space
        self.known: dict[str, int] = {}
        self.tests = row_tests(self.filters)
        self.near = reaches(self.filters)
        self.plan = RowPlan.of(space)
        self.bounds: dict[str, Bounds] = {}
        if always_splits(space):
            self._restrict()
        if prunes and next(iter(self.tests), None) == "entropy":
            self.bounds = self._entropy_bounds()
        self.counts = dict.fromkeys(self.tests, 0)
        self.seen = 0

    def _restrict(self) -> None:
        """Leave elements to the space, and count what it then has."""
        while (name := next(iter(self.tests), None)) in ("include", "exclude"):
            elements = set((self.filters.include if name == "include" else self.filters.exclude) or ())
            if name == "include":
                elements -= always_there(self.space)
                columns = [column.element for column in self.space.columns]
                if VACANCY in elements or any(columns.count(element) != 1 for element in elements):
                    return
                self.space = self.space.restricted(elements)
            else:
                self.space = self.space.restricted((), elements)
            self.known[name] = self.space.count()
            del self.tests[name]

    def _entropy_bounds(self) -> dict[str, Bounds]:
        wanted, blocks = self.filters.entropy, self.space.layout.blocks
        name = blocks[0].name if len(blocks) == 1 else self.primary
        if wanted is None or wanted.convention != "mixed-site":
            return {}
        name = wanted.sublattice or name
        low = None if wanted.min is None else wanted.min - TOLERANCE
        high = None if wanted.max is None else wanted.max + TOLERANCE
        return {} if name is None else {name: (low, high)}

    def table(self, rows: Rows, entropies: Floats | None = None) -> RowTable:
        """Rows of the space with what follows from them."""
        return RowTable(self.space, rows, self.primary, entropies, self.plan)

    def walk(self) -> Iterator[tuple[Rows, RowTable]]:
        """All rows of the space, part by part, and those of each that pass."""
        for rows, entropies in self.space.stream(bounds=self.bounds):
            yield rows, self.sift(self.table(rows, entropies))

    def sift(self, table: RowTable) -> RowTable:
        """Rows that pass; what each filter leaves is counted."""
        possible = table.splits.possible
        if not possible.all():
            table = table.at(possible)
        self.seen += len(table)
        for name, test in self.tests.items():
            passed = test(table)
            self.counts[name] += int(np.count_nonzero(passed))
            if name in self.near:
                self.near[name].look(table, ~passed)
            if not passed.all():
                table = table.at(passed)
        return table

    @property
    def by_filter(self) -> dict[str, int]:
        """How many rows are left after each filter."""
        return {**self.known, **self.counts}
