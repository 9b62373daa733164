"""The space of charge-neutral compositions: counted exactly, ranked, unranked, streamed, sampled uniformly.

A composition is a row of whole amounts, one column per element and sublattice. It is neutral when some choice of
oxidation states has the wanted charge; the charges that n atoms of one element can reach are a bit mask, and masks
of elements combine by shifted OR, so compositions are counted and not their splits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from hebe.config.campaign import Campaign, SublatticeSpec
from hebe.config.family import Family, load_family
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ladder import RedoxLadder, Split

Row = Sequence[int]


@dataclass(frozen=True)
class Column:
    """One element on one sublattice: amounts from ``low`` to ``high`` in units of 1/grid, or none at all."""

    sublattice: str
    element: str
    masks: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Block:
    """Columns of one sublattice: their amounts sum to ``grid`` with ``low`` to ``high`` elements present."""

    name: str
    grid: int
    low: int
    high: int
    start: int
    stop: int


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
    _memo: dict[tuple[int, int, int, int], int] = field(default_factory=dict, repr=False)

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
    def _scale(self) -> int:
        return math.lcm(self.cation_charge.denominator, *(spec.grid for spec in self.specs.values()))

    @cached_property
    def _shift(self) -> dict[str, int]:
        """Sublattice -> what is added to its oxidation states so that none is negative in a bit mask."""
        states = {name: [z for given in spec.species.values() for z in given] for name, spec in self.specs.items()}
        return {name: max(0, -min(given)) for name, given in states.items()}

    @cached_property
    def _target(self) -> int:
        host = self.host
        added = sum(shift * host.sublattices[name].multiplicity for name, shift in self._shift.items())
        return int((self.cation_charge + added) * self._scale)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Columns of a row, sublattice by sublattice in file order."""
        host, result = self.host, list[Column]()
        for name, spec in self.specs.items():
            weight = self._scale // spec.grid * host.sublattices[name].multiplicity
            for element, valences in spec.species.items():
                low, high = _amount_bounds(spec, element)
                masks = _reachable(tuple(z + self._shift[name] for z in valences), weight, high, self._target)
                result.append(Column(name, element, masks, low, high))
        return tuple(result)

    @cached_property
    def _blocks(self) -> tuple[Block, ...]:
        result, start = list[Block](), 0
        for name, spec in self.specs.items():
            wanted, stop = spec.n_species, start + len(spec.species)
            low, high = (1, len(spec.species)) if wanted is None else (wanted.low, wanted.high)
            result.append(Block(name, spec.grid, low, high, start, stop))
            start = stop
        return tuple(result)

    @cached_property
    def _block_of(self) -> tuple[Block, ...]:
        return tuple(block for block in self._blocks for _ in range(block.start, block.stop))

    def count(self) -> int:
        """Exact number of compositions."""
        return self._count(0, 0, 0, 1) if self._target >= 0 else 0

    def _count(self, position: int, used: int, atoms: int, mask: int) -> int:
        """Completions of a row from `position` on, with `used` elements and `atoms` in its block so far."""
        if position == len(self.columns):
            return mask >> self._target & 1
        state = (position, used, atoms, mask)
        if state not in self._memo:
            self._memo[state] = sum(self._count(*after) for _, after in self._choices(position, used, atoms, mask))
        return self._memo[state]

    def _choices(
        self, position: int, used: int, atoms: int, mask: int
    ) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        """Amounts that the column at `position` can take, with the state after each."""
        column, block = self.columns[position], self._block_of[position]
        last = position + 1 == block.stop
        for amount in (0, *range(max(column.low, 1), min(column.high, block.grid - atoms) + 1)):
            now, total = used + (amount > 0), atoms + amount
            if now > block.high or (last and (total != block.grid or now < block.low)):
                continue
            charges = _combine(mask, column.masks[amount], self._target) if amount else mask
            if charges:
                yield amount, (position + 1, 0 if last else now, 0 if last else total, charges)

    def unrank(self, index: int) -> tuple[int, ...]:
        """Row number `index`.

        Raises
        ------
        IndexError
            If `index` is not between 0 and ``count() - 1``.
        """
        if not 0 <= index < self.count():
            raise IndexError(f"the space has {self.count()} compositions, asked for number {index}")
        row: list[int] = []
        state = (0, 0, 0, 1)
        while len(row) < len(self.columns):
            for amount, after in self._choices(*state):
                size = self._count(*after)
                if index < size:
                    row.append(amount)
                    state = after
                    break
                index -= size
        return tuple(row)

    def rank(self, row: Row) -> int:
        """Number of a row.

        Raises
        ------
        ValueError
            If the row is not in the space.
        """
        index, state = 0, (0, 0, 0, 1)
        for wanted in row:
            for amount, after in self._choices(*state):
                if amount == wanted:
                    state = after
                    break
                index += self._count(*after)
            else:
                raise ValueError(f"row {tuple(row)} is not in the space")
        if len(row) != len(self.columns) or not self._count(*state):
            raise ValueError(f"row {tuple(row)} is not in the space")
        return index

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Rows in order, without holding them."""
        row: list[int] = []

        def walk(state: tuple[int, int, int, int]) -> Iterator[tuple[int, ...]]:
            if len(row) == len(self.columns):
                yield tuple(row)
                return
            for amount, after in self._choices(*state):
                if self._count(*after):
                    row.append(amount)
                    yield from walk(after)
                    row.pop()

        if self.count():
            yield from walk((0, 0, 0, 1))

    def blocks(self, size: int = 10_000) -> Iterator[np.ndarray[tuple[int, int], np.dtype[np.int16]]]:
        """Rows in arrays of shape (at most `size`, number of columns)."""
        rows: list[tuple[int, ...]] = []
        for row in self:
            rows.append(row)
            if len(rows) == size:
                yield np.array(rows, dtype=np.int16)
                rows = []
        if rows:
            yield np.array(rows, dtype=np.int16)

    def sample(self, n: int, seed: int = 0) -> list[tuple[int, ...]]:
        """`n` different rows, uniformly at random, in order; all rows when there are no more than `n`."""
        total = self.count()
        if n >= total:
            return list(self)
        rng, chosen = random.Random(seed), set[int]()
        while len(chosen) < n:
            chosen.add(rng.randrange(total))
        return [self.unrank(index) for index in sorted(chosen)]

    def composition(self, row: Row) -> HostComposition:
        """Composition of a row."""
        fractions: dict[str, dict[str, Fraction]] = {block.name: {} for block in self._blocks}
        for amount, column, block in zip(row, self.columns, self._block_of, strict=True):
            if amount:
                fractions[column.sublattice][column.element] = Fraction(int(amount), block.grid)
        return self.made_with(fractions)

    def made_with(self, fractions: dict[str, dict[str, Fraction]]) -> HostComposition:
        """Composition of fractions, with the working ions that stand on mixed sublattices counted."""
        bare = HostComposition(self.family, self.working_ion, self.x_made, fractions, self.brought)
        return replace(bare, x_made=self.x_made + bare.x_shared)

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


def _amount_bounds(spec: SublatticeSpec, element: str) -> tuple[int, int]:
    if spec.amounts is not None:
        amount = int(spec.amounts[element] * spec.grid)
        return amount, amount
    if spec.fraction is None:
        return 1, spec.grid
    return max(1, math.ceil(spec.fraction.low * spec.grid)), math.floor(spec.fraction.high * spec.grid)


def _combine(first: int, second: int, target: int) -> int:
    """Bit mask of the sums of two sets of charges, up to `target`."""
    result, shift, limit = 0, 0, (1 << (target + 1)) - 1
    while second:
        step = (second & -second).bit_length() - 1
        shift += step
        second >>= step + 1
        result |= first << shift
        shift += 1
    return result & limit


def _reachable(valences: tuple[int, ...], weight: int, most: int, target: int) -> tuple[int, ...]:
    """Bit masks of the charges that 0..most atoms can have, each of one of `valences` times `weight`."""
    single = sum(1 << (valence * weight) for valence in valences)
    masks = [1]
    for _ in range(most):
        masks.append(_combine(masks[-1], single, target))
    return tuple(masks)
