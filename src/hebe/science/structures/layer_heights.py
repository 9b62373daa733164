"""Thickness of slabs and gaps of a layered cell, relaxed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.science.structures.topology import exact_normal, layer_repeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.science.structures.polyhedra import Polyhedron


def slab_and_gap(
    structure: Structure, normal: NDArray[np.float64], slabs: NDArray[np.bool_], around: Sequence[Polyhedron]
) -> tuple[float, float]:
    """Thickness (A) of the slabs of a layered host, between planes of anions, and of the gaps between slabs.

    Parameters
    ----------
    structure
        The cell.
    normal
        Unit vector across the layers, shape (3,); it may be off by a few degrees.
    slabs
        Marks the cations of the slabs, shape (n,).
    around
        Their polyhedra.

    Returns
    -------
    tuple
        Mean rise of the anions above their cations less that of those below; what is left of the repeat.
    """
    up = exact_normal(structure, normal)
    rises = np.concatenate([one.vectors @ up for one in around])
    slab = float(rises[rises > 0].mean() - rises[rises < 0].mean())
    return slab, layer_repeat(structure, normal, slabs) - slab
