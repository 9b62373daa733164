"""Tetrahedra between the cations of a rock salt, through which an ion passes from one octahedron to the next.

An ion that leaves an octahedron for a neighbouring one passes a tetrahedron that shares a face with both; two further
octahedra, the gate, share its other faces. With no, one or two cations that do not move in the gate it is a 0-TM, 1-TM
or 2-TM channel (Urban, Lee, Ceder, Adv. Energy Mater. 4, 1400478 (2014); Lee et al., Science 343, 519 (2014)).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.transport.net import Net
from hebe.science.transport.tiling import Tiling

if TYPE_CHECKING:
    from pymatgen.core import Structure

Integers = NDArray[np.int64]

_REACH: Final = 1.2
"""Neighbours of a face-centred lattice stand at 1 and 1.41 of the nearest distance."""
_NEIGHBOURS: Final = 12
_OFF: Final = 0.3
"""Share of the reach by which a neighbour may miss the place opposite another one."""
_AROUND: Final = 8
_OF_A_PAIR: Final = 2


@dataclass(frozen=True)
class Tetrahedra:
    """Tetrahedra of the cation sites of a periodic cell, each once.

    Corner m of tetrahedron t is the image ``images[t, m]`` of site ``corners[t, m]``; shapes (n, 4, 3) and (n, 4).
    """

    n_sites: int
    corners: Integers
    images: Integers

    def __len__(self) -> int:
        """Number of tetrahedra: two per site."""
        return len(self.corners)

    def repeated(self, repeats: tuple[int, int, int]) -> Tetrahedra:
        """Those of many copies of the cell, numbered as `Tiling` does."""
        tiling = Tiling(self.n_sites, repeats)
        corners, images = tiling.sites(self.corners, self.images)
        return Tetrahedra(tiling.total, corners.reshape(-1, 4), images.reshape(-1, 4, 3))

    def closed(self, is_open: NDArray[np.bool_]) -> Integers:
        """Cations that do not move at the corners of each tetrahedron, 0 to 4; ``is_open`` has shape (n_sites,)."""
        return np.asarray(4 - is_open[self.corners].sum(axis=1), dtype=np.int64)

    def net(self, joined: NDArray[np.float64], most_closed: int) -> TetrahedralNet:
        """Net of the ions that pass tetrahedra.

        Parameters
        ----------
        joined
            When each site comes to hold an ion that moves, infinite where it never does; shape (n_sites,).
        most_closed
            Cations that do not move in the gate of a channel that still lets pass: 0, 1 or 2.
        """
        order = np.argsort(joined[self.corners], axis=1, kind="stable")
        corners = np.take_along_axis(self.corners, order, axis=1)
        images = np.take_along_axis(self.images, order[:, :, None], axis=1)
        times = joined[corners]
        least = 3 - most_closed  # corners beside the first that must be open
        values = np.stack([times[:, max(m, least)] for m in (1, 2, 3)], axis=1).ravel()
        kept = np.isfinite(values)
        net = Net(
            self.n_sites,
            np.repeat(corners[:, 0], 3)[kept],
            corners[:, 1:].reshape(-1)[kept],
            (images[:, 1:] - images[:, :1]).reshape(-1, 3)[kept],
        )
        return TetrahedralNet(net, values[kept], np.repeat(np.arange(len(self)), 3)[kept])


@dataclass(frozen=True)
class TetrahedralNet:
    """Bonds between the corners of open tetrahedra, when each opens, and the tetrahedron that it is of."""

    net: Net
    values: NDArray[np.float64]
    tetrahedron: Integers


def find_tetrahedra(structure: Structure) -> Tetrahedra:
    """Tetrahedra of a cell that holds the octahedral cations of a rock salt, ordered in any way, and nothing else.

    Raises
    ------
    BadInputError
        If the sites are not those of a face-centred lattice, distorted a little: every site has twelve neighbours, each
        opposite another one, and stands at the corner of eight tetrahedra, every pair of neighbours in two.
    """
    n = len(structure)
    reach = _REACH * float((np.sqrt(2) * structure.volume / n) ** (1 / 3))
    first, second, images, _ = structure.get_neighbor_list(reach, exclude_self=True)
    if not (np.bincount(first, minlength=n) == _NEIGHBOURS).all():
        raise _no_rock_salt()
    order = np.argsort(first, kind="stable")
    around = second[order].reshape(n, _NEIGHBOURS).astype(np.int64)
    cells = np.rint(images[order]).astype(np.int64).reshape(n, _NEIGHBOURS, 3)
    vectors = (structure.frac_coords[around] + cells - structure.frac_coords[:, None]) @ structure.lattice.matrix
    sets = _tetrahedra_at(around, cells, np.linalg.norm(vectors[:, :, None] - vectors[:, None], axis=-1) < reach)
    opposite = np.linalg.norm(vectors[:, :, None] + vectors[:, None], axis=-1).min(axis=-1)
    if opposite.max() > _OFF * reach or not _is_complete(n, sets):
        raise _no_rock_salt()
    corners, images = _once(*sets)
    return Tetrahedra(n, corners, images)


def _no_rock_salt() -> BadInputError:
    return BadInputError(
        "the cations do not stand on the octahedral sites of a rock salt: the channels between them are not known",
        suggestion="a disordered rock salt, a layered oxide in the O3 stacking, or another host derived from rock salt",
    )


def _tetrahedra_at(around: Integers, cells: Integers, near: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Corners and images of the tetrahedra at each site, the site first; ``near[i, a, b]`` of neighbours a and b."""
    triples = np.array(list(combinations(range(_NEIGHBOURS), 3)))
    a, b, c = triples.T
    site, found = np.nonzero(near[:, a, b] & near[:, a, c] & near[:, b, c])
    chosen = triples[found]
    corners = np.concatenate([site[:, None], np.take_along_axis(around[site], chosen, axis=1)], axis=1)
    images = np.take_along_axis(cells[site], chosen[:, :, None], axis=1)
    return corners, np.concatenate([np.zeros_like(images[:, :1]), images], axis=1)


def _is_complete(n: int, sets: tuple[Integers, Integers]) -> bool:
    """Whether every site stands in eight tetrahedra, and every pair of neighbours in two."""
    corners, images = sets
    # the first corner is in its own cell
    pairs = np.concatenate([np.concatenate([corners[:, [0, m]], images[:, m]], axis=1) for m in (1, 2, 3)])
    _, number = np.unique(pairs, axis=0, return_counts=True)
    return bool((np.bincount(corners[:, 0], minlength=n) == _AROUND).all() and (number == _OF_A_PAIR).all())


def _once(corners: Integers, images: Integers) -> tuple[Integers, Integers]:
    """Each tetrahedron once: its corners in order, and the first one in the cell itself."""
    keys = np.concatenate([corners[:, :, None], images], axis=2)
    rows = np.lexsort(np.moveaxis(keys, -1, 0)[::-1], axis=1)
    keys = np.take_along_axis(keys, rows[:, :, None], axis=1)
    keys[:, :, 1:] -= keys[:, :1, 1:].copy()
    unique = np.unique(keys.reshape(len(keys), -1), axis=0).reshape(-1, 4, 4)
    return unique[:, :, 0], unique[:, :, 1:]
