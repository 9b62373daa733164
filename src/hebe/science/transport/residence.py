"""Which sites ions are on during a trajectory, and how often between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Lattice

Array = NDArray[np.float64]

_NEAR: Final = 0.5
"""An ion is on a site that is nearer than this share of a jump: tetrahedra of a rock salt are further off (0.61)."""
_MOST_FRAMES: Final = 400


@dataclass(frozen=True)
class Sites:
    """Sites that ions can take in a cell.

    Parameters
    ----------
    places
        Cartesian coordinates (A), shape (m, 3), in the frame of the trajectory.
    kinds
        Of each of them, as ``A: 6 Co``.
    jump
        Length (A) of the shortest hops that run through the crystal.
    farthest
        Longest distance (A) of sites between which ions jump.
    """

    places: Array
    kinds: Sequence[str]
    jump: float
    farthest: float


@dataclass(frozen=True)
class Residence:
    """Mean ions on a site of each kind, how many sites there are of it, and the share of time between sites."""

    occupancies: Mapping[str, float]
    n_sites: Mapping[str, int]
    between: float


def residence(moved: Array, sites: Sites, lattice: Lattice) -> Residence:
    """Occupancies of sites, an ion counted on the nearest one if that is nearer than half a jump.

    Parameters
    ----------
    moved
        Cartesian coordinates (A) of the ions, in the frame of the sites, shape (frames, n, 3).
    sites, lattice
        Where the sites are.
    """
    looked = moved[:: max(1, len(moved) // _MOST_FRAMES)]
    places, ions = lattice.get_fractional_coords(sites.places), lattice.get_fractional_coords(looked.reshape(-1, 3))
    distances = np.concatenate([lattice.get_all_distances(part, places) for part in np.array_split(ions, len(looked))])
    nearest = distances.argmin(axis=1)
    there = distances.min(axis=1) < _NEAR * sites.jump
    n_sites, counts = Counter(sites.kinds), Counter(sites.kinds[int(site)] for site in nearest[there])
    return Residence(
        occupancies={kind: counts[kind] / (number * len(looked)) for kind, number in sorted(n_sites.items())},
        n_sites=dict(sorted(n_sites.items())),
        between=float(1 - there.mean()),
    )
