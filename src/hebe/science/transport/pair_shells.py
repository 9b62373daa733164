"""Pairs of sites of a rock salt: cations that share an edge, cations opposite an anion, cations with their anions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.transport.tiling import Tiling

if TYPE_CHECKING:
    from pymatgen.core import Structure

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]

NEAREST: Final = "nearest"
BOND: Final = "bond"
SECOND: Final = "second"
SHELLS: Final = (NEAREST, BOND, SECOND)
"""Two cations whose octahedra share an edge; a cation and an anion next to it; two cations with an anion between."""
_NUMBER: Final = {NEAREST: 12, BOND: 6, SECOND: 6}
_WITHIN: Final = {NEAREST: (0.0, 1.2), BOND: (0.0, 0.95), SECOND: (1.2, 1.6)}
"""Distances in units of that of the nearest cations: 1, 0.71 and 1.41 in a perfect rock salt, further ones from 1.22
(anions) and 1.73 (cations)."""


@dataclass(frozen=True)
class Neighbours:
    """Neighbours of each site of a periodic cell: entries ``start[i]:start[i + 1]`` of ``other`` are those of site i.

    ``image`` is the cell in which they are, shape (m, 3); ``shell`` numbers `SHELLS`. Each pair is there from both
    ends.
    """

    start: Integers
    other: Integers
    image: Integers
    shell: Integers

    @property
    def n_sites(self) -> int:
        """Sites of the cell."""
        return len(self.start) - 1

    @property
    def first(self) -> Integers:
        """Site of each entry."""
        return np.repeat(np.arange(self.n_sites), np.diff(self.start))

    def repeated(self, repeats: tuple[int, int, int]) -> Neighbours:
        """Those of many copies of the cell, numbered as `Tiling` does."""
        tiling = Tiling(self.n_sites, repeats)
        other, image = tiling.sites(self.other, self.image)
        copies = len(other)
        counts = np.tile(np.diff(self.start), copies)
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Neighbours(start, other.ravel(), image.reshape(-1, 3), np.tile(self.shell, copies))

    def counts(self, kind: Integers, n_kinds: int) -> Numbers:
        """Pairs of kinds in each shell, shape (shells, n_kinds, n_kinds), symmetric; like pairs are counted twice.

        Parameters
        ----------
        kind
            Of each site, shape (n_sites,).
        n_kinds
            How many kinds there are.
        """
        found = np.zeros((len(SHELLS), n_kinds, n_kinds))
        np.add.at(found, (self.shell, kind[self.first], kind[self.other]), 1.0)
        return found


def pair_shells(structure: Structure, n_cations: int) -> Neighbours:
    """Neighbours in a rock salt, distorted a little.

    Parameters
    ----------
    structure
        The cations first, then the anions.
    n_cations
        How many of the sites are cations.

    Raises
    ------
    BadInputError
        If some site has another number of neighbours than in a rock salt.
    """
    unit = float((np.sqrt(2) * structure.volume / n_cations) ** (1 / 3))
    first, other, images, distances = structure.get_neighbor_list(1.6 * unit, exclude_self=True)
    cations = (first < n_cations).astype(int) + (other < n_cations)
    shell = np.full(len(first), -1)
    for number, (name, of_cations) in enumerate(((NEAREST, 2), (BOND, 1), (SECOND, 2))):
        low, high = (unit * end for end in _WITHIN[name])
        shell[(cations == of_cations) & (distances > low) & (distances <= high)] = number
    kept = shell >= 0
    order = np.flatnonzero(kept)[np.argsort(first[kept], kind="stable")]
    _check(first[order], shell[order], len(structure), n_cations)
    start = np.concatenate([[0], np.cumsum(np.bincount(first[order], minlength=len(structure)))])
    return Neighbours(
        start.astype(np.int64),
        other[order].astype(np.int64),
        np.rint(images[order]).astype(np.int64),
        shell[order].astype(np.int64),
    )


def _check(first: Integers, shell: Integers, n_sites: int, n_cations: int) -> None:
    for number, name in enumerate(SHELLS):
        counted = np.bincount(first[shell == number], minlength=n_sites)
        if name != BOND:
            counted = counted[:n_cations]
        if not (counted == _NUMBER[name]).all():
            raise BadInputError(f"some site has another number of neighbours ({name}) than in a rock salt")


def random_counts(neighbours: Neighbours, label: NDArray[np.str_], kind: Integers, n_kinds: int) -> Numbers:
    """Pairs of kinds that random order on each sublattice has on average, as `Neighbours.counts`.

    Parameters
    ----------
    label
        Sublattice of each site, shape (n_sites,).
    kind, n_kinds
        What a cell holds.
    """
    names, number = np.unique(label, return_inverse=True)
    share = np.zeros((len(names), n_kinds))
    np.add.at(share, (number, kind), 1.0)
    share /= share.sum(axis=1, keepdims=True)
    bonds = neighbours.counts(number.astype(np.int64), len(names))
    return np.asarray(np.einsum("sab,ai,bj->sij", bonds, share, share))
