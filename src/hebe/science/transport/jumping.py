"""Jumps of particles on the sites of a periodic cell, one after another, none refused, at most one on a site.

Each jump is drawn by its rate from all that are possible, after the mean time of a state with these rates (Bortz,
Kalos, Lebowitz, J. Comput. Phys. 17, 10 (1975); Gillespie, J. Phys. Chem. 81, 2340 (1977)). A binary tree has the sums.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.compiled import RandomState, allocating, compiled, next_random

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Jumps(NamedTuple):
    """Jumps between the n sites of a cell in both directions, those from site i being ``start[i]`` to ``start[i + 1]``.

    Jump k leads from site ``source[k]`` to ``target[k]`` by ``vectors[k]`` (A), jump ``back[k]`` back. Sites
    ``near[near_start[i]]`` to ``near[near_start[i + 1] - 1]`` are too near to site i to be occupied with it;
    ``beside[k]`` says how often the source of a jump is among those of its target.
    """

    start: Integers
    source: Integers
    target: Integers
    back: Integers
    vectors: Array
    near_start: Integers
    near: Integers
    beside: Integers

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.start) - 1


class Track(NamedTuple):
    """What was seen: times (s), shape (b,), and places (A, not wrapped, from the first) of all particles, (b, n, 3).

    ``made`` counts each jump; ``occupied`` is the time (s) for which there was a particle on each site. Less than all
    times are there if nothing could move any more.
    """

    times: Array
    places: Array
    made: Integers
    occupied: Array


def directed_jumps(
    n_sites: int,
    bonds: tuple[Integers, Integers],
    vectors: Array,
    too_near: tuple[Integers, Integers],
) -> tuple[Jumps, Integers]:
    """Jumps both ways over bonds.

    Parameters
    ----------
    n_sites
        Number of sites.
    bonds
        Ends of each bond, shapes (m,).
    vectors
        From the first end to the second (A), shape (m, 3).
    too_near
        Pairs of sites that are not occupied together, each once, shapes (p,).

    Returns
    -------
    tuple
        The jumps, and which of them goes which way: those in the order of the bonds, then those back, shape (2 m,).
    """
    first, second = bonds
    source, target = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.argsort(source, kind="stable")
    where = np.argsort(order, kind="stable")
    one, other = np.concatenate(too_near), np.concatenate(too_near[::-1])
    ranked = np.argsort(one, kind="stable")
    near_start = np.searchsorted(one[ranked], np.arange(n_sites + 1)).astype(np.int64)
    pairs: dict[tuple[int, int], int] = {}
    for pair in zip(one.tolist(), other.tolist(), strict=True):
        pairs[pair] = pairs.get(pair, 0) + 1
    beside = [pairs.get((b, a), 0) for a, b in zip(source[order].tolist(), target[order].tolist(), strict=True)]
    jumps = Jumps(
        start=np.searchsorted(source[order], np.arange(n_sites + 1)).astype(np.int64),
        source=source[order],
        target=target[order],
        back=np.roll(where, len(first))[order],
        vectors=np.concatenate([vectors, -vectors])[order],
        near_start=near_start,
        near=other[ranked],
        beside=np.array(beside, dtype=np.int64),
    )
    return jumps, where


@allocating
def follow(
    jumps: Jumps, rates: Array, held: Integers, blocks: int, length: int, before: int, state: RandomState
) -> Track:
    """Let particles jump.

    Parameters
    ----------
    jumps, rates
        The jumps, and the rate of each (1/s) where it is possible.
    held
        Number of the particle on each site, -1 on empty ones, shape (n_sites,).
    blocks, length
        Places are noted so many times after the first, each after so many jumps.
    before
        Jumps before the first.
    state
        Of the random numbers.
    """
    held, n = held.copy(), held.max() + 1
    crowd, tree = np.zeros(len(held), dtype=np.int64), np.zeros(2 * _power_of_two(len(held)))
    _begin(jumps, rates, held, crowd, tree)
    moved, since, now, seen = np.zeros((n, 3)), np.zeros(n), 0.0, 0
    times, places = np.zeros(blocks + 1), np.zeros((blocks + 1, n, 3))
    made, occupied = np.zeros(len(rates), dtype=np.int64), np.zeros(len(held))
    for step in range(-before, blocks * length + 1):
        if step == 0:
            now, moved[:], since[:] = 0.0, 0.0, 0.0
        if step >= 0 and step % length == 0:
            times[seen], places[seen], seen = now, moved, seen + 1
        if tree[1] <= 0.0 or step == blocks * length:
            break
        now += 1.0 / tree[1]
        k = _drawn(jumps, rates, held, crowd, tree, (next_random(state) >> np.uint64(11)) * 2.0**-53)
        a, b = jumps.source[k], jumps.target[k]
        ion = held[a]
        moved[ion] += jumps.vectors[k]
        if step >= 0:
            made[k] += 1
            occupied[a] += now - since[ion]
        since[ion] = now
        held[a], held[b] = -1, ion
        _count(jumps, crowd, a, -1)
        _count(jumps, crowd, b, 1)
        _renew_around(jumps, rates, held, crowd, tree, a)
        _renew_around(jumps, rates, held, crowd, tree, b)
    for site in range(len(held)):
        if held[site] >= 0:
            occupied[site] += now - since[held[site]]
    return Track(times[:seen], places[:seen], made, occupied)


@compiled
def _power_of_two(n: int) -> int:
    found = 1
    while found < n:
        found *= 2
    return found


@compiled
def _count(jumps: Jumps, crowd: Integers, site: int, change: int) -> None:
    """Note at the sites that are too near to a site that its particle has come or gone."""
    for m in range(jumps.near_start[site], jumps.near_start[site + 1]):
        crowd[jumps.near[m]] += change


@compiled
def _begin(jumps: Jumps, rates: Array, held: Integers, crowd: Integers, tree: Array) -> None:
    """Count particles near to each site, and set the rates of all jumps to it."""
    for site in range(len(held)):
        if held[site] >= 0:
            _count(jumps, crowd, site, 1)
    for site in range(len(held)):
        _renew(jumps, rates, held, crowd, tree, site)


@compiled
def _renew_around(jumps: Jumps, rates: Array, held: Integers, crowd: Integers, tree: Array, site: int) -> None:
    """Rates of all jumps that a particle makes possible or not by standing on a site."""
    _renew(jumps, rates, held, crowd, tree, site)
    for m in range(jumps.start[site], jumps.start[site + 1]):
        _renew(jumps, rates, held, crowd, tree, jumps.target[m])
    for m in range(jumps.near_start[site], jumps.near_start[site + 1]):
        _renew(jumps, rates, held, crowd, tree, jumps.near[m])


@compiled
def _renew(jumps: Jumps, rates: Array, held: Integers, crowd: Integers, tree: Array, site: int) -> None:
    """Rate of all jumps to a site, 0 while it is occupied, and the sums above it."""
    rate, node = 0.0, (len(tree) >> 1) + site
    if held[site] < 0:
        for m in range(jumps.start[site], jumps.start[site + 1]):
            rate += _rate(jumps, rates, held, crowd, m)
    if tree[node] != rate:
        tree[node] = rate
        while node > 1:
            node >>= 1
            tree[node] = tree[2 * node] + tree[2 * node + 1]


@compiled
def _rate(jumps: Jumps, rates: Array, held: Integers, crowd: Integers, out: int) -> float:
    """Rate of the jump to the empty source of jump `out` from its target, 0 where it is not possible."""
    k = jumps.back[out]
    possible = held[jumps.source[k]] >= 0 and crowd[jumps.target[k]] == jumps.beside[k]
    return rates[k] if possible else 0.0


@compiled
def _drawn(jumps: Jumps, rates: Array, held: Integers, crowd: Integers, tree: Array, share: float) -> int:
    """Jump at a share (0 to 1) of the sum of all rates."""
    node, rest, found = 1, share * tree[1], -1
    while 2 * node < len(tree):
        node *= 2
        if rest >= tree[node] and tree[node + 1] > 0.0:
            rest -= tree[node]
            node += 1
    site = node - (len(tree) >> 1)
    for m in range(jumps.start[site], jumps.start[site + 1]):
        rate = _rate(jumps, rates, held, crowd, m)
        if rate > 0.0:
            found = jumps.back[m]
            if rest < rate:
                break
            rest -= rate
    return found
