"""What rigid units the species of a family bring with them, or lack: their atoms and charges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.config.family_sites import VACANCY

if TYPE_CHECKING:
    from hebe.config.family import Family


def units_of(family: Family, name: str, element: str) -> dict[str, int]:
    """Group -> units that one site of a species brings; negative are those of other sublattices that it lacks."""
    sub = family.sublattices[name]
    data = sub.species.get(element)
    if data is None:
        return {}
    found: dict[str, int] = {} if data.unit is None else {data.unit: 1}
    for other, one in data.instead.items():
        number = family.sublattices[other].multiplicity // sub.multiplicity
        for group, n in ((family.sublattices[other].group or "", -number), (one.group, number)):
            found[group] = found.get(group, 0) + n
    return found


def unit_charge(family: Family, name: str, element: str) -> int | None:
    """Charge (e) of the units that a species brings, None where it brings none."""
    units = units_of(family, name, element)
    return sum(n * family.groups[group].charge for group, n in units.items()) if units else None


def atoms_of(family: Family, name: str, element: str) -> dict[str, int]:
    """Element -> atoms that one site of a species holds, with the units that it brings; an empty site has none."""
    units, data = units_of(family, name, element), family.sublattices[name].species.get(element)
    found = {} if element == VACANCY or (data is not None and data.unit is not None) else {element: 1}
    for group, n in units.items():
        for other, number in family.groups[group].formula.items():
            found[other] = found.get(other, 0) + n * number
    return found


def unit_atoms(family: Family, name: str, element: str) -> int:
    """Atoms of the units that one site of a species brings."""
    units = units_of(family, name, element)
    return sum(n * sum(family.groups[group].formula.values()) for group, n in units.items())


def unit_valence(family: Family, name: str, element: str) -> int | None:
    """Charge (e) of an atom of a unit that species of a mixed sublattice bring, None of any other atom."""
    species = family.sublattices[name].species
    if element in species and species[element].unit is None:
        return None
    groups = [group for data in species.values() for group in data.brought]
    atoms = (atom for group in groups for atom in family.groups[group].atoms)
    return next((atom.valence for atom in atoms if atom.element == element), None)
