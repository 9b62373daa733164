"""Energy of a solution, linear in amounts and in products of pairs: ``E = sum_i l_i n_i + sum_i<j w_ij n_i n_j``.

For ions of one charge that is the regular solution, ``Omega_ij`` four times the mixing enthalpy of the equimolar pair.
Ions of unlike charge have no pairs of their own; vertices and midpoints of the neutral compositions then fix what the
model says in between (`hebe.science.hulls.midpoints`), though not each ``w_ij`` alone.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Site = TypeVar("Site", bound=tuple[str, str] | str)
_RANK: Final = 1e-9
_OUTSIDE: Final = 1e-6


def pairwise_energy(
    points: Sequence[Mapping[Site, float]], energies: Sequence[float], at: Mapping[Site, float]
) -> float:
    """Energy of the pairwise model at a composition, fitted to members by least squares.

    Parameters
    ----------
    points
        Site and ion -> amount per formula unit, of each member.
    energies
        Energy of each per formula unit, shape (n,), in any unit.
    at
        Composition in question.

    Returns
    -------
    float
        In the unit of the energies.

    Raises
    ------
    BadInputError
        If the members leave the value open: one that would be needed is missing.
    """
    names = sorted({name for point in points for name in point}, key=str)
    rows = np.array([_features(point, names) for point in points])
    wanted = _features(at, names)
    inverse = np.linalg.pinv(rows, rcond=_RANK) if len(points) else np.zeros((len(wanted), 0))
    left = wanted - wanted @ inverse @ rows if len(points) else wanted
    if set(at) - set(names) or np.linalg.norm(left) > _OUTSIDE * np.linalg.norm(wanted):
        raise BadInputError("the members that have an energy leave a pair of ions open")
    return float(wanted @ inverse @ np.asarray(energies, dtype=float))


def _features(point: Mapping[Site, float], names: Sequence[Site]) -> NDArray[np.float64]:
    amounts = [float(point.get(name, 0.0)) for name in names]
    return np.array([*amounts, *(a * b for a, b in combinations(amounts, 2))])
