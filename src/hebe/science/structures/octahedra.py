"""Octahedra X(CN)6 of a Prussian blue and the metals M behind them: how a cell turns them, and what crystal it is.

Tilts after Glazer, Acta Cryst. B 28, 3384 (1972): those that are alike on all X turn neighbouring octahedra against
each other (a-), those that change sign from layer to layer turn the two octahedra on a line alike (a+).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence


Vectors = NDArray[np.float64]
Sites = NDArray[np.int64]

_X_TO_C: Final = 2.5
_C_TO_N: Final = 1.5
_N_TO_M: Final = 3.0
"""Longest bonds (A)."""

SMALLEST_TILT: Final = 3.0
"""Tilt (degrees) below which octahedra stand straight: different metals turn them by one or two."""

_ABOUT: Final = 0.94
"""Cosine (20 degrees) from which a tilt is about an axis."""

_METRIC: Final = 0.015
"""Relative difference of edges from which they are different."""

_SKEW: Final = 1.0
"""Degrees from which an angle is not a right one."""


@dataclass(frozen=True)
class Octahedra:
    """The octahedra of a cell whose cubic axes lie near the Cartesian ones.

    Parameters
    ----------
    structure
        The cell.
    centres
        Sites of X, shape (n,).
    carbon, nitrogen
        Sites of the six groups of each, shape (n, 6).
    to_carbon, to_metal
        Vectors (A) from X to its carbon atoms and to the metals behind them, shape (n, 6, 3).
    """

    structure: Structure
    centres: Sites
    carbon: Sites
    nitrogen: Sites
    to_carbon: Vectors
    to_metal: Vectors

    @classmethod
    def of(cls, structure: Structure, metal: str, carbon_metal: str) -> Octahedra:
        """Octahedra of a cell.

        Parameters
        ----------
        structure
            The cell, with the site property ``sublattice``.
        metal, carbon_metal
            Sublattices of M and of X.

        Raises
        ------
        BadInputError
            If an X has not six cyanide groups with a metal behind each.
        """
        labels = structure.site_properties["sublattice"]
        elements = [site.specie.symbol for site in structure]
        marks = [
            "M" if label == metal else "X" if label == carbon_metal else element
            for label, element in zip(labels, elements, strict=True)
        ]
        centres = [i for i, mark in enumerate(marks) if mark == "X"]
        carbon, to_carbon = _bonded(structure, marks, centres, "C", _X_TO_C, 6)
        nitrogen, to_nitrogen = _bonded(structure, marks, carbon.ravel().tolist(), "N", _C_TO_N, 1)
        _, behind = _bonded(structure, marks, nitrogen.ravel().tolist(), "M", _N_TO_M, 1)
        shape = (len(centres), 6)
        to_metal = to_carbon + to_nitrogen.reshape(*shape, 3) + behind.reshape(*shape, 3)
        return cls(structure, np.array(centres), carbon, nitrogen.reshape(shape), to_carbon, to_metal)

    @property
    def axes(self) -> Vectors:
        """Mean half edges (A) of the pseudocubic cell, shape (3, 3): row i lies near the Cartesian axis i."""
        along = np.argmax(np.abs(self.to_metal), axis=2)
        rows = []
        for i in range(3):
            arms = self.to_metal[along == i]
            rows.append((arms * np.sign(arms[:, i])[:, None]).mean(axis=0))
        return np.array(rows)

    def layers(self, axis: int) -> NDArray[np.float64] | None:
        """+1 and -1 on the X of layers in turn along an axis, shape (n,); None where the cell does not repeat them."""
        steps = np.linalg.inv(self.axes)
        if any(round(float(n)) % 2 for n in (self.structure.lattice.matrix @ steps)[:, axis]):
            return None
        heights = (self.structure.cart_coords[self.centres] @ steps)[:, axis]
        return np.asarray(np.where(np.rint(heights - heights[0]).astype(int) % 2, -1.0, 1.0))

    @property
    def tilts(self) -> Vectors:
        """Rotation (degrees) of each octahedron about the Cartesian axes, shape (n, 3).

        That of least squares between the directions to the six carbon atoms and to the six metals.
        """
        carbon, metal = (v / np.linalg.norm(v, axis=2)[:, :, None] for v in (self.to_carbon, self.to_metal))
        turned = np.cross(metal, carbon).sum(axis=1)
        stiffness = np.eye(3) * 6 - np.einsum("nki,nkj->nij", metal, metal)
        solved: Vectors = np.linalg.solve(stiffness, turned[:, :, None])[:, :, 0]
        return np.degrees(solved)


def _bonded(
    structure: Structure, marks: Sequence[str], centres: Sequence[int], kind: str, reach: float, number: int
) -> tuple[Sites, Vectors]:
    """The nearest sites of a kind around each centre, shape (n, number), and vectors (A) to them."""
    first, second, images, distances = structure.get_neighbor_list(reach)
    alike = np.array([marks[site] == kind for site in second], dtype=bool)
    found, vectors = [], []
    for centre in centres:
        own = np.flatnonzero((first == centre) & alike)
        own = own[np.argsort(distances[own], kind="stable")][:number]
        if len(own) < number:
            reason = f"a metal has {len(own)} cyanide groups with a metal behind them, not {number}"
            raise BadInputError(reason, suggestion="a Prussian blue with whole octahedra")
        found.append(second[own])
        places = structure.frac_coords[second[own]] + images[own] - structure.frac_coords[centre]
        vectors.append(places @ structure.lattice.matrix)
    return np.array(found, dtype=np.int64), np.array(vectors)


def crystal_of(octahedra: Octahedra) -> str:
    """Crystal system of a Prussian blue, by its tilts where it has some, else by its pseudocubic lattice.

    Tilts that change sign between layers are those of the monoclinic crystal (a-a-c+), others about a threefold axis
    those of the rhombohedral one, about an edge those of a tetragonal one.
    """
    tilts = octahedra.tilts
    for axis in range(3):
        signs = octahedra.layers(axis)
        if signs is not None and abs(float((signs * tilts[:, axis]).mean())) > SMALLEST_TILT:
            return "monoclinic"
    even = np.abs(tilts.mean(axis=0))
    size = float(np.linalg.norm(even))
    if size > SMALLEST_TILT:
        if even.sum() / (np.sqrt(3) * size) > _ABOUT:
            return "rhombohedral"
        return "tetragonal" if even.max() / size > _ABOUT else "monoclinic"
    return _by_metric(octahedra.axes)


def _by_metric(axes: Vectors) -> str:
    edges = np.sort(np.linalg.norm(axes, axis=1))
    unit = axes / np.linalg.norm(axes, axis=1)[:, None]
    angles = np.degrees(np.arccos([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]))
    skew, alike = np.abs(angles - 90), edges[2] / edges[0] - 1 < _METRIC
    if skew.max() < _SKEW:
        if alike:
            return "cubic"
        two = min(edges[1] / edges[0], edges[2] / edges[1]) - 1 < _METRIC
        return "tetragonal" if two else "orthorhombic"
    return "rhombohedral" if alike and np.ptp(skew) < _SKEW else "monoclinic"
