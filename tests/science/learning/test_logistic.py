"""The logistic fit against an independent minimum, its derivatives and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import minimize

from hebe.exceptions import BadInputError
from hebe.science.learning.logistic import Logistic, fit_logistic, sigmoid

if TYPE_CHECKING:
    from hebe.science.learning.gaussian_process import Array

TRUTH = np.array([1.5, -2.0, 0.0])


def sample(n: int, seed: int = 3) -> tuple[Array, Array]:
    """Descriptors of unlike scales, and outcomes of a logistic truth."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, 3)) * [1.0, 0.01, 100.0] + [0.0, 1.0, 50.0]
    scaled = (table - [0.0, 1.0, 50.0]) / [1.0, 0.01, 100.0]
    return table, (rng.uniform(size=n) < sigmoid(0.7 + scaled @ TRUTH)).astype(float)


def cost(weights: Array, fit: Logistic, table: Array, outcomes: Array, ridge: float) -> float:
    """Minus the logarithm of the posterior density, outcome by outcome."""
    logits = weights[0] + (table - fit.means) / fit.scales @ weights[1:]
    signed = np.where(outcomes > 0, logits, -logits)
    return float(np.log1p(np.exp(-signed)).sum() + 0.5 * ridge * (weights[1:] ** 2).sum())


@pytest.mark.parametrize("ridge", [0.1, 1.0, 30.0])
def test_the_fit_is_the_minimum_that_another_search_finds(ridge: float) -> None:
    table, outcomes = sample(80)
    fit = fit_logistic(table, outcomes, ridge)
    found = minimize(cost, np.zeros(4), (fit, table, outcomes, ridge), method="Nelder-Mead", tol=1e-10)
    assert fit.weights == pytest.approx(found.x, abs=1e-4)
    assert cost(fit.weights, fit, table, outcomes, ridge) <= found.fun + 1e-9


def test_at_the_minimum_residuals_balance_and_the_mean_probability_is_the_share() -> None:
    """The intercept has no prior: ``sum (p - y) = 0``; each slope: ``sum x (y - p) = ridge b``."""
    table, outcomes = sample(60)
    fit = fit_logistic(table, outcomes, 2.0)
    off = outcomes - fit.probabilities(table)
    assert off.sum() == pytest.approx(0.0, abs=1e-8)
    assert ((table - fit.means) / fit.scales).T @ off == pytest.approx(2.0 * fit.weights[1:], abs=1e-8)


def test_many_outcomes_tell_the_truth() -> None:
    table, outcomes = sample(4000)
    fit = fit_logistic(table, outcomes)
    assert fit.weights[1:] == pytest.approx(TRUTH, abs=0.15)
    truth = sigmoid(0.7 + (table - [0.0, 1.0, 50.0]) / [1.0, 0.01, 100.0] @ TRUTH)
    assert np.abs(fit.probabilities(table) - truth).max() < 0.05


def test_what_is_told_apart_without_exception_keeps_finite_slopes() -> None:
    table = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    fit = fit_logistic(table, np.array([0.0, 0.0, 1.0, 1.0]))
    assert np.isfinite(fit.weights).all()
    assert fit.weights[0] == pytest.approx(0.0, abs=1e-9), "the cases are the same on both sides"
    assert fit.probabilities(np.array([[-1e6], [0.0], [1e6]])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-9)


def test_a_strong_prior_leaves_the_share_and_constant_descriptors_say_nothing() -> None:
    table, outcomes = sample(40)
    assert fit_logistic(table, outcomes, 1e9).probabilities(table) == pytest.approx(outcomes.mean(), abs=1e-6)
    constant = fit_logistic(np.ones((40, 2)), outcomes)
    assert constant.probabilities(np.ones((3, 2))) == pytest.approx(outcomes.mean(), abs=1e-9)


def test_one_outcome_teaches_nothing() -> None:
    with pytest.raises(BadInputError, match="all the same"):
        fit_logistic(np.ones((4, 1)), np.ones(4))
