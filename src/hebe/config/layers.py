"""Is a crystal layered, and a primitive cell whose first two vectors lie within the layers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_SHELL: Final = 1.2
_APART: Final = 1.5
"""Distance of two planes, in nearest distances within one, from which a crystal counts as layered."""
_FLAT: Final = 0.3
_REACH: Final = 4

Array = NDArray[np.float64]


def in_plane_first(lattice: Array, coords: Array, chosen: Sequence[bool]) -> tuple[Array, Array, bool]:
    """Lattice (3, 3), coordinates (n, 3) and whether the `chosen` sites form layers.

    They do if the nearest neighbours among them span a plane, and planes are farther apart than 1.5 times their
    distance. The first two vectors then lie in the plane; else nothing changes.
    """
    normal = layer_normal(lattice, coords[np.array(chosen)])
    if normal is None:
        return lattice, coords, False
    steps = np.array([s for s in product(range(-_REACH, _REACH + 1), repeat=3) if any(s)])
    vectors = steps @ lattice
    order = np.lexsort((*steps.T, np.round(np.linalg.norm(vectors, axis=1), 6)))
    flat = [i for i in order if abs(vectors[i] @ normal) < 1e-3]
    first = flat[0]
    for second in flat[1:]:
        across = np.cross(steps[first], steps[second])
        if not across.any() or np.gcd.reduce(across) != 1:
            continue
        third = next((i for i in order if steps[i] @ across == 1), None)
        if third is not None:
            matrix = steps[[first, second, third]]
            return matrix @ lattice, coords @ np.linalg.inv(matrix), True
    return lattice, coords, False


def layer_normal(lattice: Array, points: Array) -> Array | None:
    """Unit vector across the layers of some sites (fractional coordinates, shape (n, 3)); None if they form none."""
    if not len(points):
        return None
    shifts = np.array(list(product((-2, -1, 0, 1, 2), repeat=3)))
    steps = np.concatenate([(point - points[0] + shifts) @ lattice for point in points])
    lengths = np.linalg.norm(steps, axis=1)
    nearest = float(lengths[lengths > 1e-3].min())
    shell = steps[(lengths > 1e-3) & (lengths < _FIRST_SHELL * nearest)]
    _, sizes, axes = np.linalg.svd(shell, full_matrices=True)
    if len(sizes) < 3 or sizes[1] < 0.1 * sizes[0] or sizes[2] > _FLAT:
        return None
    normal = np.asarray(axes[2], dtype=np.float64)
    heights = np.abs(steps @ normal)
    other = heights[heights > _FLAT]
    return normal if not len(other) or float(other.min()) > _APART * nearest else None
