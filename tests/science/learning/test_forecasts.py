"""Scores of probabilities by hand, against the rank test, and in their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from hebe.science.learning.forecasts import area, area_within, brier, log_loss, reliability, with_interval


def test_scores_of_three_forecasts_by_hand() -> None:
    p, y = np.array([0.8, 0.4, 0.5]), np.array([1.0, 0.0, 1.0])
    assert brier(p, y) == pytest.approx((0.04 + 0.16 + 0.25) / 3)
    assert log_loss(p, y) == pytest.approx(-(math.log(0.8) + math.log(0.6) + math.log(0.5)) / 3)
    assert log_loss(np.array([0.0]), np.array([1.0])) < 14, "a certain forecast that fails costs much, but no infinity"


def test_a_forecast_of_the_share_has_the_scores_of_its_variance_and_entropy() -> None:
    y = np.array([1.0] * 9 + [0.0])
    p = np.full(10, 0.9)
    assert brier(p, y) == pytest.approx(0.9 * 0.1)
    assert log_loss(p, y) == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert area(p, y) == 0.5


def test_the_area_is_that_of_the_rank_test() -> None:
    rng = np.random.default_rng(1)
    p, y = rng.integers(0, 6, 60) / 6, (rng.uniform(size=60) < 0.6).astype(float)
    found = mannwhitneyu(p[y > 0], p[y < 1]).statistic / ((y > 0).sum() * (y < 1).sum())
    assert area(p, y) == pytest.approx(float(found))
    assert area(p, np.ones(60)) is None


def test_areas_within_groups_do_not_see_what_differs_between_them() -> None:
    """Each group is in perfect order; together they are in none."""
    p, y = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 1.0, 0.0, 1.0])
    groups = ["a", "a", "b", "b"]
    assert area_within(p, y, groups) == 1.0
    assert area(p, y) == 0.75
    assert area_within(p, y, ["a", "b", "c", "d"]) is None


def test_bins_hold_every_forecast_once_the_ends_included() -> None:
    p, y = np.array([0.0, 0.49, 0.5, 0.95, 1.0]), np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    found = reliability(p, y)
    assert [one.number for one in found] == [2, 1, 2]
    assert [one.mean for one in found] == pytest.approx([0.245, 0.5, 0.975])
    assert [one.share for one in found] == [0.5, 1.0, 0.5]


def test_intervals_are_wider_where_rows_come_in_groups() -> None:
    """Ten copies of each of eight rows are no more evidence than the eight."""
    rng = np.random.default_rng(2)
    p, y = rng.uniform(size=8).repeat(10), (rng.uniform(size=8) < 0.5).astype(float).repeat(10)
    groups = list(range(8))

    def score(rows: object) -> float:
        some = list(rows)  # type: ignore[call-overload]
        return brier(p[some], y[some])

    alone = with_interval(score, list(range(80)))
    together = with_interval(score, [group for group in groups for _ in range(10)])
    assert alone.value == together.value == pytest.approx(brier(p, y))
    assert None not in (alone.low, alone.high, together.low, together.high)
    assert (together.high or 0.0) - (together.low or 0.0) > 2 * ((alone.high or 0.0) - (alone.low or 0.0))
    assert with_interval(score, list(range(80))) == alone


def test_a_score_that_most_draws_lack_has_no_interval() -> None:
    found = with_interval(lambda rows: 1.0 if set(rows) == set(range(6)) else None, list(range(6)))
    assert (found.value, found.low, found.high) == (1.0, None, None)
