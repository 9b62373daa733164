"""Whether what does not diffuse stays a solid during a trajectory: displacements of the framework, and its melting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.science.crystals.crystal import ANIONS
from hebe.science.transport.diffusion import square_displacements

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

_FARTHEST: Final = 5.0  # A
_LAGS: Final = (0.05, 0.2)
_LATE: Final = 0.8
"""Share of the run after which places are averaged."""
_MELTS: Final = 0.2
"""Lindemann's ratio of a liquid, of the root mean square displacement about a site to the distance of neighbours:
solids melt at 0.1 to 0.15 (Lindemann, Phys. Z. 11, 609 (1910)); bonds of oxides are short beside those of metals."""
_GROWS: Final = 1.5
"""Growth of the mean square displacement from the first to the second lag, four of a liquid and one of a solid."""
_AWAY: Final = 0.5
"""An atom further than this share of the distance of neighbours from where it began has left its place."""


@dataclass(frozen=True)
class Framework:
    """Motion of the atoms that hold the crystal together.

    ``neighbour`` (A) is their mean distance to the nearest atom that does not diffuse, ``lindemann`` the root mean
    square displacement about their sites over that, ``growth`` that of their mean square displacement between lags of
    5 and 20 % of the run, ``n_away`` of ``n_atoms`` have left their places at the end. ``late`` is the mean structure
    of the last fifth, against the mean place of the framework.
    """

    n_atoms: int
    neighbour: float
    lindemann: float
    growth: float
    n_away: int
    late: Structure

    @property
    def melted(self) -> bool:
        """Whether displacements are those of a liquid, and grow with time."""
        return self.lindemann > _MELTS and self.growth > _GROWS


def watch_framework(start: Structure, positions: Array, mobile: Sequence[int]) -> Framework | None:
    """Motion of the framework: of its cations, or of all its atoms where it has none; None where everything diffuses.

    Parameters
    ----------
    start
        Cell in which the run began.
    positions
        Cartesian coordinates (A) that are not wrapped, at even times, shape (frames, n, 3), at least 6 frames.
    mobile
        Ions that diffuse.
    """
    rest = [i for i in range(len(start)) if i not in set(mobile)]
    if not rest:
        return None
    cations = [i for i in rest if start[i].specie.symbol not in ANIONS] or rest
    origin = np.asarray(start.cart_coords)[rest].mean(axis=0)
    steady = positions - positions[:, rest].mean(axis=1, keepdims=True) + origin
    neighbour = _neighbours(start, rest, cations)
    lags = [max(1, round(share * (len(steady) - 1))) for share in _LAGS]
    short, long = square_displacements(steady[:, cations], lags).mean(axis=1)
    late = steady[round(_LATE * (len(steady) - 1)) :].mean(axis=0)
    away = np.linalg.norm(late[cations] - np.asarray(start.cart_coords)[cations], axis=1) > _AWAY * neighbour
    late[mobile] = np.asarray(start.cart_coords)[mobile]  # the mean of an ion that jumps is no place where it was
    mean = Structure(
        start.lattice, start.species, late, coords_are_cartesian=True, site_properties=start.site_properties
    )
    return Framework(
        n_atoms=len(cations),
        neighbour=neighbour,
        lindemann=float(np.sqrt(long / 2)) / neighbour,
        growth=float(long / short) if short > 0 else 1.0,
        n_away=int(away.sum()),
        late=mean,
    )


def _neighbours(start: Structure, rest: Sequence[int], atoms: Sequence[int]) -> float:
    """Mean distance (A) of some atoms to their nearest neighbour in the framework."""
    part = Structure.from_sites([start[i] for i in rest])
    centres, _, _, distances = part.get_neighbor_list(_FARTHEST)
    nearest = np.full(len(rest), _FARTHEST)
    np.minimum.at(nearest, centres, distances)
    place = {site: k for k, site in enumerate(rest)}
    return float(np.mean([nearest[place[i]] for i in atoms]))
