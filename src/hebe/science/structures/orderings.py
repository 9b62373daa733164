"""Orderings of the working ion: which sites stay occupied at one x, by electrostatics of the compensated cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
import spglib
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.structures.ewald import ewald_matrix
from hebe.science.structures.occupancy import (
    EXCLUDED,
    SiteEnergies,
    annealed,
    energies_of,
    lowest_of_all,
    neighbours,
    random_occupation,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

BoolArray = NDArray[np.bool_]
Removal = Literal["any", "even", "staged"]
ORDERING_VERSION = 2
_EXHAUSTIVE = 5_000_000
_COUNTED = 20_000
_ROUND = 6
_DRAWS = 200
_WIDER, _AT_LEAST = 5, 50


@dataclass(frozen=True)
class Orderings:
    """Occupied site indices per ordering, lowest energy first; energies in eV rounded to 1e-6.

    ``n_random`` at the end were drawn at random. ``n_candidates`` counts symmetry-distinct orderings that were
    compared; ``exhaustive`` says whether that is all of them.
    """

    occupied: list[list[int]]
    energies: list[float]
    n_candidates: int
    exhaustive: bool
    n_random: int = 0


def find_orderings(
    structure: Structure,
    sites: list[int],
    n_occupied: int,
    charges: NDArray[np.float64],
    keep: int,
    seed: int = 0,
    *,
    n_random: int = 0,
    exclusion: float | NDArray[np.float64] = 0.0,
    layers: Sequence[int] | None = None,
    removal: Removal = "any",
    room: int | None = None,
    extra: NDArray[np.float64] | None = None,
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
        Of the swap search that takes over when there are too many orderings to try all, and of the random ones.
    n_random
        How many random orderings to add, beside those kept.
    exclusion
        Sites closer than this (A) are never occupied together, as the two kinds of prismatic sites of a P stacking;
        one number, or one for each pair of `sites`, shape (n, n).
    layers, removal
        Layer of each of `sites`. ``even``: all layers hold as nearly the same number of ions as possible; ``staged``:
        layers are emptied one after another.
    room
        How many ions there is room for, where sites exclude each other; each layer has its share of it.
    extra
        Energy (eV) of an ion on each of `sites` beside electrostatics, shape (n,).

    Raises
    ------
    ValueError
        If `n_occupied` is not between 0 and the number of sites.
    BadInputError
        If the exclusion leaves no room for that many ions.
    """
    n = len(sites)
    if not 0 <= n_occupied <= n:
        raise ValueError(f"{n_occupied} ions do not fit on {n} sites")
    if n_occupied == 0 or (n_occupied == n and not np.any(exclusion)):
        return Orderings([sorted(sites)] if n_occupied else [[]], [0.0], 1, exhaustive=True)
    energies = _site_energies(structure, sites, charges, exclusion, extra)
    energies, shares = _shared_out(energies, n_occupied, layers, removal, n if room is None else room)
    permutations = site_permutations(structure, sites, charges)
    found = lowest_states(energies, shares, permutations, keep, seed)
    if not len(found.states):
        apart = f"of which none within {np.max(exclusion):g} A may be occupied together"
        raise BadInputError(f"{n_occupied} ions do not fit on {n} sites {apart}")
    drawn = _random_states(energies, shares, permutations, found.states, n_random, seed)
    values = [*found.energies, *np.round(energies_of(drawn, energies), _ROUND)]
    chosen = [*found.states, *drawn]
    return Orderings(
        [sorted(sites[i] for i in np.flatnonzero(row)) for row in chosen],
        [float(value) + 0.0 for value in values],
        found.n_candidates,
        found.exhaustive,
        len(drawn),
    )


def _shared_out(
    energies: SiteEnergies, n_occupied: int, layers: Sequence[int] | None, removal: Removal, room: int
) -> tuple[SiteEnergies, list[tuple[int, ...]]]:
    """Energies with the layer of each site, and how many ions each layer can hold; one layer where all are alike."""
    if layers is None or removal == "any":
        return energies, [(n_occupied,)]
    energies = energies._replace(group=np.unique(layers, return_inverse=True)[1].astype(np.int64))
    return energies, layer_quotas(_rooms(energies.group, room), n_occupied, removal)


def _rooms(group: NDArray[np.int64], room: int) -> list[int]:
    """Room for ions in each layer, in proportion to its sites."""
    return [round(size * room / len(group)) for size in np.bincount(group).tolist()]


@dataclass(frozen=True)
class LowestStates:
    """States of shape (m, n), lowest first, with energies (eV); see `Orderings` for the rest."""

    states: BoolArray
    energies: NDArray[np.float64]
    n_candidates: int
    exhaustive: bool


