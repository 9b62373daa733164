"""Hypervolume against counting of cells, expected improvement against draws and limits."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from hebe.science.learning.hypervolume import boxes_above, hypervolume
from hebe.science.learning.improvement import expected_improvement, probability_within


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_hypervolume_is_the_number_of_cells_that_are_dominated(number: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.integers(0, 6, size=(7, number))
    cells = itertools.product(range(5), repeat=number)
    counted = sum(any((row <= cell).all() for row in costs) for cell in map(np.array, cells))
    assert hypervolume(costs.astype(float), np.full(number, 5.0)) == counted


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_boxes_and_what_is_dominated_fill_everything(number: int) -> None:
    rng = np.random.default_rng(number)
    costs, reference = rng.uniform(size=(9, number)), np.full(number, 0.8)
    lower, upper = boxes_above(costs, reference)
    volumes = np.prod(upper - np.maximum(lower, 0.0), axis=1)
    assert volumes.sum() + hypervolume(costs, reference) == pytest.approx(0.8**number)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_expected_improvement_is_the_mean_over_draws(number: int) -> None:
    """A point drawn between a draw and the reference is new with the share of that box which the draw adds."""
    rng = np.random.default_rng(number)
    costs, reference = rng.normal(size=(8, number)), np.full(number, 0.7)
    means, sds = 0.8 * rng.normal(size=(3, number)) - 0.5, rng.uniform(0.3, 1.2, size=(3, number))
    found = expected_improvement(means, sds, boxes_above(costs, reference))
    for at in range(3):
        draws = means[at] + sds[at] * rng.normal(size=(100_000, number))
        inside = reference - (reference - draws) * rng.uniform(size=draws.shape)
        fresh = ~(costs[:, None, :] <= inside).all(axis=2).any(axis=0)
        gains = np.prod(np.maximum(reference - draws, 0.0), axis=1) * fresh
        assert found[at] == pytest.approx(gains.mean(), abs=4 * gains.std() / math.sqrt(len(gains)) + 1e-12)


def test_one_objective_has_the_closed_form() -> None:
    """``(f - m) Phi(t) + s phi(t)`` of Jones, Schonlau and Welch, by scipy."""
    from scipy.stats import norm

    means, sds = np.array([[0.3], [2.0], [-1.0]]), np.array([[0.5], [1.0], [0.2]])
    found = expected_improvement(means, sds, boxes_above(np.array([[0.1], [0.4]]), np.array([5.0])))
    t = (0.1 - means[:, 0]) / sds[:, 0]
    assert found == pytest.approx((0.1 - means[:, 0]) * norm.cdf(t) + sds[:, 0] * norm.pdf(t))


def test_without_uncertainty_it_is_the_improvement_itself() -> None:
    costs, reference = np.array([[0.2, 0.6], [0.5, 0.3]]), np.ones(2)
    boxes = boxes_above(costs, reference)
    rows = np.array([[0.1, 0.1], [0.3, 0.4], [0.6, 0.7], [1.2, 0.0]])
    before = hypervolume(costs, reference)
    gains = [hypervolume(np.vstack([costs, row]), reference) - before for row in rows]
    assert expected_improvement(rows, np.zeros((4, 2)), boxes) == pytest.approx(gains, abs=1e-12)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_it_grows_with_the_deviation_and_falls_as_the_front_grows(number: int) -> None:
    rng = np.random.default_rng(number)
    costs, reference = rng.normal(size=(6, number)), np.full(number, 0.8)
    means, sds = rng.normal(size=(200, number)), rng.uniform(0.0, 1.0, size=(200, number))
    found = expected_improvement(means, sds, boxes_above(costs, reference))
    for k in range(number):
        wider = sds + 0.2 * (np.arange(number) == k)
        assert (expected_improvement(means, wider, boxes_above(costs, reference)) >= found - 1e-12).all()
    more = boxes_above(np.vstack([costs, rng.normal(size=(1, number))]), reference)
    assert (expected_improvement(means, sds, more) <= found + 1e-12).all()


def test_hopeless_candidates_gain_nothing_and_no_number_is_negative() -> None:
    boxes = boxes_above(np.array([[0.0, 1.0], [1.0, 0.0]]), np.full(2, 2.0))
    means, sds = np.array([[500.0, 0.0], [3.0, 3.0], [1.5, 1.5]]), np.array([[1.0, 1.0], [0.02, 0.02], [0.01, 0.01]])
    found = expected_improvement(means, sds, boxes)
    assert found[0] == 0.0
    assert (found >= 0).all()


def test_probabilities_within_limits() -> None:
    limits, means = np.array([0.0, 1.0]), np.array([[0.0, 1.0], [-1.0, 0.0], [1.0, 0.0]])
    assert probability_within(limits, means, np.ones((3, 2)))[0] == pytest.approx(0.25)
    assert probability_within(limits, means, np.zeros((3, 2))).tolist() == [1.0, 1.0, 0.0]
    assert probability_within(limits[:1], np.array([[1.0]]), np.array([[1.0]]))[0] == pytest.approx(0.158655, abs=1e-6)
