"""Whether a cell holds units whose bonds are much stiffer than those of an oxide: non-metals bonded to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from ase.data import atomic_numbers, covalent_radii

if TYPE_CHECKING:
    from pymatgen.core import Structure

NON_METALS: Final = frozenset(("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"))
_BONDED: Final = 1.25
"""Distance by the sum of covalent radii (Cordero et al., Dalton Trans. 2832 (2008)) up to which two atoms are bonded:
1.0 in phosphates and cyanides; unlike atoms of neighbouring polyhedra of oxides are above 1.6."""


def holds_rigid_units(structure: Structure) -> bool:
    """Whether two non-metals of a structure are bonded, as in phosphates, cyanides and hydroxides."""
    symbols = [getattr(site.specie, "symbol", "") for site in structure]
    units = np.array([symbol in NON_METALS for symbol in symbols])
    if not units.any():
        return False
    radii = np.array([covalent_radii[atomic_numbers[symbol]] if symbol else 0.0 for symbol in symbols])
    reach = 2 * _BONDED * float(radii[units].max())
    first, second, _, distances = structure.get_neighbor_list(reach)
    both = units[first] & units[second]
    return bool((distances[both] < _BONDED * (radii[first] + radii[second])[both]).any())
