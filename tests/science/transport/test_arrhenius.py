"""Arrhenius lines: a known slope is recovered, its interval holds, what is no line is refused or widened."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.exceptions import BadInputError
from hebe.science.transport.arrhenius import fit_arrhenius, highest_barrier

KT = 8.617333262e-5  # eV/K
TEMPERATURES = [600.0, 800.0, 1000.0, 1200.0]


def known(temperature: float, activation: float = 0.3) -> float:
    return 1e-3 * float(np.exp(-activation / (KT * temperature)))


def test_exact_points_give_the_known_slope_and_room_temperature() -> None:
    values = [known(t) for t in TEMPERATURES]
    found = fit_arrhenius(TEMPERATURES, values, [0.1 * v for v in values])
    assert found.activation_eV == pytest.approx(0.3)
    assert found.at(300.0)[0] == pytest.approx(known(300.0))
    assert found.chi2 == pytest.approx(0.0, abs=1e-12)


def test_the_error_of_the_slope_is_that_of_the_textbook() -> None:
    """Equal relative errors s: the variance of E is s^2 over the sum of squares of 1/kT about its mean."""
    values = [known(t) for t in TEMPERATURES]
    found = fit_arrhenius(TEMPERATURES, values, [0.1 * v for v in values])
    x = 1 / (KT * np.array(TEMPERATURES))
    width = 1.959964 * 0.1 / np.sqrt(((x - x.mean()) ** 2).sum())
    assert found.activation_interval == pytest.approx((0.3 - width, 0.3 + width))


def test_intervals_hold_as_often_as_they_say() -> None:
    random, held, hot = np.random.default_rng(0), [], []
    for _ in range(400):
        values = [known(t) * float(np.exp(random.normal(scale=0.2))) for t in TEMPERATURES]
        found = fit_arrhenius(TEMPERATURES, values, [0.2 * v for v in values])
        low, high = found.activation_interval
        held.append(low < 0.3 < high)
        _, low, high = found.at(300.0)
        hot.append(low < known(300.0) < high)
    least = 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)
    assert np.mean(held) > least
    assert np.mean(hot) > least


def test_points_that_scatter_more_than_their_errors_widen_the_interval() -> None:
    values = [known(t) * factor for t, factor in zip(TEMPERATURES, (2.0, 0.5, 2.0, 0.5), strict=True)]
    wide = fit_arrhenius(TEMPERATURES, values, [0.01 * v for v in values])
    assert wide.chi2 > 1000
    low, high = wide.activation_interval
    assert high - low > 0.1


@pytest.mark.parametrize(
    ("temperatures", "values", "errors", "said"),
    [
        ([600.0, 800.0], [1.0, 2.0], [0.1, 0.1], "2 temperatures"),
        ([600.0, 600.0, 800.0], [1.0, 1.0, 2.0], [0.1] * 3, "2 temperatures"),
        ([600.0, 700.0, 800.0], [1.0, 0.0, 2.0], [0.1] * 3, "not positive"),
    ],
)
def test_what_is_no_line_is_refused(
    temperatures: list[float], values: list[float], errors: list[float], said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        fit_arrhenius(temperatures, values, errors)


def test_a_run_is_blind_above_the_barrier_that_gives_it_no_hundred_jumps() -> None:
    """Ten ions in 100 ps at 600 K and 1e13 attempts a second: 0.2382 eV gives 100 jumps; by hand kT ln(1e4 / 100)."""
    barrier = highest_barrier(600.0, 10, 100_000.0, 100)
    assert barrier == pytest.approx(KT * 600 * np.log(100))
    assert 10 * 1e13 * 1e-10 * np.exp(-barrier / (KT * 600)) == pytest.approx(100)
