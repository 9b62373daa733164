"""Self part of the van Hove function: how far single ions are from where they were a time before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WIDTH: Final = 0.25  # A


@dataclass(frozen=True)
class SelfPart:
    """Distribution of distances: the middles of bins of one ``width`` (A), and the density (1/A) in each.

    The density is ``4 pi r^2 G_s(r, t)`` (van Hove, Phys. Rev. 95, 249 (1954)); the sum over bins times their width is
    one.
    """

    width: float
    distances: Array
    density: Array


def self_part(moved: Array, lag: int) -> SelfPart:
    """Self part of the van Hove function at a lag, over all windows and ions.

    Parameters
    ----------
    moved
        Coordinates (A) against the framework, not wrapped, at even times, shape (frames, n, 3).
    lag
        In frames.
    """
    found = np.linalg.norm(moved[lag:] - moved[:-lag], axis=2).ravel()
    edges = _WIDTH * np.arange(int(found.max() / _WIDTH) + 2)
    counts, _ = np.histogram(found, bins=edges)
    return SelfPart(_WIDTH, (edges[:-1] + edges[1:]) / 2, counts / (counts.sum() * _WIDTH))
