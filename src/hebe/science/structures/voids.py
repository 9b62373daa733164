"""Empty sites of a crystal: the centres of the octahedra, prisms and tetrahedra that its anions form.

A centre is as far from all anions of its polyhedron, so that it is a vertex of their Voronoi diagram; a distorted
polyhedron has several vertices close to each other, which are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from hebe.science.crystals.crystal import ANIONS

if TYPE_CHECKING:
    from pymatgen.core import Structure

_ONE: Final = 0.8
"""Distance (A) within which two vertices belong to one polyhedron; tetrahedra that share a face are 1.2 A apart."""
_SHELL: Final = 1.3
"""Anions of a polyhedron are no farther than this times the nearest one; the next are at 1.7 (octahedron) and more."""
_MARGIN: Final = 7.0
"""A; anions around the cell that bound the polyhedra within it."""


@dataclass(frozen=True)
class Void:
    """Centre of a polyhedron of anions.

    Parameters
    ----------
    place
        Fractional coordinates, shape (3,).
    anions
        How many anions it has.
    radius
        Mean distance to them (A).
    """

    place: NDArray[np.float64]
    anions: int
    radius: float


def voids(structure: Structure) -> list[Void]:
    """Centres of all polyhedra of anions of a cell, whether something stands in them or not.

    Parameters
    ----------
    structure
        The cell, relaxed or not.

    Returns
    -------
    list
        In the order of their coordinates; none of a cell without anions.
    """
    sites = [i for i, site in enumerate(structure) if getattr(site.specie, "symbol", "") in ANIONS]
    if not sites:
        return []
    frac, matrix = structure.frac_coords[sites], structure.lattice.matrix
    points = _images(frac, structure) @ matrix
    vertices = scipy.spatial.Voronoi(points).vertices @ np.linalg.inv(matrix)
    inside = vertices[((vertices >= -1e-6) & (vertices < 1 - 1e-6)).all(axis=1)]
    found = [_void(place, matrix, points) for place in _merged(inside, structure)]
    return sorted(found, key=lambda one: [round(round(float(c), 6), 3) % 1.0 for c in one.place])


def _images(frac: NDArray[np.float64], structure: Structure) -> NDArray[np.float64]:
    """Fractional coordinates of the sites and of their images within a margin around the cell, shape (n, 3)."""
    margins = _MARGIN * np.array(structure.lattice.reciprocal_lattice_crystallographic.abc)
    reach = np.ceil(margins).astype(int)
    shifts = np.array(list(product(*(range(-int(n), int(n) + 1) for n in reach))))
    every = (np.mod(frac, 1.0)[:, None, :] + shifts).reshape(-1, 3)
    return np.asarray(every[((every > -margins) & (every < 1 + margins)).all(axis=1)])


def _merged(places: NDArray[np.float64], structure: Structure) -> list[NDArray[np.float64]]:
    """Means of the places that are chained by less than the distance of one polyhedron."""
    if not len(places):
        return []
    near = structure.lattice.get_all_distances(places, places) < _ONE
    number, labels = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_matrix(near), directed=False)
    means = []
    for k in range(number):
        group = places[labels == k]
        offsets = group - group[0]
        means.append(group[0] + (offsets - np.round(offsets)).mean(axis=0))
    return means


def _void(place: NDArray[np.float64], matrix: NDArray[np.float64], anions: NDArray[np.float64]) -> Void:
    """Void at a place (fractions), of the anions at some points (A, shape (n, 3))."""
    lengths = np.sort(np.linalg.norm(anions - place @ matrix, axis=1))
    kept = lengths[lengths < _SHELL * lengths[0]]
    return Void(place, len(kept), float(kept.mean()))
