"""Thickness of slabs and gaps of a layered cell, relaxed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.crystals.crystal import ANIONS
from hebe.science.structures.topology import exact_normal, layer_repeat

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

_BOND: Final = 2.8
"""Longest bond (A) of a cation of a slab."""


def slab_and_gap(structure: Structure, normal: NDArray[np.float64], slabs: NDArray[np.bool_]) -> tuple[float, float]:
    """Thickness (A) of the slabs of a layered host, between planes of anions, and of the gaps between slabs.

    Parameters
    ----------
    structure
        The cell.
    normal
        Unit vector across the layers, shape (3,); it may be off by a few degrees.
    slabs
        Marks the cations of the slabs, shape (n,).

    Returns
    -------
    tuple
        Twice the mean height of an anion over the cations that it is bonded to (2.8 A); what is left of the repeat.
    """
    up = exact_normal(structure, normal)
    anions = np.array([getattr(site.specie, "symbol", "") in ANIONS for site in structure])
    first, second, images, _ = structure.get_neighbor_list(_BOND)
    bonds = anions[first] & slabs[second]
    ends = structure.frac_coords[second[bonds]] + images[bonds] - structure.frac_coords[first[bonds]]
    rises = ends @ structure.lattice.matrix @ up
    counts = np.bincount(first[bonds], minlength=len(structure))
    means = np.bincount(first[bonds], weights=rises, minlength=len(structure))[counts > 0] / counts[counts > 0]
    slab = 2 * float(np.abs(means).mean())
    return slab, layer_repeat(structure, normal, slabs) - slab
