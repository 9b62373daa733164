"""Cell in which the working ion moves: as made, or with ions taken out where all sites are occupied, and repeated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Structure

from hebe.science.structures.working import mobile_sites
from hebe.science.transport.bottlenecks import relaxed_frame
from hebe.science.transport.hop_choice import without_room
from hebe.science.transport.hops import find_hops, hop_net
from hebe.science.transport.residence import Sites
from hebe.science.transport.site_choice import site_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.schemas.hops import HopDoc
    from hebe.schemas.spec import MemberSpec

_ALIKE: Final = 0.05
"""Hops of one kind differ by less (A) in an ideal cell."""
_ATOM_A3: Final = 11.0
"""Volume of an atom in an oxide with room for ions."""


@dataclass(frozen=True)
class MovingCell:
    """A cell with the atoms of it that are working ions, and the sites that these can take.

    ``taken_out`` ions were taken out of each of its ``repeats``, along each lattice vector, of the cell as made.
    """

    structure: Structure
    ions: list[int]
    sites: Sites
    taken_out: int
    repeats: tuple[int, int, int]


@dataclass(frozen=True)
class Preparation:
    """How a cell is prepared: ions taken out where none has room to move, drawn with a seed, and its least width (A).

    The width is the distance of opposite faces.
    """

    vacancies: int = 1
    seed: int = 0
    width: float = 0.0


def moving_cell(spec: MemberSpec, ideal: Structure, made: Structure, asked: Preparation) -> MovingCell | None:
    """Cell of a configuration in which its working ions can move; None where they have no way to do so.

    Parameters
    ----------
    spec
        The member of the host.
    ideal
        The configuration with all working sites.
    made
        The cell as made, whose site property ``configuration_site`` says which sites are occupied.
    asked
        How it is prepared.
    """
    working = mobile_sites(spec, ideal)
    hops = find_hops(ideal, working)
    held = [int(site) for site in made.site_properties["configuration_site"]]
    occupied = sorted(set(held) & set(working))
    if not hops or not occupied:
        return None
    gone = set[int]()
    if without_room(spec, ideal, set(occupied)):
        number = min(asked.vacancies, len(occupied) - 1)
        gone = {occupied[int(k)] for k in np.random.default_rng(asked.seed).permutation(len(occupied))[:number]}
    cell = made.copy()
    cell.remove_sites([k for k, site in enumerate(held) if site in gone])
    fractions = relaxed_frame(ideal, made).frac_coords
    kinds = [f"{ideal.site_properties['sublattice'][i]}: {site_environment(ideal, i, set(working))}" for i in working]
    sites = Structure(made.lattice, ["X"] * len(working), fractions[working], site_properties={"kind": kinds})
    lengths, repeats = _lengths(hops, ideal.frac_coords, made), _repeats(made, asked.width)
    large, places = cell * repeats, sites * repeats
    mobile = set(working)
    return MovingCell(
        structure=large,
        ions=[k for k, site in enumerate(large.site_properties["configuration_site"]) if int(site) in mobile],
        sites=Sites(np.asarray(places.cart_coords), places.site_properties["kind"], _jump(hops, lengths), max(lengths)),
        taken_out=len(gone),
        repeats=repeats,
    )


def _lengths(hops: Sequence[HopDoc], fractions: NDArray[np.float64], made: Structure) -> list[float]:
    """Straight distances (A) of ideal sites between which there are hops, in the lattice as made."""
    ways = np.array([fractions[hop.second] + hop.image - fractions[hop.first] for hop in hops])
    return [float(length) for length in np.linalg.norm(ways @ made.lattice.matrix, axis=1)]


def _jump(hops: Sequence[HopDoc], lengths: Sequence[float]) -> float:
    """Length (A) of the shortest hops without which none run through the crystal.

    Shorter ones lead to and fro in pairs or cages of sites, as between the two places beside each 24g of an argyrodite,
    and carry no ion away.
    """
    net = hop_net(hops, 1 + max(max(hop.first, hop.second) for hop in hops))
    crossings = net.crossings([round(hop.length_A, 4) for hop in hops])
    least = crossings[0].value - _ALIKE if crossings else 0.0
    return min(length for hop, length in zip(hops, lengths, strict=True) if hop.length_A >= least)


def repeats_of_cube(atoms: int, width: float) -> int:
    """Cells in one that is at least `width` (A) wide everywhere, as if a cell of so many atoms was a cube: a guess."""
    edge = math.cbrt(_ATOM_A3 * atoms)
    return max(1, math.ceil(width / edge - 1e-9)) ** 3


def _repeats(cell: Structure, width: float) -> tuple[int, int, int]:
    """How often a cell is repeated so that opposite faces are `width` (A) apart or more."""
    faces = 1 / np.linalg.norm(np.linalg.inv(cell.lattice.matrix), axis=0)
    a, b, c = (max(1, int(np.ceil(width / face - 1e-9))) for face in faces)
    return a, b, c
