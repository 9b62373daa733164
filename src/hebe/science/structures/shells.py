"""Neighbour shells of a set of sites in a periodic cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.exceptions import BadInputError


@dataclass(frozen=True)
class Shells:
    """Neighbours of every site, shell by shell, periodic images counted one by one.

    ``neighbours`` has shape (n_sites, total coordination); columns ``offsets[s]:offsets[s + 1]`` are shell s;
    ``distances`` (A) one per shell.
    """

    neighbours: NDArray[np.int64]
    offsets: NDArray[np.int64]
    distances: tuple[float, ...]


def find_shells(structure: Structure, sites: list[int], n_shells: int, tolerance: float = 0.05) -> Shells:
    """First `n_shells` neighbour shells among `sites` of an ideal (unrelaxed) cell.

    Parameters
    ----------
    structure
        Cell whose sites of one sublattice are equivalent.
    sites
        Indices of the sublattice; the result counts within this list.
    tolerance
        Distances (A) within this of each other belong to one shell.

    Raises
    ------
    BadInputError
        If the sites of the cell have different coordination, as in a relaxed or distorted one.
    """
    sub = Structure.from_sites([structure[i] for i in sites])
    radius = 1.5 * (structure.volume / len(sites)) ** (1 / 3)
    while True:
        centres, points, _, distances = sub.get_neighbor_list(radius, exclude_self=True)
        limits = _shell_limits(distances, tolerance)
        if len(limits) > n_shells:
            break
        radius *= 1.4
    columns, found, offsets = [], [], [0]
    for low, high in limits[:n_shells]:
        inside = (distances > low - tolerance / 2) & (distances < high + tolerance / 2)
        counts = np.bincount(centres[inside], minlength=len(sites))
        if counts.min() != counts.max():
            raise BadInputError("sites of one sublattice have different coordination: the cell is not an ideal one")
        order = np.lexsort((points[inside], centres[inside]))
        columns.append(points[inside][order].reshape(len(sites), -1))
        found.append(float(distances[inside].mean()))
        offsets.append(offsets[-1] + int(counts[0]))
    return Shells(np.hstack(columns).astype(np.int64), np.array(offsets, dtype=np.int64), tuple(found))


def _shell_limits(distances: NDArray[np.float64], tolerance: float) -> list[tuple[float, float]]:
    """Shortest and longest distance of each shell."""
    ordered = np.sort(distances)
    breaks = np.flatnonzero(np.diff(ordered) > tolerance)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(ordered) - 1]
    return [(float(ordered[s]), float(ordered[e])) for s, e in zip(starts, ends, strict=True)]
