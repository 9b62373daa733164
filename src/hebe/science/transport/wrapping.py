"""Union-find over the bonds of a periodic cell, with the lattice vectors along which connected parts repeat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebe.science.compiled import allocating, compiled

Integers = NDArray[np.int64]


@allocating
def connect(n_sites: int, first: Integers, second: Integers, images: Integers) -> tuple[Integers, Integers, Integers]:
    """Add bonds one by one.

    Parameters
    ----------
    n_sites
        Sites of the cell.
    first, second, images
        Bond k leads from site ``first[k]`` to the image ``images[k]`` of ``second[k]``; shapes (m,), (m,), (m, 3).

    Returns
    -------
    tuple of arrays
        Root of the part of each site, and in how many independent directions that part repeats, both of shape
        (n_sites,); the bonds with which a part first repeats in one, two and three, -1 where none does, shape (3,).
    """
    parent = np.arange(n_sites)
    shift = np.zeros((n_sites, 3), dtype=np.int64)
    size = np.ones(n_sites, dtype=np.int64)
    rank = np.zeros(n_sites, dtype=np.int64)
    basis = np.zeros((n_sites, 3, 3), dtype=np.int64)
    crossing = np.full(3, -1, dtype=np.int64)
    for k in range(len(first)):
        a, b = _root(first[k], parent, shift), _root(second[k], parent, shift)
        step = images[k] + shift[second[k]] - shift[first[k]]
        before = max(rank[a], rank[b])
        if a == b:
            _extend(basis[a], rank, a, step)
        else:
            if size[a] < size[b]:
                a, b, step = b, a, -step
            parent[b], size[a] = a, size[a] + size[b]
            shift[b] = -step
            for n in range(rank[b]):
                _extend(basis[a], rank, a, basis[b, n])
        for n in range(before, rank[a]):
            if crossing[n] < 0:
                crossing[n] = k
    for i in range(n_sites):
        parent[i] = _root(i, parent, shift)
    return parent, rank[parent], crossing


@compiled
def _root(site: int, parent: Integers, shift: Integers) -> int:
    """Root of a site. The sites on the way are hung on it: site i of cell 0 goes with the root of cell ``shift[i]``."""
    root, x, y, z = site, 0, 0, 0
    while parent[root] != root:
        x, y, z = x + shift[root, 0], y + shift[root, 1], z + shift[root, 2]
        root = parent[root]
    while parent[site] != root and site != root:
        above, dx, dy, dz = parent[site], shift[site, 0], shift[site, 1], shift[site, 2]
        parent[site], shift[site, 0], shift[site, 1], shift[site, 2] = root, x, y, z
        x, y, z, site = x - dx, y - dy, z - dz, above
    return root


@compiled
def _extend(basis: Integers, rank: Integers, root: int, step: Integers) -> None:
    """Add a lattice vector to the independent ones of a part, if it is another one; ``basis`` has shape (3, 3)."""
    n = rank[root]
    a, b = basis[0], basis[1]
    if n == 0:
        new = step[0] != 0 or step[1] != 0 or step[2] != 0
    elif n == 1:
        new = a[1] * step[2] != a[2] * step[1] or a[2] * step[0] != a[0] * step[2] or a[0] * step[1] != a[1] * step[0]
    elif n == 2:
        new = (
            step[0] * (a[1] * b[2] - a[2] * b[1])
            + step[1] * (a[2] * b[0] - a[0] * b[2])
            + step[2] * (a[0] * b[1] - a[1] * b[0])
        ) != 0
    else:
        new = False
    if new:
        basis[n, 0], basis[n, 1], basis[n, 2] = step[0], step[1], step[2]
        rank[root] = n + 1
