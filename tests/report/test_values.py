"""Values as text: digits, dashes, bounds; uncertainties of mixing temperatures."""

from __future__ import annotations

import math

import pytest

from hebe.report.values import DASH, flat, lookup, measured, mixing_temperature, number, temperature_sd
from support.report_results import candidates

BOLTZMANN = 8.617333262e-5


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 2, DASH), (math.nan, 2, DASH), (3.14159, 2, "3.14"), (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"), (0, 0, "0")],
)
def test_numbers(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_spreads() -> None:
    assert measured(0.05, 0.002, 1, 100) == "5.0 ± 0.2"
    assert measured(0.05, None, 1, 100) == "5.0"
    assert measured(None, 0.002) == DASH


def test_bounds_and_reasons() -> None:
    found = candidates()
    assert mixing_temperature(found[2], "competing", spread=False) == ">=741"
    assert mixing_temperature(found[2], "same_host", spread=False) == "602"
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