def lowest_states(
    energies: SiteEnergies,
    shares: Sequence[Sequence[int]],
    permutations: NDArray[np.int64],
    keep: int,
    seed: int,
) -> LowestStates:
    """The `keep` lowest states that the permutations do not make equal: of all, or of those that a search finds.

    `shares` lists the allowed numbers of ions per group of sites.
    """
    total = sum(_number_of_states(energies, share) for share in shares)
    exhaustive = total <= _EXHAUSTIVE
    if exhaustive:
        states, n_candidates = _lowest_of_all(energies, shares, permutations, keep, total)
    else:
        states = _lowest_found(energies, shares, permutations, keep, seed)
        n_candidates = len(states)
    states, values = _ranked(states, energies, keep)
    return LowestStates(states, values, n_candidates, exhaustive)


def layer_quotas(sizes: Sequence[int], n_occupied: int, removal: Removal) -> list[tuple[int, ...]]:
    """All ways to share ions among layers of these sizes that a way of removal allows.

    Raises
    ------
    BadInputError
        If there is none.
    """
    ways = [way for way in product(*(range(size + 1) for size in sizes)) if sum(way) == n_occupied]
    if removal == "staged":
        partly = [way for way in ways if sum(0 < q < size for q, size in zip(way, sizes, strict=True)) <= 1]
        return partly or ways
    share = [n_occupied * size / sum(sizes) for size in sizes]
    return [way for way in ways if all(abs(q - s) < 1 for q, s in zip(way, share, strict=True))]


def _site_energies(
    structure: Structure,
    sites: list[int],
    charges: NDArray[np.float64],
    exclusion: float | NDArray[np.float64],
    extra: NDArray[np.float64] | None = None,
) -> SiteEnergies:
    """Energies of the ions among themselves and in the field of everything else (eV).

    The energy of the fixed rest is the same for all orderings and left out.
    """
    matrix = ewald_matrix(structure)
    rest = np.setdiff1d(np.arange(len(structure)), sites)
    own = charges[sites]
    rows = matrix[sites]
    pair = rows[:, sites] * np.outer(own, own)
    alone = own * (rows[:, rest] @ charges[rest]) + 0.5 * np.diag(pair)
    if extra is not None:
        alone = alone + extra
    np.fill_diagonal(pair, 0.0)
    if np.any(exclusion):
        near = structure.distance_matrix[np.ix_(sites, sites)] < exclusion
        pair[near & ~np.eye(len(sites), dtype=bool)] = EXCLUDED
    return SiteEnergies(alone, np.ascontiguousarray(pair), np.zeros(len(sites), dtype=np.int64))


def _number_of_states(energies: SiteEnergies, share: Sequence[int]) -> int:
    return math.prod(math.comb(int(size), q) for size, q in zip(np.bincount(energies.group), share, strict=True))


def _lowest_of_all(
    energies: SiteEnergies, shares: Sequence[Sequence[int]], permutations: NDArray[np.int64], keep: int, total: int
) -> tuple[BoolArray, int]:
    """The lowest distinct states of all, and how many distinct ones there are.

    As many states are taken as surely hold `keep` distinct ones and all that are equal to the last of them. Above
    20,000 states the distinct ones are counted by the lemma of Burnside, exclusion left aside.
    """
    capacity = total if total <= _COUNTED else min(total, (keep + 1) * len(permutations) + 64)
    while True:
        found, cut = [], False
        for share in shares:
            part, seen = lowest_of_all(energies, share, capacity)
            cut = cut or seen > capacity
            found.append(part)
        states = np.concatenate(found)
        if not len(states):
            return states, 0
        highest = float(energies_of(states, energies).max())
        distinct = _distinct(states, permutations)
        if not cut or capacity >= total:
            return distinct, len(distinct)
        values = np.sort(energies_of(distinct, energies))
        if len(values) > keep and values[keep - 1] < highest - 2 * 10.0**-_ROUND:
            return distinct, sum(_count_distinct(share, energies.group, permutations) for share in shares)
        capacity = min(total, 2 * capacity)


def _count_distinct(share: Sequence[int], group: NDArray[np.int64], permutations: NDArray[np.int64]) -> int:
    """Number of distinct ways to choose sites: the mean number of choices that an operation leaves as they are.

    An operation leaves a choice as it is if it holds whole cycles. With several groups, the operations that keep
    every group count, which is an upper limit where others exchange them.
    """
    kept = [p for p in permutations if np.array_equal(group[p], group)]
    fixed = 0
    for permutation in kept:
        ways = [np.array([1], dtype=object) for _ in share]
        for cycle in _cycles(permutation):
            g = int(group[cycle[0]])
            longer = np.zeros(len(ways[g]) + len(cycle), dtype=object)
            longer[: len(ways[g])] += ways[g]
            longer[len(cycle) :] += ways[g]
            ways[g] = longer
        fixed += math.prod(int(ways[g][q]) if q < len(ways[g]) else 0 for g, q in enumerate(share))
    return fixed // len(kept)


