"""Fronts and rank sums of arrays are those of their definitions."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hebe.science.choosing.fronts import front_numbers, order_keys

Rows = list[tuple[float, ...]]
FEW = st.sampled_from([0.0, 1.0, 2.0, 3.0, math.inf])


def dominates(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(first, second, strict=True)) and first != second


def peeled(rows: Rows) -> list[int]:
    """Fronts as Deb et al. define them: those that nobody left dominates, taken away one after another."""
    left, found, number = dict(enumerate(rows)), dict[int, int](), 0
    while left:
        first = [i for i, row in left.items() if not any(dominates(other, row) for other in left.values())]
        found |= dict.fromkeys(first, number)
        left = {i: row for i, row in left.items() if i not in found}
        number += 1
    return [found[i] for i in range(len(rows))]


@given(st.integers(1, 4).flatmap(lambda m: st.lists(st.tuples(*[FEW] * m), max_size=14)))
def test_fronts_are_those_that_are_peeled_off(rows: Rows) -> None:
    costs = np.array(rows, dtype=float).reshape(len(rows), len(rows[0]) if rows else 2)
    assert front_numbers(costs).tolist() == peeled(rows)


def test_without_objectives_all_are_in_the_first_front() -> None:
    assert front_numbers(np.zeros((3, 0))).tolist() == [0, 0, 0]


@given(st.lists(st.tuples(FEW, FEW), min_size=1, max_size=10))
def test_keys_belong_to_candidates_and_not_to_their_order(rows: Rows) -> None:
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    costs = np.array(rows)
    np.testing.assert_array_equal(order_keys(costs)[order], order_keys(costs[order]))


def test_what_has_no_value_comes_after_all_fronts() -> None:
    keys = order_keys(np.array([[math.inf, math.inf], [0.0, math.nan], [0.0, 0.0], [math.nan, 5.0]]))
    assert keys.argsort().tolist() == [2, 0, 1, 3], "of the two without a value the one with the better other one first"


def test_within_a_front_the_sum_of_the_ranks_decides() -> None:
    keys = order_keys(np.array([[0.0, 9.0], [1.0, 1.0], [9.0, 0.0], [2.0, 0.5], [1.5, 0.7]]))
    sums = [0 + 4, 1 + 3, 4 + 0, 3 + 1, 2 + 2]
    assert len(set(sums)) == 1, "five of one front in opposite orders have one sum"
    assert len(set(keys.tolist())) == 1
