"""Volume and axis strain between two cells of one host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def axis_strain(reference: NDArray[np.float64], deformed: NDArray[np.float64]) -> list[float]:
    """Strain along the Cartesian axes, rotation taken out.

    Parameters
    ----------
    reference, deformed
        Lattice vectors as rows (A), shape (3, 3), of the same supercell.

    Returns
    -------
    list of float
        Diagonal of ``U - 1`` with ``F = R U`` (right polar decomposition of the deformation gradient).
    """
    from scipy.linalg import polar

    gradient = np.linalg.solve(reference, deformed).T
    _, stretch = polar(gradient)
    return [float(value) for value in np.diag(stretch) - 1]


def max_volume_strain(volumes: Sequence[float], made: float) -> float:
    """Largest ``|V / V_made - 1|``; volumes in A^3 per formula unit."""
    return max(abs(volume / made - 1) for volume in volumes)


def max_delta_volume(volumes: Sequence[float]) -> float:
    """``max(V) / min(V) - 1``, the formula of emmet's electrode documents."""
    return max(volumes) / min(volumes) - 1
