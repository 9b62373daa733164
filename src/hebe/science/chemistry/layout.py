"""The columns of a composition space: bounds on amounts, and the charges that atoms can have, in whole units.

Charges are counted from the lowest oxidation state of each sublattice on, in the greatest unit that measures all of
them. Atoms of an element with oxidation states in equal steps reach charges in equal steps, and so do atoms of several
elements with one step; two steps of which one divides the other leave gaps only while there are few of the smaller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from hebe.config.campaign import SublatticeSpec
    from hebe.config.family import Family


@dataclass(frozen=True)
class Column:
    """One element on one sublattice: amounts from ``low`` to ``high`` in units of 1/grid, or none if it is optional.

    One atom has one of ``charges``, whole numbers in units of the layout, the lowest first.
    """

    sublattice: str
    element: str
    low: int
    high: int
    optional: bool
    charges: tuple[int, ...]

    @property
    def step(self) -> int | None:
        """Difference of the charges of an atom if all are equal; 0 for a single charge, None for unequal ones."""
        steps = {after - before for before, after in zip(self.charges, self.charges[1:], strict=False)}
        return (steps.pop() if steps else 0) if len(steps) < 2 else None


@dataclass(frozen=True)
class Block:
    """Columns of one sublattice: their amounts sum to ``grid`` with ``low`` to ``high`` elements present."""

    name: str
    grid: int
    low: int
    high: int
    start: int
    stop: int


@dataclass(frozen=True)
class Layout:
    """Columns sublattice by sublattice in file order; rows are neutral when their charges can sum to ``target``.

    ``target`` is negative where no row can be neutral.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    target: int

    @property
    def block_of(self) -> tuple[Block, ...]:
        """Block of each column."""
        return tuple(block for block in self.blocks for _ in range(block.start, block.stop))

    @property
    def steps(self) -> tuple[int, ...] | None:
        """Steps of the charges that compositions can reach: none, one, or two of which the first divides the second.

        None where the charges have gaps that two steps do not describe.
        """
        found = {column.step for column in self.columns if column.high}
        steps = sorted(step for step in found if step)
        if None in found or len(steps) > 2 or (len(steps) == 2 and steps[1] % steps[0]):
            return None
        return tuple(steps)


def lay_out(
    host: Family,
    specs: Mapping[str, SublatticeSpec],
    charge: Fraction,
    needed: frozenset[str] = frozenset(),
    excluded: frozenset[str] = frozenset(),
) -> Layout:
    """Layout of the species of a host.

    Parameters
    ----------
    host
        Gives sites per formula unit.
    specs
        What may stand on each mixed sublattice.
    charge
        Charge per formula unit that the mixed sublattices carry together.
    needed, excluded
        Elements that must, and must not, be there; a needed one is in a single column.
    """
    scale = math.lcm(charge.denominator, *(spec.grid for spec in specs.values()))
    weights = {name: scale // spec.grid * host.sublattices[name].multiplicity for name, spec in specs.items()}
    lowest = {name: min(z for given in spec.species.values() for z in given) for name, spec in specs.items()}
    target = int(charge * scale) - sum(weights[name] * spec.grid * lowest[name] for name, spec in specs.items())
    columns, blocks = list[Column](), list[Block]()
    for name, spec in specs.items():
        wanted, start = spec.n_species, len(columns)
        low, high = (1, len(spec.species)) if wanted is None else (wanted.low, wanted.high)
        blocks.append(Block(name, spec.grid, low, min(high, len(spec.species)), start, start + len(spec.species)))
        for element, valences in spec.species.items():
            least, most = (1, 0) if element in excluded else _amount_bounds(spec, element)
            charges = tuple(weights[name] * (z - lowest[name]) for z in valences)
            columns.append(Column(name, element, least, max(most, 0), element not in needed, charges))
    return _in_units(columns, blocks, target)


def _in_units(columns: list[Column], blocks: list[Block], target: int) -> Layout:
    """Layout with all charges divided by what divides them all."""
    unit = math.gcd(*(charge for column in columns for charge in column.charges)) or max(abs(target), 1)
    reduced = tuple(
        Column(c.sublattice, c.element, c.low, c.high, c.optional, tuple(z // unit for z in c.charges)) for c in columns
    )
    return Layout(reduced, tuple(blocks), -1 if target % unit else target // unit)


def _amount_bounds(spec: SublatticeSpec, element: str) -> tuple[int, int]:
    if spec.amounts is not None:
        amount = int(spec.amounts[element] * spec.grid)
        return amount, amount
    if spec.fraction is None:
        return 1, spec.grid
    return max(1, math.ceil(spec.fraction.low * spec.grid)), math.floor(spec.fraction.high * spec.grid)
