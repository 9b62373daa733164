"""Values as text: digits, dashes, bounds; uncertainties of mixing temperatures."""

from __future__ import annotations

import math

import pytest

from hebe.analyses.printing import (
    DASH,
    error_of,
    interval,
    measured,
    number,
    percent,
    quantity_text,
    rank_range,
    rank_text,
    signed,
)
from hebe.analyses.quantity import Shown
from hebe.analyses.registry import all_quantities
from support.report_results import candidates, ranked

BOLTZMANN = 8.617333262e-5
QUANTITY = all_quantities()


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


KELVIN = Shown(unit="K", digits=0, least=0.0)


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((-400.0, 180.0, 920.0), "200 (0 to 900)"),  # half of 1,320 K leaves hundreds
        ((16.0, 16.4, 17.0), "16.4 (16.0 to 17.0)"),
        ((16.0, 16.0, 16.0), "16"),
        ((-900.0, -500.0, -100.0), "0 (0 to 0)"),
        ((310.0, 1240.0, math.inf), "1200 (300 to never)"),
        ((310.0, math.inf, math.inf), "never (310 to never)"),
        ((math.inf, math.inf, math.inf), "never"),
        ((0.0, 0.0, 0.0), "0"),
    ],
)
def test_intervals_have_the_digits_that_they_leave(ends: tuple[float, float, float], text: str) -> None:
    assert interval(ends, KELVIN) == text


def test_an_interval_of_a_margin_goes_below_zero() -> None:
    assert interval((-0.031, -0.012, 0.006), Shown(scale=1000, digits=1)) == "-12 (-31 to 6)"
    assert interval((-0.031, 0.012, math.inf), Shown(scale=1000, digits=1, sign=True)) == "+10 (-30 to never)"
    assert interval((-0.101, -0.06, 0.003), Shown(scale=1000, digits=1, sign=True)) == "-60 (-100 to 0)"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "<1"), (0.0095, "<1"), (0.01, "1"), (0.5, "50"), (0.931, "93"), (0.99, "99"), (0.9951, ">99"), (1.0, ">99")],
)
def test_probabilities_are_never_certain(share: float, text: str) -> None:
    assert percent(share) == text


def test_ranks_that_are_shared_and_open() -> None:
    found = ranked()[0]
    assert (rank_text(found), rank_range(found)) == ("1", DASH)
    told = {"rank": 3, "rank_low": 2, "rank_high": 5, "tied": True}
    assert (rank_text(found.model_copy(update=told)), rank_range(found.model_copy(update=told))) == ("=3", "2-5")
    alone = {"rank": 3, "rank_low": 3, "rank_high": 3}
    assert rank_range(found.model_copy(update=alone)) == "3"
    assert rank_text(ranked()[5]) == DASH


def test_an_error_that_lacks_that_of_the_engine_is_not_printed() -> None:
    quantity, value = QUANTITY["mixing_temperature"], ranked()[0].values["mixing_temperature"]
    assert value.se is not None
    assert error_of(quantity, value.model_copy(update={"error": None})) is None


def test_signs() -> None:
    assert (signed("3.0 ± 0.1"), signed("-3.0"), signed(DASH)) == ("+3.0 ± 0.1", "-3.0", DASH)
    found = ranked()[0]
    assert quantity_text(QUANTITY["max_volume_strain"], found) == "-6.00 ± 0.21"
    value = found.values["max_volume_strain"].model_copy(update={"signed": None})
    absolute = found.model_copy(update={"values": {"max_volume_strain": value}})
    assert quantity_text(QUANTITY["max_volume_strain"], absolute) == "+6.00 ± 0.21"


def test_bounds_and_reasons() -> None:
    competing, same_host = QUANTITY["mixing_temperature"], QUANTITY["mixing_temperature_same_host"]
    found = candidates()
    assert quantity_text(competing, ranked(found)[2], spread=False) == ">=700"
    assert quantity_text(same_host, ranked(found)[2], spread=False) == "600"
    assert quantity_text(competing, ranked(found)[5]) == "never"
    found[5]["mixing"]["competing"]["reason"] = "no phase holds Cu"
    assert quantity_text(competing, ranked(found)[5]) == DASH
    found[0]["hull_grade"] = None
    assert quantity_text(competing, ranked(found)[0]).startswith(">=")


@pytest.mark.parametrize("name", ["competing", "same_host"])
def test_deviations_follow_from_those_of_the_enthalpy(name: str) -> None:
    gained = candidates()[0]["mixing"][name]["dS_eV_per_K_per_site"]
    quantity = QUANTITY["mixing_temperature" if name == "competing" else "mixing_temperature_same_host"]
    expected = math.hypot(0.004, 0.06) / gained
    assert error_of(quantity, ranked()[0].values[quantity.name]) == pytest.approx(expected, rel=1e-9)


def test_deviations_when_only_the_host_gives_a_temperature() -> None:
    values = ranked()[5].values
    assert error_of(QUANTITY["mixing_temperature"], values["mixing_temperature"]) is None
    same_host = QUANTITY["mixing_temperature_same_host"]
    assert error_of(same_host, values[same_host.name]) == pytest.approx(0.06 / 0.8 / BOLTZMANN, rel=1e-9)
