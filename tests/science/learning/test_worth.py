"""Candidates by gain per cost: known cases, the batch of the exact scoring, and what is left to spend."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.science.learning.acquisition import Acquisition, Aim
from hebe.science.learning.gaussian_process import Array, Process, fit
from hebe.science.learning.worth import worth_most


@pytest.fixture(scope="module")
def process() -> Process:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(30, 3))
    return fit(points, points @ [1.0, -0.5, 0.2] + 0.2 * points[:, 0] ** 2, np.full(30, 0.01))


def acquisition(process: Process) -> Acquisition:
    return Acquisition([Aim("y", process, -1.0)], [], process.points[:5], np.array([0.0]))


def others(n: int = 40) -> Array:
    return np.random.default_rng(3).normal(size=(n, 3))


def test_each_is_the_best_ratio_beside_those_before_it(process: Process) -> None:
    table, costs = others(), np.random.default_rng(4).uniform(1.0, 5.0, 40)
    found = worth_most(acquisition(process), table, costs, 4)
    chosen: list[int] = []
    for one in found:
        batch = table[chosen] if chosen else np.empty((0, 0))
        ratios = acquisition(process).gain(table, batch).expected / costs
        ratios[chosen] = 0
        assert one.at == int(np.argmax(ratios))
        assert one.gain == pytest.approx(ratios[one.at] * costs[one.at], rel=1e-5)
        chosen.append(one.at)
    assert len(set(chosen)) == len(chosen) == 3, "no other gains anything"


def test_a_gain_that_costs_more_than_it_is_worth_waits(process: Process) -> None:
    table = others()
    gains = acquisition(process).gain(table, np.empty((0, 0))).expected
    first, second = np.argsort(-gains)[:2].tolist()
    ratio = gains[first] / gains[second]
    for factor, wanted in ((0.99 * ratio, first), (1.01 * ratio, second)):
        costs = np.ones(40)
        costs[first] = factor
        assert worth_most(acquisition(process), table, costs, 1)[0].at == wanted


def test_nothing_that_costs_more_than_what_is_left_is_taken(process: Process) -> None:
    table, costs = others(), np.random.default_rng(4).uniform(1.0, 5.0, 40)
    free = [one.at for one in worth_most(acquisition(process), table, costs, 3)]
    most = float(costs[free[0]] + costs[free[2]])
    found = [one.at for one in worth_most(acquisition(process), table, costs, 3, most)]
    assert costs[free[1]] > costs[free[2]], "the second of them is the one that cannot be paid"
    assert found[0] == free[0]
    assert free[1] not in found
    assert sum(costs[found]) <= most
    assert worth_most(acquisition(process), table, costs, 3, sum(costs[free]) + 1e-9)[2].at == free[2]
    assert worth_most(acquisition(process), table, costs, 3, most=0.5) == []
    assert worth_most(acquisition(process), table[:0], costs[:0], 3) == []
