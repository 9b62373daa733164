"""What arrays of ions need of a space, looked up once: places of ions, reductions, couples, radii, masses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.config.family_sites import VACANCY
from hebe.config.family_units import atoms_of
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion, electronegativity, is_d0, is_jahn_teller, shannon_radius
from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.metals import metallic_radius
from hebe.science.chemistry.walking import Floats

if TYPE_CHECKING:
    from hebe.science.chemistry.space import CompositionSpace

Place = tuple[str, Ion]
"""An ion on a sublattice."""


@dataclass(frozen=True)
class SitePlan:
    """Ions of one sublattice but empty sites: their ``places``, radii (A) and electronegativities, NaN where missing.

    ``active`` and ``empty`` are 1 for Jahn-Teller active ions and for those of an empty d shell.
    """

    ions: tuple[Ion, ...]
    places: NDArray[np.intp]
    radii: Floats
    negativities: Floats
    active: Floats
    empty: Floats


@dataclass(frozen=True)
class RowPlan:
    """Places of all ions of a space and what happens between them.

    Parameters
    ----------
    places
        Every oxidation state of every column; those that only removal of electrons reaches follow from ``listed`` on.
    scale
        Amounts are counted in units of 1/scale per formula unit.
    first
        Place of the highest state of each column.
    weights
        Units per atom of each column.
    moves
        Reductions in the order in which electrons are placed: place before and after, electrons.
    couples
        Oxidations in the order in which electrons leave, up to the limit of the anions.
    pairs
        Places of ions that would exchange an electron.
    sites
        Ions by sublattice.
    masses
        Molar mass (g/mol) of a formula unit without the mixed sublattices, then of a unit of each column.
    """

    places: tuple[Place, ...]
    listed: int
    scale: int
    first: tuple[int, ...]
    weights: Floats
    moves: tuple[tuple[int, int, int], ...]
    couples: tuple[tuple[int, int, int], ...]
    pairs: tuple[tuple[int, int], ...]
    sites: tuple[SitePlan, ...]
    masses: tuple[float, Floats]

    @classmethod
    def of(cls, space: CompositionSpace) -> RowPlan:
        """Plan of a space."""
        host, ladder, layout = space.host, RedoxLadder.of(space.host), space.layout
        scale = math.lcm(space.cation_charge.denominator, *(spec.grid for spec in space.specs.values()))
        places = {
            (column.sublattice, Ion(column.element, z)): None
            for column in layout.columns
            for z in space.valences[column.sublattice][column.element]
        }
        at = {place: number for number, place in enumerate(places)}
        listed, couples = len(at), list[tuple[int, int, int]]()
        for couple in ladder.couples[: ladder.anion_limit]:
            for block in layout.blocks:
                before = at.get((block.name, Ion(couple.element, couple.reduced)))
                if before is not None:
                    after = at.setdefault((block.name, Ion(couple.element, couple.oxidised)), len(at))
                    couples.append((before, after, couple.oxidised - couple.reduced))
        weights = [scale // block.grid * host.sublattices[block.name].multiplicity for block in layout.block_of]
        tops = [(c.sublattice, Ion(c.element, space.valences[c.sublattice][c.element][-1])) for c in layout.columns]
        moves = [
            (at[sub, upper], at[sub, lower], upper.charge - lower.charge)
            for sub, upper, lower in ladder.moves(space.specs, space.valences)
        ]
        return cls(
            tuple(at),
            listed,
            scale,
            tuple(at[top] for top in tops),
            np.array(weights, dtype=np.float64),
            tuple(moves),
            tuple(couples),
            _pairs(ladder, list(at)[:listed]),
            tuple(_site(space, block.name, at, listed) for block in layout.blocks),
            _masses(space, weights, scale),
        )


def _pairs(ladder: RedoxLadder, places: list[Place]) -> tuple[tuple[int, int], ...]:
    """Places of ions that would exchange an electron, whatever their sublattices."""
    numbers: dict[Ion, list[int]] = {}
    for number, (_, ion) in enumerate(places):
        numbers.setdefault(ion, []).append(number)
    found = ladder.incompatible_pairs(numbers)
    return tuple((i, j) for oxidant, reductant in found for i in numbers[oxidant] for j in numbers[reductant])


def _site(space: CompositionSpace, name: str, at: dict[Place, int], listed: int) -> SitePlan:
    host, data = space.host, space.host.sublattices[name]
    own = [(ion, n) for (sub, ion), n in at.items() if sub == name and n < listed and ion.element != VACANCY]
    ions = tuple(ion for ion, _ in own)
    if not host.charged:
        radii = [metallic_radius(ion.element) for ion in ions]
    else:
        radii = [shannon_radius(ion, data.coordination, spin_of(ion, data)) for ion in ions]
    return SitePlan(
        ions,
        np.array([number for _, number in own], dtype=np.intp),
        _numbers(radii),
        _numbers([electronegativity(ion.element) for ion in ions]),
        np.array([float(is_jahn_teller(ion, spin_of(ion, data))) for ion in ions]),
        np.array([float(is_d0(ion)) for ion in ions]),
    )


def _numbers(values: list[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _masses(space: CompositionSpace, weights: list[int], scale: int) -> tuple[float, Floats]:
    from pymatgen.core import Element

    def mass(element: str) -> float:
        return float(Element(element).atomic_mass)

    fixed = float(space.x_made) * mass(space.working_ion) if space.working_ion else 0.0
    fixed += sum(number * mass(element) for _, element, number, _ in space.host.standing(space.specs))
    each = [
        weight / scale * sum(n * mass(e) for e, n in atoms_of(space.host, c.sublattice, c.element).items())
        for weight, c in zip(weights, space.columns, strict=True)
    ]
    return fixed, np.array(each)
