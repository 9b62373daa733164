"""Standard deviations and errors against examples by hand and against drawn values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hebe.science.errors.spread import (
    FEW,
    mean_and_sd,
    pooled_sd,
    root_mean_square,
    standard_error,
)


def test_means_of_what_there_is() -> None:
    assert mean_and_sd([3.0, None, 5.0]) == pytest.approx((4.0, math.sqrt(2)))
    assert mean_and_sd([3.0, None]) == (3.0, None)
    assert mean_and_sd([None]) == (None, None)
    assert root_mean_square([3.0, None, 4.0]) == pytest.approx(math.sqrt(12.5))
    assert root_mean_square([None]) is None


def test_a_pooled_deviation_by_hand() -> None:
    """(1 0.01 + 2 0.04) / 3 = 0.03; single values and unknown deviations have no say."""
    assert pooled_sd([(0.1, 2), (0.2, 3), (None, 1), (None, 4)]) == pytest.approx(math.sqrt(0.03))
    assert pooled_sd([(None, 1), (None, 3)]) is None
    assert pooled_sd([]) is None


def test_groups_of_one_size_have_the_root_mean_square() -> None:
    assert pooled_sd([(s, 4) for s in (0.1, 0.2, 0.7)]) == pytest.approx(root_mean_square([0.1, 0.2, 0.7]))


def test_few_values_take_the_pooled_deviation_and_many_their_own() -> None:
    assert standard_error(0.1, FEW - 1, 0.3) == pytest.approx(0.3 / math.sqrt(FEW - 1))
    assert standard_error(0.1, FEW, 0.3) == pytest.approx(0.1 / math.sqrt(FEW))
    assert standard_error(None, 1, 0.3) == 0.3
    assert standard_error(0.1, 2, None) == pytest.approx(0.1 / math.sqrt(2))
    assert standard_error(None, 1, None) is None
    assert standard_error(0.1, 0, 0.3) is None, "a mean of nothing has no error"


@pytest.mark.parametrize("n", [2, 3, 4])
def test_pooled_errors_are_the_scatter_of_drawn_means(n: int) -> None:
    """Eight candidates with means of their own and one spread, drawn 4000 times: the variance is met without bias.

    The relative standard deviation of a variance from k degrees of freedom is sqrt(2 / k).
    """
    sigma, draws, groups = 0.7, 4000, 8
    rng = np.random.default_rng(n)
    means = rng.uniform(-5, 5, groups)
    values = means[:, None] + sigma * rng.normal(size=(draws, groups, n))
    pooled = [pooled_sd((float(s), n) for s in row.std(axis=1, ddof=1)) for row in values]
    errors = np.array([standard_error(None, n, p) for p in pooled], dtype=float)
    scatter = (values.mean(axis=2) - means).var()
    tolerance = 5 * math.sqrt(2 / (draws * groups * (n - 1)))
    assert np.mean(errors**2) == pytest.approx(sigma**2 / n, rel=tolerance)
    assert np.mean(errors**2) == pytest.approx(scatter, rel=2 * tolerance)
