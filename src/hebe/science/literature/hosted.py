"""A printed composition as one of a host family: what stands on each of its mixed sublattices, and the working ion."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.family import Family
from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.literature.sites import ALKALI, place, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.science.literature.printed import PrintedSublattice
    from hebe.science.literature.sites import Place

Fractions = dict[str, dict[str, Fraction]]
"""Sublattice -> element -> fraction of its sites."""


@dataclass(frozen=True)
class Hosted:
    """A composition in a family: fractions on its mixed sublattices, and working ions per formula unit on their own.

    ``spread`` names sublattices over which a printed one was distributed, ``water`` printed ones that are left out.
    """

    family: Family
    working_ion: str | None
    x_own: Fraction
    fractions: Fractions
    spread: tuple[str, ...] = ()
    water: tuple[str, ...] = ()


def host_of(printed: Sequence[PrintedSublattice], family: Family, ions: Sequence[str], *, even: bool = True) -> Hosted:
    """Composition of a family that a printed one is.

    Parameters
    ----------
    printed
        What stands where; its sums must fit.
    family
        The host.
    ions
        Ions that the material is used with, for a host as made without any.
    even
        Spread what is printed as one set of sites evenly over the sublattices that can hold it; else elements stand
        where they can have the highest oxidation state.

    Raises
    ------
    BadInputError
        If the family cannot hold it; says what stands in the way.
    """
    places = place(printed, family)
    units = units_of(places) or Fraction(1)
    absent = [one for one in printed if not any(one in part.printed for part in places)]
    water = tuple(
        one.name for one in absent if set(one.elements) == {"H", "O"} or {e.name for e in one.entries} == {"H2O"}
    )
    lost = [one.name for one in absent if one.name not in water]
    if lost:
        raise BadInputError(f"{family.name} has no sublattice for {', '.join(lost)}")
    ion, x_own = _working(places, family, ions, units)
    fractions, spread = Fractions(), list[str]()
    for one in places:
        if one.kind == "working" and not any(name in family.mixed for name in one.hosted):
            continue
        if one.kind == "group" and all(e.molecule for part in one.printed for e in part.entries):
            continue
        if one.kind == "units":
            fractions |= _units(one, family, units)
            continue
        amounts = _amounts(one, family, units)
        mixed = [name for name in one.hosted if name in family.mixed]
        if not mixed:
            _check_standing(one, family, amounts)
            continue
        shared = _shared_out(one, family, amounts, even=even)
        fractions |= {name: shared[name] for name in mixed}
        spread += mixed if len(mixed) > 1 else ()
        for name in set(one.hosted) & set(family.working_own):
            ion, held = next(iter(shared[name].items()))
            x_own += held * family.sublattices[name].multiplicity
    missing = [n for n in family.mixed if n not in fractions and VACANCY not in family.sublattices[n].species]
    if missing:
        raise BadInputError(f"nothing is printed for {', '.join(missing)} of {family.name}")
    return Hosted(family, ion, x_own, fractions, tuple(spread), water)


def _working(
    places: Sequence[Place], family: Family, ions: Sequence[str], units: Fraction
) -> tuple[str | None, Fraction]:
    """Working ion, and how many of it stand on sites of their own."""
    x = Fraction(0)
    own = [one for one in places if one.kind == "working" and set(one.hosted) <= set(family.working_own)]
    here = [e for one in own for part in one.printed for e in part.elements]
    ion = next((e for e in here if e in family.working_ions), None)
    if own and here and ion is None:
        known = ", ".join(family.working_ions)
        raise BadInputError(f"{here[0]} is no working ion of {family.name}", suggestion=f"it has {known}")
    others = sorted(set(here) - {ion})
    if others:
        reason = f"{', '.join(others)} stands with {ion} on sites that {family.name} keeps for working ions"
        raise BadInputError(reason)
    for entry in (entry for one in own for part in one.printed for entry in part.entries):
        x += entry.amount / units if entry.name == ion else 0
    if ion is None and family.working_ions:
        present = {e for one in places for part in one.printed for e in part.elements}
        shared = [e for e in family.working_ions if e in present and family.working_shared]
        asked = [e for e in (*ions, *family.working_ions) if e in family.working_ions]
        ion = shared[0] if shared else None if family.ion_optional else asked[0]
    if x > family.x_full:
        raise BadInputError(f"{float(x):.4g} {ion} per formula unit are more than the {family.x_full} of {family.name}")
    return ion, x


def _units(one: Place, family: Family, units: Fraction) -> Fractions:
    """Fractions of sites that hold rigid units, from their atoms or from molecules of their name; the rest is empty.

    Raises
    ------
    BadInputError
        If the atoms are not those of whole units, or there are more than sites.
    """
    (name,) = one.hosted
    sub = family.sublattices[name]
    element, group = next((e, data.unit) for e, data in sub.species.items() if data.unit is not None)
    formula, atoms = family.groups[group].formula, dict[str, Fraction]()
    for entry in (entry for part in one.printed for entry in part.entries):
        known = formula if entry.name == group else entry.elements or {}
        for other, number in known.items():
            each = number * entry.amount if entry.name == group else number
            atoms[other] = atoms.get(other, Fraction(0)) + each
    count = atoms.get(element, Fraction(0)) / formula[element]
    if {e: n * count for e, n in formula.items()} != atoms:
        raise BadInputError(f"what stands on {one.label} is not {group}, which {family.name} holds there")
    share = count / (units * sub.multiplicity)
    if share > 1:
        raise BadInputError(f"{float(count):.4g} {group} per formula unit are more than {family.name} has sites for")
    parts = {element: share, VACANCY: 1 - share}
    return {name: {e: x for e, x in parts.items() if x}}


def _amounts(one: Place, family: Family, units: Fraction) -> dict[str, Fraction]:
    """Element -> share of all sites of a place; what is missing from sites that may be empty is ``Va``."""
    shares: dict[str, Fraction] = {}
    total = max(one.total, units * one.sites) if one.kind == "working" else one.total
    for entry in (entry for part in one.printed for entry in part.entries):
        if entry.molecule:
            raise BadInputError(f"{entry.name} on {one.label} is a molecule, {family.name} holds atoms")
        shares[entry.name] = shares.get(entry.name, Fraction(0)) + entry.amount / total
    if one.total < total:
        shares[VACANCY] = shares.get(VACANCY, Fraction(0)) + 1 - one.total / total
    return shares


def _check_standing(one: Place, family: Family, amounts: Mapping[str, Fraction]) -> None:
    """Refuse other atoms than those that always stand on sites of a family that do not mix."""
    always = {element for name, element, *_ in family.standing() if name in one.hosted}
    other = [element for element in amounts if element not in always]
    if other:
        what = "empty sites do" if other[0] == VACANCY else f"{other[0]} does"
        raise BadInputError(
            f"{what} not go on {'+'.join(one.hosted)} of {family.name}, which holds {', '.join(always)}"
        )


def _shared_out(one: Place, family: Family, amounts: Mapping[str, Fraction], *, even: bool) -> Fractions:
    """Fractions on the sublattices of a place; what several can hold is shared out, see `host_of`."""
    subs = {name: family.sublattices[name] for name in one.hosted}
    total = sum(sub.multiplicity for sub in subs.values())
    room = {name: Fraction(sub.multiplicity, total) for name, sub in subs.items()}
    size, result = dict(room), {name: dict[str, Fraction]() for name in subs}
    where = {e: [n for n, sub in subs.items() if e in sub.species or _moves(family, n, e)] for e in amounts}
    if not even:
        where = {element: _highest(family, element, names) for element, names in where.items()}
    for element, names in where.items():
        if not names:
            held = ", ".join(dict.fromkeys(e for sub in subs.values() for e in sub.species))
            reason = f"{element} does not go on {'+'.join(subs)} of {family.name}"
            raise BadInputError(reason, suggestion=f"it holds {held}")
        if len(names) == 1:
            result[names[0]][element] = amounts[element]
            room[names[0]] -= amounts[element]
    free = sum(room.values())
    if min(room.values()) < 0:
        full = min(room, key=lambda name: room[name])
        raise BadInputError(f"more stands on {full} of {family.name} than it has sites")
    for element, names in where.items():
        for name in names if len(names) > 1 else ():
            result[name][element] = amounts[element] * room[name] / free
    return {name: {e: x / size[name] for e, x in part.items() if x} for name, part in result.items()}


def _highest(family: Family, element: str, names: Sequence[str]) -> list[str]:
    """Sublattices on which an element can have its highest oxidation state, or on which it moves."""
    highest = {
        name: max(family.sublattices[name].species[element].valences)
        if element in family.sublattices[name].species
        else 1
        for name in names
    }
    return [name for name in names if highest[name] == max(highest.values())]


def _moves(family: Family, name: str, element: str) -> bool:
    """Whether an element stands on a sublattice as the working ion."""
    return name in family.working_own and element in family.working_ions and element in ALKALI
