"""The hops of a configuration in its cell repeated, as jumps between numbered sites, and where ions stand at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.transport.hops import hop_net
from hebe.science.transport.jumping import Jumps, directed_jumps
from hebe.science.transport.net import neighbour_net
from hebe.science.transport.tiling import Tiling, even_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Lattice, Structure

    from hebe.schemas.hops import HopDoc

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_SLACK: Final = 0.01  # A
_NARROWEST: Final = 2
"""Repeats along each axis: a hop to the own image of a site would lead nowhere in a single cell."""


@dataclass(frozen=True)
class HopLattice:
    """Sites and jumps of a cell that is repeated.

    Parameters
    ----------
    jumps
        Jumps between its sites.
    hop
        Which hop of the configuration each jump is, shape (2 m,).
    backward
        Whether it goes from the second site of that hop to the first, shape (2 m,).
    site
        Which working site of the configuration, as numbered in `working`, each site is, shape (n,).
    working
        Working sites of the configuration.
    held
        Numbers of ions on sites at first, -1 on empty ones, shape (n,).
    volume
        Of the repeated cell (A^3).
    directions
        In how many directions the hops run through the crystal.
    """

    jumps: Jumps
    hop: Integers
    backward: NDArray[np.bool_]
    site: Integers
    working: tuple[int, ...]
    held: Integers
    volume: float
    directions: int

    @property
    def n_ions(self) -> int:
        """Ions in the repeated cell."""
        return int(self.held.max(initial=-1)) + 1


def hop_lattice(
    structure: Structure,
    lattice: Lattice,
    hops: Sequence[HopDoc],
    occupied: Sequence[int],
    exclusion: Array,
    wanted: int,
) -> HopLattice:
    """Repeat the hops of a configuration.

    Parameters
    ----------
    structure
        The configuration with all working sites.
    lattice
        Of the cell as relaxed, in which ions move.
    hops
        Its hops.
    occupied
        Working sites that hold an ion.
    exclusion
        Distances (A) below which two sites are not occupied together, negative for sites that are no working ones.
    wanted
        Least number of working sites.
    """
    working = tuple(np.flatnonzero(np.diag(exclusion) >= 0).tolist())
    place = {site: k for k, site in enumerate(working)}
    first = np.array([place[hop.first] for hop in hops], dtype=np.int64)
    second = np.array([place[hop.second] for hop in hops], dtype=np.int64)
    images = np.array([hop.image for hop in hops], dtype=np.int64).reshape(-1, 3)
    tiling = Tiling(len(working), _repeats(lattice, len(working), wanted))
    bonds = _ends(tiling, first, second, images)
    vectors = (structure.frac_coords[[hop.second for hop in hops]] + images) @ lattice.matrix
    vectors = vectors - structure.frac_coords[[hop.first for hop in hops]] @ lattice.matrix
    copies = tiling.total // len(working)
    near = _ends(tiling, *_too_near(structure, working, exclusion))
    jumps, where = directed_jumps(tiling.total, bonds, np.tile(vectors, (copies, 1)), near)
    order = np.argsort(where)
    number, ways = np.tile(np.arange(len(hops)), 2 * copies), np.repeat([False, True], len(hops) * copies)
    is_held = np.tile(np.isin(working, list(occupied)), copies)
    return HopLattice(
        jumps=jumps,
        hop=number[order],
        backward=ways[order],
        site=np.tile(np.arange(len(working)), copies),
        working=working,
        held=np.where(is_held, np.cumsum(is_held) - 1, -1),
        volume=lattice.volume * copies,
        directions=hop_net(hops, len(structure)).parts().directions,
    )


def _repeats(lattice: Lattice, n_sites: int, wanted: int) -> tuple[int, int, int]:
    a, b, c = even_repeats(lattice, n_sites, wanted)
    return max(a, _NARROWEST), max(b, _NARROWEST), max(c, _NARROWEST)


def _ends(tiling: Tiling, first: Integers, second: Integers, images: Integers) -> tuple[Integers, Integers]:
    """Both ends of a bond in all copies, copy by copy."""
    sites = np.stack([first, second], axis=-1)
    numbers, _ = tiling.sites(sites, np.stack([np.zeros_like(images), images], axis=1))
    return numbers[..., 0].ravel(), numbers[..., 1].ravel()


def _too_near(structure: Structure, working: tuple[int, ...], exclusion: Array) -> tuple[Integers, Integers, Integers]:
    """Pairs of working sites that are not occupied together, with their images."""
    reach = float(exclusion.max(initial=0.0))
    none = np.zeros(0, dtype=np.int64)
    if reach <= 0:
        return none, none, np.zeros((0, 3), dtype=np.int64)
    net, distances = neighbour_net(structure, reach, working)
    sites = np.array(working)
    near = distances < exclusion[sites[net.first], sites[net.second]] - _SLACK
    near &= net.first != net.second
    return net.first[near], net.second[near], net.images[near]
