"""A cubic Prussian blue with its octahedra tilted, its lattice stretched and its working ions off the centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.science.keys import rounded
from hebe.science.structures.octahedra import Octahedra, Vectors

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.config.polymorphs import PolymorphRule

_CUBIC: Final = 225
_TWO: Final = 2
_LAST: Final = 2
"""The axis about which tilts change sign from layer to layer, and along which the lattice is stretched."""


def framework_metals(family: Family) -> tuple[str, str]:
    """Sublattices of the metals M and X of a cubic Prussian blue, bonded to nitrogen and to carbon.

    Raises
    ------
    BadInputError
        If the host is none.
    """
    groups = {sub.group for sub in family.sublattices.values() if sub.group is not None}
    metals = family.mixed_cations
    if family.space_group != _CUBIC or groups != {"CN"} or len(metals) != _TWO or not family.working_own:
        raise BadInputError(f"{family.called} is no cubic Prussian blue", suggestion="pba")
    return metals[0], metals[1]


def tilted(family: Family, structure: Structure, rule: PolymorphRule) -> Structure:
    """Cell of a cubic Prussian blue in another crystal, twice as large where it does not repeat the tilts.

    Octahedra turn as wholes; nitrogen goes with its carbon, so that cyanide stays straight to first order.

    Parameters
    ----------
    family
        The host.
    structure
        The cell as it was built: its cubic axes are the Cartesian ones, with a metal M at the origin.
    rule
        Angles, strain and shift.

    Raises
    ------
    BadInputError
        If the host is no cubic Prussian blue, or octahedra of the cell lack groups.
    """
    metals = framework_metals(family)
    found = Octahedra.of(structure, *metals)
    if rule.odd and found.layers(_LAST) is None:
        found = Octahedra.of(_doubled(found), *metals)
    turns = np.tile(np.sin(np.radians(rule.even)), (len(found.centres), 1))
    signs = found.layers(_LAST) if rule.odd else None
    if signs is not None:
        turns[:, _LAST] += signs * np.sin(np.radians(rule.odd))
    cell = found.structure
    moves = np.zeros((len(cell), 3))
    lateral = np.cross(turns[:, None, :], found.to_carbon)
    moves[found.carbon] = moves[found.nitrogen] = lateral
    edge = 2 * float(np.linalg.norm(found.axes, axis=1).mean())
    for site, label in enumerate(cell.site_properties["sublattice"]):
        if label in family.working_own:
            moves[site] = _side(cell.cart_coords[site] / edge) * np.array(rule.shift)
    strain = np.diag([(1 + rule.stretch) ** -0.5, (1 + rule.stretch) ** -0.5, 1 + rule.stretch])
    made = Structure(
        Lattice(cell.lattice.matrix @ strain),
        cell.species,
        (cell.cart_coords + moves) @ strain,
        coords_are_cartesian=True,
        site_properties=cell.site_properties,
    )
    return rounded(made, ideal=True)


def _doubled(found: Octahedra) -> Structure:
    """Cell of twice the size whose vectors all lead over whole pairs of layers along the last axis."""
    steps = found.structure.lattice.matrix @ np.linalg.inv(found.axes)
    odd = [round(float(n)) % 2 for n in steps[:, _LAST]]
    first = odd.index(1)
    matrix = np.eye(3, dtype=int)
    matrix[first, first] = 2
    for i in range(3):
        if odd[i] and i != first:
            matrix[i, first] = -1
    return found.structure.make_supercell(matrix, in_place=False)


def _side(place: Vectors) -> float:
    """+1 or -1 for the two small cubes of a cell: their centres are at 1/4 and at 3/4 of the diagonal, from M on."""
    return 1.0 if round(float(2 * place.sum() - 1.5)) % 2 == 0 else -1.0
