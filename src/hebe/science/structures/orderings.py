"""Orderings of the working ion: which sites stay occupied at one x, by electrostatics of the compensated cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import spglib
from numpy.typing import NDArray

from hebe.science.structures.ewald import ewald_matrix

if TYPE_CHECKING:
    from pymatgen.core import Structure

BoolArray = NDArray[np.bool_]
ORDERING_VERSION = 1
_EXHAUSTIVE = 20_000
_STARTS = 64
_ROUND = 6


@dataclass(frozen=True)
class Orderings:
    """Occupied site indices per ordering, lowest energy first; energies in eV rounded to 1e-6.

    ``n_candidates`` counts symmetry-distinct orderings seen; ``exhaustive`` says whether that is all of them.
    """

    occupied: list[list[int]]
    energies: list[float]
    n_candidates: int
    exhaustive: bool


def find_orderings(
    structure: Structure, sites: list[int], n_occupied: int, charges: NDArray[np.float64], keep: int, seed: int = 0
) -> Orderings:
    """Lowest symmetry-distinct orderings of `n_occupied` ions over `sites`.

    Parameters
    ----------
    structure
        The full cell, all `sites` occupied.
    sites
        Indices of the working-ion sites.
    charges
        Charge of every site, shape (n,), when occupied; the cell must be neutral with `n_occupied` ions.
    keep
        How many to return at most.
    seed
        Of the swap search that takes over when there are too many orderings to try all.

    Raises
    ------
    ValueError
        If `n_occupied` is not between 0 and the number of sites.
    """
    n = len(sites)
    if not 0 <= n_occupied <= n:
        raise ValueError(f"{n_occupied} ions do not fit on {n} sites")
    if n_occupied in (0, n):
        return Orderings([sorted(sites)] if n_occupied else [[]], [0.0], 1, exhaustive=True)
    pair, single = _interactions(structure, sites, charges)
    exhaustive = math.comb(n, n_occupied) <= _EXHAUSTIVE
    if exhaustive:
        trials = np.zeros((math.comb(n, n_occupied), n), dtype=bool)
        for row, chosen in enumerate(combinations(range(n), n_occupied)):
            trials[row, list(chosen)] = True
    else:
        trials = _search(pair, single, n_occupied, seed)
    distinct = _distinct(trials, site_permutations(structure, sites))
    real = distinct.astype(float)
    energies = np.round(0.5 * np.einsum("ci,ij,cj->c", real, pair, real) + real @ single, _ROUND)
    indices = [[sites[i] for i in np.flatnonzero(row)] for row in distinct]
    order = sorted(range(len(indices)), key=lambda i: (energies[i], sorted(indices[i])))[:keep]
    return Orderings(
        [sorted(indices[i]) for i in order], [float(energies[i]) + 0.0 for i in order], len(distinct), exhaustive
    )


def _interactions(
    structure: Structure, sites: list[int], charges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pair energies among occupied sites and energies in the field of everything else (eV).

    The energy of the fixed rest is the same for all orderings and left out.
    """
    matrix = ewald_matrix(structure)
    rest = np.setdiff1d(np.arange(len(structure)), sites)
    own = charges[sites]
    rows = matrix[sites]
    pair: NDArray[np.float64] = rows[:, sites] * np.outer(own, own)
    single: NDArray[np.float64] = own * (rows[:, rest] @ charges[rest])
    return pair, single


def site_permutations(structure: Structure, sites: list[int]) -> NDArray[np.int64]:
    """Permutations of `sites` by the space group of the full cell, shape (operations, n)."""
    numbers = [site.specie.Z for site in structure]
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    symmetry = spglib.get_symmetry(cell, symprec=1e-3)
    identity = np.arange(len(sites), dtype=np.int64)
    if symmetry is None:
        return identity[None, :]
    points = structure.frac_coords[sites]
    result: set[tuple[int, ...]] = {tuple(identity.tolist())}
    for rotation, translation in zip(symmetry["rotations"], symmetry["translations"], strict=True):
        moved = points @ rotation.T + translation
        difference = moved[:, None, :] - points[None, :, :]
        difference -= np.round(difference)
        distance = np.linalg.norm(difference @ structure.lattice.matrix, axis=2)
        if distance.min(axis=1).max() < 1e-2:
            result.add(tuple(distance.argmin(axis=1).tolist()))
    return np.array(sorted(result), dtype=np.int64)


def _distinct(trials: BoolArray, permutations: NDArray[np.int64]) -> BoolArray:
    """One representative of each orbit: the one whose occupied indices sort first."""
    best = trials
    for permutation in permutations:
        moved = np.zeros_like(trials)
        moved[:, permutation] = trials
        best = np.where(_sorts_first(moved, best)[:, None], moved, best)
    return np.asarray(np.unique(best, axis=0)[::-1], dtype=np.bool_)


def _sorts_first(first: BoolArray, second: BoolArray) -> BoolArray:
    """Row by row, whether `first` is occupied at the first index where the two differ."""
    differs = first != second
    index = differs.argmax(axis=1)
    rows = np.arange(len(first))
    return np.asarray(differs[rows, index] & first[rows, index], dtype=np.bool_)


def _search(pair: NDArray[np.float64], single: NDArray[np.float64], n_occupied: int, seed: int) -> BoolArray:
    """Orderings met by swap descent from random starts; every local minimum and its path is kept."""
    rng, n, seen = np.random.default_rng(seed), len(single), dict[bytes, BoolArray]()
    for _ in range(_STARTS):
        state = np.zeros(n, dtype=bool)
        state[rng.choice(n, n_occupied, replace=False)] = True
        while True:
            seen[state.tobytes()] = state.copy()
            field = pair @ state + single - np.diag(pair) * state + 0.5 * np.diag(pair)
            out, into = np.flatnonzero(state), np.flatnonzero(~state)
            change = field[into][None, :] - field[out][:, None] - pair[np.ix_(out, into)]
            i, j = np.unravel_index(np.argmin(np.round(change, 9)), change.shape)
            if change[i, j] > -1e-9:
                break
            state[out[i]], state[into[j]] = False, True
    return np.array(list(seen.values()))
