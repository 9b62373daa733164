"""Is a relaxed cell still its host? Compares bonds and slab registry before and after a relaxation.

Coordinates of the relaxed cell must continue those of the start (not wrapped back into the cell).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from hebe.science.crystals.crystal import ANIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.config.family_sites import Working
    from hebe.config.family_topology import Topology

Verdict = Literal["host", "glide", "delaminated", "collapsed", "migrated", "exploded", "overlapping"]

VOLUME_LIMIT: Final = 0.5
"""Relative volume change beyond which a relaxation counts as exploded."""

SHORTEST: Final = 0.8
"""Distance (A) below which atoms overlap."""

_FIRST_SHELL: Final = 1.2
_LONGEST_METAL: Final = 4.0
"""Distance (A) within which the nearest neighbours of an atom of a metal are found; 3.6 A in alkaline earths."""
_LONGEST_BOND: Final = 3.5
_FARTHER: Final = (5.0, 7.0)
_WITHIN_SLAB: Final = 2.0
"""Step in height (A) up to which cations belong to one slab; neighbouring slabs of oxides are 4 A apart and more."""

_TILT: Final = 0.15
"""Sine of the angle to the layers up to which a lattice vector counts as lateral."""

_STEPS: Final = np.array([step for step in np.array(np.meshgrid(*[range(-2, 3)] * 3)).reshape(3, -1).T if step.any()])
"""Short combinations of lattice vectors, shape (124, 3)."""


def sanity(start: Structure, final: Structure) -> Verdict:
    """``exploded`` when the volume changed by more than 50 %, ``overlapping`` below 0.8 A, else ``host``."""
    if not np.isfinite(final.lattice.matrix).all() or not np.isfinite(final.cart_coords).all():
        return "exploded"
    if abs(final.volume / start.volume - 1) > VOLUME_LIMIT:
        return "exploded"
    distances = final.distance_matrix + np.eye(len(final)) * 10
    return "overlapping" if len(final) > 1 and distances.min() < SHORTEST else "host"


def check_topology(
    start: Structure,
    final: Structure,
    rules: Topology,
    layer_normal: NDArray[np.float64] | None = None,
    working: Working | None = None,
    made_repeat: float | None = None,
    ion: str | None = None,
) -> Verdict:
    """Verdict on a relaxation of a host cell.

    Parameters
    ----------
    start, final
        Cells before and after, same site order; `start` carries the site property ``sublattice``.
    rules
        The family's thresholds.
    layer_normal
        Cartesian unit vector across the layers of `start`; None for hosts without layers.
    working
        Where the working ion stands, whose bonds may break; None where nothing moves.
    made_repeat
        Repeat per layer (A, see `layer_repeat`) of the relaxed cell as made, to which that of `final` is compared;
        None compares with `start`, whose lattice may be a guess.
    ion
        Working ion, which decides how far the layers may move; None takes the widest limits of the family.

    Returns
    -------
    str
        ``exploded`` or ``overlapping`` (see `sanity`), ``migrated`` when a cation lost too many of its
        anion neighbours, ``delaminated`` when the layers came apart, ``glide`` when neighbouring slabs moved
        against each other, ``collapsed`` when they came closer than the host's slabs do, else ``host``.
    """
    verdict = sanity(start, final)
    if verdict != "host":
        return verdict
    if migrated_sites(start, final, rules, working):
        return "migrated"
    if layer_normal is not None and rules.glide is not None:
        slabs = slab_cations(start, working)
        reference = layer_repeat(start, layer_normal, slabs) if made_repeat is None else made_repeat
        ratio = layer_repeat(final, _normal(final, layer_normal, start), slabs) / reference
        motion = slab_motion(start, final, layer_normal, slabs)
        return _layer_verdict(*motion, ratio, rules, ion)
    return "host"


def _layer_verdict(shift: float, opening: float, ratio: float, rules: Topology, ion: str | None) -> Verdict:
    """Verdict on the layers: an opening is named before a glide, a glide before the shrinkage that may go with it."""
    lowest, highest = rules.spacing_with(ion)
    if opening > rules.gap or ratio > highest:
        return "delaminated"
    if rules.glide is not None and shift > rules.glide:
        return "glide"
    return "collapsed" if ratio < lowest else "host"


def slab_cations(structure: Structure, working: Working | None = None) -> NDArray[np.bool_]:
    """Mark the cations of the slabs, shape (n,): those that are no working ions."""
    return np.asarray(~_anions(structure) & ~_mobile(structure, working))


def _mobile(structure: Structure, working: Working | None) -> NDArray[np.bool_]:
    mobile = np.zeros(len(structure), dtype=bool)
    mobile[[] if working is None else working.sites(structure)] = True
    return mobile


def layer_repeat(structure: Structure, normal: NDArray[np.float64], slabs: NDArray[np.bool_]) -> float:
    """Repeat per layer (A): height of the cell across its layers over the number of slabs in it.

    It is c/3 of an O3 or P3 cell and c/2 of a P2 cell on hexagonal axes, for every choice of the cell, tilted ones
    included.

    Parameters
    ----------
    structure
        Cell of a layered host, relaxed or not.
    normal
        Unit vector across the layers, shape (3,); it may be off by a few degrees, the lattice gives the exact one.
    slabs
        Marks the cations of the slabs, shape (n,), as `slab_cations` does.

    Raises
    ------
    ValueError
        If no site is marked.
    """
    if not slabs.any():
        raise ValueError("a layered cell needs cations in its slabs")
    first, second = _lateral_vectors(structure, normal)
    matrix = structure.lattice.matrix
    area = float(np.linalg.norm(np.cross(first @ matrix, second @ matrix)))
    height = structure.volume * int(np.gcd.reduce(np.cross(first, second))) / area
    exact = _normal(structure, normal, structure)
    return height / _slab_count(structure.cart_coords[slabs] @ exact, height)


def exact_normal(structure: Structure, normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector across the layers of a cell, shape (3,), near one that may be off by a few degrees."""
    return _normal(structure, normal, structure)


