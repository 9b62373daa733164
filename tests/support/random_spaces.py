"""Composition spaces at random over several hosts, and their rows by brute force."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import load_family
from hebe.science.chemistry.layout import lay_out

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.science.chemistry.layout import Layout

HOSTS: Final = ("layered-o3", "drx", "spinel-oxide", "spinel", "nasicon")
STATES: Final = (
    *((1,), (2,), (3,), (4,), (0,), (-1,), (-2,), (2, 3), (3, 4), (1, 2), (2, 3, 4), (3, 4, 5)),
    *((3, 5), (2, 4), (3, 6), (3, 4, 6)),
)
"""Single states (those of vacancies and anions among them), equal steps of 1, 2 and 3, and unequal ones."""
NAMES: Final = ["Li", "Na", "Mg", "Ca", "Al", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Va", "O", "F"]


def random_specs(host: Family, rng: random.Random) -> dict[str, SublatticeSpec]:
    """What may stand on each mixed sublattice of a host: few species on coarse grids."""
    specs = {}
    alone = len(host.mixed) == 1
    for name in host.mixed:
        elements = rng.sample(NAMES, rng.randint(1 + alone, 4 if alone else 3))
        low = rng.randint(1, (len(elements) + 1) // 2)
        given: dict[str, Any] = {
            "species": {element: list(rng.choice(STATES)) for element in elements},
            "grid": rng.randint(1, 12 if alone else 5),
            "n_species": f"{low}..{rng.randint(low, len(elements))}",
        }
        if rng.random() < 0.3:
            given["fraction"] = rng.choice(["1/4..3/4", "0..1/2", "1/3..1"])
        specs[name] = SublatticeSpec.model_validate(given)
    return specs


def random_layout(seed: int) -> Layout:
    """Layout of a random space whose charge some row has, bounds aside."""
    rng = random.Random(seed)
    host = load_family(rng.choice(HOSTS))
    specs, charge = random_specs(host, rng), Fraction(0)
    for name, spec in specs.items():
        states = list(spec.species.values())
        atoms = sum(rng.choice(rng.choice(states)) for _ in range(spec.grid))
        charge += Fraction(atoms, spec.grid) * host.sublattices[name].multiplicity
    every = [element for spec in specs.values() for element in spec.species]
    single = [element for element in every if every.count(element) == 1]
    needed = frozenset(rng.sample(single, 1)) if single and rng.random() < 0.3 else frozenset[str]()
    excluded = frozenset(rng.sample(every, 1)) - needed if rng.random() < 0.2 else frozenset[str]()
    return lay_out(host, specs, charge, needed, excluded)


def brute_rows(layout: Layout) -> list[tuple[int, ...]]:
    """Rows in order, every amount and every charge tried."""
    amounts = [([0] if c.optional else []) + list(range(c.low, c.high + 1)) for c in layout.columns]
    return [row for row in product(*amounts) if _fits(layout, row) and layout.target in charges_of(layout, row)]


def _fits(layout: Layout, row: tuple[int, ...]) -> bool:
    parts = [(block, row[block.start : block.stop]) for block in layout.blocks]
    return all(sum(part) == b.grid and b.low <= sum(n > 0 for n in part) <= b.high for b, part in parts)


def charges_of(layout: Layout, row: tuple[int, ...]) -> set[int]:
    """All charges that the atoms of a row can have, atom by atom."""
    reached = {0}
    for n, column in zip(row, layout.columns, strict=True):
        for _ in range(n):
            reached = {total + charge for total in reached for charge in column.charges}
    return reached
