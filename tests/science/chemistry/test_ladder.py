"""Splits, oxidation and incompatible ions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hebe.config.family import load_family
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder, Split

LADDER = RedoxLadder.of(load_family("layered-o3"))
VALENCES = {"TM": {"Ni": (2, 3, 4), "Mn": (2, 3, 4), "Fe": (2, 3), "Co": (2, 3, 4), "V": (3, 4, 5)}}


def split(amounts: dict[str, Fraction], charge: int = 3) -> Split | None:
    return LADDER.canonical_split({"TM": amounts}, VALENCES, Fraction(charge))


def test_electrons_sit_on_the_highest_couple() -> None:
    # Ni2+ beside Mn4+, the valences found in NaNi0.5Mn0.5O2
    found = split({"Ni": Fraction(1, 2), "Mn": Fraction(1, 2)})
    assert found == {"TM": {Ion("Ni", 2): Fraction(1, 2), Ion("Mn", 4): Fraction(1, 2)}}


def test_mn_excess_leaves_mn3() -> None:
    found = split({"Ni": Fraction(1, 4), "Mn": Fraction(3, 4)})
    assert found == {"TM": {Ion("Ni", 2): Fraction(1, 4), Ion("Mn", 4): Fraction(1, 4), Ion("Mn", 3): Fraction(1, 2)}}


def test_a_charge_that_no_split_reaches_is_none() -> None:
    assert split({"Fe": Fraction(1)}, charge=4) is None
    assert split({"V": Fraction(1)}, charge=2) is None


@given(st.lists(st.integers(0, 6), min_size=5, max_size=5).filter(sum))
def test_a_split_conserves_atoms_and_charge(counts: list[int]) -> None:
    total = sum(counts)
    amounts = {e: Fraction(n, total) for e, n in zip(VALENCES["TM"], counts, strict=True) if n}
    found = split(amounts)
    if found is None:
        low = sum(x * min(VALENCES["TM"][e]) for e, x in amounts.items())
        high = sum(x * max(VALENCES["TM"][e]) for e, x in amounts.items())
        assert not low <= 3 <= high
        return
    assert sum(ion.charge * x for ion, x in found["TM"].items()) == 3
    for element, amount in amounts.items():
        assert sum(x for ion, x in found["TM"].items() if ion.element == element) == amount
    pairs = LADDER.incompatible_pairs(found["TM"])
    assert not pairs, f"a canonical split holds ions that react: {pairs}"


def test_mn3_beside_v3_react() -> None:
    # Energy Environ. Sci. 18, 19 (2025): Mn3+ + V3+ gives Mn2+ and V5+
    pairs = LADDER.incompatible_pairs([Ion("Mn", 3), Ion("V", 3)])
    assert (Ion("Mn", 3), Ion("V", 3)) in pairs
    assert not LADDER.incompatible_pairs([Ion("Ni", 2), Ion("Mn", 4), Ion("Ti", 4), Ion("Fe", 3)])
    assert (Ion("Ni", 3), Ion("Mn", 3)) in LADDER.incompatible_pairs([Ion("Ni", 3), Ion("Mn", 3)])


def test_electrons_leave_the_lowest_couples_first_and_then_the_anions() -> None:
    start: Split = {"TM": {Ion("Mn", 3): Fraction(1, 4), Ion("Ni", 2): Fraction(1, 4), Ion("Ti", 4): Fraction(1, 2)}}
    first = LADDER.oxidise(start, Fraction(1, 4))
    assert first.charges["TM"] == pytest.approx({"Mn": 4, "Ni": 2, "Ti": 4})
    second = LADDER.oxidise(start, Fraction(1, 2))
    assert second.charges["TM"] == pytest.approx({"Mn": 4, "Ni": 3, "Ti": 4})
    last = LADDER.oxidise(start, Fraction(1))
    assert last.charges["TM"] == pytest.approx({"Mn": 4, "Ni": 4, "Ti": 4})
    assert last.anion_holes == pytest.approx(0.25)
    assert LADDER.electrons_available(start) == Fraction(3, 4)


def test_added_electrons_go_to_the_highest_couple() -> None:
    start: Split = {"TM": {Ion("Mn", 4): Fraction(1, 2), Ion("Ni", 3): Fraction(1, 2)}}
    found = LADDER.oxidise(start, Fraction(-1, 2))
    assert found.charges["TM"] == pytest.approx({"Mn": 4, "Ni": 2})
