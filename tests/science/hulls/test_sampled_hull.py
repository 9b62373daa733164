"""Lowest mixtures for many sets of costs: against HiGHS and scipy, one program at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from hebe.science.hulls.cost_walk import CostWalk
from hebe.science.hulls.linear_program import HullProgram, UnbalancedError
from hebe.science.hulls.sampled_hull import SampledHull

K = 1e-4


def program(seed: int, m: int = 5, n: int = 30, draws: int = 40) -> tuple[np.ndarray, ...]:
    """Random compositions, some of few components, and energies in every draw."""
    generator = np.random.default_rng(seed)
    matrix = generator.dirichlet(np.full(m, 0.4), n).T
    matrix[:, :m] = np.eye(m)
    energies = generator.normal(0, 0.1, n) + generator.normal(0, 0.05, (draws, n))
    energies[:, : m // 2] += 0.3
    entropies = K * generator.uniform(0, 1, n)
    return matrix, energies, entropies, generator.dirichlet(np.ones(m))


@pytest.mark.parametrize("seed", range(6))
def test_lowest_mixtures_are_those_of_other_solvers(seed: int) -> None:
    matrix, energies, entropies, target = program(seed)
    hull = SampledHull(matrix, energies, entropies, target, 1e-9)
    temperature = np.random.default_rng(seed).uniform(0, 2000, len(energies))
    found = hull.lowest(temperature, np.arange(len(energies)))
    for row, at in enumerate(temperature):
        costs = energies[row] - at * entropies
        expected = linprog(costs, A_eq=matrix, b_eq=target, bounds=(0, None)).fun
        assert found.energy[row] - at * found.entropy[row] == pytest.approx(expected, abs=1e-9)
        assert HullProgram(matrix, costs).solve(target).value == pytest.approx(expected, abs=1e-9)
        shares = hull.mixture(row, float(at))
        assert matrix @ shares == pytest.approx(target, abs=1e-9)
        assert shares @ costs == pytest.approx(expected, abs=1e-9)


def test_equal_columns_and_targets_at_a_corner_are_solved() -> None:
    """Amounts of zero and equal ratios, where pivots may go round in circles."""
    matrix, energies, entropies, _ = program(3)
    matrix = np.hstack([matrix, matrix[:, :8], np.eye(5)])
    energies = np.hstack([energies, energies[:, :8], energies[:, :5]])
    entropies = np.concatenate([entropies, entropies[:8], entropies[:5]])
    for target in (np.eye(5)[2], np.array([0.5, 0.5, 0, 0, 0]), matrix[:, 9]):
        hull = SampledHull(matrix, energies, entropies, target, 1e-9)
        found = hull.lowest(np.full(len(energies), 500.0), np.arange(len(energies)))
        expected = [linprog(row - 500 * entropies, A_eq=matrix, b_eq=target, bounds=(0, None)).fun for row in energies]
        assert found.energy - 500 * found.entropy == pytest.approx(expected, abs=1e-9)


def test_what_is_not_proven_is_left_open() -> None:
    """A basis that does not make the composition proves nothing."""
    matrix, energies, entropies, target = program(4)
    columns = np.arange(5)
    wrong = CostWalk(matrix, target, columns, -np.eye(5), (1e-9, 1e-11))
    energy, _ = wrong.mixtures(energies, entropies, np.zeros(len(energies)))
    exact = SampledHull(matrix, energies, entropies, target, 1e-9).lowest(np.zeros(40), np.arange(40)).energy
    known = ~np.isnan(energy)
    assert energy[known] == pytest.approx(exact[known], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_crossings_are_where_the_excess_ends(seed: int) -> None:
    matrix, energies, entropies, target = program(seed)
    hull = SampledHull(matrix, energies, entropies, target, 1e-12)
    start = hull.lowest(np.zeros(40), np.arange(40)).energy
    own, entropy = start + np.random.default_rng(seed).normal(0.03, 0.05, 40), 1.5 * K
    crossings = hull.crossings(own, entropy)
    for row, crossing in enumerate(crossings):
        for at, below in ((crossing - 1.0, True), (crossing + 1.0, False)):
            if at > 0:
                costs = energies[row] - at * entropies
                lowest = linprog(costs, A_eq=matrix, b_eq=target, bounds=(0, None)).fun
                assert bool(own[row] - at * entropy > lowest) is below
        assert (crossing < 0) == (own[row] < start[row])


def test_a_composition_out_of_reach_is_refused() -> None:
    matrix, energies, entropies, _ = program(5)
    with pytest.raises(UnbalancedError):
        SampledHull(matrix[:, 1:5], energies[:, 1:5], entropies[1:5], np.full(5, 0.2), 1e-9)
