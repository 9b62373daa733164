"""What a family must not say: refused when its file is read, with what would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.config.family_units import unit_charge

if TYPE_CHECKING:
    from hebe.config.family import Family

MOST_KINDS: Final = 16
"""Sublattices of a family; in one with groups, orbits and atoms of groups."""


def check_working(family: Family) -> None:
    """Refuse sites of the working ion that cannot be used.

    Raises
    ------
    ValueError
        If working ions and their sites do not go together, or sites that exclude each other are mixed.
    """
    if bool(family.working_ions) != bool(family.working_own or family.working_shared):
        raise ValueError(
            "working_ions and a sublattice of role working, or a mixed one that working names, go together"
        )
    for name in family.working:
        if name not in family.sublattices:
            raise ValueError(f"working names {name}, which is no sublattice")
    if family.working and not set(family.working_own) <= set(family.working):
        left_out = ", ".join(sorted(set(family.working_own) - set(family.working)))
        raise ValueError(f"working leaves out {left_out}, whose role is working")
    for name in family.working_shared:
        sub = family.sublattices[name]
        if not set(family.working_ions) & set(sub.species):
            raise ValueError(f"working names {name}, whose species hold none of {', '.join(family.working_ions)}")
    for name in family.mixed:
        if family.sublattices[name].exclusion:
            raise ValueError(f"sites of {name} exclude each other: species cannot be mixed on them")


def check_lattice(family: Family) -> None:
    """Refuse a lattice estimate that refers to a sublattice that does not mix.

    Raises
    ------
    ValueError
        Names the sublattices that mix.
    """
    for estimate in family.lattice.values():
        if estimate.of is not None and estimate.of not in family.mixed:
            raise ValueError(f"the lattice is of {estimate.of}, which is none of {', '.join(family.mixed)}")


def check_size(family: Family) -> None:
    """Refuse more kinds of sites than can be told apart.

    Raises
    ------
    ValueError
        Says how many there are.
    """
    kinds = len(family.sublattices)
    if family.groups:
        atoms = {name: len(group.atoms) for name, group in family.groups.items()}
        kinds = sum(len(sub.coordinates) * atoms.get(sub.group or "", 1) for sub in family.sublattices.values())
    if kinds > MOST_KINDS:
        raise ValueError(f"it has {kinds} kinds of sites, at most {MOST_KINDS} can be told apart")


def check_units(family: Family) -> None:
    """Refuse species with rigid units that the family does not describe, or with another charge than theirs.

    Raises
    ------
    ValueError
        Names the sublattice and the species.
    """
    for name, sub in family.sublattices.items():
        for element, data in sub.species.items():
            unknown = [group for group in data.brought if group not in family.groups]
            if unknown:
                raise ValueError(f"{element} on {name} brings {unknown[0]}, which groups does not describe")
            if data.instead and (element != VACANCY or sub.role != "mixed"):
                raise ValueError(f"{element} on {name}: instead belongs to an empty site of a mixed sublattice")
            for other, one in data.instead.items():
                held = family.sublattices[other].group if other in family.sublattices else None
                if held is None or one.at not in family.groups[held].formula:
                    raise ValueError(f"instead of {name}: {other} holds no units with an atom {one.at}")
            if data.unit is not None and family.groups[data.unit].atoms[0].element != element:
                raise ValueError(f"{element} on {name} is not the first atom of {data.unit}")
            charge = unit_charge(family, name, element)
            if charge is not None and data.valences != (charge,):
                raise ValueError(f"{element} on {name} carries {charge:+d} with its units, valences: [{charge}]")


def check_bonding(family: Family) -> None:
    """Refuse charges in a metallic or covalent family, and species without charge elsewhere.

    Raises
    ------
    ValueError
        Names the sublattice or the key.
    """
    states = [
        (name, element, valence)
        for name, sub in family.sublattices.items()
        for element, data in sub.species.items()
        for valence in data.valences
        if element != VACANCY
    ]
    if family.charged:
        for name, element, valence in states:
            if valence == 0 and family.sublattices[name].species[element].unit is None:
                raise ValueError(f"{element} on {name} has no oxidation state; bonding: metallic or covalent has none")
        return
    if family.ladder or family.anion_limit or family.ladder_electrode or family.no_electrode:
        raise ValueError(f"a {family.bonding} family has no ladder, electrode or anion limit")
    if family.working_ions:
        raise ValueError(
            f"a {family.bonding} family has no working ion: its voltage needs the phases that it turns into"
        )
    for name, sub in family.sublattices.items():
        if sub.role in ("anion", "group"):
            raise ValueError(f"{name} of a {family.bonding} family has the role {sub.role}")
    for name, element, valence in states:
        if valence:
            raise ValueError(
                f"{element} on {name} of a {family.bonding} family has the oxidation state {valence:+d}, not 0"
            )
