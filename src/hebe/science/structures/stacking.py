"""Which stacking a layered cell has, by the registry of its anion layers; holds for relaxed and displaced cells.

Delmas, Fouassier, Hagenmuller, Physica B+C 99, 81 (1980): O or P for the site between two slabs, the number of slabs
after which the stacking repeats. Two anion layers in registry make prisms (P); a slab leads from one position of
the close-packed plane to the next (A to B) or to the one before, and so does an octahedral gap (O).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.crystals.crystal import ANIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

_LAYER_GAP: Final = 0.7
_PRISM: Final = 0.5
"""Share of the octahedral offset a / sqrt(3) below which two anions lie above each other."""


_CORNERS: Final = np.array(list(np.ndindex(2, 2, 2)))
_IMAGES: Final = np.array(list(np.ndindex(3, 3, 3))) - 1


@dataclass(frozen=True)
class _Cell:
    """Lattice vectors (rows, A), and places in fractions of them and in A, shape (n, 3)."""

    matrix: NDArray[np.float64]
    frac: NDArray[np.float64]
    places: NDArray[np.float64]

    @classmethod
    def doubled(cls, structure: Structure) -> _Cell:
        """Twice a cell in each direction; the eight copies of a site follow each other."""
        frac = ((structure.frac_coords[:, None, :] + _CORNERS) / 2).reshape(-1, 3)
        matrix = 2 * structure.lattice.matrix
        return cls(matrix, frac, frac @ matrix)


@dataclass(frozen=True)
class Stacking:
    """``name`` (O3, P3, O1, P2, O2, OP4, or several joined by +), and the kind of each gap from the bottom up."""

    name: str
    gaps: tuple[str, ...]


def recognise_stacking(structure: Structure, normal: NDArray[np.float64], slab_sites: Sequence[int]) -> Stacking | None:
    """Stacking of a layered cell, None if its anions do not form two layers around every layer of slab cations.

    Parameters
    ----------
    structure
        The cell, relaxed or not.
    normal
        Cartesian unit vector across the layers, shape (3,); a tilt of some degrees does not matter.
    slab_sites
        Indices of the cations in the middle of the slabs.
    """
    doubled = _Cell.doubled(structure)
    slab = np.zeros(len(structure), dtype=bool)
    slab[list(slab_sites)] = True
    cations = np.repeat(slab, len(_CORNERS))
    anions = np.repeat([site.specie.symbol in ANIONS for site in structure.sites], len(_CORNERS))
    layers = _anion_layers(doubled, normal, anions) if anions.any() else []
    if len(layers) < 2 or len(layers) % 2:
        return None
    heights = [height for height, _ in layers]
    period = _period(doubled, normal)
    upper = [*heights[1:], heights[0] + period]
    cation_heights = np.mod((doubled.places @ normal)[cations] - heights[0], period) + heights[0]
    filled = [
        bool(((cation_heights > low) & (cation_heights < high)).any()) for low, high in zip(heights, upper, strict=True)
    ]
    if filled not in ([True, False] * (len(layers) // 2), [False, True] * (len(layers) // 2)):
        return None
    order = layers if filled[0] else [*layers[1:], layers[0]]
    indices = [members for _, members in order]
    pairs = list(pairwise([*indices, indices[0]]))
    half = len(pairs) // 2
    if all(map(_are_copies, indices[:half], indices[half:])):  # the upper half of a doubled cell is the lower one
        steps = [_offset(doubled, normal, *pair) for pair in pairs[:half]] * 2
    else:
        steps = [_offset(doubled, normal, *pair) for pair in pairs]
    slabs, between = steps[::2], steps[1::2]
    gaps = tuple(_gap(low, gap, high) for low, gap, high in zip(slabs, between, [*slabs[1:], slabs[0]], strict=True))
    return Stacking(_named(gaps), gaps[: max(1, len(gaps) // 2)])


def _are_copies(lower: NDArray[np.int64], upper: NDArray[np.int64]) -> bool:
    """Whether two layers of a doubled cell are copies of the same sites."""
    return np.array_equal(np.unique(lower // len(_CORNERS)), np.unique(upper // len(_CORNERS)))


@dataclass(frozen=True)
class _Offset:
    """Lateral offset of an anion layer to the next: length in a / sqrt(3), and its phase ``exp(3 i angle)``."""

    length: float
    phase: complex


def _named(gaps: tuple[str, ...]) -> str:
    """Name of a stacking by its gaps: OP4 has octahedra and prisms in turn between slabs that are turned in turn."""
    if {gaps[::2], gaps[1::2]} == {("O2",) * (len(gaps) // 2), ("P2",) * (len(gaps) // 2)}:
        return "OP4"
    return "+".join(sorted(set(gaps)))


def _gap(low: _Offset, gap: _Offset, high: _Offset) -> str:
    """Kind of the gap between two slabs: prisms or octahedra, slabs alike or opposite, gap along the slab or back."""
    alike = (low.phase * high.phase.conjugate()).real > 0
    if gap.length < _PRISM:
        return "P3" if alike else "P2"
    if not alike:
        return "O2"
    return "O3" if (low.phase * gap.phase.conjugate()).real > 0 else "O1"


def _period(cell: _Cell, normal: NDArray[np.float64]) -> float:
    """Height of the cell across the layers (A)."""
    return float(np.abs(cell.matrix @ normal).max())


def _anion_layers(
    cell: _Cell, normal: NDArray[np.float64], anions: NDArray[np.bool_]
) -> list[tuple[float, NDArray[np.int64]]]:
    """Mean height (A) and members of every anion layer, from the bottom up."""
    period = _period(cell, normal)
    sites = np.flatnonzero(anions)
    heights = np.mod((cell.places @ normal)[sites], period)
    order = np.argsort(heights)
    steps = np.diff(np.r_[heights[order], heights[order[0]] + period])
    start = int(np.argmax(steps)) + 1
    order = np.roll(order, -start)
    heights[order[len(order) - start :]] += period
    breaks = np.flatnonzero(np.diff(heights[order]) > _LAYER_GAP) + 1
    return [(float(heights[part].mean()), sites[part]) for part in np.split(order, breaks)]


def _offset(cell: _Cell, normal: NDArray[np.float64], lower: NDArray[np.int64], upper: NDArray[np.int64]) -> _Offset:
    """Offset of the nearest anions of the next layer, averaged over the layer.

    An octahedral offset has three nearest anions at 120 degrees, whose triple angle is one; the unit is the nearest
    distance within the layer divided by sqrt(3). Of the copies of a site in a layer, which see the same, one counts.
    """
    ones = lower[np.unique(lower // len(_CORNERS), return_index=True)[1]]
    vectors = _nearest_images(cell, ones, upper)
    rise = vectors @ normal
    lateral = vectors - rise[:, :, None] * normal
    within = _nearest_images(cell, ones, lower)
    own = np.linalg.norm(within, axis=2) + np.where(ones[:, None] == lower, np.inf, 0.0)
    unit = float(np.median(own.min(axis=1))) / np.sqrt(3)
    first = np.cross(normal, [0.0, 0.0, 1.0] if abs(normal[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    planar = lateral @ first + 1j * (lateral @ second)
    # far pairs have their nearest image on the other side of the layer
    nearest = float(np.median(rise[np.arange(len(rise)), np.linalg.norm(vectors, axis=2).argmin(axis=1)]))
    planar[np.abs(rise - nearest) > _LAYER_GAP] = np.inf
    shortest = np.abs(planar).min(axis=1)
    near = np.abs(planar) < 1.4 * unit
    angles = planar[near & (np.abs(planar) > _PRISM * unit)]
    phase = complex(np.mean((angles / np.abs(angles)) ** 3)) if len(angles) else 0j
    return _Offset(float(np.mean(shortest)) / unit, phase)


def _nearest_images(cell: _Cell, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cartesian vectors (A) between nearest images, shape (len(first), len(second), 3)."""
    frac = cell.frac[second][None, :, :] - cell.frac[first][:, None, :]
    vectors = (frac - np.round(frac)) @ cell.matrix
    shifts = _IMAGES @ cell.matrix
    best = (2 * vectors @ shifts.T + (shifts**2).sum(axis=1)).argmin(axis=2)  # |v + s|^2 - |v|^2
    return np.asarray(vectors + shifts[best])
