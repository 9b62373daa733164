"""Oxidation states of a formula: any share of an element may be reduced, highest couples first."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hebe.config.family import Couple, load_family
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder

HALF = Fraction(1, 2)


def test_a_couple_of_two_electrons_is_used_in_part() -> None:
    ladder = RedoxLadder((Couple(element="Mo", reduced=4, oxidised=6, source="two at once"),), 1)
    split = ladder.printed_split({"M": {"Mo": Fraction(1)}}, {"M": {"Mo": (4, 6)}}, Fraction(5))
    assert split == {"M": {Ion("Mo", 4): HALF, Ion("Mo", 6): HALF}}


@pytest.mark.parametrize("charge", [Fraction(5, 2), Fraction(3), Fraction(13, 4), Fraction(7, 2)])
def test_it_is_the_split_of_a_cell_where_a_cell_has_one(charge: Fraction) -> None:
    ladder = RedoxLadder.of(load_family("layered-o3"))
    amounts = {"TM": {"Ni": Fraction(1, 4), "Mn": HALF, "Fe": Fraction(1, 4)}}
    valences = {"TM": {"Ni": (2, 3, 4), "Mn": (2, 3, 4), "Fe": (2, 3, 4)}}
    assert ladder.printed_split(amounts, valences, charge) == ladder.canonical_split(amounts, valences, charge)


@pytest.mark.parametrize("charge", [Fraction(1), Fraction(5)])
def test_a_charge_out_of_reach_has_no_split(charge: Fraction) -> None:
    ladder = RedoxLadder.of(load_family("layered-o3"))
    assert ladder.printed_split({"TM": {"Ni": Fraction(1)}}, {"TM": {"Ni": (2, 3, 4)}}, charge) is None
