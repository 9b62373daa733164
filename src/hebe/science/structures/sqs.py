"""Special quasi-random arrangements of the mixed sites of a cell, with figures that say how random they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.schemas.structures import SQSQuality
from hebe.science.structures.annealing import anneal, count_pairs, shuffle, total_cost, workspace
from hebe.science.structures.bound import pair_bound
from hebe.science.structures.compiled import random_state
from hebe.science.structures.objective import random_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from fractions import Fraction

    from hebe.science.structures.annealing import PairTable
    from hebe.science.structures.objective import Problem

SEARCH_VERSION: Final = 1
_PLATEAUS: Final = 256
_DRAWS: Final = 4096
_HOT, _COLD, _SMALL = 0.65, 0.3, 64
_FIRST_ROUND, _GROWTH, _LONGEST_ROUND, _BUDGET = 4_000, 4, 30_000, 60_000
_QUICK: Final = 300
_AGREEING: Final = 3
_EQUAL: Final = 1e-9
_RANDOM_DRAWS: Final = 200
_REFINEMENTS: Final = 3


@dataclass(frozen=True)
class Arrangement:
    """Kind (position in ``Problem.kinds``) of every mixed site, and how the search for it ended.

    ``certified``: the cost is the lowest that whole pair counts allow. ``converged``: so, or several rounds of growing
    length from random starts ended with the same cost.
    """

    kinds: NDArray[np.int64]
    cost: float
    bound: float
    steps: int
    certified: bool
    converged: bool


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


def find_arrangement(
    problem: Problem, seed: int, n_steps: int | None = None, bound: float | None = None
) -> Arrangement:
    """Arrangement of lowest cost.

    Rounds of annealing from random starts, each four times as long as the one before up to a limit, until the bound is
    reached, three rounds end with the lowest cost, or the steps are used up.

    Parameters
    ----------
    problem
        Cell, composition and objective.
    seed, n_steps
        Decide the result. By default 60,000 steps per site at most.
    bound
        `pair_bound` of the problem, if it is known already.
    """
    size = len(problem.groups.members)
    if size == 0:
        cost = total_cost(problem.start, problem.pairs, problem.triplets, problem.coulomb)
        return Arrangement(problem.start, cost, cost, 0, certified=True, converged=True)
    floor = pair_bound(problem) if bound is None else bound
    budget = _BUDGET * size if n_steps is None else n_steps
    state = random_state(seed)
    best, lowest, spent, agreeing, length = problem.start, math.inf, 0, 0, _FIRST_ROUND * size
    while spent < budget and agreeing < _AGREEING and lowest > floor + _EQUAL:
        cost, found, steps = _round(problem, state, min(length, budget - spent), floor)
        spent += steps
        agreeing = agreeing + 1 if abs(cost - lowest) < _EQUAL else agreeing
        if cost < lowest - _EQUAL:
            best, lowest, agreeing = found, cost, 1
        length = min(_GROWTH * length, _LONGEST_ROUND * size)
    lowest = total_cost(best, problem.pairs, problem.triplets, problem.coulomb)
    certified = lowest <= floor + 1e-6
    return Arrangement(best, lowest, floor, spent, certified, certified or agreeing >= _AGREEING)


def _round(
    problem: Problem, state: NDArray[np.uint64], n_steps: int, floor: float
) -> tuple[float, NDArray[np.int64], int]:
    """One annealing from a random start."""
    occupation = problem.start.copy()
    shuffle(occupation, problem.groups, state)
    tables = (problem.pairs, problem.triplets, problem.coulomb)
    cost, work, best = total_cost(occupation, *tables), workspace(occupation, *tables), occupation.copy()
    lowest, steps = anneal(
        occupation, best, cost, work, problem.groups, *tables, _temperatures(problem), _draws(), n_steps, state, floor
    )
    return lowest, best, steps


def _temperatures(problem: Problem) -> NDArray[np.float64]:
    """Falling temperatures between multiples of what one pair more or less costs on average.

    Small cells have few arrangements and high walls between the good ones: they start and end hotter. Rounded, so that
    the last digit of a machine's exponential decides nothing.
    """
    scale = problem.pairs.scale[problem.pairs.scale > 0]
    unit = float(scale.mean()) if len(scale) else 1.0
    unit *= max(1.0, math.sqrt(_SMALL / len(problem.groups.members)))
    share = (np.arange(_PLATEAUS) + 0.5) / _PLATEAUS
    return np.asarray(np.round(unit * _HOT * (_COLD / _HOT) ** share, 10), dtype=np.float64)


@cache
def _draws() -> NDArray[np.float64]:
    return np.asarray(np.round(-np.log((np.arange(_DRAWS) + 0.5) / _DRAWS), 10), dtype=np.float64)


def distinct_arrangements(
    problem: Problem,
    permutations: Callable[[], NDArray[np.int64]],
    seeds: Iterable[int],
    quick: Iterable[int] = (),
    n_steps: int | None = None,
) -> Iterator[Arrangement]:
    """Arrangements that no symmetry of the host makes equal, one after another.

    Parameters
    ----------
    problem, n_steps
        As in `find_arrangement`.
    permutations
        Gives the permutations of the mixed sites by the symmetry of the empty host, shape (operations, n). Asked once,
        when two arrangements have the same surroundings.
    seeds
        Tried in order.
    quick
        Seeds of shorter and shorter searches, which end in more different arrangements; tried when `seeds` are used
        up. After them no more arrangements come.
    """
    size = len(problem.groups.members)
    bound = pair_bound(problem) if size else 0.0
    symmetry = cache(permutations)
    seen: dict[bytes, list[NDArray[np.int64]]] = {}
    trials = chain(
        ((seed, n_steps) for seed in seeds), ((seed, _QUICK * size // n) for n, seed in enumerate(quick, start=1))
    )
    for seed, steps in trials:
        found = find_arrangement(problem, seed, steps, bound)
        alike = seen.setdefault(surroundings(found.kinds, problem.pairs), [])
        if alike:
            label = canonical_label(found.kinds, symmetry())
            if any(canonical_label(other, symmetry()) == label for other in alike):
                continue
        alike.append(found.kinds)
        yield found


def surroundings(kinds: NDArray[np.int64], pairs: PairTable) -> bytes:
    """What the sites are surrounded by, whatever their order: equal for all arrangements that symmetry makes equal.

    Colours of sites are refined by those of their neighbours (Weisfeiler and Leman, Nauchno-Tech. Inform. 2 (9), 12
    (1968)), as whole numbers modulo 2^64.
    """
    centre = np.repeat(np.arange(len(kinds)), np.diff(pairs.start))
    colours = _mixed(kinds.astype(np.uint64))
    for _ in range(_REFINEMENTS):
        around = np.zeros_like(colours)
        np.add.at(around, centre, _mixed(colours[pairs.other] + pairs.channel.astype(np.uint64)))
        colours = _mixed(colours + _mixed(around))
    return np.sort(colours).tobytes()


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Whole numbers spread over 64 bits by the last steps of splitmix64 (Steele et al., OOPSLA 2014)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def canonical_label(kinds: NDArray[np.int64], permutations: NDArray[np.int64]) -> bytes:
    """The same bytes for all arrangements that the permutations make equal."""
    orbit = np.empty((len(permutations), len(kinds)), dtype=np.int16)
    np.put_along_axis(orbit, permutations, np.broadcast_to(kinds.astype(np.int16), orbit.shape), axis=1)
    return min(row.tobytes() for row in orbit)


def quality(problem: Problem, kinds: NDArray[np.int64], sublattice: int, seed: int = 0) -> SQSQuality:
    """Deviation from randomness on one sublattice, beside that of random arrangements of the same cell."""
    here = [k for k, (sub, _) in enumerate(problem.kinds) if sub == sublattice]
    expected = {
        c: random_counts(channel, problem.sites, kinds, len(problem.kinds), finite=False)
        for c, channel in enumerate(problem.channels)
        if channel.pair == (sublattice, sublattice)
    }
    largest, total, everything = _deviations(problem, kinds, sublattice, expected)
    rng = np.random.default_rng(seed)
    group, draws = problem.sites.groups, []
    for _ in range(_RANDOM_DRAWS if len(here) > 1 else 1):
        drawn = kinds.copy()
        for g in np.unique(group):
            drawn[group == g] = rng.permutation(kinds[group == g])
        draws.append(_deviations(problem, drawn, sublattice, expected)[1])
    return SQSQuality(
        largest=largest,
        total=total,
        total_all_pairs=everything,
        random_total=float(np.mean(draws)),
        shells=[round(c.distance, 6) for c in problem.channels if c.pair == (sublattice, sublattice)],
        n_sites=int((problem.sites.sublattice == sublattice).sum()),
    )


def _deviations(
    problem: Problem, kinds: NDArray[np.int64], sublattice: int, expected: Mapping[int, NDArray[np.float64]]
) -> tuple[float, float, float]:
    """Largest and sum of |alpha| over unlike pairs (finite-cell target); sum over i <= j (infinite target).

    `expected` are the random counts of each channel of the sublattice in an infinite cell.
    """
    here = [k for k, (sub, _) in enumerate(problem.kinds) if sub == sublattice]
    n = int((problem.sites.sublattice == sublattice).sum())
    counts = count_pairs(kinds, problem.pairs)
    unlike, everything = [0.0], 0.0
    upper = np.triu_indices(len(here))
    for c, random in expected.items():
        ratio = (counts[c] / np.where(random > 0, random, 1.0))[np.ix_(here, here)]
        everything += float(np.abs(1 - ratio)[upper].sum())
        unlike += np.abs(1 - ratio[np.triu_indices(len(here), 1)] * (n - 1) / n).tolist()
    return max(unlike), math.fsum(unlike), everything
