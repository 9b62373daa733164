"""A net of sites and hops in a periodic cell, and in how many directions its parts run through the crystal.

Union-find with displacements: Newman and Ziff, Phys. Rev. E 64, 016706 (2001). A part that meets an image of itself
wraps around the cell; the directions in which it does are the rank of the lattice vectors between those images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.transport.wrapping import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Net:
    """Bonds between the sites of a periodic cell, each once.

    Bond k leads from site ``first[k]`` to the image ``images[k]`` (shape (m, 3), whole cells) of site ``second[k]``.
    """

    n_sites: int
    first: Integers
    second: Integers
    images: Integers

    def __len__(self) -> int:
        """Number of bonds."""
        return len(self.first)

    def among(self, chosen: NDArray[np.bool_] | Integers) -> Net:
        """The net of some of its bonds."""
        return Net(self.n_sites, self.first[chosen], self.second[chosen], self.images[chosen])

    def parts(self) -> Parts:
        """Connected parts of all bonds."""
        root, rank, _ = connect(self.n_sites, self.first, self.second, self.images)
        return Parts(root, rank)

    def crossings(self, values: Sequence[float] | Numbers) -> list[Crossing]:
        """Where the net first runs through the crystal when its bonds are added in the order of their values.

        Parameters
        ----------
        values
            One per bond: a barrier, a distance, a difference of site energies.

        Returns
        -------
        list of Crossing
            For one, two and three directions as far as they are reached. All bonds up to a crossing connect the net in
            its number of directions, and no longer do without that bond.

        Raises
        ------
        BadInputError
            If a value is missing, or no number.
        """
        found = np.asarray(values, dtype=float)
        if found.shape != self.first.shape or np.isnan(found).any():
            raise BadInputError(f"{len(self)} bonds need as many numbers, {found.size} were given")
        order = np.argsort(found, kind="stable")
        _, _, where = connect(self.n_sites, self.first[order], self.second[order], self.images[order])
        return [
            Crossing(directions, float(found[order[k]]), int(order[k]))
            for directions, k in enumerate(where.tolist(), start=1)
            if k >= 0
        ]


@dataclass(frozen=True)
class Crossing:
    """The bond that first lets a net run through the crystal in so many directions, and its value."""

    directions: int
    value: float
    bond: int


@dataclass(frozen=True)
class Parts:
    """Connected parts of a net: ``root[i]`` is the same for sites of one part, ``rank[i]`` its number of directions."""

    root: Integers
    rank: Integers

    @property
    def directions(self) -> int:
        """In how many directions the part that runs furthest does."""
        return int(self.rank.max(initial=0))


def neighbour_net(structure: Structure, cutoff: float, sites: Sequence[int] | None = None) -> tuple[Net, Numbers]:
    """Net of all pairs of sites within a distance, and their distances (A).

    Parameters
    ----------
    structure
        The cell.
    cutoff
        Longest bond (A).
    sites
        Sites of the cell, in the order in which the net numbers them; all by default.
    """
    chosen = list(range(len(structure))) if sites is None else list(sites)
    part = [structure[i] for i in chosen]
    number = np.full(len(structure), -1)
    number[chosen] = np.arange(len(chosen))
    first, neighbour, images, distances = structure.get_neighbor_list(cutoff, part, exclude_self=True)
    second, images = number[neighbour], np.rint(images).astype(np.int64)
    once = (second > first) | ((second == first) & _positive(images))
    once &= second >= 0
    net = Net(len(chosen), first[once].astype(np.int64), second[once].astype(np.int64), images[once])
    return net, np.asarray(distances[once], dtype=np.float64)


def _positive(images: Integers) -> NDArray[np.bool_]:
    """Whether the first component that is not 0 is positive: one of each image and its opposite."""
    sign = np.sign(images) @ np.array([9, 3, 1])
    return np.asarray(sign > 0)
