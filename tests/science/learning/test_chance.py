"""Probits: there and back, their ends, and predictions on them."""

from __future__ import annotations

import pytest
from scipy.stats import norm

from hebe.schemas.learned import Predicted
from hebe.science.learning.chance import CLOSEST, as_share, ends_in_probits, error_in_probits, probit, share


@pytest.mark.parametrize("value", [0.006, 0.2, 0.5, 0.8, 0.99])
def test_probits_are_quantiles_and_come_back(value: float) -> None:
    assert probit(value) == pytest.approx(norm.ppf(value))
    assert share(probit(value)) == pytest.approx(value)
    assert error_in_probits(value, 1e-6) == pytest.approx(probit(value + 1e-6) - probit(value), rel=1e-4)


def test_what_is_certain_stands_where_digits_end() -> None:
    assert probit(0.0) == probit(CLOSEST) == -probit(1.0)
    assert share(probit(1.0)) == pytest.approx(0.995)
    assert share(-40.0) >= 0.0
    assert share(40.0) == 1.0


def test_a_prediction_becomes_a_median_with_an_interval_between_0_and_1() -> None:
    found = as_share(Predicted(mean=1.0, sd=0.5, low=-2.0, high=4.0))
    assert (found.mean, found.low, found.high) == pytest.approx(tuple(float(norm.cdf(z)) for z in (1.0, -2.0, 4.0)))
    assert found.sd == pytest.approx(0.5 * norm.pdf(1.0))
    refused = Predicted(refused="nothing like it is known")
    assert as_share(refused) == refused


@pytest.mark.parametrize("mean", [-3.0, -0.5, 0.0, 2.4, 5.0])
@pytest.mark.parametrize("half", [0.1, 1.5, 6.0])
def test_ends_of_an_interval_come_back_beyond_what_a_float_tells_apart_from_1(mean: float, half: float) -> None:
    told = as_share(Predicted(mean=mean, sd=1.0, low=mean - half, high=mean + half))
    assert told.mean is not None
    assert told.low is not None
    assert told.high is not None
    assert ends_in_probits(told.mean, told.low, told.high) == pytest.approx((mean - half, mean + half), abs=1e-6)
