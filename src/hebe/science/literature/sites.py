"""Which sublattices of a family printed ones stand for, and whether their sums fit its sites."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.science.literature.printed import PrintedSublattice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.family import Family

ALKALI: Final = frozenset({"Li", "Na", "K", "Rb", "Cs"})
"""Ions that stand on the sites of working ions, also where a family does not list them."""

ROUNDING: Final = Fraction(6, 10_000)
"""How far printed sums may be off, per site."""


@dataclass(frozen=True)
class Place:
    """Printed sublattices that stand together for sublattices of a family with ``sites`` per formula unit.

    ``kind`` is ``working`` where working ions have sites of their own, which may be empty without being printed so, and
    ``units`` where rigid units such as water may stand, printed as atoms or as molecules.
    """

    printed: tuple[PrintedSublattice, ...]
    hosted: tuple[str, ...]
    sites: int
    kind: str

    @property
    def total(self) -> Fraction:
        """Sites as printed, empty ones included."""
        return sum((one.total for one in self.printed), Fraction(0))

    @property
    def filled(self) -> Fraction:
        """Sites as printed that are not empty."""
        return sum((one.filled for one in self.printed), Fraction(0))

    @property
    def label(self) -> str:
        """How messages call it."""
        return "+".join(one.name for one in self.printed)


def place(printed: Sequence[PrintedSublattice], family: Family) -> list[Place]:
    """Places of printed sublattices: by name, by the atoms of groups, by the working ion, then what is left together.

    What has no place in the family is left out. Where no cations are called as in the family they are all taken
    together: lithium of Li4Ti5O12 stands on the sites of both.
    """
    left, free = list(printed), dict(family.sublattices)
    mobile = {*family.working_ions, *ALKALI}
    places: list[Place] = []

    def take(names: Sequence[PrintedSublattice], hosted: Sequence[str], sites: int, kind: str) -> None:
        places.append(Place(tuple(names), tuple(hosted), sites, kind))
        for one in names:
            left.remove(one)
        for name in hosted:
            free.pop(name, None)

    for one in list(left):
        if one.name in free and free[one.name].group is None:
            take([one], [one.name], *_own(family, [one.name]))
    for name, sub in family.sublattices.items():
        formula = {} if sub.group is None else family.groups[sub.group].formula
        for one in list(left):
            if sub.group is not None and {entry.name for entry in one.entries} - {VACANCY} == {sub.group}:
                take([one], [name], sub.multiplicity, "group")
                continue
            atoms = sum(formula.get(element, 0) for element in one.elements)
            if atoms and not set(one.elements) & mobile:
                take([one], [name], sub.multiplicity * atoms, "group")
    own = [name for name in family.working_own if name in free]
    ions = [one for one in left if set(one.elements) & mobile]
    if own and len(ions) == 1 and _fits(ions[0], own, family, places, left):
        take(ions, own, *_own(family, own))
    anions = {e for name in family.anions for e in family.sublattices[name].species}
    for kind in ("anion", "cation"):
        rest = [name for name in free if (name in family.anions) == (kind == "anion") and free[name].group is None]
        here = [one for one in left if bool(anions & set(one.elements)) == (kind == "anion")]
        if rest and here:
            take(here, rest, sum(family.sublattices[name].multiplicity for name in rest), kind)
    return _with_anions_together(places)


def _fits(
    ions: PrintedSublattice,
    own: Sequence[str],
    family: Family,
    places: Sequence[Place],
    left: Sequence[PrintedSublattice],
) -> bool:
    """Whether printed ions are those on the sites of working ions: not where cations have other names, and are more."""
    if any(one.kind != "anion" for one in places) or len(left) == 1:
        return True
    sites, _ = _own(family, own)
    return ions.filled <= (units_of(places) or Fraction(1)) * sites


def _with_anions_together(places: list[Place]) -> list[Place]:
    """Places with all anions as one where their sums fit only together: oxygen on sites of fluorine."""
    anions = [one for one in places if one.kind == "anion"]
    ratios = {round(one.total / one.sites, 3) for one in anions}
    if len(ratios) < 2:
        return places
    printed = tuple(part for one in anions for part in one.printed)
    hosted = tuple(name for one in anions for name in one.hosted)
    merged = Place(printed, hosted, sum(one.sites for one in anions), "anion")
    together = [*(one for one in places if one.kind != "anion"), merged]
    return together if wrong_sum(together) is None else places


def _own(family: Family, names: Sequence[str]) -> tuple[int, str]:
    """Sites per formula unit and kind of sublattices of one kind; sites that exclude each other count once."""
    subs = [family.sublattices[name] for name in names]
    sites = sum(sub.multiplicity for sub in subs)
    if any(data.unit for sub in subs for data in sub.species.values()):
        return sites, "units"
    if all(name in family.working_own or _may_be_empty(family, name) for name in names):
        return (int(family.x_full) if any(sub.exclusion for sub in subs) else sites), "working"
    return sites, "anion" if names[0] in family.anions else "cation"


def _may_be_empty(family: Family, name: str) -> bool:
    """Whether working ions mix with others on a sublattice whose sites need not be full."""
    return name in family.working_shared and VACANCY in family.sublattices[name].species


def units_of(places: Sequence[Place]) -> Fraction | None:
    """Formula units of the family per printed formula, as most places have it, in doubt the anions.

    Places that are as full as another one that has empty sites go with it, as ligands go with their centre.
    """
    counted = [one for one in places if one.kind not in ("working", "units")]
    holes = {one.filled / one.sites for one in counted if any(VACANCY in part.fractions() for part in one.printed)}
    ratios = {id(one): one.total / one.sites for one in counted}
    voting = [one for one in counted if ratios[id(one)] not in holes] or counted
    if not voting:
        return None
    votes = Counter(round(ratios[id(one)], 3) for one in voting)
    best = max(votes.values())
    chosen = [one for one in voting if votes[round(ratios[id(one)], 3)] == best]
    return ratios[id(max(chosen, key=lambda one: one.kind == "anion"))]


def wrong_sum(places: Sequence[Place]) -> str | None:
    """What is wrong with the sums of sublattices, in words; None where they fit."""
    units = units_of(places)
    if units is None:
        return None
    holes = {one.filled / one.sites for one in places if one.filled != one.total}
    for one in places:
        room = units * one.sites
        off = one.total - room
        if one.kind == "units":
            continue
        if one.kind == "working":
            if one.filled > room + ROUNDING * one.sites:
                return f"{one.label} holds {_number(one.filled)} ions per formula unit, it has {_number(room)} sites"
        elif abs(off) > ROUNDING * one.sites and one.total / one.sites not in holes:
            return f"{one.label} sums to {_number(one.total)} per formula unit, its sites are {_number(room)}"
    return None


def _number(value: Fraction) -> str:
    return f"{float(value):.4g}"
