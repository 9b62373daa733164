"""The first front, and how likely a candidate is on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import norm

from hebe.science.choosing.front import front_probability
from hebe.science.choosing.fronts import first_front, front_numbers
from hebe.science.choosing.ranking import Objective
from support.candidate_documents import candidate

HIGH, LOW = Objective("a", maximize=True), Objective("b", maximize=False)


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 4).map(float)))
def test_the_first_front_is_what_nothing_dominates(costs: np.ndarray) -> None:
    dominated = [any((o <= c).all() and (o < c).any() for o in costs) for c in costs]
    assert first_front(costs).tolist() == [not one for one in dominated]


def test_it_is_the_first_of_all_fronts_and_holds_nothing_unknown() -> None:
    costs = np.random.default_rng(0).normal(size=(300, 3))
    assert first_front(costs).tolist() == (front_numbers(costs) == 0).tolist()
    costs[np.flatnonzero(first_front(costs))[0], 1] = np.nan
    assert not first_front(costs)[np.isnan(costs).any(axis=1)].any()
    assert first_front(np.zeros((3, 0))).tolist() == [True] * 3


def test_without_errors_it_is_certain() -> None:
    given_ = [candidate("x", {"a": 3.0, "b": 1.0}), candidate("y", {"a": 2.0, "b": 2.0}), candidate("z", {"a": 9.0})]
    assert front_probability(given_, [HIGH, LOW], {}) == [1.0, 0.0, 0.0]


def test_two_candidates_with_errors_of_their_own() -> None:
    """One objective: the front is the better one, which the first is with probability phi(d / sqrt 2 s)."""
    rng, number = np.random.default_rng(1), 40_000
    table = np.array([[1.0], [0.5]]) + rng.normal(0, 0.7, (2, number))
    given_ = [candidate("x", {"a": 1.0}), candidate("y", {"a": 0.5})]
    first, second = front_probability(given_, [HIGH], {"a": table})
    assert first == pytest.approx(norm.cdf(0.5 / 0.7 / np.sqrt(2)), abs=0.01)
    assert first + second == pytest.approx(1)


def test_errors_that_both_share_cancel() -> None:
    shared = np.random.default_rng(2).normal(0, 10, 500)
    given_ = [candidate("x", {"a": 1.0}), candidate("y", {"a": 0.9})]
    assert front_probability(given_, [HIGH], {"a": np.array([1.0 + shared, 0.9 + shared])}) == [1.0, 0.0]


def test_a_value_that_is_missing_in_a_draw_is_not_on_the_front_there() -> None:
    table = np.array([[1.0, np.nan, 1.0, 1.0], [0.5, 0.5, 0.4, 0.5]])
    given_ = [candidate("x", {"a": 1.0}), candidate("y", {"a": 0.5})]
    assert front_probability(given_, [HIGH], {"a": table}) == [0.75, 0.25]


def test_more_candidates_make_nobody_likelier() -> None:
    rng = np.random.default_rng(3)
    tables = {"a": rng.normal(size=(8, 300)), "b": rng.normal(size=(8, 300))}
    given_ = [candidate(str(i), {"a": 0.0, "b": 0.0}) for i in range(8)]
    all_ = front_probability(given_, [HIGH, LOW], tables)
    some = front_probability(given_[:5], [HIGH, LOW], {name: table[:5] for name, table in tables.items()})
    assert all(more <= fewer for more, fewer in zip(all_, some, strict=False))
    assert sum(all_) >= 1
