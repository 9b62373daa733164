"""Logistic regression with a normal prior on its slopes, fitted by Newton's method.

``P(y = 1) = 1 / (1 + exp(-(a + b x)))``, x each descriptor less its mean over its standard deviation. The intercept has
no prior. Source: Hosmer, Lemeshow and Sturdivant, Applied Logistic Regression, 3rd ed. (Wiley, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hebe.exceptions import BadInputError
from hebe.science.learning.gaussian_process import Array

RIDGE: Final = 1.0
"""Inverse of the variance of the prior of a slope per standard deviation of its descriptor."""

_STEPS: Final = 100
_SMALL: Final = 1e-12


@dataclass(frozen=True)
class Logistic:
    """A fit.

    Parameters
    ----------
    means, scales
        Of the descriptors, shape ``(descriptors,)``.
    weights
        Intercept and slopes, shape ``(1 + descriptors,)``.
    """

    means: Array
    scales: Array
    weights: Array

    def logits(self, table: Array) -> Array:
        """``a + b x`` of rows, shape ``(rows,)``."""
        return np.asarray(_with_ones((table - self.means) / self.scales) @ self.weights)

    def probabilities(self, table: Array) -> Array:
        """Probability of rows, shape ``(rows,)``."""
        return sigmoid(self.logits(table))


def sigmoid(logits: Array) -> Array:
    """``1 / (1 + exp(-z))`` without overflow."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, small) / (1.0 + small))


def fit_logistic(table: Array, outcomes: Array, ridge: float = RIDGE) -> Logistic:
    """Fit to outcomes of 0 and 1.

    Parameters
    ----------
    table
        Descriptors, shape ``(rows, descriptors)``.
    outcomes
        Shape ``(rows,)``.
    ridge
        Inverse of the variance of the prior of the slopes.

    Raises
    ------
    BadInputError
        If the outcomes are all the same: nothing tells them apart then.
    """
    if len(np.unique(outcomes)) < 2:
        raise BadInputError("outcomes that are all the same teach nothing")
    means, scales = table.mean(axis=0), table.std(axis=0)
    scales = np.where(scales > _SMALL, scales, 1.0)
    columns = _with_ones((table - means) / scales)
    prior = np.full(columns.shape[1], ridge)
    prior[0] = 0.0
    weights: Array = np.zeros(columns.shape[1])
    weights[0] = np.log(outcomes.mean() / (1 - outcomes.mean()))
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(columns, outcomes, prior, weights)
        step = _shortened(columns, outcomes, prior, weights, np.asarray(np.linalg.solve(curvature, gradient)))
        weights = np.asarray(weights - step, dtype=np.float64)
        if float(np.abs(step).max()) < _SMALL:
            break
    return Logistic(means, scales, weights)


def _with_ones(table: Array) -> Array:
    return np.concatenate([np.ones((len(table), 1)), table], axis=1)


def _derivatives(columns: Array, outcomes: Array, prior: Array, weights: Array) -> tuple[Array, Array]:
    """First and second derivative of the cost by the weights."""
    shares = sigmoid(columns @ weights)
    gradient = columns.T @ (shares - outcomes) + prior * weights
    curvature = (columns * (shares * (1 - shares))[:, None]).T @ columns + np.diag(prior)
    return np.asarray(gradient), np.asarray(curvature)


def _cost(columns: Array, outcomes: Array, prior: Array, weights: Array) -> float:
    logits = columns @ weights
    return float(np.sum(np.logaddexp(0.0, logits) - outcomes * logits) + 0.5 * np.sum(prior * weights**2))


def _shortened(columns: Array, outcomes: Array, prior: Array, weights: Array, step: Array) -> Array:
    """Newton's step, halved until the cost does not grow."""
    now = _cost(columns, outcomes, prior, weights)
    for _ in range(_STEPS):
        if _cost(columns, outcomes, prior, weights - step) <= now + _SMALL * abs(now):
            break
        step = 0.5 * step
    return step
