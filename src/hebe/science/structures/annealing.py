"""Swap annealing in compiled code: the search behind special quasi-random structures and imposed short-range order.

Zunger, Wei, Ferreira, Bernard, Phys. Rev. Lett. 65, 353 (1990) define the target. A proposed swap is judged from a
table of neighbour kinds around every site, which changes only when a swap is accepted. Only additions, products and
tabulated numbers decide, so that every machine finds the same structure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import allocating, compiled, next_random, random_below

if TYPE_CHECKING:
    from hebe.science.structures.compiled import RandomState

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_LOW_HALF: Final = np.uint64(0xFFFFFFFF)
_IMPROVED: Final = 1e-10


class PairTable(NamedTuple):
    """Pairs of mixed sites, by channel (one shell of one pair of sublattices).

    Entries ``start[i]:start[i + 1]`` of ``other`` and ``channel`` are the neighbours of site i, images counted one by
    one, images of i itself left out. ``bonds[c, i, j]`` counts those between i and j. ``fixed[c, k]`` are the like
    pairs of kind k that images of the same site make. ``goal`` and ``scale`` of shape (channels, kinds, kinds) give
    the cost ``|goal - scale C|`` of a pair count C (like pairs counted once).
    """

    start: IntArray
    other: IntArray
    channel: IntArray
    bonds: NDArray[np.uint8]
    fixed: FloatArray
    goal: FloatArray
    scale: FloatArray


class TripletTable(NamedTuple):
    """Triangles of mixed sites: entries ``start[i]:start[i + 1]`` are those at site i, with their other two corners.

    ``multiset[k, l, m]`` numbers the multisets of kinds; ``goal`` and ``scale`` have shape (types, multisets) and are
    for counts in which each triangle appears once per corner.
    """

    start: IntArray
    second: IntArray
    third: IntArray
    kind_of: IntArray
    multiset: IntArray
    goal: FloatArray
    scale: FloatArray


class Electrostatics(NamedTuple):
    """Ewald matrix among the mixed sites (eV, shape (n, n)), field of the rest (n,), charge per kind, and the weight.

    ``weight`` is the cost per eV of the cell.
    """

    ewald: FloatArray
    field: FloatArray
    charge: FloatArray
    weight: float


class Groups(NamedTuple):
    """Sites that may exchange their species: group g has ``members[start[g]:start[g + 1]]``; ``of[m]`` is g."""

    start: IntArray
    members: IntArray
    of: IntArray


class Work(NamedTuple):
    """Numbers that change with every swap: kinds around each site, pair counts, residuals, triangles, potential."""

    around: FloatArray
    counts: FloatArray
    residual: FloatArray
    three: FloatArray
    change: FloatArray
    potential: FloatArray


@allocating
def count_pairs(occupation: IntArray, pairs: PairTable) -> FloatArray:
    """Pairs per channel, shape (channels, kinds, kinds), symmetric, like pairs counted once."""
    counts: FloatArray = np.zeros(pairs.goal.shape)
    for i in range(len(occupation)):
        for t in range(pairs.start[i], pairs.start[i + 1]):
            counts[pairs.channel[t], occupation[i], occupation[pairs.other[t]]] += 1.0
    for c in range(counts.shape[0]):
        for k in range(counts.shape[1]):
            counts[c, k, k] = counts[c, k, k] / 2 + pairs.fixed[c, k]
    return counts


@compiled
def pair_cost(counts: FloatArray, pairs: PairTable) -> float:
    """``sum |goal - scale C|`` over channels and pairs of kinds i <= j."""
    cost = 0.0
    for c in range(counts.shape[0]):
        for i in range(counts.shape[1]):
            for j in range(i, counts.shape[1]):
                cost += abs(pairs.goal[c, i, j] - pairs.scale[c, i, j] * counts[c, i, j])
    return cost


@allocating
def count_triplets(occupation: IntArray, triplets: TripletTable) -> FloatArray:
    """Triangles per type and multiset of kinds, each counted once per corner."""
    counts = np.zeros(triplets.goal.shape)
    for i in range(len(triplets.start) - 1):
        for t in range(triplets.start[i], triplets.start[i + 1]):
            kinds = triplets.multiset[occupation[i], occupation[triplets.second[t]], occupation[triplets.third[t]]]
            counts[triplets.kind_of[t], kinds] += 1.0
    return counts


@compiled
def triplet_cost(counts: FloatArray, triplets: TripletTable) -> float:
    """``sum |goal - scale C|`` over types of triangle and multisets of kinds."""
    cost = 0.0
    for c in range(counts.shape[0]):
        for m in range(counts.shape[1]):
            cost += abs(triplets.goal[c, m] - triplets.scale[c, m] * counts[c, m])
    return cost


@allocating
def _surroundings(occupation: IntArray, pairs: PairTable) -> FloatArray:
    """Number of neighbours of each kind around every site, shape (n, channels, kinds)."""
    around = np.zeros((len(occupation), pairs.goal.shape[0], pairs.goal.shape[1]))
    for i in range(len(occupation)):
        for t in range(pairs.start[i], pairs.start[i + 1]):
            around[i, pairs.channel[t], occupation[pairs.other[t]]] += 1.0
    return around


@compiled
def _pair_change(a: int, b: int, i: int, j: int, around: FloatArray, residual: FloatArray, pairs: PairTable) -> float:
    """Change of the pair cost when site i of kind a and site j of kind b exchange their kinds.

    Counts of a with k rise by ``d_k``, those of b with k fall by it; a and b themselves are put right afterwards, so
    that the loop has no branch.
    """
    first, second = 0.0, 0.0
    scale = pairs.scale
    for c in range(residual.shape[0]):
        for k in range(residual.shape[1]):
            d = around[j, c, k] - around[i, c, k]
            first += abs(residual[c, a, k] - scale[c, a, k] * d) - abs(residual[c, a, k])
            second += abs(residual[c, b, k] + scale[c, b, k] * d) - abs(residual[c, b, k])
        da, db = around[j, c, a] - around[i, c, a], around[j, c, b] - around[i, c, b]
        aa, ab, bb = residual[c, a, a], residual[c, a, b], residual[c, b, b]
        saa, sab, sbb = scale[c, a, a], scale[c, a, b], scale[c, b, b]
        first -= abs(aa - saa * da) + abs(ab - sab * db)
        second -= abs(ab + sab * da) + abs(bb + sbb * db)
        da -= pairs.bonds[c, i, j]
        db += pairs.bonds[c, i, j]
        first += abs(aa - saa * da) + abs(ab - sab * (db - da))
        second += abs(bb + sbb * db) + abs(ab)
    return first + second


@compiled
def _swap_pairs(
    a: int, b: int, i: int, j: int, around: FloatArray, counts: FloatArray, residual: FloatArray, pairs: PairTable
) -> None:
    """Update counts, residuals ``goal - scale C`` and surroundings for that exchange."""
    for c in range(counts.shape[0]):
        bonds = pairs.bonds[c, i, j]
        for k in range(counts.shape[1]):
            if k == a:
                counts[c, a, a] += around[j, c, a] - around[i, c, a] - bonds
            elif k == b:
                db = around[j, c, b] - around[i, c, b] + bonds
                counts[c, b, b] -= db
                counts[c, a, b] += db - (around[j, c, a] - around[i, c, a] - bonds)
            else:
                d = around[j, c, k] - around[i, c, k]
                counts[c, a, k] += d
                counts[c, b, k] -= d
        counts[c, b, a] = counts[c, a, b]
        for k in range(counts.shape[1]):
            counts[c, k, a], counts[c, k, b] = counts[c, a, k], counts[c, b, k]
            residual[c, a, k] = pairs.goal[c, a, k] - pairs.scale[c, a, k] * counts[c, a, k]
            residual[c, b, k] = pairs.goal[c, b, k] - pairs.scale[c, b, k] * counts[c, b, k]
            residual[c, k, a], residual[c, k, b] = residual[c, a, k], residual[c, b, k]
    for t in range(pairs.start[i], pairs.start[i + 1]):
        around[pairs.other[t], pairs.channel[t], a] -= 1.0
        around[pairs.other[t], pairs.channel[t], b] += 1.0
    for t in range(pairs.start[j], pairs.start[j + 1]):
        around[pairs.other[t], pairs.channel[t], b] -= 1.0
        around[pairs.other[t], pairs.channel[t], a] += 1.0


@compiled
def _triplet_change(
    occ: IntArray, three: FloatArray, change: FloatArray, triplets: TripletTable, i: int, j: int
) -> float:
    """Change of the triplet cost when i and j exchange their kinds, that of the counts into `change`.

    A triangle is met once for each of its corners at i or j; each time it gives its share of the three counts.
    """
    for kind in range(change.shape[0]):
        for m in range(change.shape[1]):
            change[kind, m] = 0.0
    for site in (i, j):
        new = occ[i + j - site]
        for t in range(triplets.start[site], triplets.start[site + 1]):
            x, y, kind = triplets.second[t], triplets.third[t], triplets.kind_of[t]
            here_x, here_y = (x - i) * (x - j) == 0, (y - i) * (y - j) == 0
            share = 3.0 / (1 + here_x + here_y)
            change[kind, triplets.multiset[occ[site], occ[x], occ[y]]] -= share
            kx = occ[i + j - x] if here_x else occ[x]
            ky = occ[i + j - y] if here_y else occ[y]
            change[kind, triplets.multiset[new, kx, ky]] += share
    total = 0.0
    for kind in range(change.shape[0]):
        for m in range(change.shape[1]):
            if change[kind, m] != 0.0:
                before = triplets.goal[kind, m] - triplets.scale[kind, m] * three[kind, m]
                total += abs(before - triplets.scale[kind, m] * change[kind, m]) - abs(before)
    return total


@compiled
def _swap_triplets(three: FloatArray, change: FloatArray) -> None:
    """Take over the changes of that exchange."""
    for kind in range(change.shape[0]):
        for m in range(change.shape[1]):
            three[kind, m] += change[kind, m]


def coulomb_energy(occupation: IntArray, coulomb: Electrostatics) -> float:
    """Ewald energy (eV) of the mixed sites among themselves and in the field of the rest."""
    charges = coulomb.charge[occupation]
    return float(charges @ coulomb.field + 0.5 * charges @ coulomb.ewald @ charges)


@compiled
def _coulomb_change(a: int, b: int, i: int, j: int, potential: FloatArray, coulomb: Electrostatics) -> float:
    """Change of the Ewald energy (eV) when site i of kind a and site j of kind b exchange their kinds."""
    dq = coulomb.charge[b] - coulomb.charge[a]
    own = coulomb.ewald[i, i] + coulomb.ewald[j, j] - 2.0 * coulomb.ewald[i, j]
    change: float = dq * (potential[i] - potential[j]) + 0.5 * dq * dq * own
    return change


@compiled
def _swap_charges(a: int, b: int, i: int, j: int, potential: FloatArray, coulomb: Electrostatics) -> None:
    """Update the potential for that exchange."""
    dq = coulomb.charge[b] - coulomb.charge[a]
    for s in range(len(potential)):
        potential[s] += dq * (coulomb.ewald[s, i] - coulomb.ewald[s, j])


def total_cost(
    occupation: IntArray, pairs: PairTable, triplets: TripletTable | None, coulomb: Electrostatics | None
) -> float:
    """Cost of an occupation counted afresh."""
    cost = pair_cost(count_pairs(occupation, pairs), pairs)
    if triplets is not None:
        cost += triplet_cost(count_triplets(occupation, triplets), triplets)
    if coulomb is not None:
        cost += coulomb.weight * coulomb_energy(occupation, coulomb)
    return cost


def workspace(
    occupation: IntArray, pairs: PairTable, triplets: TripletTable | None, coulomb: Electrostatics | None
) -> Work:
    """What `anneal` keeps up to date, counted afresh for an occupation."""
    counts = count_pairs(occupation, pairs)
    three = np.zeros((0, 0)) if triplets is None else count_triplets(occupation, triplets)
    potential = np.zeros(0) if coulomb is None else coulomb.field + coulomb.ewald @ coulomb.charge[occupation]
    residual = pairs.goal - pairs.scale * counts
    return Work(_surroundings(occupation, pairs), counts, residual, three, np.zeros_like(three), potential)


@compiled
def shuffle(occupation: IntArray, groups: Groups, state: RandomState) -> None:
    """Random arrangement in place, each group by itself (Fisher and Yates)."""
    for g in range(len(groups.start) - 1):
        first = groups.start[g]
        for m in range(groups.start[g + 1] - 1, first, -1):
            i, j = groups.members[m], groups.members[first + random_below(state, m - first + 1)]
            occupation[i], occupation[j] = occupation[j], occupation[i]


@compiled
def anneal(
    occ: IntArray,
    best: IntArray,
    cost: float,
    work: Work,
    groups: Groups,
    pairs: PairTable,
    triplets: TripletTable | None,
    coulomb: Electrostatics | None,
    temperatures: FloatArray,
    draws: FloatArray,
    n_steps: int,
    state: RandomState,
    bound: float,
) -> tuple[float, int]:
    """Lowest cost met in `n_steps` proposed swaps, and the steps taken; its occupation is left in `best`.

    Parameters
    ----------
    occ, cost, work
        Kind of every site, shape (n,), its `total_cost` and `workspace`; moved along with the search.
    best
        A copy of `occ`, for the result.
    groups, pairs, triplets, coulomb
        Where swaps are allowed and what they cost.
    temperatures
        Plateaus of the schedule, in units of the cost, each for an equal share of the steps.
    draws
        Values of ``-ln u`` for u spread evenly over (0, 1), a power of two of them.
    n_steps, state
        Decide the result; no clock does. `state` is moved on.
    bound
        Cost at which the search ends: nothing lower exists.
    """
    n, lowest, mask = len(groups.members), cost, np.uint64(len(draws) - 1)
    for step in range(n_steps):
        word = next_random(state)
        m = np.int64(((word >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))
        first = groups.start[groups.of[m]]
        size = groups.start[groups.of[m] + 1] - first
        i = groups.members[m]
        j = groups.members[first + np.int64(((word & _LOW_HALF) * np.uint64(size)) >> np.uint64(32))]
        a, b = occ[i], occ[j]
        if a == b:
            continue
        change = _pair_change(a, b, i, j, work.around, work.residual, pairs)
        if triplets is not None:
            change += _triplet_change(occ, work.three, work.change, triplets, i, j)
        if coulomb is not None:
            change += coulomb.weight * _coulomb_change(a, b, i, j, work.potential, coulomb)
        if change > 0.0:
            draw = draws[np.int64((next_random(state) >> np.uint64(20)) & mask)]
            if change > temperatures[step * len(temperatures) // n_steps] * draw:
                continue
        _swap_pairs(a, b, i, j, work.around, work.counts, work.residual, pairs)
        if triplets is not None:
            _swap_triplets(work.three, work.change)
        if coulomb is not None:
            _swap_charges(a, b, i, j, work.potential, coulomb)
        occ[i], occ[j] = b, a
        cost += change
        if cost < lowest - _IMPROVED:
            lowest = cost
            for site in range(len(occ)):
                best[site] = occ[site]
            if lowest <= bound + _IMPROVED:
                return lowest, step + 1
    return lowest, n_steps