def _slab_count(heights: NDArray[np.float64], period: float) -> int:
    """Groups of heights (A) along one period (A) that no step above the limit divides; at least one."""
    ordered = np.sort(heights % period)
    steps = np.diff(np.append(ordered, ordered[0] + period))
    return max(1, int((steps > _WITHIN_SLAB).sum()))


def _anions(structure: Structure) -> NDArray[np.bool_]:
    return np.array([getattr(s.specie, "symbol", str(s.specie)) in ANIONS for s in structure])


def migrated_sites(start: Structure, final: Structure, rules: Topology, working: Working | None = None) -> list[int]:
    """Indices of the cations that lost so many of their anion neighbours that they have left their site.

    Parameters are those of `check_topology`; `working` ions are free to move. Where nothing is an anion, as in a metal,
    all atoms are neighbours of each other, and bonds are compared at the same volume.
    """
    anions = _anions(start)
    metal = not anions.any()
    bonds = _bonds(start, anions)
    if not len(bonds.first):
        return []
    stretch = bonds.lengths(final) / bonds.lengths(start)
    if metal:
        stretch *= (start.volume / final.volume) ** (1 / 3)
    broken = np.bincount(bonds.first[stretch > rules.bond_stretch], minlength=len(start))
    return [int(i) for i in np.flatnonzero(~anions & ~_mobile(start, working) & (broken >= rules.broken_bonds))]


def _bonds(start: Structure, anions: NDArray[np.bool_]) -> _Pairs:
    """Bonds of each cation to its nearest anions, of each atom of a metal to its nearest atoms.

    They are sought within 3.5 A (4 A in a metal), and farther out for what has none there, as heavy ions.
    """
    metal = not anions.any()
    bare = np.ones(len(start), dtype=bool) if metal else ~anions
    found = []
    for reach in (_LONGEST_METAL if metal else _LONGEST_BOND, *_FARTHER):
        centres, points, images, distances = start.get_neighbor_list(reach)
        is_bond = bare[centres] & (anions[points] | metal)
        found.append((centres[is_bond], points[is_bond], images[is_bond], distances[is_bond]))
        bare[centres[is_bond]] = False
        if not bare.any():
            break
    first, second, shifts, lengths = (np.concatenate(part) for part in zip(*found, strict=True))
    pairs = _Pairs(first, second, shifts)
    return pairs.nearest(lengths) if len(first) else pairs


class _Pairs:
    """Pairs of sites with the image of the second, followed from one cell to another."""

    def __init__(self, first: NDArray[np.int64], second: NDArray[np.int64], images: NDArray[np.float64]) -> None:
        self.first, self.second, self.images = first, second, images

    def vectors(self, structure: Structure) -> NDArray[np.float64]:
        """Cartesian vectors (A) from first to second, shape (n, 3)."""
        frac = structure.frac_coords[self.second] + self.images - structure.frac_coords[self.first]
        return np.asarray(frac @ structure.lattice.matrix)

    def lengths(self, structure: Structure) -> NDArray[np.float64]:
        """Distances (A), shape (n,)."""
        return np.asarray(np.linalg.norm(self.vectors(structure), axis=1))

    def nearest(self, distances: NDArray[np.float64]) -> _Pairs:
        """Pairs within 1.2 times the shortest of their first site."""
        shortest = np.full(int(self.first.max()) + 1, np.inf)
        np.minimum.at(shortest, self.first, distances)
        keep = distances < _FIRST_SHELL * shortest[self.first]
        return _Pairs(self.first[keep], self.second[keep], self.images[keep])


