"""Oxidation states of a printed material: as reported, or those that its family allows, split to be neutral."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hebe.config.family import Couple
from hebe.config.family_sites import VACANCY
from hebe.config.family_units import unit_valence
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder, Split
from hebe.science.chemistry.space import working_charge
from hebe.science.literature.printed import printed_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.config.family import Family
    from hebe.science.literature.printed import Entry, PrintedSublattice
    from hebe.science.literature.sites import Place

_STATE: Final = re.compile(r"(?:(?P<sub>\w+)\.)?(?P<ion>[A-Z][a-z]?\d*[+-])(?:@(?P<amount>\d+/[1-9]\d*|\d*\.\d+|\d+))?")
_ROUNDING: Final = Fraction(6, 10_000)

Pools = dict[str, dict[str, tuple[int, ...]]]
"""Sublattice -> element -> oxidation states."""


@dataclass(frozen=True)
class Reported:
    """An oxidation state as reported: on a sublattice or wherever the element stands, in an amount or all of it."""

    ion: Ion
    sublattice: str | None
    amount: Fraction | None


def parse_states(text: str) -> tuple[Reported, ...]:
    """Oxidation states of a text such as ``Na1+ Ni2+@0.08 Ni3+@0.17 X.Fe2+``.

    Raises
    ------
    BadInputError
        If a word is no ion.
    """
    found = []
    for word in text.split():
        match = _STATE.fullmatch(word)
        if match is None:
            raise BadInputError(
                f"{shown(word)} is no ion", key="oxidation states", suggestion="Ni2+, Ni3+@0.17, X.Fe2+"
            )
        amount = None if match["amount"] is None else printed_amount(match["amount"])
        found.append(Reported(Ion.parse(match["ion"]), match["sub"], amount))
    return tuple(found)


def reported_split(printed: Sequence[PrintedSublattice], reported: Sequence[Reported]) -> Split | None:
    """Amounts of the ions reported; None where one is not reported, or amounts are not those of the elements."""
    split: Split = {}
    for one in printed:
        for entry in one.entries:
            states = _states_of(one.name, entry, reported)
            if entry.name == VACANCY:
                continue
            left = [state for state in states if state.amount is None]
            given = sum((state.amount for state in states if state.amount is not None), Fraction(0))
            if len(left) > 1 or not states or (not left and abs(given - entry.amount) > _ROUNDING):
                return None
            for state in states:
                amount = entry.amount - given if state.amount is None else state.amount
                ions = split.setdefault(one.name, {})
                ions[state.ion] = ions.get(state.ion, Fraction(0)) + amount
    return split


def _states_of(sublattice: str, entry: Entry, reported: Sequence[Reported]) -> list[Reported]:
    if entry.charge is not None:
        return [Reported(Ion(entry.name, entry.charge), sublattice, None)]
    of_element = [state for state in reported if state.ion.element == entry.name]
    return [state for state in of_element if state.sublattice == sublattice] or [
        state for state in of_element if state.sublattice is None
    ]


def split_charge(split: Split) -> Fraction:
    """Charge per formula unit."""
    return sum((ion.charge * amount for ions in split.values() for ion, amount in ions.items()), Fraction(0))


def pools_of(
    printed: Sequence[PrintedSublattice], places: Sequence[Place], family: Family, reported: Sequence[Reported]
) -> Pools:
    """Oxidation states that each element may take as made.

    Those of the family without what only a charged cell holds; what the family does not know takes the states
    reported, else the common ones as pymatgen lists them.
    """
    hosted = {part.name: one.hosted for one in places for part in one.printed}
    pools: Pools = {}
    for one in printed:
        for entry in one.entries:
            if entry.name == VACANCY:
                continue
            if entry.molecule:
                atoms = _atoms(entry, family)
                pools.setdefault(one.name, {}).update({element: (charge,) for element, _, charge in atoms})
                continue
            charges = (
                [entry.charge] if entry.charge is not None else _known(family, hosted.get(one.name, ()), entry.name)
            )
            if not charges:
                charges = [state.ion.charge for state in _states_of(one.name, entry, reported)]
            pool = {*pools.get(one.name, {}).get(entry.name, ()), *(charges or _common(entry.name))}
            pools.setdefault(one.name, {})[entry.name] = tuple(sorted(pool))
    return pools


def _atoms(entry: Entry, family: Family) -> list[tuple[str, int, int]]:
    """Element, number and charge of the atoms of a molecule: a group of the family, or water."""
    if entry.name in family.groups:
        return [(atom.element, atom.number, atom.valence) for atom in family.groups[entry.name].atoms]
    if entry.name != "H2O":
        reason = f"{entry.name} is no group of {family.name}"
        raise BadInputError(reason, key="sublattices", suggestion="write its atoms: P:P3 | O:O12")
    return [("H", 2, 1), ("O", 1, -2)]


def _known(family: Family, hosted: Iterable[str], element: str) -> list[int]:
    """Oxidation states of an element on sublattices of a family, as made."""
    found: set[int] = set()
    for name in hosted:
        sub = family.sublattices[name]
        if (charge := unit_valence(family, name, element)) is not None:
            found.add(charge)
        elif sub.group is not None:
            found |= {a.valence for a in family.groups[sub.group].atoms if a.element == element}
        elif element in sub.species:
            found |= set(sub.species[element].valences)
        elif name in family.working_own and element in family.working_ions:
            found.add(working_charge(element))
    return [charge for charge in sorted(found) if str(Ion(element, charge)) not in family.not_as_made]


def _common(element: str) -> tuple[int, ...]:
    from pymatgen.core import Element

    return tuple(int(charge) for charge in Element(element).common_oxidation_states)


def neutral_split(
    printed: Sequence[PrintedSublattice], pools: Mapping[str, Mapping[str, tuple[int, ...]]], family: Family
) -> Split | Fraction:
    """Canonical split that makes a material neutral, or the smallest charge per formula unit that is left.

    Elements whose states the ladder of the family does not connect give electrons after all others.
    """
    amounts: dict[str, dict[str, Fraction]] = {}
    for one in printed:
        for entry in one.entries:
            if entry.name == VACANCY:
                continue
            here = amounts.setdefault(one.name, {})
            atoms = [(e, n) for e, n, _ in _atoms(entry, family)] if entry.molecule else [(entry.name, 1)]
            for element, number in atoms:
                here[element] = here.get(element, Fraction(0)) + number * entry.amount
    ends = [
        sum((x * end(pools[sub][e]) for sub, part in amounts.items() for e, x in part.items()), Fraction(0))
        for end in (min, max)
    ]
    if not ends[0] <= 0 <= ends[1]:
        return ends[0] if ends[0] > 0 else ends[1]
    ladder = RedoxLadder((*family.ladder, *_missing(family, pools)), family.couples_before_anions)
    split = ladder.printed_split(amounts, pools, Fraction(0))
    return min(ends, key=abs) if split is None else split


def _missing(family: Family, pools: Mapping[str, Mapping[str, tuple[int, ...]]]) -> list[Couple]:
    """Couples between neighbouring states of elements that the ladder does not lead between."""
    steps = {(couple.element, couple.reduced): couple.oxidised for couple in family.ladder}
    found: dict[tuple[str, int], Couple] = {}
    for element, pool in (item for part in pools.values() for item in part.items()):
        for low, high in pairwise(pool):
            reached = low
            while reached < high and (element, reached) in steps:
                reached = steps[element, reached]
            if reached != high:
                found[element, low] = Couple(
                    element=element, reduced=low, oxidised=high, source="no couple of the family"
                )
    return [found[key] for key in sorted(found)]
