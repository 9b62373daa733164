"""Capacities: ions and electrons per gram, each where it is the smaller one."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import pytest

from hebe.config.family import load_family
from hebe.science.chemistry.candidate import FARADAY_MAH, capacities
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder

LADDER: Final = RedoxLadder.of(load_family("layered-o3"))
ONE: Final = Fraction(1)


def per_ion(ion: Ion, sodium: Fraction = ONE) -> tuple[float, float]:
    """Ions and electrons per formula unit that the two capacities of NaxMO2 stand for."""
    composition = HostComposition("layered-o3", "Na", sodium, {"TM": {ion.element: ONE}})
    theoretical, redox = capacities(composition, {"TM": {ion: ONE}}, LADDER)
    assert theoretical is not None
    assert redox is not None
    unit = FARADAY_MAH / composition.molar_mass
    return theoretical / unit, redox / unit


def test_no_more_electrons_count_than_there_are_ions() -> None:
    """V3+ can give two, to V5+; NaVO2 holds one sodium. Its capacity is 26801.48 / 105.93 = 253.0 mAh/g."""
    assert LADDER.electrons_available({"TM": {Ion("V", 3): ONE}}) == 2
    assert per_ion(Ion("V", 3)) == pytest.approx((1.0, 1.0))
    composition = HostComposition("layered-o3", "Na", ONE, {"TM": {"V": ONE}})
    assert capacities(composition, {"TM": {Ion("V", 3): ONE}}, LADDER)[1] == pytest.approx(253.0, abs=0.05)


def test_where_electrons_are_fewer_they_count() -> None:
    assert per_ion(Ion("V", 4)) == pytest.approx((1.0, 1.0)), "one electron and one ion"
    assert per_ion(Ion("V", 5)) == (1.0, 0.0)
    assert per_ion(Ion("Ti", 4)) == (1.0, 0.0)


def test_the_sodium_of_the_formula_is_what_can_leave() -> None:
    assert per_ion(Ion("V", 3), Fraction(2, 3)) == pytest.approx((2 / 3, 2 / 3))
    assert per_ion(Ion("V", 3), Fraction(0)) == (0.0, 0.0)


def test_a_divalent_ion_carries_two_electrons() -> None:
    """Magnesium in MgV2O4's slabs: half a mole of Mg per V gives the one electron of V3+ to V4+."""
    composition = HostComposition("layered-o3", "Mg", Fraction(1, 2), {"TM": {"V": ONE}})
    theoretical, redox = capacities(composition, {"TM": {Ion("V", 3): ONE}}, LADDER)
    assert theoretical == redox == pytest.approx(FARADAY_MAH / composition.molar_mass)


def test_without_a_working_ion_there_is_no_capacity() -> None:
    composition = HostComposition("layered-o3", None, Fraction(0), {"TM": {"V": ONE}})
    assert capacities(composition, {"TM": {Ion("V", 3): ONE}}, LADDER) == (None, None)
