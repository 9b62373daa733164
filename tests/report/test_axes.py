"""Axes: round ticks inside the ends, and an exact map from values to pixels and back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hebe.report.axes import axis, round_ticks

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=20)


@given(values, st.booleans())
def test_everything_lies_inside(given_values: list[float], zero: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    made = axis("x", given_values, 50.0, 450.0, zero=zero)
    for value in [*given_values, *([0.0] if zero else [])]:
        assert made.low <= value <= made.high
        assert 50.0 - 1e-6 <= made.pixel(value) <= 450.0 + 1e-6
        assert made.value(made.pixel(value)) == pytest.approx(value, abs=1e-6 * (made.high - made.low))
    assert 2 <= len(made.ticks) <= 12
    assert all(made.low <= tick <= made.high for tick in made.ticks)


@given(st.floats(-1e5, 1e5), st.floats(1e-6, 1e5), st.integers(3, 10))
def test_ticks_are_multiples_of_a_round_step(low: float, width: float, wanted: int) -> None:
    ticks = round_ticks(low, low + width, wanted)
    if len(ticks) < 2:
        return
    step = ticks[1] - ticks[0]
    lead = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(lead - round_lead) for round_lead in (1, 2, 2.5, 5, 10)) < 1e-3


def test_a_falling_axis() -> None:
    made = axis("x", [0, 1], 400.0, 100.0)
    assert made.pixel(0) > made.pixel(1)


def test_numbers_beside_ticks() -> None:
    made = axis("V", [2.5, 3.5], 0.0, 100.0, ticks=6)
    assert [made.text(tick) for tick in made.ticks] == ["2.50", "2.75", "3.00", "3.25", "3.50"]
    assert axis("x", [-1, 1], 0.0, 1.0, ticks=3).text(-0.0) == "0"


def test_without_values_there_is_an_axis() -> None:
    made = axis("x", [math.nan, math.inf], 0.0, 100.0)
    assert made.low <= 0 < made.high
