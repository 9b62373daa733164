"""First images of a path between two structures: distances between atoms change evenly, so that none come too close.

Image-dependent pair potential: Smidstrup, Pedersen, Stokbro, Jonsson, J. Chem. Phys. 140, 214106 (2014). Pairs are
those within 5 A of each other at one of the ends; each image goes to the minimum of its own potential.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Lattice, Structure

Array = NDArray[np.float64]

_REACH: Final = 5.0
_DIGITS: Final = 4
"""Decimals (A) of the images: what a minimiser leaves below them is not the same on every processor."""
_TOLERANCE: Final = 1e-6


def nearest_end(start: Structure, end: Structure) -> Array:
    """Cartesian coordinates (A) of `end` with every atom at its image nearest to where it starts, shape (n, 3)."""
    pairs = zip(start.frac_coords, end.frac_coords, strict=True)
    return np.array([_nearest(start.lattice, here, there) for here, there in pairs]) @ start.lattice.matrix


def _nearest(lattice: Lattice, here: Array, there: Array) -> Array:
    """Image of a place nearest to another one, in fractional coordinates, shape (3,)."""
    _, image = lattice.get_distance_and_image(here, there)
    return np.asarray(there + image)


def first_images(start: Structure, end: Structure, n: int, via: tuple[int, Array] | None = None) -> Array:
    """Positions (A) of the ends and of `n` images between them, shape (n + 2, atoms, 3).

    Parameters
    ----------
    start, end
        The same atoms in the same order in the same cell.
    n
        Images between them.
    via
        An atom and the place (fractional coordinates) that it passes half-way, at its image nearest to the start; the
        atom ends as far on the other side of it as it can. Straight from end to end without.
    """
    corners = [np.array(start.cart_coords), nearest_end(start, end)]
    if via is not None:
        atom, place = via
        here = start.frac_coords[atom]
        half = _nearest(start.lattice, here, np.asarray(place))
        across = _nearest(start.lattice, 2 * half - here, end.frac_coords[atom])
        corners[1][atom] = across @ start.lattice.matrix
        middle = (corners[0] + corners[1]) / 2
        middle[atom] = half @ start.lattice.matrix
        corners.insert(1, middle)
    along = np.linspace(0, len(corners) - 1, n + 2)
    straight = np.array([_between(corners, x) for x in along])
    pairs = _Pairs.of(start, corners)
    targets = np.array([pairs.lengths(corner) for corner in corners])
    for k in range(1, n + 1):
        straight[k] = pairs.relaxed(straight[k], _between(targets, along[k]))
    return straight


def _between(corners: list[Array] | Array, x: float) -> Array:
    """Linear interpolation between corners 0, 1, ... at x."""
    n = min(int(x), len(corners) - 2)
    return np.asarray((1 - (x - n)) * corners[n] + (x - n) * corners[n + 1])


@dataclass(frozen=True)
class _Pairs:
    """Pairs of atoms, the second one moved by ``shift`` (A), shape (m, 3)."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shift: Array

    @classmethod
    def of(cls, start: Structure, corners: list[Array]) -> _Pairs:
        """All pairs within reach at one of some positions."""
        rows = []
        for positions in corners:
            cell = start.copy()
            for atom, place in enumerate(start.lattice.get_fractional_coords(positions)):
                cell[atom].frac_coords = place
            i, j, images, _ = cell.get_neighbor_list(_REACH, exclude_self=True)
            rows.append(np.column_stack([i, j, np.rint(images)]).astype(np.int64)[i < j])
        found = np.unique(np.concatenate(rows), axis=0)
        return cls(found[:, 0], found[:, 1], found[:, 2:] @ start.lattice.matrix)

    def vectors(self, positions: Array) -> Array:
        """From first to second, shape (m, 3)."""
        return np.asarray(positions[self.second] + self.shift - positions[self.first])

    def lengths(self, positions: Array) -> Array:
        """Distances (A), shape (m,)."""
        return np.asarray(np.linalg.norm(self.vectors(positions), axis=1))

    def relaxed(self, positions: Array, target: Array) -> Array:
        """Positions where distances come closest to `target`, near ones counting most: sum of (d - target)^2 / d^4."""

        def objective(x: Array) -> tuple[float, Array]:
            vectors = self.vectors(x.reshape(-1, 3))
            d = np.linalg.norm(vectors, axis=1)
            off = d - target
            pull = (2 * off / d**4 - 4 * off**2 / d**5)[:, None] * vectors / d[:, None]
            gradient = np.zeros_like(positions)
            np.add.at(gradient, self.second, pull)
            np.subtract.at(gradient, self.first, pull)
            return float((off**2 / d**4).sum()), gradient.ravel()

        found = scipy.optimize.minimize(
            objective, positions.ravel(), jac=True, method="L-BFGS-B", options={"gtol": _TOLERANCE}
        )
        return np.round(np.asarray(found.x).reshape(-1, 3), _DIGITS)