def slab_motion(
    start: Structure, final: Structure, normal: NDArray[np.float64], slabs: NDArray[np.bool_]
) -> tuple[float, float]:
    """Lateral shift (A) of neighbouring slabs and ratio of the gap between them to that of the start.

    Both are averages over the anions that face each other across a gap, the largest of all gaps. Homogeneous
    strain within the layers is taken out of the shift; a shear of the cell across the layers is not.

    Parameters
    ----------
    start, final
        Cells before and after.
    normal
        Unit vector across the layers of `start`, shape (3,).
    slabs
        Marks the cations of the slabs, shape (n,).
    """
    normal = _normal(start, normal, start)
    faces = _facing_anions(start, normal, slabs)
    if faces is None:
        return 0.0, 1.0
    pairs, gap = faces
    rotation = _in_plane_map(start, final, normal)
    before, after = pairs.vectors(start), pairs.vectors(final)
    new_normal = _normal(final, normal, start)
    lateral_before = (before - np.outer(before @ normal, normal)) @ rotation
    lateral_after = after - np.outer(after @ new_normal, new_normal)
    change = lateral_after - lateral_before
    opening = (after @ new_normal) / (before @ normal)
    gaps = np.unique(gap)
    shift = max(float(np.linalg.norm(change[gap == g].mean(axis=0))) for g in gaps)
    return shift, max(float(opening[gap == g].mean()) for g in gaps)


def _facing_anions(
    start: Structure, normal: NDArray[np.float64], slabs: NDArray[np.bool_]
) -> tuple[_Pairs, NDArray[np.int64]] | None:
    """Anion pairs across the gap of the working ion, and the number of the gap of each pair."""
    anions = _anions(start)
    centres, points, images, distances = start.get_neighbor_list(4.6)
    vectors = _Pairs(centres, points, images).vectors(start)
    height = vectors @ normal
    bound = anions[centres] & slabs[points] & (distances < 2.6)
    towards = np.bincount(centres[bound], weights=height[bound], minlength=len(start))
    across = anions[centres] & anions[points] & (height > 1.0) & (towards[centres] < 0) & (towards[points] > 0)
    if not across.any():
        return None
    first = centres[across]
    levels = np.round((start.cart_coords @ normal)[first], 0).astype(int)
    return _Pairs(first, points[across], images[across]), levels


def _in_plane_map(start: Structure, final: Structure, normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deformation (row vectors times matrix) from start to final that keeps the normal a normal."""
    a, b = _lateral_vectors(start, normal)
    old = np.array([a @ start.lattice.matrix, b @ start.lattice.matrix, normal])
    new = np.array([a @ final.lattice.matrix, b @ final.lattice.matrix, _normal(final, normal, start)])
    return np.asarray(np.linalg.solve(old, new))


def _lateral_vectors(structure: Structure, normal: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two short integer combinations of lattice vectors that lie most nearly within the layers.

    The layers of a cell that was relaxed before may be tilted against `normal`: vectors count as lateral by
    their angle to the layers.
    """
    return _lateral_of(
        np.array(structure.lattice.matrix, order="C").tobytes(), np.asarray(normal, dtype=float).tobytes()
    )


@lru_cache(maxsize=64)
def _lateral_of(lattice: bytes, across: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same of vectors (rows, A) and a normal, each as bytes: one cell is asked several times in a row."""
    matrix, normal = np.frombuffer(lattice).reshape(3, 3), np.frombuffer(across)
    vectors = _STEPS @ matrix
    lengths = np.linalg.norm(vectors, axis=1)
    slope = np.abs(vectors @ normal) / lengths
    order = np.lexsort((lengths, slope > _TILT))
    first = order[0]
    independent = (
        np.linalg.norm(np.cross(vectors[first], vectors[order]), axis=1) > _TILT * lengths[first] * lengths[order]
    )
    return _STEPS[first], _STEPS[order[independent][0]]


def _normal(final: Structure, normal: NDArray[np.float64], start: Structure) -> NDArray[np.float64]:
    """Normal of the layers in the final cell, on the side of the old one."""
    a, b = _lateral_vectors(start, normal)
    cross = np.cross(a @ final.lattice.matrix, b @ final.lattice.matrix)
    unit = cross / np.linalg.norm(cross)
    return np.asarray(unit if unit @ normal > 0 else -unit)
