"""Formulas and sublattices as articles print them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hebe.exceptions import BadInputError
from hebe.science.literature.printed import elements_of, parse_printed_formula, parse_sublattices, printed_amount


def test_sublattices_keep_vacancies_charges_and_molecules() -> None:
    na, tm, water = parse_sublattices("Na:Na0.83 Va0.17 | M:Mn[2+]0.1 Mn[3+]0.1 Ti0.8|W:{H2O}1.5")
    assert (na.name, na.total, na.filled) == ("Na", Fraction(1), Fraction(83, 100))
    assert tm.fractions() == {"Mn2+": Fraction(1, 10), "Mn3+": Fraction(1, 10), "Ti": Fraction(4, 5)}
    assert tm.fractions(merged=True) == {"Mn": Fraction(1, 5), "Ti": Fraction(4, 5)}
    assert elements_of([na, tm, water])["H"] == 3  # type: ignore[index]
    assert water.elements == ()


def test_an_abbreviated_molecule_has_no_elements() -> None:
    assert elements_of(parse_sublattices("anion:{TFSI}2")) is None


def test_fractions_of_sites_are_renormalised() -> None:
    (one,) = parse_sublattices("TM:Ni0.52 Mn0.52")
    assert one.fractions() == {"Ni": Fraction(1, 2), "Mn": Fraction(1, 2)}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.612", Fraction(153, 250)),
        ("0.056", Fraction(7, 125)),
        ("0.66667", Fraction(2, 3)),
        ("0.16667", Fraction(1, 6)),
        ("0.3333", Fraction(1, 3)),
        ("1/3", Fraction(1, 3)),
        ("0.33", Fraction(33, 100)),
        ("0.1234", Fraction(617, 5000)),
    ],
)
def test_amounts_are_exact_unless_they_round_a_simple_fraction(text: str, value: Fraction) -> None:
    assert printed_amount(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "TM", "TM:", ":Ni1", "TM:Ni0.5 | TM:Mn0.5", "TM:Xx0.5", "TM:Ni0", "TM:Ni-1", "TM:Ni1/0", "TM:Ni0.5 Mn0.5 |"],
)
def test_what_is_no_list_of_sublattices_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="sublattice"):
        parse_sublattices(text)


@pytest.mark.parametrize("text", ["", "Nax", "NaXx2", "Na(O2"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_printed_formula(text)
