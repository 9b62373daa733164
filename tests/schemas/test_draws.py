"""Samples of a value as documents."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.schemas.draws import Draws, quantiles_of


def test_values_come_back_to_the_precision_of_float32() -> None:
    values = np.random.default_rng(1).normal(0.0, 500.0, 2000)
    found = Draws.model_validate_json(Draws.of(values).model_dump_json())
    assert found.n == 2000
    np.testing.assert_allclose(found.values, values, rtol=2e-7)


def test_a_draw_without_a_value_is_infinite_and_above_all_others() -> None:
    found = Draws.of([1.0, np.inf, 2.0, np.inf])
    assert found.quantile(0.5) == 2.0
    assert found.quantile(0.51) == np.inf


def test_quantiles_are_values_that_were_drawn() -> None:
    assert Draws.of(np.arange(1, 101)).quantile(0.16) == pytest.approx(16)


@pytest.mark.parametrize("number", [1, 2, 7, 100, 500])
def test_quantiles_are_those_of_numpy(number: int) -> None:
    values = np.random.default_rng(number).normal(size=number)
    for sample in (values, np.where(values > 1, np.inf, values), np.where(values > 1, np.nan, values)):
        for shares in ((0.16, 0.5, 0.84), (0.0, 0.01, 0.25, 1.0)):
            expected = np.quantile(sample, shares, method="inverted_cdf").tolist()
            np.testing.assert_array_equal(quantiles_of(sample, shares), expected)
