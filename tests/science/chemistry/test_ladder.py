"""Splits, oxidation and incompatible ions."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hebe.config.family import family_names, load_family
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder, Split

REPORTED: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("reported_states.yaml").read_text("utf-8"))
FIXED = {"O": -2, "F": -1, "Li": 1, "Na": 1, "K": 1, "Ca": 2}
"""Charges of the ions that do not mix."""

AS_PRINTED = Fraction(11, 1000)
"""Largest difference of an amount: the materials are printed with two decimals."""

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


def reported_ions(material: dict[str, Any]) -> dict[Ion, Fraction]:
    found = {}
    for label, amount in material["reported"].items():
        parts = re.fullmatch(r"([A-Z][a-z]?)(\d)\+", label)
        assert parts is not None, label
        found[Ion(parts[1], int(parts[2]))] = Fraction(str(amount))
    return found


def split_of(material: dict[str, Any]) -> dict[Ion, Fraction]:
    """Canonical split over all states that the family knows, at the charge that the other ions leave."""
    family = load_family(material["family"])
    (name,) = [mixed for mixed in family.mixed if family.sublattices[mixed].role == "mixed"]
    amounts = {element: Fraction(str(x)) for element, x in material["cations"].items()}
    valences = {element: family.sublattices[name].species[element].valences for element in amounts}
    charge = -sum((FIXED[element] * Fraction(str(x)) for element, x in material["others"].items()), Fraction(0))
    found = RedoxLadder.of(family).canonical_split({name: amounts}, {name: valences}, charge)
    assert found is not None
    return found[name]


@pytest.mark.parametrize("material", REPORTED, ids=[f"{m['material']}, {m['source'].split(',')[0]}" for m in REPORTED])
def test_the_split_is_the_one_that_was_reported(material: dict[str, Any]) -> None:
    reported, found = reported_ions(material), split_of(material)
    for ion in reported.keys() | found.keys():
        assert abs(reported.get(ion, Fraction(0)) - found.get(ion, Fraction(0))) <= AS_PRINTED, (ion, found)
    assert not RedoxLadder.of(load_family(material["family"])).incompatible_pairs(reported)


def test_thirty_materials_are_compared() -> None:
    assert len({m["material"] for m in REPORTED if "measured" not in m}) >= 30
    assert len({m["material"] for m in REPORTED if "measured" in m}) >= 8


def test_cobalt_beside_manganese_is_trivalent_in_layered_oxides() -> None:
    half = Fraction(1, 2)
    assert split({"Co": half, "Mn": half}) == {"TM": {Ion("Co", 3): half, Ion("Mn", 3): half}}
    assert LADDER.canonical_split({"TM": {"Co": half, "Mn": half}}, VALENCES, 4 - Fraction(2, 3)) == {
        "TM": {Ion("Co", 3): half, Ion("Mn", 3): Fraction(1, 6), Ion("Mn", 4): Fraction(1, 3)}
    }
    third = Fraction(1, 3)
    assert split({"Ni": third, "Mn": third, "Co": third}) == {
        "TM": {Ion("Ni", 2): third, Ion("Mn", 4): third, Ion("Co", 3): third}
    }


BESIDE_COPPER = ("pba", "pba-hydrated", "pba-monoclinic", "pba-rhombohedral", "mps3")
"""Families in which Cu2+ is published beside Fe2+ and Mn2+: cyanide and thiophosphate keep them apart."""


def holding(element: str) -> list[str]:
    """Families with oxidation states on whose mixed sublattices an element may stand."""
    families = [load_family(name) for name in family_names()]
    families = [f for f in families if f.ladder and f.name not in BESIDE_COPPER]
    return [f.name for f in families if any(element in f.sublattices[n].species for n in f.mixed)]


@pytest.mark.parametrize("name", holding("Cu"))
def test_divalent_copper_oxidises_what_reduces_it(name: str) -> None:
    """Cu+ stands in no pool, its couple counts all the same."""
    ladder = RedoxLadder.of(load_family(name))
    for reductant in (Ion("V", 3), Ion("Ti", 3), Ion("Fe", 2), Ion("Mn", 2)):
        assert ladder.incompatible_pairs([Ion("Cu", 2), reductant]) == [(Ion("Cu", 2), reductant)]
    assert not ladder.incompatible_pairs([Ion("Cu", 2), Ion("Co", 2), Ion("Ni", 2), Ion("Zn", 2), Ion("Mg", 2)])
    assert not ladder.incompatible_pairs([Ion("Cu", 2), Ion("Fe", 3), Ion("Mn", 3), Ion("Ti", 4)])


@pytest.mark.parametrize("name", ["layered-o3", "layered-p2", "layered-p3"])
def test_copper_is_oxidised_before_nickel_passes_three(name: str) -> None:
    # P2 hosts: Cu2+/3+ at 3.7 to 4.0 V, Ni3+/4+ at 4.2 V
    start: Split = {"TM": {Ion("Cu", 2): Fraction(1, 4), Ion("Ni", 2): Fraction(1, 4), Ion("Mn", 4): Fraction(1, 2)}}
    found = RedoxLadder.of(load_family(name)).oxidise(start, Fraction(1, 2))
    assert found.charges["TM"] == pytest.approx({"Cu": 3, "Ni": 3, "Mn": 4})


def test_in_disordered_rock_salts_oxygen_gives_before_nickel_passes_three() -> None:
    start: Split = {"M": {Ion("Ni", 2): Fraction(1, 4), Ion("Fe", 3): Fraction(1, 4), Ion("Cr", 3): Fraction(1, 4)}}
    found = RedoxLadder.of(load_family("drx")).oxidise(start, Fraction(3, 4))
    assert found.charges["M"] == pytest.approx({"Ni": 3, "Fe": 3, "Cr": 4})
    assert found.anion_holes == pytest.approx(0.25)
