"""Weighted scores: 1 for the best and 0 for the worst, whatever the unit; sure only where the draws are."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.science.choosing.ranking import Objective
from hebe.science.choosing.weights import weighted_scores
from support.candidate_documents import candidate

HIGH, LOW = Objective("a", maximize=True), Objective("b", maximize=False)
THREE = [candidate(n, {"a": a, "b": b}) for n, a, b in (("x", 3.0, 10.0), ("y", 2.0, 0.0), ("z", 1.0, 5.0))]


def values(weights: dict[str, float], scale: float = 1.0) -> list[float]:
    scaled = [candidate(c.candidate_id, {"a": scale * (c.mean("a") or 0), "b": c.mean("b")}) for c in THREE]
    return [one.value for one in weighted_scores(scaled, [HIGH, LOW], weights, {}) if one is not None]


def test_by_hand() -> None:
    assert values({"a": 1.0}) == pytest.approx([1.0, 0.5, 0.0])
    assert values({"b": 2.0}) == pytest.approx([0.0, 1.0, 0.5])
    assert values({"a": 3.0, "b": 1.0}) == pytest.approx([0.75, 0.625, 0.125])


def test_units_and_the_size_of_all_weights_do_not_count() -> None:
    assert values({"a": 3.0, "b": 1.0}) == pytest.approx(values({"a": 30.0, "b": 10.0}))
    assert values({"a": 3.0, "b": 1.0}) == pytest.approx(values({"a": 3.0, "b": 1.0}, scale=1000.0))


def test_no_value_no_score_and_no_weight_no_part() -> None:
    lacking = [*THREE, candidate("w", {"a": 9.0})]
    found = weighted_scores(lacking, [HIGH, LOW], {"a": 1.0, "b": 1.0}, {})
    assert [one is None for one in found] == [False, False, False, True]
    assert weighted_scores(lacking, [HIGH, LOW], {"a": 1.0}, {})[3].value == 1.0  # type: ignore[union-attr]
    assert weighted_scores(THREE, [HIGH, LOW], {}, {}) == [None] * 3


def test_equal_candidates_are_equally_often_the_best() -> None:
    one = [candidate("x", {"a": 1.0}), candidate("y", {"a": 1.0})]
    assert [s.best for s in weighted_scores(one, [HIGH], {"a": 1.0}, {}) if s is not None] == [0.5, 0.5]


def test_draws_give_the_interval_and_how_often_one_is_the_best() -> None:
    errors = np.random.default_rng(0).normal(size=(3, 20_000))
    table = np.array([[3.0], [2.0], [1.0]]) + 0.5 * errors
    found = [s for s in weighted_scores(THREE, [HIGH], {"a": 1.0}, {"a": table}) if s is not None]
    assert sum(one.best for one in found) == pytest.approx(1.0)
    # a difference of 2 between best and worst counts 1: one standard deviation of 0.5 is 0.25
    assert found[0].low == pytest.approx(0.75, abs=0.01)
    assert found[0].high == pytest.approx(1.25, abs=0.01)
    assert found[0].best > 0.9 > found[1].best


def test_a_draw_without_a_value_is_never_the_best() -> None:
    table = np.array([[3.0, np.nan], [2.0, 2.0], [1.0, 1.0]])
    found = weighted_scores(THREE, [HIGH], {"a": 1.0}, {"a": table})
    assert [one.best for one in found if one is not None] == [0.5, 0.5, 0.0]
