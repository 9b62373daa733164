"""Neighbour pairs and triangles of the mixed sites of an ideal cell, sorted into shells between sublattices."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME_SHELL: Final = 0.05
"""Distances (A) within this of each other belong to one shell."""


@dataclass(frozen=True)
class Channel:
    """One shell of neighbours between sublattices ``pair`` (positions, equal within one sublattice).

    ``first`` and ``second`` hold every ordered pair of different sites, one entry per periodic image; both directions
    are there also between two sublattices. ``images`` counts the neighbours of a site that are images of itself.
    ``shell`` counts from 1; ``distance`` is in A.
    """

    pair: tuple[int, int]
    shell: int
    distance: float
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    images: int


@dataclass(frozen=True)
class MixedSites:
    """Mixed sites of a cell, numbered through all sublattices: ``sublattice[i]`` and ``layer[i]`` of site i.

    ``indices`` are positions in the structure. Sites of one sublattice and layer exchange their species.
    """

    indices: NDArray[np.int64]
    sublattice: NDArray[np.int64]
    layer: NDArray[np.int64]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Number of the group of every site, counted from 0 in the order of sublattices and layers."""
        _, group = np.unique(np.stack([self.sublattice, self.layer]), axis=1, return_inverse=True)
        return np.asarray(group, dtype=np.int64).reshape(-1)


def find_channels(structure: Structure, sites: MixedSites, n_shells: int, n_cross: int = 0) -> list[Channel]:
    """Shells within each sublattice (`n_shells`) and between each two of them (`n_cross`), nearest first.

    The cell must be an ideal one: in a relaxed cell the shells of a sublattice run into each other.
    """
    part = Structure.from_sites([structure[int(i)] for i in sites.indices])
    count = int(sites.sublattice.max()) + 1
    wanted = {
        (a, b): n_shells if a == b else n_cross
        for a, b in combinations_with_replacement(range(count), 2)
        if a == b or n_cross
    }
    radius = 1.5 * (structure.volume / np.bincount(sites.sublattice).min()) ** (1 / 3)
    while True:
        neighbours = part.get_neighbor_list(radius, exclude_self=True)
        found = [_channels(sites.sublattice, neighbours, pair, n) for pair, n in wanted.items()]
        if all(channels is not None for channels in found):
            return [channel for channels in found if channels is not None for channel in channels]
        radius *= 1.4


def _channels(
    sublattice: NDArray[np.int64],
    neighbours: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    pair: tuple[int, int],
    n_shells: int,
) -> list[Channel] | None:
    """First shells between two sublattices, None if the list of neighbours may end within one of them."""
    first, second, _, distances = neighbours
    kinds = np.sort(np.stack([sublattice[first], sublattice[second]]), axis=0)
    here = (kinds[0] == pair[0]) & (kinds[1] == pair[1])
    first, second, distances = first[here], second[here], distances[here]
    limits = shell_limits(distances)
    if len(limits) <= n_shells:
        return None
    result = []
    for number, (low, high) in enumerate(limits[:n_shells], start=1):
        inside = (distances > low - SAME_SHELL / 2) & (distances < high + SAME_SHELL / 2)
        own = inside & (first == second)
        other = inside & (first != second)
        images = int(own.sum()) // max(1, len(np.unique(first[own])))
        order = np.lexsort((second[other], first[other]))
        result.append(
            Channel(
                pair,
                number,
                float(distances[inside].mean()),
                np.asarray(first[other][order], dtype=np.int64),
                np.asarray(second[other][order], dtype=np.int64),
                images,
            )
        )
    return result


def shell_limits(distances: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Shortest and longest distance (A) of each shell."""
    if not len(distances):
        return []
    ordered = np.sort(distances)
    breaks = np.flatnonzero(np.diff(ordered) > SAME_SHELL)
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(ordered) - 1]
    return [(float(ordered[s]), float(ordered[e])) for s, e in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Triangles:
    """Triangles of sites: corner ``first[t]`` with its other two, each triangle once per corner.

    ``type_of`` numbers the kinds of triangle by the sides (A) in ``sides`` and the sublattices of the corners.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    third: NDArray[np.int64]
    type_of: NDArray[np.int64]
    sides: tuple[tuple[float, float, float], ...]


def find_triangles(structure: Structure, sites: MixedSites, longest: float) -> Triangles:
    """Triangles within one sublattice whose sides are at most `longest` (A).

    The longest side that belongs to a type decides with the other two, rounded to the width of a shell.
    """
    part = Structure.from_sites([structure[int(i)] for i in sites.indices])
    first, second, images, distances = part.get_neighbor_list(longest + SAME_SHELL, exclude_self=True)
    same = sites.sublattice[first] == sites.sublattice[second]
    first, second, images, distances = first[same], second[same], images[same], distances[same]
    limits = shell_limits(distances)
    shell = np.array([next(s for s, (_, high) in enumerate(limits) if d <= high + SAME_SHELL / 2) for d in distances])
    bond = {
        (int(i), int(j), *map(int, image)): int(s) for i, j, image, s in zip(first, second, images, shell, strict=True)
    }
    around: dict[int, list[tuple[int, tuple[int, ...], int]]] = {}
    for (i, j, *image), s in bond.items():
        around.setdefault(i, []).append((j, tuple(image), s))
    rows: list[tuple[int, int, int, tuple[int, ...]]] = []
    for i, found in around.items():
        for m, (j, to_j, s) in enumerate(found):
            for k, to_k, t in found[m + 1 :]:
                third = bond.get((j, k, *(q - p for p, q in zip(to_j, to_k, strict=True))))
                if third is not None:
                    rows.append((i, j, k, (int(sites.sublattice[i]), *sorted((s, t, third)))))
    kinds = sorted({row[3] for row in rows})
    centre = [(low + high) / 2 for low, high in limits]
    return Triangles(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([kinds.index(row[3]) for row in rows], dtype=np.int64),
        tuple((centre[a], centre[b], centre[c]) for _, a, b, c in kinds),
    )


def mixed_sites(sublattices: Sequence[Sequence[int]], layers: Sequence[Sequence[int]] | None = None) -> MixedSites:
    """Number the sites of several sublattices through.

    Parameters
    ----------
    sublattices
        Indices of the sites of each sublattice.
    layers
        Layer of each of these sites, where every layer keeps its own composition.
    """
    indices = np.array([i for sub in sublattices for i in sub], dtype=np.int64)
    sublattice = np.repeat(np.arange(len(sublattices), dtype=np.int64), [len(sub) for sub in sublattices])
    layer = np.zeros_like(indices) if layers is None else np.array([n for sub in layers for n in sub], dtype=np.int64)
    return MixedSites(indices, sublattice, layer)
