"""How metals are ordered on the octahedra of close-packed anions: in layers, as in spinel, or not at all.

In an oxide AMO2 every metal has twelve octahedra next to it. In layers six of them hold metals, all in one plane; on
16d of spinel six, on three lines that no plane holds (Thackeray, David, Bruce, Goodenough, Mater. Res. Bull. 18, 461
(1983)); at random as many as chance has it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pymatgen.core import Structure

Order = Literal["layered", "spinel", "rock-salt"]

_NEXT: Final = 1.25
"""Reach in distances between neighbouring octahedra; the next ones are sqrt(2) of these away."""

_NEIGHBOURS: Final = 6
_FLAT: Final = 0.08
"""Mean squared cosine to the normal up to which neighbours lie in one plane; in spinel it is 1/6 for every plane."""

_OPPOSITE: Final = -0.9
"""Cosine below which two neighbours are opposite to each other."""

_MOST: Final = 0.75
"""Share of the metals that must be in an order which the cell has."""


def cation_order(
    structure: Structure, metals: Sequence[int], n_anions: int
) -> tuple[Order, NDArray[np.float64] | None]:
    """Order of the metals of a cell, and the normal of their layers, shape (3,), where they are layered.

    Parameters
    ----------
    structure
        The cell, relaxed or not.
    metals
        Sites of the metals, half as many as there are anions.
    n_anions
        Number of anions, whose volume gives the distance between octahedra: ``(4 V / n)**(1/3) / sqrt(2)``.
    """
    apart = (4 * structure.volume / n_anions) ** (1 / 3) / np.sqrt(2)
    first, second, images, _ = structure.get_neighbor_list(_NEXT * apart)
    wanted = set(metals)
    inside = np.array([int(a) in wanted and int(b) in wanted for a, b in zip(first, second, strict=True)], dtype=bool)
    kinds: Counter[str] = Counter()
    normals = []
    for metal in metals:
        own = np.flatnonzero(inside & (first == metal))
        places = structure.frac_coords[second[own]] + images[own] - structure.frac_coords[metal]
        kind, normal = _kind(places @ structure.lattice.matrix)
        kinds[kind] += 1
        if normal is not None:
            normals.append(normal)
    for order in ("layered", "spinel"):
        if kinds[order] >= _MOST * len(metals):
            return order, _mean(normals) if order == "layered" else None
    return "rock-salt", None


def _kind(vectors: NDArray[np.float64]) -> tuple[str, NDArray[np.float64] | None]:
    """Order of one metal by the vectors (A) to the metals around it, and the normal of their plane."""
    if len(vectors) != _NEIGHBOURS:
        return "other", None
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    if not ((unit @ unit.T) < _OPPOSITE).any(axis=1).all():
        return "other", None
    shares, directions = np.linalg.eigh(unit.T @ unit / _NEIGHBOURS)
    if shares[0] < _FLAT:
        return "layered", directions[:, 0]
    return "spinel", None


def _mean(normals: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean direction of normals of either sign."""
    turned = np.array([normal * np.sign(normal @ normals[0]) for normal in normals])
    total = turned.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total))
