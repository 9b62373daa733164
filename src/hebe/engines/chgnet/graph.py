"""Atom and bond graph of a crystal in compiled code: bonds to 6 A, angles between bonds to 3 A.

The same graph as the CHGNet package makes (Deng et al., Nat. Mach. Intell. 5, 1031 (2023), Methods), with each bond
held once. A bond exactly at a cutoff has no weight in the model and may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import EngineError
from hebe.science.structures.compiled import allocating, compiled

if TYPE_CHECKING:
    from pymatgen.core import Structure

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ATOM_CUTOFF = 6.0
"""Longest bond, A."""
BOND_CUTOFF = 3.0
"""Longest bond that takes part in angles, A."""


@dataclass(frozen=True)
class Graph:
    """Undirected bonds between atoms and angles between short bonds.

    Bond `e` runs from atom ``first[e]`` to ``second[e]``; ``vectors[e]`` (A, shape (bonds, 3)) points back from the
    second to the first. ``short`` lists the bonds of the angles. Angle `a` lies at atom ``centre[a]`` between the
    short bonds ``left[a]`` and ``right[a]`` (indices into ``short``); ``sign[a]`` is -1 where exactly one of the two
    vectors has to be turned round to start at the centre. Both orders of a pair of bonds are angles.
    """

    numbers: IntArray
    first: IntArray
    second: IntArray
    vectors: FloatArray
    short: IntArray
    left: IntArray
    right: IntArray
    centre: IntArray
    sign: FloatArray


def build_graph(structure: Structure) -> Graph:
    """Graph of a periodic structure.

    Raises
    ------
    EngineError
        If an atom has no neighbour within 6 A.
    """
    lattice = np.ascontiguousarray(structure.lattice.matrix, dtype=np.float64)
    fractional = np.asarray(structure.frac_coords, dtype=np.float64)
    positions = (fractional - np.floor(fractional)) @ lattice
    shifts = _half_shifts(lattice, ATOM_CUTOFF)
    n_bonds = _count_bonds(positions, shifts, ATOM_CUTOFF**2)
    first, second, vectors = _find_bonds(positions, shifts, ATOM_CUTOFF**2, n_bonds)
    bonded = np.zeros(len(positions), dtype=bool)
    bonded[first] = bonded[second] = True
    if not bonded.all():
        lonely = int((~bonded).sum())
        raise EngineError(
            "chgnet", f"{lonely} isolated atom(s) without a neighbour within {ATOM_CUTOFF} A", deterministic=True
        )
    short = np.flatnonzero(np.einsum("ij,ij->i", vectors, vectors) < BOND_CUTOFF**2)
    angles = _find_angles(first[short], second[short], len(positions))
    numbers = np.array([site.specie.Z for site in structure], dtype=np.int64)
    return Graph(numbers, first, second, vectors, short, *angles)


def _half_shifts(lattice: FloatArray, reach: float) -> FloatArray:
    """Lattice vectors (A) within `reach` of a cell of wrapped sites, one of each pair R, -R; the zero vector first.

    Along an axis with plane spacing h, sites in one cell can differ by less than one period, so
    ``|n| <= reach / h + 1``.
    """
    spacing = 1.0 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    limits = np.floor(reach / spacing + 1.0).astype(np.int64)
    grid = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in limits), indexing="ij"), axis=-1).reshape(-1, 3)
    middle = len(grid) // 2
    return np.ascontiguousarray(grid[middle:] @ lattice)


@compiled
def _count_bonds(positions: FloatArray, shifts: FloatArray, limit: float) -> int:
    """Number of undirected bonds shorter than the square root of `limit`."""
    count = 0
    for s in range(len(shifts)):
        for i in range(len(positions)):
            for j in range(i + 1 if s == 0 else 0, len(positions)):
                x = positions[i, 0] - positions[j, 0] - shifts[s, 0]
                y = positions[i, 1] - positions[j, 1] - shifts[s, 1]
                z = positions[i, 2] - positions[j, 2] - shifts[s, 2]
                if x * x + y * y + z * z < limit:
                    count += 1
    return count


@allocating
def _find_bonds(
    positions: FloatArray, shifts: FloatArray, limit: float, n_bonds: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """First atom, second atom and vector (A) of each bond.

    A bond of an atom to its own image is found once, because `shifts` holds only one of R and -R.
    """
    first = np.empty(n_bonds, dtype=np.int64)
    second = np.empty(n_bonds, dtype=np.int64)
    vectors = np.empty((n_bonds, 3))
    e = 0
    for s in range(len(shifts)):
        for i in range(len(positions)):
            for j in range(i + 1 if s == 0 else 0, len(positions)):
                x = positions[i, 0] - positions[j, 0] - shifts[s, 0]
                y = positions[i, 1] - positions[j, 1] - shifts[s, 1]
                z = positions[i, 2] - positions[j, 2] - shifts[s, 2]
                if x * x + y * y + z * z < limit:
                    first[e], second[e] = i, j
                    vectors[e, 0], vectors[e, 1], vectors[e, 2] = x, y, z
                    e += 1
    return first, second, vectors


@allocating
def _find_angles(first: IntArray, second: IntArray, n_atoms: int) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    """Ordered pairs of different bond ends at each atom: left bond, right bond, atom, sign of the cosine."""
    degree = np.zeros(n_atoms, dtype=np.int64)
    for e in range(len(first)):
        degree[first[e]] += 1
        degree[second[e]] += 1
    start = np.zeros(n_atoms + 1, dtype=np.int64)
    for i in range(n_atoms):
        start[i + 1] = start[i] + degree[i]
    bond = np.empty(2 * len(first), dtype=np.int64)
    way = np.empty(2 * len(first))
    filled = start[:-1].copy()
    for e in range(len(first)):
        bond[filled[first[e]]], way[filled[first[e]]] = e, 1.0
        filled[first[e]] += 1
        bond[filled[second[e]]], way[filled[second[e]]] = e, -1.0
        filled[second[e]] += 1
    n_angles = np.sum(degree * (degree - 1))
    left = np.empty(n_angles, dtype=np.int64)
    right = np.empty(n_angles, dtype=np.int64)
    centre = np.empty(n_angles, dtype=np.int64)
    sign = np.empty(n_angles)
    t = 0
    for i in range(n_atoms):
        for a in range(start[i], start[i + 1]):
            for b in range(start[i], start[i + 1]):
                if a != b:
                    left[t], right[t], centre[t], sign[t] = bond[a], bond[b], i, way[a] * way[b]
                    t += 1
    return left, right, centre, sign
