"""Quantities, exact fractions and ranges, in the units of the documentation."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy import constants

from hebe.config.campaign import Campaign
from hebe.config.reading.units import (
    GAS_CONSTANT,
    ExactFraction,
    FractionRange,
    IntRange,
    Whole,
    parse_fraction,
    parse_quantity,
    parse_whole,
)
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1.5 R", "entropy", 1.5),
        (1.5, "entropy", 1.5),
        ("1.5", "entropy", 1.5),
        ("1.5R", "entropy", 1.5),
        ("12.47169392722986 J/mol/K", "entropy", 1.5),
        ("10 %", "ratio", 0.1),
        ("10%", "ratio", 0.1),
        (0.1, "ratio", 0.1),
        ("1/10", "ratio", 0.1),
        ("0.1 eV/atom", "energy_per_atom", 0.1),
        ("100 meV/atom", "energy_per_atom", 0.1),
        ("100 meV", "energy_per_atom", 0.1),
        ("50 meV/A", "force", 0.05),
        ("5e-2 eV/A", "force", 0.05),
        ("2 pm", "length", 0.02),
        ("0.002 nm", "length", 0.02),
        ("0.02 A", "length", 0.02),
        ("800 degC", "temperature", 1073.15),
        ("800 C", "temperature", 1073.15),
        (" 300 K ", "temperature", 300.0),
        (300, "temperature", 300.0),
        ("-10 degC", "temperature", 263.15),
    ],
)
def test_quantities(text: str | float, kind: str, value: float) -> None:
    assert parse_quantity(text, kind) == pytest.approx(value, rel=1e-14)


def test_gas_constant_is_the_one_of_codata() -> None:
    assert pytest.approx(constants.R, rel=1e-15) == GAS_CONSTANT


@pytest.mark.parametrize(
    "value", ["1.5 kJ", "R", "", "1,5 R", "1.5 R R", "nan", "inf R", "1e999", "1/0 R", True, None, [1], "9" * 100_000]
)
def test_what_is_no_quantity_is_refused_with_the_units(value: object) -> None:
    with pytest.raises(ValueError, match="expected a number") as caught:
        parse_quantity(value, "entropy")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("given_value", "value"),
    [
        ("1/3", Fraction(1, 3)),
        (" 2 / 3 ", Fraction(2, 3)),
        (0.1, Fraction(1, 10)),
        (1e-05, Fraction(1, 100_000)),
        (1, Fraction(1)),
        ("10 %", Fraction(1, 10)),
        ("1/3 %", Fraction(1, 300)),
        ("-1/2", Fraction(-1, 2)),
        (".5", Fraction(1, 2)),
        ("1.5/3", Fraction(1, 2)),
        (Fraction(3, 7), Fraction(3, 7)),
    ],
)
def test_fractions_are_exact(given_value: object, value: Fraction) -> None:
    assert parse_fraction(given_value) == value


@pytest.mark.parametrize(
    "value",
    ["", "a", "1/0", "1/2/3", "1/-2", "1e9999", "1e-99999999", "1_0", "\u0661", "1" * 41, True, None, {}, "0x1"],
)
def test_what_is_no_fraction_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a number or a fraction such as 1/3"):
        parse_fraction(value)


@settings(deadline=None)
@given(st.fractions(max_denominator=10**9, min_value=-(10**9), max_value=10**9))
def test_a_fraction_written_out_is_read_back(value: Fraction) -> None:
    adapter: TypeAdapter[Fraction] = TypeAdapter(ExactFraction)
    assert parse_fraction(str(value)) == value
    assert adapter.validate_json(adapter.dump_json(value)) == value


@pytest.mark.parametrize(("given_value", "value"), [(7, 7), ("7", 7), ("+7", 7), (7.0, 7), ("-7", -7), ("012", 12)])
def test_whole_numbers(given_value: object, value: int) -> None:
    assert parse_whole(given_value) == value


@pytest.mark.parametrize("value", [True, False, 7.5, "7.5", "1_0", "1:30", "0x1F", "", None, [7], 1e300, "9" * 41])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a whole number, got"):
        parse_whole(value)


def test_bounds_hold_for_whole_numbers() -> None:
    assert TypeAdapter(Whole).validate_python("3") == 3


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1/12..1/2", Fraction(1, 12), Fraction(1, 2)),
        ("1/2..1/12", Fraction(1, 12), Fraction(1, 2)),
        ("0.1 .. 20 %", Fraction(1, 10), Fraction(1, 5)),
        ("1..1/3", Fraction(1, 3), Fraction(1)),
        ("1/4", Fraction(1, 4), Fraction(1, 4)),
        (0.25, Fraction(1, 4), Fraction(1, 4)),
    ],
)
def test_fraction_ranges_either_way_round(text: object, low: Fraction, high: Fraction) -> None:
    parsed = FractionRange.model_validate(text)
    assert (parsed.low, parsed.high) == (low, high)
    assert low in parsed
    assert high in parsed
    assert high + 1 not in parsed


@pytest.mark.parametrize(("text", "low", "high"), [("5..6", 5, 6), ("6..5", 5, 6), (5, 5, 5), ("5", 5, 5), (5.0, 5, 5)])
def test_whole_ranges_either_way_round(text: object, low: int, high: int) -> None:
    parsed = IntRange.model_validate(text)
    assert (parsed.low, parsed.high) == (low, high)
    assert low in parsed
    assert high + 1 not in parsed


@pytest.mark.parametrize("kind", [FractionRange, IntRange])
@pytest.mark.parametrize("value", ["1...2", "..", "1..", "..2", "a..b", "1..2..3", [1, 2], True, None])
def test_what_is_no_range_is_refused(kind: type[FractionRange | IntRange], value: Any) -> None:
    with pytest.raises(ValidationError, match="expected a"):
        kind.model_validate(value)


def test_halves_are_no_whole_range() -> None:
    with pytest.raises(ValidationError, match="expected whole numbers"):
        IntRange.model_validate("1/2..3")


@settings(deadline=None)
@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_range_survives_its_own_json(first: int, second: int) -> None:
    whole = IntRange.model_validate(f"{first}..{second}")
    exact = FractionRange.model_validate(f"{first}..{second}")
    assert (whole.low, whole.high) == (min(first, second), max(first, second))
    assert (exact.low, exact.high) == (Fraction(whole.low), Fraction(whole.high))
    assert IntRange.model_validate_json(whole.model_dump_json()) == whole
    assert FractionRange.model_validate_json(exact.model_dump_json()) == exact


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("{name: gpaw, settings: {cutoff: 600 Ry}}", "at most 5000 eV, got '600 Ry', which is 8163.42 eV"),
        ("{name: gpaw, settings: {cutoff: 10}}", "at least 100 eV, got 10"),
        ("{name: chgnet, fmax: 5000 meV/A}", "at most 1 eV/A, got '5000 meV/A', which is 5 eV/A"),
        ("{name: chgnet, voltage_error: 9000 mV}", "at most 5 V, got '9000 mV', which is 9 V"),
    ],
)
def test_a_bound_names_its_unit_and_converts_what_was_given(engine: str, said: str) -> None:
    host = "{family: rocksalt, sublattices: {M: {species: {Mg: [2], Ni: [2]}, grid: 2}}}"
    text = f"name: a\nhost: {host}\nstages:\n  - engine: {engine}\n    analyses: [mixing]\n"
    with pytest.raises(BadInputError) as caught:
        load_model(Campaign, parse_yaml(text.encode(), file="c.yaml"))
    assert said in caught.value.reason
