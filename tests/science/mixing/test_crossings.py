"""Intervals in which a function is not positive."""

from __future__ import annotations

import math

import pytest

from hebe.science.mixing.crossings import stable_intervals


def test_every_interval_is_found_from_the_top() -> None:
    """``sin(2 pi T / 800)``: not positive from 400 to 800 K, from 1200 to 1600 K, and so on."""
    found = list(stable_intervals(lambda t: math.sin(2 * math.pi * (t - 3) / 800), 1500.0))
    assert [pytest.approx(ends, abs=0.1) for ends in ((1203.0, 1500.0), (403.0, 803.0), (0.0, 3.0))] == found


@pytest.mark.parametrize(("value", "expected"), [(1.0, []), (-1.0, [(0.0, 1500.0)]), (0.0, [(0.0, 1500.0)])])
def test_constant_functions(value: float, expected: list[tuple[float, float]]) -> None:
    assert list(stable_intervals(lambda _: value, 1500.0)) == expected


def test_ends_lie_inside() -> None:
    (found,) = stable_intervals(lambda t: abs(t - 700) - 123.4, 2000.0)
    assert all(abs(end - 700) <= 123.4 for end in found)
    assert found == pytest.approx((576.6, 823.4), abs=0.1)


def test_it_stops_where_nobody_asks_for_more() -> None:
    asked: list[float] = []

    def excess(temperature: float) -> float:
        asked.append(temperature)
        return 1000 - temperature

    assert next(stable_intervals(excess, 1500.0)) == pytest.approx((1000.0, 1500.0), abs=0.1)
    assert min(asked) >= 950.0
