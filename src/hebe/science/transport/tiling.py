"""Many copies of a cell: how often along each axis, and the numbers of their sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Lattice

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Tiling:
    """``n_sites`` sites repeated ``repeats`` times along each axis; site i of copy c is number ``c n_sites + i``."""

    n_sites: int
    repeats: tuple[int, int, int]

    @property
    def total(self) -> int:
        """Sites of all copies."""
        return self.n_sites * int(np.prod(self.repeats))

    def sites(self, site: Integers, image: Integers) -> tuple[Integers, Integers]:
        """Where corners of a pattern lie in every copy.

        Parameters
        ----------
        site, image
            Site, and the copy relative to that of the pattern, shapes (...) and (..., 3).

        Returns
        -------
        tuple of arrays
            Number of the site and image of all copies together, shapes (copies, ...) and (copies, ..., 3).
        """
        counts = np.array(self.repeats)
        copies = np.stack(np.unravel_index(np.arange(np.prod(counts)), self.repeats), axis=-1)
        cell = copies.reshape(-1, *(1,) * site.ndim, 3) + image
        outer, inner = np.divmod(cell, counts)
        number = np.ravel_multi_index(tuple(np.moveaxis(inner, -1, 0)), self.repeats)
        return np.asarray(number * self.n_sites + site, dtype=np.int64), outer.astype(np.int64)


def even_repeats(lattice: Lattice, n_sites: int, wanted: int) -> tuple[int, int, int]:
    """Repeats that make a cell of at least `wanted` sites, as wide in all directions as possible.

    Parameters
    ----------
    lattice
        Of the cell that is repeated; its vectors should be short (Niggli-reduced).
    n_sites
        Sites of that cell.
    wanted
        Least number of sites.
    """
    widths = np.array(lattice.volume / np.linalg.norm(_areas(lattice), axis=1))
    repeats = np.ones(3, dtype=np.int64)
    while n_sites * np.prod(repeats) < wanted:
        repeats[np.argmin(np.round(repeats * widths, 6))] += 1
    return int(repeats[0]), int(repeats[1]), int(repeats[2])


def _areas(lattice: Lattice) -> NDArray[np.float64]:
    a, b, c = lattice.matrix
    return np.array([np.cross(b, c), np.cross(c, a), np.cross(a, b)])
