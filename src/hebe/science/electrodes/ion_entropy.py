"""Ideal entropy of working ions and empty sites in one layer of octahedra or of prisms.

Octahedra hold one ion per formula unit and are all alike. Prisms are two per formula unit and form a honeycomb net, on
which no two neighbours are occupied together: a lattice gas of hard particles, whose entropy follows from the transfer
matrix of a strip (Baxter, Annals of Combinatorics 3, 191 (1999)). Energies differ between prisms and orderings, so that
both are upper limits.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH: Final = 6
"""Cells around the strip: the entropy is then within 2e-3 of that of wider ones."""
_SWEEPS: Final = 400


def ion_entropy(x: float, *, prisms: bool) -> float:
    """Entropy per formula unit in units of k, of `x` ions per formula unit.

    Parameters
    ----------
    x
        Between 0 and 1.
    prisms
        Whether the sites are prisms, two per formula unit of which neighbours exclude each other.

    Raises
    ------
    ValueError
        If x is not between 0 and 1.
    """
    if not -1e-9 <= x <= 1 + 1e-9:
        raise ValueError(f"{x} ions per formula unit do not fit between the slabs")
    if min(x, 1 - x) < 1e-9:
        return 0.0
    if prisms:
        return hard_particles(round(x, 9))
    return -x * math.log(x) - (1 - x) * math.log(1 - x)


@cache
def hard_particles(x: float) -> float:
    """Entropy (k per cell of two sites) of the honeycomb net with nearest-neighbour exclusion at `x` per cell."""
    from scipy.optimize import brentq

    activity = math.exp(brentq(lambda log_z: _strip(math.exp(log_z))[1] - x, -25.0, 25.0, xtol=1e-10))
    pressure, held = _strip(activity)
    return max(0.0, pressure - held * math.log(activity))


def _strip(activity: float) -> tuple[float, float]:
    """Logarithm of the grand partition function, and particles, per cell of an infinite strip at an activity.

    The state of a row is which of its sites A are occupied. Between two rows stands a row of B, each with two
    neighbours in the lower row and one in the upper.
    """
    held, free = _rows()
    matrix = activity ** held[:, None] * (1 + activity) ** free
    change = held[:, None] + free * activity / (1 + activity)
    right = left = np.ones(len(held))
    for _ in range(_SWEEPS):
        right = matrix @ right
        right /= np.linalg.norm(right)
        left = left @ matrix
        left /= np.linalg.norm(left)
    overlap = float(left @ right)
    largest = float(left @ matrix @ right) / overlap
    particles = float(left @ (matrix * change) @ right) / (overlap * largest)
    return math.log(largest) / _WIDTH, particles / _WIDTH


@cache
def _rows() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Occupied A of each state of a row, shape (n,), and B that are free between two states, shape (n, n)."""
    bits = (np.arange(2**_WIDTH)[:, None] >> np.arange(_WIDTH)) & 1
    below = (bits | np.roll(bits, -1, axis=1)).astype(bool)
    free = (~below[:, None, :] & ~bits.astype(bool)[None, :, :]).sum(axis=2)
    return bits.sum(axis=1).astype(float), free.astype(float)
