"""The space of charge-neutral compositions: counted exactly, ranked, unranked, streamed, sampled uniformly.

A composition is a row of whole amounts, one column per element and sublattice. It is neutral when some choice of
oxidation states has the wanted charge, and counts once however many choices have it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.campaign import Campaign, SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ladder import RedoxLadder, Split
from hebe.science.chemistry.layout import Column, Layout, lay_out
from hebe.science.chemistry.masks import Masks
from hebe.science.chemistry.membership import members
from hebe.science.chemistry.sampling import different_ranks, random_ranks
from hebe.science.chemistry.strata import stratified
from hebe.science.chemistry.tables import Bounds, Tables, site_entropies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.chemistry.walking import Floats, Rows

Row = Sequence[int]

BLOCK: Final = 16_384
"""Rows that are held at a time."""


@dataclass
class CompositionSpace:
    """All charge-neutral compositions of a host within bounds.

    Rows are numbered in lexicographic order of their amounts. ``x_made`` counts working ions on sublattices of their
    own; those that share a mixed sublattice are among its species. Use `from_campaign`.
    """

    family: str
    working_ion: str | None
    x_made: Fraction
    specs: dict[str, SublatticeSpec]
    brought: Family | None = field(default=None, repr=False)
    needed: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    @classmethod
    def from_campaign(cls, campaign: Campaign) -> CompositionSpace:
        """Space that a campaign asks for."""
        host, family = campaign.host, campaign.host.data
        x_made = family.x_made if host.x_made is None else host.x_made
        return cls(family.name, host.working_ion, x_made, dict(host.sublattices), host.brought)

    def with_content(self, x_made: Fraction) -> CompositionSpace:
        """The same species with another content of the working ion's own sites."""
        return CompositionSpace(self.family, self.working_ion, x_made, self.specs, self.brought)

    @property
    def host(self) -> Family:
        """The family's data."""
        return self.brought or load_family(self.family)

    @cached_property
    def valences(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Sublattice -> element -> allowed oxidation states."""
        return {name: dict(spec.species) for name, spec in self.specs.items()}

    @cached_property
    def cation_charge(self) -> Fraction:
        """Charge per formula unit that the mixed sublattices must carry as made."""
        standing = self.host.standing(self.specs)
        charge = -sum((Fraction(number * valence) for *_, number, valence in standing), Fraction(0))
        return charge - self.x_made * working_charge(self.working_ion)

    @cached_property
    def layout(self) -> Layout:
        """Columns of a row, sublattice by sublattice in file order, and the charge that they must reach."""
        return lay_out(self.host, self.specs, self.cation_charge, self.needed, self.excluded)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of a row, sublattice by sublattice in file order."""
        return self.layout.columns

    @cached_property
    def _rows(self) -> Tables | Masks:
        return Masks(self.layout) if self.layout.steps is None else Tables(self.layout)

    def restricted(self, needed: Collection[str] = (), excluded: Collection[str] = ()) -> CompositionSpace:
        """The rows in which `needed` elements, each of one sublattice, are there and `excluded` ones are not."""
        return replace(self, needed=self.needed | set(needed), excluded=self.excluded | set(excluded))

    def count(self) -> int:
        """Exact number of compositions, without listing any."""
        return self._rows.count()

    def unrank(self, index: int) -> tuple[int, ...]:
        """Row number `index`.

        Raises
        ------
        IndexError
            If `index` is not between 0 and ``count() - 1``.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"the space has {self.count()} compositions, asked for number {index}")
        return tuple(int(n) for n in self._rows.rows_of([index])[0])

    def rank(self, row: Row) -> int:
        """Number of a row.

        Raises
        ------
        ValueError
            If the row is not in the space.
        """
        found = self._rows.rank(row)
        if found is None:
            raise ValueError(f"row {tuple(row)} is not in the space")
        return found

    def contains(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows, shape (rows, columns), are in the space; those that `rank` numbers."""
        return members(self.layout, rows)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Rows in order, without holding them."""
        for block in self.blocks():
            yield from map(tuple, block.tolist())

    def blocks(self, size: int = BLOCK) -> Iterator[Rows]:
        """Rows in order, in arrays of shape (at most `size`, number of columns)."""
        for rows, _ in self.stream(size):
            yield rows

    def stream(self, size: int = BLOCK, bounds: Mapping[str, Bounds] | None = None) -> Iterator[tuple[Rows, Floats]]:
        """Rows in order with the entropy (R) of each mixed sublattice per its own site.

        Parameters
        ----------
        size
            Most rows of an array.
        bounds
            Sublattice -> least and greatest entropy (R); None for no limit. Rows outside are not walked.

        Yields
        ------
        tuple
            Rows, shape (rows, columns), and entropies, shape (rows, sublattices in file order).
        """
        if isinstance(self._rows, Tables):
            yield from self._rows.stream(size, bounds)
            return
        for rows in self._rows.stream(size):
            entropies = site_entropies(self.layout, rows)
            inside = np.ones(len(rows), dtype=bool)
            for i, block in enumerate(self.layout.blocks):
                low, high = (bounds or {}).get(block.name, (None, None))
                inside &= entropies[:, i] >= (-np.inf if low is None else low)
                inside &= entropies[:, i] <= (np.inf if high is None else high)
            yield rows[inside], entropies[inside]

    def rows_of(self, ranks: NDArray[Any]) -> Rows:
        """Rows of given numbers, shape (rows, columns); none may be `count` or more."""
        return self._rows.rows_of(ranks)

    def sample(self, n: int, seed: int = 0, *, replace: bool = False, by_elements: bool = False) -> Rows:
        """`n` rows, each equally likely, shape (n, columns).

        Parameters
        ----------
        n
            How many.
        seed
            Of the random numbers.
        replace
            Whether a row may come twice. Without, rows are different and in order, all when there are no more than `n`.
        by_elements
            Whether every set of elements is to come as often as the others; within each, rows are equally likely, and
            different.
        """
        if by_elements:
            return stratified(self.layout, n, seed)
        ranks = random_ranks(self.count(), n, seed) if replace else different_ranks(self.count(), n, seed)
        return self._rows.rows_of(ranks)

    def composition(self, row: Row) -> HostComposition:
        """Composition of a row."""
        fractions: dict[str, dict[str, Fraction]] = {block.name: {} for block in self.layout.blocks}
        for amount, column, block in zip(row, self.columns, self.layout.block_of, strict=True):
            if amount:
                fractions[column.sublattice][column.element] = Fraction(int(amount), block.grid)
        return self.made_with(fractions)

    def row(self, composition: HostComposition) -> tuple[int, ...] | None:
        """Row of a composition, None if it has elements or amounts that no row has."""
        left = {(s, e): x for s, amounts in composition.fractions.items() for e, x in amounts.items() if x}
        row = []
        for column, block in zip(self.columns, self.layout.block_of, strict=True):
            amount = left.pop((column.sublattice, column.element), Fraction(0)) * block.grid
            if amount.denominator != 1:
                return None
            row.append(int(amount))
        return None if left or composition.x_own != self.x_made else tuple(row)

    def made_with(self, fractions: dict[str, dict[str, Fraction]]) -> HostComposition:
        """Composition of fractions, with the working ions that stand on mixed sublattices counted."""
        bare = HostComposition(self.family, self.working_ion, self.x_made, fractions, self.brought)
        return replace(bare, x_made=self.x_made + bare.x_shared)

    def check_content(self, composition: HostComposition, text: str) -> None:
        """Refuse a composition, written as `text`, with another content of the working ion than the space has.

        Raises
        ------
        BadInputError
            Names both contents.
        """
        if composition.x_own != self.x_made:
            own = f"{composition.x_own} {self.working_ion}"
            reason = f"{shown(text)} has {own}, the compositions of the space {self.x_made}"
            raise BadInputError(reason, suggestion=f"write it as made, with {self.x_made} {self.working_ion}")

    def split(self, composition: HostComposition) -> Split | None:
        """Canonical split of a composition as made, None if it cannot be neutral."""
        host = self.host
        amounts = {
            name: {e: x * host.sublattices[name].multiplicity for e, x in elements.items()}
            for name, elements in composition.fractions.items()
        }
        return RedoxLadder.of(host).canonical_split(amounts, self.valences, self.cation_charge)


def working_charge(ion: str | None) -> int:
    """Charge of a working ion: 1 for Li, Na, K, H, Rb, Cs; 2 for Mg, Ca, Zn; 3 for Al; 0 for none."""
    if ion is None:
        return 0
    return {"Mg": 2, "Ca": 2, "Zn": 2, "Al": 3}.get(ion, 1)
