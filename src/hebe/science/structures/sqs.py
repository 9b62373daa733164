"""Special quasi-random structures of one sublattice, with a quality figure that says how random they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.schemas.structures import SQSQuality
from hebe.science.structures.annealing import anneal, count_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from hebe.science.structures.shells import Shells

_RANDOM_DRAWS = 200


@dataclass(frozen=True)
class Occupation:
    """Species (by position in ``species``) of each site of a sublattice."""

    species: tuple[str, ...]
    sites: NDArray[np.int64]
    cost: float


def site_counts(fractions: Mapping[str, Fraction], n_sites: int) -> dict[str, int]:
    """Whole numbers of sites for each species: exact when they fit, else by largest remainder.

    Ties go to the species that comes first in the alphabet.
    """
    ideal = {name: x * n_sites for name, x in sorted(fractions.items()) if x}
    counts = {name: math.floor(value) for name, value in ideal.items()}
    missing = n_sites - sum(counts.values())
    for name in sorted(ideal, key=lambda name: (counts[name] - ideal[name], name))[:missing]:
        counts[name] += 1
    return {name: n for name, n in counts.items() if n}


def find_occupation(counts: Mapping[str, int], shells: Shells, seed: int, n_steps: int | None = None) -> Occupation:
    """Occupation whose pair counts are closest to random.

    Parameters
    ----------
    counts
        Species -> number of sites.
    shells
        Neighbours of the sublattice.
    seed, n_steps
        Decide the result. By default 4,000 steps per site, at least 50,000.
    """
    species = tuple(sorted(counts))
    start = np.repeat(np.arange(len(species)), [counts[name] for name in species])
    if len(species) == 1:
        return Occupation(species, start, 0.0)
    steps = max(50_000, 4_000 * len(start)) if n_steps is None else n_steps
    targets = finite_targets(start, len(species), shells)
    weights = np.array([1.0 / (i + 1) for i in range(len(shells.distances))])
    cost, best = anneal(start, shells.neighbours, shells.offsets, targets, weights, steps, seed % 2**31, 0.5, 0.02)
    return Occupation(species, best, float(cost))


def distinct_occupation(
    counts: Mapping[str, int],
    shells: Shells,
    permutations: NDArray[np.int64],
    seeds: Sequence[int],
    index: int,
    n_steps: int | None = None,
) -> Occupation | None:
    """Occupation number `index` among those from `seeds` that no symmetry of the host makes equal.

    Parameters
    ----------
    counts, shells, n_steps
        As in `find_occupation`.
    permutations
        Permutations of the sites by the symmetry of the empty host, shape (operations, n).
    seeds
        Tried in order; None is returned when they give fewer than `index` + 1 different occupations.
    """
    seen: set[bytes] = set()
    for seed in seeds:
        occupation = find_occupation(counts, shells, seed, n_steps)
        orbit = np.empty((len(permutations), len(occupation.sites)), dtype=np.int64)
        for row, permutation in zip(orbit, permutations, strict=True):
            row[permutation] = occupation.sites
        label = min(row.tobytes() for row in orbit)
        if label not in seen:
            seen.add(label)
            if len(seen) == index + 1:
                return occupation
    return None


def finite_targets(sites: NDArray[np.int64], n_species: int, shells: Shells) -> NDArray[np.float64]:
    """Ordered pair counts of a random arrangement in a finite cell: shape (shells, species, species).

    Unlike pairs ``n_i n_j / (N - 1)``, like pairs ``n_i (n_i - 1) / (N - 1)`` times the coordination.
    """
    n = np.bincount(sites, minlength=n_species).astype(float)
    pairs = (np.outer(n, n) - np.diag(n)) / (len(sites) - 1)
    coordination = np.diff(shells.offsets)
    return np.asarray(coordination[:, None, None] * pairs[None], dtype=np.float64)


def quality(occupation: Occupation, shells: Shells, seed: int = 0) -> SQSQuality:
    """Deviation from randomness of an occupation, beside that of random arrangements of the same cell."""
    k = len(occupation.species)
    largest, total, everything = _deviations(occupation.sites, k, shells)
    rng = np.random.default_rng(seed)
    draws = [_deviations(rng.permutation(occupation.sites), k, shells)[1] for _ in range(_RANDOM_DRAWS if k > 1 else 1)]
    return SQSQuality(
        largest=largest,
        total=total,
        total_all_pairs=everything,
        random_total=float(np.mean(draws)),
        shells=[round(d, 6) for d in shells.distances],
        n_sites=len(occupation.sites),
    )


def _deviations(sites: NDArray[np.int64], k: int, shells: Shells) -> tuple[float, float, float]:
    """Largest and sum of |alpha| over unlike pairs (finite-cell target); sum over i <= j (infinite target)."""
    n = len(sites)
    x = np.bincount(sites, minlength=k) / n
    counts = count_pairs(sites, shells.neighbours, shells.offsets, k)
    fraction = counts / (n * np.diff(shells.offsets))[:, None, None]
    infinite = np.abs(1 - fraction / np.outer(x, x))
    upper = np.triu_indices(k)
    everything = float(infinite[:, upper[0], upper[1]].sum())
    if k == 1:
        return 0.0, 0.0, everything
    unlike = np.triu_indices(k, 1)
    finite = np.abs(1 - fraction / (n / (n - 1) * np.outer(x, x)))[:, unlike[0], unlike[1]]
    return float(finite.max()), float(finite.sum()), everything
