"""A host family as a crystal: primitive cell with named sublattices and an estimated lattice."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.science.structures.symmetry import find_orbit, primitive_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hebe.config.family import Family
    from hebe.config.family_sites import LatticeEstimate

_LAYER_WIDTH: Final = 0.5
PLACEHOLDERS: Final = ("Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca")
"""Elements that stand for the sublattices of a host while nothing is on them yet."""


@dataclass(frozen=True)
class HostCell:
    """Primitive cell of a host.

    ``structure`` carries the site property ``sublattice``; species are placeholders, one element per sublattice, in a
    host with groups one per set of atoms. It then carries ``element`` too: that of an atom of a group, else empty.
    ``layer_normal`` is a Cartesian unit vector of shape (3,), None for hosts without layers. ``formula_units`` counts
    those of the primitive cell.
    """

    structure: Structure
    layer_normal: NDArray[np.float64] | None
    formula_units: int

    def sites_per_cell(self, sublattice: str) -> int:
        """Number of sites of a sublattice in the primitive cell."""
        return sum(1 for name in self.structure.site_properties["sublattice"] if name == sublattice)

    def layers(self, sublattice: str) -> int:
        """Layers of a sublattice per primitive cell; 1 in a host without layers."""
        labels = self.structure.site_properties["sublattice"]
        sites = [i for i, name in enumerate(labels) if name == sublattice]
        return len(set(layer_numbers(self.structure, sites, self.layer_normal)))


def estimate_lattice(estimate: LatticeEstimate, mean_radius: float | None, space_group: int) -> Lattice:
    """Conventional lattice (A) at a mean cation radius (A), or at the reference radius without one.

    Parameters are computed exactly and rounded to 1e-4, so that they are the same on every processor.
    """
    shift = Fraction(0) if mean_radius is None else _decimal(mean_radius) - _decimal(estimate.reference_radius)
    slopes = {str(name): _decimal(value) for name, value in estimate.slopes.items()}
    values = {
        str(name): float(round(_decimal(value) + slopes.get(name, Fraction(0)) * shift, 4))
        for name, value in estimate.parameters.items()
    }
    a = values["a"]
    b, c = values.get("b", a), values.get("c", a)
    if 143 <= space_group <= 194:
        return Lattice.hexagonal(a, c)
    return Lattice.from_parameters(
        a, b, c, values.get("alpha", 90.0), values.get("beta", 90.0), values.get("gamma", 90.0)
    )


def _decimal(value: float) -> Fraction:
    """Exact value of the shortest decimal that stands for a number."""
    return Fraction(str(float(value)))


def host_cell(family: Family, working_ion: str | None = None, mean_radius: float | None = None) -> HostCell:
    """Primitive cell of a family.

    Parameters
    ----------
    family
        The host.
    working_ion
        Selects the lattice estimate.
    mean_radius
        Mean radius (A) of the cations of the primary sublattice; None for the reference.

    Raises
    ------
    BadInputError
        If symmetry makes other numbers of atoms of a group than the family says.
    """
    lattice = estimate_lattice(family.lattice_of(working_ion), mean_radius, family.space_group)
    names, species, coords, elements = [], [], [], []
    for i, (name, element, position) in enumerate(_placed(family, lattice)):
        names += [name] * len(position)
        number = i if family.groups else list(family.sublattices).index(name)
        species += [PLACEHOLDERS[number]] * len(position)
        coords += list(position)
        elements += [element] * len(position)
    vectors = primitive_vectors(family.space_group) @ lattice.matrix
    properties = {"sublattice": names, **({"element": elements} if family.groups else {})}
    primitive = Structure(Lattice(vectors), species, coords, site_properties=properties)
    per_unit = sum(family.atoms_per_unit(name) for name in family.sublattices)
    return HostCell(primitive, _across(family, lattice), len(primitive) // per_unit)


def layer_normal(family: Family, working_ion: str | None = None) -> NDArray[np.float64] | None:
    """Cartesian unit vector across the layers of a host, as `host_cell` has it, shape (3,); None without layers."""
    if family.layer_axis is None:
        return None
    return _across(family, estimate_lattice(family.lattice_of(working_ion), None, family.space_group))


def _across(family: Family, lattice: Lattice) -> NDArray[np.float64] | None:
    if family.layer_axis is None:
        return None
    normal: NDArray[np.float64] = np.cross(lattice.matrix[0], lattice.matrix[1])
    return normal / np.linalg.norm(normal)


def _placed(family: Family, lattice: Lattice) -> Iterator[tuple[str, str, tuple[NDArray[np.float64], ...]]]:
    """Sublattice, element (of groups) and positions in the primitive cell, orbit by orbit."""
    for name, sub in family.sublattices.items():
        for point in sub.coordinates:
            centres = find_orbit(family.space_group, point).primitive
            if sub.group is None:
                yield name, "", centres
                continue
            for atom in family.groups[sub.group].atoms:
                place = np.array([float(x) for x in point]) + lattice.get_fractional_coords(atom.at)
                found = find_orbit(family.space_group, place.tolist()).primitive
                if len(found) != atom.number * len(centres):
                    raise BadInputError(
                        f"{name} of {family.name}: symmetry makes {len(found) / len(centres):g} {atom.element} of each "
                        f"{sub.group} from the one at {atom.at}, the family says {atom.number}",
                        suggestion="a vector that lies on the symmetry element, or another number",
                    )
                yield name, atom.element, found


def layer_numbers(structure: Structure, sites: Sequence[int], normal: NDArray[np.float64] | None) -> list[int]:
    """Layer of each site, counted from 0 along the normal; sites within 0.5 A of height share one.

    The cell must hold whole layers: one of its vectors leads across them, the others lie within.
    """
    if normal is None or not len(sites):
        return [0] * len(sites)
    period = float(np.abs(structure.lattice.matrix @ normal).max())
    heights = np.mod(structure.cart_coords[list(sites)] @ normal, period)
    order = np.argsort(heights)
    numbers = np.zeros(len(sites), dtype=int)
    numbers[order[1:]] = np.cumsum(np.diff(heights[order]) > _LAYER_WIDTH)
    if numbers.max() and heights[order[0]] + period - heights[order[-1]] < _LAYER_WIDTH:
        numbers[numbers == numbers.max()] = 0
    return [int(number) for number in numbers]
