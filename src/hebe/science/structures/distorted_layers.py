"""Layers that are stretched in their plane, as cooperative Jahn-Teller distortions do: O'3 and P'3.

In the monoclinic cell C2/m of O'3, a and b lie in the layers; their ratio by sqrt(3) is 1 in O3, 1.15 in NaMnO2 and
1.08 in NaNiO2 (Parant, Olazcuaga, Devalette, Fouassier, Hagenmuller, J. Solid State Chem. 3, 1 (1971); Dick, Muller,
Preissinger, Zeiske, Powder Diffr. 12, 239 (1997)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.science.keys import rounded
from hebe.science.structures.stackings import take_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.family import Family

Vectors = NDArray[np.float64]
DISTORTED: Final = 1.03
"""Ratio of a to sqrt(3) b from which layers are distorted; different metals alone make one or two percent."""

_REACH: Final = 4.2
"""Distance (A) up to which metals of a slab are neighbours; the next ones are sqrt(3) times as far."""


def stretched(family: Family, structure: Structure, ion: str | None, ratio: float) -> Structure:
    """Cell of a layered host whose layers are stretched across a row of their anions, at equal area.

    Parameters
    ----------
    family, ion
        The host and its working ion.
    structure
        The cell as it was built.
    ratio
        Of a to sqrt(3) b.
    """
    plane = take_apart(family, structure, ion).positions
    row = plane.basis[0] / np.linalg.norm(plane.basis[0])
    across = np.cross(plane.normal, row)
    half = np.sqrt(ratio)
    strain = np.outer(plane.normal, plane.normal) + half * np.outer(across, across) + np.outer(row, row) / half
    made = Structure(
        Lattice(structure.lattice.matrix @ strain),
        structure.species,
        structure.frac_coords,
        site_properties=structure.site_properties,
    )
    return rounded(made, ideal=True)


def layer_ratio(structure: Structure, normal: Vectors, metals: Sequence[int]) -> float:
    """Ratio of a to sqrt(3) b of the layers of a cell: of the axes of the mean square of vectors between neighbours.

    It is 1 for hexagonal layers, and that of the lattice for every direction of the stretch.

    Parameters
    ----------
    structure
        The cell, relaxed or not.
    normal
        Unit vector across the layers, shape (3,); it may be off by a few degrees.
    metals
        Sites of the metals of the slabs.
    """
    first, second, images, _ = structure.get_neighbor_list(_REACH)
    wanted = set(metals)
    pairs = [k for k in range(len(first)) if int(first[k]) in wanted and int(second[k]) in wanted]
    places = structure.frac_coords[second[pairs]] + images[pairs] - structure.frac_coords[first[pairs]]
    vectors = places @ structure.lattice.matrix
    lateral = vectors - np.outer(vectors @ normal, normal)
    squares = np.sort(np.linalg.eigvalsh(lateral.T @ lateral))
    return float(np.sqrt(squares[2] / squares[1]))
