"""Shape of the polyhedra of anions around cations, and how sites are strained between two cells.

Bond lengths: Baur, Acta Cryst. B 30, 1195 (1974). Angles and quadratic elongation of octahedra: Robinson, Gibbs, Ribbe,
Science 172, 567 (1971). Local strain: Falk, Langer, Phys. Rev. E 57, 7192 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

Vectors = NDArray[np.float64]
_REACH: Final = 4.5
"""Distance (A) within which the anions of a polyhedron are looked for."""


@dataclass(frozen=True)
class Polyhedron:
    """A cation and its nearest anions.

    Parameters
    ----------
    site, element
        The cation.
    anions
        Sites of the anions, shape (n,), by rising distance.
    images
        Cells in which they stand relative to the cation's, shape (n, 3).
    vectors
        From the cation to them (A), shape (n, 3).
    """

    site: int
    element: str
    anions: NDArray[np.int64]
    images: NDArray[np.int64]
    vectors: Vectors

    @cached_property
    def lengths(self) -> Vectors:
        """Bond lengths (A), shape (n,)."""
        return np.asarray(np.linalg.norm(self.vectors, axis=1))

    @property
    def distortion(self) -> float:
        """Mean of ``|l - <l>| / <l>`` over the bonds (Baur)."""
        mean = float(self.lengths.mean())
        return float(np.abs(self.lengths / mean - 1).mean())

    @property
    def is_octahedron(self) -> bool:
        """Whether it has six anions, three of whose pairs are opposite to each other (within 45 degrees)."""
        return len(self.lengths) == 6 and self._axes is not None

    @cached_property
    def _axes(self) -> list[tuple[int, int]] | None:
        """Pairs of opposite anions, None where there are not three."""
        units = self.vectors / self.lengths[:, None]
        cosines = units @ units.T
        pairs, left = [], set(range(len(units)))
        while left:
            i, j = min(combinations(sorted(left), 2), key=lambda pair: (round(float(cosines[pair]), 9), pair))
            if cosines[i, j] > -np.sqrt(0.5):
                return None
            pairs.append((i, j))
            left -= {i, j}
        return pairs

    def angle_variance(self) -> float | None:
        """Sum of ``(angle - 90)^2`` over the twelve angles of an octahedron, by eleven (degrees^2); None of others."""
        axes = self._axes if self.is_octahedron else None
        if axes is None:
            return None
        units = self.vectors / self.lengths[:, None]
        opposite = {frozenset(pair) for pair in axes}
        angles = [
            np.degrees(np.arccos(np.clip(units[i] @ units[j], -1, 1)))
            for i, j in combinations(range(6), 2)
            if frozenset((i, j)) not in opposite
        ]
        return float(((np.array(angles) - 90) ** 2).sum() / 11)

    def elongation(self) -> float | None:
        """Mean of ``(l / l0)^2`` of an octahedron, l0 that of a regular one of its volume; None of others."""
        from scipy.spatial import ConvexHull

        if not self.is_octahedron:
            return None
        volume = float(ConvexHull(self.vectors).volume)
        return float(((self.lengths / (0.75 * volume) ** (1 / 3)) ** 2).mean())

    def axis_ratio(self) -> float | None:
        """Longest axis of an octahedron by the mean of the two others; 1 without a Jahn-Teller elongation."""
        axes = self._axes if self.is_octahedron else None
        if axes is None:
            return None
        short, middle, long = sorted(float(self.lengths[list(pair)].mean()) for pair in axes)
        return long / ((short + middle) / 2)


def polyhedra(
    structure: Structure, centres: Sequence[int], anions: Sequence[int], coordination: Sequence[int]
) -> list[Polyhedron]:
    """Polyhedra around some sites: the nearest anions, as many as each is to have, those that are there within 4.5 A.

    Parameters
    ----------
    structure
        The cell.
    centres, anions
        Sites.
    coordination
        Number of anions of each centre.
    """
    wanted = np.zeros(len(structure), dtype=bool)
    wanted[list(anions)] = True
    first, second, images, distances = structure.get_neighbor_list(_REACH, [structure[i] for i in centres])
    found = []
    for number, (centre, n) in enumerate(zip(centres, coordination, strict=True)):
        rows = np.flatnonzero((first == number) & wanted[second])
        rows = rows[np.lexsort((second[rows], np.round(distances[rows], 6)))][:n]
        ends = structure.frac_coords[second[rows]] + images[rows] - structure.frac_coords[centre]
        element = getattr(structure[centre].specie, "symbol", str(structure[centre].specie))
        vectors = ends @ structure.lattice.matrix
        found.append(
            Polyhedron(centre, element, second[rows].astype(np.int64), np.rint(images[rows]).astype(np.int64), vectors)
        )
    return found


@dataclass(frozen=True)
class LocalStrain:
    """Strain of the surroundings of one site: relative change of volume, shear (von Mises), and the residue (A).

    The residue is the root mean square of what no strain explains.
    """

    volume: float
    shear: float
    residue: float


def local_strain(before: Vectors, after: Vectors) -> LocalStrain:
    """Strain that best takes the vectors from a site to its neighbours to what they are afterwards.

    Parameters
    ----------
    before, after
        Vectors (A) to the same neighbours, shape (n, 3); they must span space.

    Returns
    -------
    LocalStrain
        From the deformation gradient F of least squares: ``det F - 1``, and the von Mises invariant of the Lagrangian
        strain ``(F^T F - 1) / 2``.
    """
    gradient = np.linalg.lstsq(before, after, rcond=None)[0]  # rows: after = before @ gradient
    strain = (gradient @ gradient.T - np.eye(3)) / 2
    deviator = strain - np.trace(strain) / 3 * np.eye(3)
    residue = float(np.sqrt(((after - before @ gradient) ** 2).sum(axis=1).mean()))
    return LocalStrain(float(np.linalg.det(gradient)) - 1, float(np.sqrt(1.5 * (deviator**2).sum())), residue)


def surroundings(polyhedron: Polyhedron, structure: Structure, site: int, places: dict[int, int]) -> Vectors | None:
    """Vectors (A) to the anions of a polyhedron in another cell of the same crystal, shape (n, 3).

    Parameters
    ----------
    polyhedron
        In the first cell.
    structure
        The other cell, whose coordinates continue those of the first.
    site
        The cation there.
    places
        Site there of each anion of the first cell.

    Returns
    -------
    array or None
        None where an anion is missing.
    """
    if any(int(i) not in places for i in polyhedron.anions):
        return None
    ends = structure.frac_coords[[places[int(i)] for i in polyhedron.anions]] + polyhedron.images
    return np.asarray((ends - structure.frac_coords[site]) @ structure.lattice.matrix)
