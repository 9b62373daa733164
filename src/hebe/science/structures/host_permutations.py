"""Permutations of the sites of a supercell by the space group of its host, from the operations of the primitive cell.

An operation of the host is one of the supercell where it maps the lattice of the supercell onto itself, together with
every translation of the host. Symmetry is found in the primitive cell, however large the supercell is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import spglib

from hebe.science.structures.lattice_reduction import hermite_normal_form

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.science.structures.lattice_reduction import IntMatrix

_SAME_POSITION: Final = 1e-2


def host_permutations(primitive: Structure, matrix: IntMatrix, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Permutations of sites of a supercell, shape (operations, n): operation k brings site i to ``[k, i]``.

    Parameters
    ----------
    primitive
        Cell of the host, one element per kind of site.
    matrix
        Integer rows of the supercell over it, shape (3, 3).
    points
        Ideal sites in fractions of the supercell, shape (n, 3); whole orbits of the space group.
    """
    cell = (primitive.lattice.matrix.tolist(), primitive.frac_coords.tolist(), [site.specie.Z for site in primitive])
    symmetry = spglib.get_symmetry(cell, symprec=1e-3)
    if symmetry is None:
        return np.arange(len(points), dtype=np.int64)[None, :]
    form = hermite_normal_form(matrix)
    kind, cells = _places(primitive, points @ matrix)
    number = np.full((len(primitive), int(np.prod(np.diag(form)))), -1, dtype=np.int64)
    number[kind, _class(cells, form)] = np.arange(len(points))
    moves = np.stack(np.unravel_index(np.arange(number.shape[1]), tuple(np.diag(form))), axis=1)
    found = []
    for rotation, translation in zip(symmetry["rotations"], symmetry["translations"], strict=True):
        if not np.array_equal(hermite_normal_form(matrix @ rotation.T), form):
            continue
        images, shifts = _places(primitive, primitive.frac_coords @ rotation.T + translation)
        moved = cells @ rotation.T + shifts[kind]
        found.append(number[images[kind], _class(moved + moves[:, None, :], form)])
    return np.unique(np.concatenate(found), axis=0)


def _places(primitive: Structure, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Site of the primitive cell and cell of each point, given in fractions of the primitive cell."""
    steps = points[:, None, :] - primitive.frac_coords[None, :, :]
    distance = np.linalg.norm((steps - np.round(steps)) @ primitive.lattice.matrix, axis=2)
    kind = distance.argmin(axis=1)
    if float(distance.min(axis=1).max()) > _SAME_POSITION:
        raise ValueError("an operation of the host moves one of its sites to an empty place")
    return kind, np.asarray(np.round(steps[np.arange(len(points)), kind]), dtype=np.int64)


def _class(cells: NDArray[np.int64], form: IntMatrix) -> NDArray[np.int64]:
    """Number of the class of each cell, shape (..., 3), modulo the rows of a Hermite normal form."""
    left = cells.copy()
    for row in (2, 1, 0):
        left -= (left[..., row] // form[row, row])[..., None] * form[row]
    return np.asarray((left[..., 0] * form[1, 1] + left[..., 1]) * form[2, 2] + left[..., 2])
