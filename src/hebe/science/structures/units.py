"""Rigid units that species bring with them: water on interstitial sites, and in place of ligands that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice

from hebe.config.family_sites import VACANCY
from hebe.config.family_units import units_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pymatgen.core import Structure

    from hebe.config.family import Family
    from hebe.config.family_sites import GroupData

_TURNS: Final = 6
_DIGITS: Final = 6


@dataclass
class Atoms:
    """Atoms of a cell: fractional coordinates of shape (3,), elements and sublattices."""

    lattice: Lattice
    points: list[NDArray[np.float64]]
    elements: list[str]
    labels: list[str]

    def without(self, sites: set[int]) -> Atoms:
        """All but some of them."""
        kept = [i for i in range(len(self.points)) if i not in sites]
        elements, labels = [self.elements[i] for i in kept], [self.labels[i] for i in kept]
        return Atoms(self.lattice, [self.points[i] for i in kept], elements, labels)

    def put(self, unit: GroupData, centre: NDArray[np.float64], label: str) -> None:
        """Add a unit, turned so that its atoms but the first keep as far from all others as they can."""
        vectors = np.array([atom.at for atom in unit.atoms])
        turned = centre + self.lattice.get_fractional_coords(vectors @ _turns().transpose(0, 2, 1))
        best = 0
        if len(vectors) > 1 and self.points:
            away = self.lattice.get_all_distances(turned[:, 1:].reshape(-1, 3), np.array(self.points))
            best = int(np.argmax(np.round(away.reshape(len(turned), -1).min(axis=1), _DIGITS)))
        self.points += list(turned[best])
        self.elements += [atom.element for atom in unit.atoms]
        self.labels += [label] * len(unit.atoms)


@cache
def _turns() -> NDArray[np.float64]:
    """Rotations on a grid of Euler angles, the identity first, shape (n, 3, 3)."""
    angles = np.arange(_TURNS) * 2 * np.pi / _TURNS
    tilts = np.arccos(np.linspace(1, -1, _TURNS))
    grid = product(angles, tilts, angles)
    return np.array([_about_z(first) @ _about_x(tilt) @ _about_z(last) for first, tilt, last in grid])


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def brings_units(family: Family, kinds: Mapping[str, Iterable[str]]) -> bool:
    """Whether any species, sublattice -> elements, brings or lacks rigid units."""
    return any(units_of(family, name, element) for name, elements in kinds.items() for element in elements)


def with_units(family: Family, structure: Structure, species: Sequence[str]) -> Atoms:
    """Atoms of a cell whose mixed sites are chosen: ligands of empty sites replaced, units put on their centres.

    Parameters
    ----------
    family
        The host.
    structure
        Cell with all sites, empty ones too, and the site properties ``sublattice`` and ``element``.
    species
        Element of each site, ``Va`` of an empty one.
    """
    labels = list(structure.site_properties["sublattice"])
    atoms = Atoms(structure.lattice, list(structure.frac_coords), list(species), labels)
    gone: set[int] = {i for i, element in enumerate(species) if element == VACANCY}
    put: list[tuple[str, NDArray[np.float64], str]] = []
    for i, (label, element) in enumerate(zip(labels, species, strict=True)):
        data = family.sublattices[label].species.get(element)
        if data is None:
            continue
        if data.unit is not None:
            put.append((data.unit, structure.frac_coords[i], label))
            gone.add(i)
        for other, one in data.instead.items():
            ligands = _bonded(family, structure, i, other)
            gone |= set(ligands)
            put += [(one.group, structure.frac_coords[j], label) for j in ligands if species[j] == one.at]
    found = atoms.without(gone)
    for group, centre, label in put:
        found.put(family.groups[group], centre, label)
    return found


def _bonded(family: Family, structure: Structure, site: int, other: str) -> list[int]:
    """Atoms of the units of a sublattice that are bonded to a site: of each element the nearest."""
    here, elements = (structure.site_properties[name] for name in ("sublattice", "element"))
    number = family.sublattices[other].multiplicity // family.sublattices[here[site]].multiplicity
    found: list[int] = []
    for element, each in family.groups[family.sublattices[other].group or ""].formula.items():
        sites = [i for i, name in enumerate(here) if name == other and elements[i] == element]
        away = structure.lattice.get_all_distances(structure.frac_coords[site], structure.frac_coords[sites])[0]
        nearest = np.lexsort((sites, np.round(away, _DIGITS)))[: number * each]
        found += [sites[i] for i in nearest]
    return found