def _cycles(permutation: NDArray[np.int64]) -> list[list[int]]:
    left, cycles = set(range(len(permutation))), []
    while left:
        cycle = [left.pop()]
        while int(permutation[cycle[-1]]) != cycle[0]:
            cycle.append(int(permutation[cycle[-1]]))
        left -= set(cycle)
        cycles.append(cycle)
    return cycles


def _lowest_found(
    energies: SiteEnergies, shares: Sequence[Sequence[int]], permutations: NDArray[np.int64], keep: int, seed: int
) -> BoolArray:
    """Distinct states from annealing, and what single moves reach from the lowest of them, several times `keep`."""
    wide = _WIDER * keep + _AT_LEAST
    start = [annealed(energies, share, seed + number) for number, share in enumerate(shares)]
    pool = {row.tobytes(): row for row in _distinct(np.concatenate(start), permutations)}
    expanded: set[bytes] = set()
    while True:
        labels = list(pool)
        values = np.round(energies_of(np.array([pool[label] for label in labels]), energies), _ROUND)
        order = sorted(range(len(labels)), key=lambda i: (values[i], labels[i]))
        limit = float(values[order[wide - 1]]) if len(order) >= wide else math.inf
        new = [labels[i] for i in order[:wide] if labels[i] not in expanded]
        if not new:
            states = np.array([pool[labels[i]] for i in order])
            return np.asarray(states[values[order] < EXCLUDED / 2])
        for label in new:
            expanded.add(label)
            around = neighbours(pool[label], energies, min(limit + 1e-6, EXCLUDED / 2))
            if len(around):
                pool.update({row.tobytes(): row for row in _distinct(around, permutations)})


def _ranked(states: BoolArray, energies: SiteEnergies, keep: int) -> tuple[BoolArray, NDArray[np.float64]]:
    """The `keep` lowest by rounded energy, ties broken by the sites that are occupied first."""
    values = np.round(energies_of(states, energies), _ROUND)
    highest = np.sort(values)[:keep].max(initial=-np.inf)
    among = np.flatnonzero(values <= highest).tolist()
    order = sorted(among, key=lambda i: (values[i], np.flatnonzero(states[i]).tolist()))[:keep]
    return states[order], values[order]


def _random_states(
    energies: SiteEnergies,
    shares: Sequence[Sequence[int]],
    permutations: NDArray[np.int64],
    kept: BoolArray,
    number: int,
    seed: int,
) -> BoolArray:
    """Random distinct states beside those kept; fewer where chance finds no more."""
    generator, seen = np.random.default_rng([seed, len(energies.alone)]), {row.tobytes() for row in kept}
    found: list[BoolArray] = []
    for _ in range(_DRAWS * number):
        if len(found) == number:
            break
        share = shares[int(generator.integers(len(shares)))]
        state = _distinct(random_occupation(energies, share, generator)[None], permutations)[0]
        if state.tobytes() not in seen and float(energies_of(state[None], energies)[0]) < EXCLUDED / 2:
            seen.add(state.tobytes())
            found.append(state)
    return np.array(found, dtype=bool).reshape(len(found), len(energies.alone))


def site_permutations(
    structure: Structure,
    sites: list[int],
    charges: NDArray[np.float64] | None = None,
    *,
    translations_only: bool = False,
) -> NDArray[np.int64]:
    """Permutations of `sites` by the space group of the full cell, shape (operations, n).

    Atoms of one element are equal, unless `charges` (e, one per atom) tell them apart. `translations_only` leaves
    rotations out.
    """
    kinds = [
        (site.specie.Z, 0.0 if charges is None else round(float(charges[i]), 6)) for i, site in enumerate(structure)
    ]
    numbers = [sorted(set(kinds)).index(kind) + 1 for kind in kinds]
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    symmetry = spglib.get_symmetry(cell, symprec=1e-3)
    identity = np.arange(len(sites), dtype=np.int64)
    if symmetry is None:
        return identity[None, :]
    points = structure.frac_coords[sites]
    result: set[tuple[int, ...]] = {tuple(identity.tolist())}
    for rotation, translation in zip(symmetry["rotations"], symmetry["translations"], strict=True):
        if translations_only and not np.array_equal(rotation, np.eye(3)):
            continue
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
