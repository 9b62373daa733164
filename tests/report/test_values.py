"""Values as text: digits, dashes, bounds; uncertainties of mixing temperatures."""

from __future__ import annotations

import math

import pytest

from hebe.report.values import (
    DASH,
    flat,
    lookup,
    measured,
    mixing_temperature,
    number,
    signed,
    signed_strain,
    temperature_sd,
)
from support.report_results import candidates

BOLTZMANN = 8.617333262e-5


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 2, DASH), (math.nan, 2, DASH), (3.14159, 2, "3.14"), (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"), (0, 0, "0")],
)
def test_numbers(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_spreads() -> None:
    assert measured(0.05, 0.002, 1, 100) == "5.00 ± 0.20"
    assert measured(0.05, None, 1, 100) == "5.0"
    assert measured(None, 0.002) == DASH
    assert measured(2.8912, 1e-7) == "2.891 ± 0.001", "one digit more than without an error, at most"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.827, 0.119, "0.83 ± 0.12"),  # these two stand in the Review of Particle Physics
        (0.827, 0.367, "0.8 ± 0.4"),
        (0.8271, 0.354, "0.83 ± 0.35"),
        (0.8271, 0.355, "0.8 ± 0.4"),
        (0.8271, 0.0949, "0.83 ± 0.09"),
        (0.8271, 0.0951, "0.83 ± 0.10"),
        (253.0, 665.0, "300 ± 700"),
        (1253.0, 1649.0, "1300 ± 1600"),
        (-0.02, 0.3, "-0.02 ± 0.30"),
    ],
)
def test_an_error_says_which_digits_are_known(value: float, error: float, text: str) -> None:
    assert measured(value, error) == text


def test_signs() -> None:
    assert (signed("3.0 ± 0.1"), signed("-3.0"), signed(DASH)) == ("+3.0 ± 0.1", "-3.0", DASH)
    candidate = candidates()[0]
    assert signed_strain(candidate) == -candidate["max_volume_strain"]
    assert signed_strain({**candidate, "volume_strain_at_max": None}) == candidate["max_volume_strain"]


def test_bounds_and_reasons() -> None:
    found = candidates()
    assert mixing_temperature(found[2], "competing", spread=False) == ">=700"
    assert mixing_temperature(found[2], "same_host", spread=False) == "600"
    assert mixing_temperature(found[5], "competing") == "never"
    found[5]["mixing"]["competing"]["reason"] = "no phase holds Cu"
    assert mixing_temperature(found[5], "competing") == DASH
    found[0]["hull_grade"] = None
    assert mixing_temperature(found[0], "competing").startswith(">=")


@pytest.mark.parametrize("name", ["competing", "same_host"])
def test_deviations_follow_from_those_of_the_enthalpy(name: str) -> None:
    mixing = candidates()[0]["mixing"]
    gained = mixing[name]["dS_eV_per_K_per_site"]
    expected = math.hypot(0.004, 0.06) / gained
    assert temperature_sd(mixing, name) == pytest.approx(expected, rel=1e-9)


def test_deviations_when_only_the_host_gives_a_temperature() -> None:
    mixing = candidates()[5]["mixing"]
    assert temperature_sd(mixing, "competing") is None
    assert temperature_sd(mixing, "same_host") == pytest.approx(0.06 / 0.8 / BOLTZMANN, rel=1e-9)


def test_paths() -> None:
    document = {"a": {"b-c": 1, "d": [1]}, "e": None}
    assert flat(document) == {"a.b-c": 1, "a.d": [1], "e": None}
    assert lookup(document, "a.b-c") == 1
    assert lookup(document, "a.x.y") is None
    assert lookup(document, "e.y") is None
