"""What is wrong with the crystal that a family describes: space group, orbits with their letters, neighbours."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import spglib
from pymatgen.core import Element
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.exceptions import BadInputError
from hebe.science.chemistry.descriptors import radius_of
from hebe.science.chemistry.ions import Ion
from hebe.science.structures.host import estimate_lattice, host_cell
from hebe.science.structures.symmetry import find_orbit, primitive_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray
    from pymatgen.core.structure import Structure

    from hebe.config.family import Family

SHORTEST, LONGEST = 1.2, 2.7
"""Nearest neighbour (A) of a site; it may be as far as the reach of a sublattice that has one of its own."""

CROWDED = 0.9
"""Least distance (A) of two atoms that are there at the same time; the bond of a C-N group has 1.15 A, O-H 0.96 A."""

_TRIES = 6

WITHIN = {True: 0.10, False: 0.05}
"""Error of the volume of a published member before relaxation: of a layered host, of others."""


def faults(family: Family, ion: str | None = None) -> Iterator[str]:
    """Everything in which the crystal is not the one that the family states; what is quick to find comes first."""
    yield from _orbit_faults(family)
    yield from _letter_faults(family, ion)
    try:
        yield from _crystal_faults(family, ion)
    except BadInputError as err:
        yield str(err)


def _orbit_faults(family: Family) -> Iterator[str]:
    for label, sublattice in family.sublattices.items():
        for point, part in zip(sublattice.coordinates, sublattice.wyckoff.split(), strict=True):
            found = find_orbit(family.space_group, point).multiplicity
            if found != int(part[:-1]):
                yield f"{label}: {found} positions, {part} was stated"


def _crystal_faults(family: Family, ion: str | None) -> Iterator[str]:
    cell = host_cell(family, ion)
    structure = cell.structure
    number = SpacegroupAnalyzer(structure, 1e-3).get_space_group_number()
    if number != family.space_group:
        yield f"space group {number}"
    centring = round(1 / float(np.linalg.det(primitive_vectors(family.space_group))))
    for label, sublattice in family.sublattices.items():
        sites = sum(int(part[:-1]) for part in sublattice.wyckoff.split())
        atoms = family.atoms_per_unit(label) // sublattice.multiplicity
        if sites != sublattice.multiplicity * cell.formula_units * centring:
            yield f"{label}: {sites} sites for {cell.formula_units * centring} formula units"
        if cell.sites_per_cell(label) * centring != sites * atoms:
            yield f"{label}: {cell.sites_per_cell(label) * centring / atoms:g} sites, {sublattice.wyckoff} was stated"
        for point, part, stated in zip(
            sublattice.coordinates, sublattice.wyckoff.split(), sublattice.counted, strict=True
        ):
            orbit = find_orbit(family.space_group, point)
            nearest, found = neighbours(structure, family, label, orbit.primitive[0])
            if abs(found - stated) > 1e-9:
                yield f"{label} {part}: {found:g} neighbours, {stated} were stated"
            if not SHORTEST < nearest < max(LONGEST, sublattice.reach) and sublattice.group is None:
                yield f"{label} {part}: nearest neighbour at {nearest:.2f} A"
    if (closest := _closest(structure, family)) < CROWDED:
        yield f"two atoms are {closest:.2f} A apart"


def neighbours(structure: Structure, family: Family, label: str, point: NDArray[np.float64]) -> tuple[float, float]:
    """Distance (A) of the nearest neighbour of the other kind, and their number; all are of one kind without charges.

    Working ions count with the share of their sites that a full host occupies.
    """
    away = structure.lattice.get_all_distances(point, structure.frac_coords)[0]
    site = int(np.argmin(away))
    labels = structure.site_properties["sublattice"]
    elements = structure.site_properties.get("element") or [""] * len(structure)
    own = [family.sublattices[name].multiplicity for name in family.working_own]
    share = family.x_full / sum(own) if own else 1

    def is_anion(i: int) -> bool:
        element = elements[i] or next(iter(family.sublattices[labels[i]].species), "")
        return bool(element) and labels[i] not in family.working_own and family.is_anion(labels[i], element)

    around = structure.get_neighbors(structure[site], family.sublattices[label].reach)
    around = [n for n in around if n.nn_distance > 1e-3]
    if family.charged:
        around = [n for n in around if is_anion(n.index) != is_anion(site)]
    mobile = sum(labels[n.index] in family.working_own for n in around)
    nearest = min((n.nn_distance for n in around), default=np.inf)
    return float(nearest), float(len(around) - mobile + mobile * share)


def _closest(structure: Structure, family: Family) -> float:
    """Shortest distance (A) of two sites that may be occupied together; partly occupied sites may be closer."""
    partly = {n for n, sub in family.sublattices.items() if sub.exclusion or "Va" in sub.species}
    labels = structure.site_properties["sublattice"]
    centres, points, _, distances = structure.get_neighbor_list(2.0)
    full = [labels[c] not in partly and labels[p] not in partly for c, p in zip(centres, points, strict=True)]
    return float(distances[np.array(full, dtype=bool)].min(initial=np.inf))


def _letter_faults(family: Family, ion: str | None) -> Iterator[str]:
    """Compare Wyckoff letters with those that spglib finds.

    spglib names the orbits of the setting that it chooses, ``P x + p``, which may have another origin than that of the
    tables; the crystal is therefore moved to where the coordinates of that setting are those of the family.
    """
    lattice = estimate_lattice(family.lattice_of(ion), None, family.space_group).matrix
    points, kinds, owners = [], [], []
    for label, sublattice in family.sublattices.items():
        for point, part in zip(sublattice.coordinates, sublattice.wyckoff.split(), strict=True):
            owners.append((label, part))
            found = _all_positions(family.space_group, point)
            points += found
            kinds += [len(owners)] * len(found)
    hall = next(h for h in range(1, 531) if _is_standard(h, family.space_group))
    shift = np.zeros(3)
    for _ in range(_TRIES):
        moved = ((np.array(points) - shift) % 1).tolist()
        named = spglib.get_symmetry_dataset((lattice.tolist(), moved, kinds), symprec=1e-3, hall_number=hall)
        if named is None:
            yield "no symmetry can be found"
            return
        turned = not np.allclose(named.transformation_matrix, np.eye(3))
        if not turned and np.allclose((named.origin_shift - shift + 0.5) % 1, 0.5):
            break
        shift = named.origin_shift
    else:
        yield "its orbits cannot be named"
        return
    for kind, letter in {(kind, letter) for kind, letter in zip(kinds, named.wyckoffs, strict=True)}:
        label, stated = owners[kind - 1]
        if stated[-1] != letter:
            yield f"{label}: Wyckoff letter {letter}, {stated} was stated"


def _is_standard(hall: int, number: int) -> bool:
    """Whether a setting of spglib is the standard one of a space group: origin 2, hexagonal axes, unique axis b."""
    kind = spglib.get_spacegroup_type(hall)
    return kind is not None and kind.number == number and kind.choice in ("", "2", "H", "b", "b1")


def _all_positions(number: int, point: Sequence[Fraction]) -> list[NDArray[np.float64]]:
    """Positions of an orbit in the conventional cell."""
    vectors = primitive_vectors(number)
    centring = {tuple(np.round((np.array(n) @ vectors) % 1 % 1, 6) % 1) for n in product(range(3), repeat=3)}
    return [x @ vectors + np.array(step) for x in find_orbit(number, point).primitive for step in sorted(centring)]


def member_volume(family: Family, number: int) -> tuple[float, float]:
    """Volume (A3) of the conventional cell of a published member: as the family estimates it, and as measured."""
    member = family.members[number]
    radii: dict[str, list[float]] = {}
    for label, text in member.ions.items():
        sub = family.sublattices[label]
        for ion in map(Ion.parse, text.split()):
            radius = radius_of(ion, sub)
            assert radius is not None or label in family.anions, (label, text)
            assert Element.is_valid_symbol(ion.element)
            assert ion.charge in sub.species[ion.element].valences, (label, text)
            radii.setdefault(label, []).append(radius or 0.0)
    first = next(iter(radii.values()))
    estimate = family.lattice_of(member.working_ion)
    measured = estimate.model_copy(update={"parameters": member.parameters, "slopes": {}})
    guessed = estimate_lattice(estimate, sum(first) / len(first), family.space_group)
    return guessed.volume, estimate_lattice(measured, None, family.space_group).volume
