"""The nearest composition of a small cell: whole atoms, neutral, as near as any."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.literature.approximant import _rounded, approximate
from hebe.science.literature.hosted import host_of
from hebe.science.literature.printed import parse_sublattices


@pytest.mark.parametrize("sites", [5, 7, 12, 23, 60])
def test_rounded_fractions_fill_the_sites_and_keep_every_species(sites: int) -> None:
    wanted = {"Ni": Fraction(4, 5), "Mn": Fraction(16, 100), "Ti": Fraction(2, 100), "Nb": Fraction(1, 50)}
    ways = _rounded(wanted, sites)
    assert ways
    for counts in ways:
        assert sum(counts.values()) == sites
        assert min(counts.values()) >= 1
    assert _rounded(wanted, 3) == []


def test_the_nearest_neutral_composition_is_that_of_all_of_them() -> None:
    """Sodium nickel manganese oxide with 0.81 sodium, against every composition of the same cells."""
    printed = parse_sublattices("Na:Na0.81 Va0.19 | TM:Ni0.37 Mn0.63 | O:O2")
    hosted = host_of(printed, load_family("layered-o3"), ["Na"])
    found = approximate(hosted, {"TM": {"Ni": (2,), "Mn": (4,)}}, 48)
    best = min(
        max(abs(x / n - 0.81), abs(nickel / n - 0.37))
        for n in range(2, 13)
        for x, nickel in product(range(n + 1), range(1, n))
        if x + 2 * nickel + 4 * (n - nickel) == 4 * n
    )
    assert found.deviation == pytest.approx(best)
    assert found.composition.x_made == found.hosted.x_own
    assert found.cell_fu % found.n_fu == 0


def test_what_a_cell_holds_is_taken_as_it_is() -> None:
    printed = parse_sublattices("Na:Na1 | TM:Ni0.2 Fe0.2 Mn0.35 Cu0.05 Zn0.1 Sn0.1 | O:O2")
    hosted = host_of(printed, load_family("layered-o3"), ["Na"])
    states = {"TM": {"Ni": (2,), "Fe": (3,), "Mn": (3, 4), "Cu": (2,), "Zn": (2,), "Sn": (4,)}}
    found = approximate(hosted, states)
    assert found.deviation == 0
    assert found.sites == 20
    assert found.hosted.fractions["TM"] == hosted.fractions["TM"]


def test_every_layer_of_a_cell_holds_the_composition() -> None:
    printed = parse_sublattices("Na:Na0.6 Va0.4 | TM:Ti0.2 Mn0.2 Co0.2 Ni0.2 Ru0.2 | O:O2")
    hosted = host_of(printed, load_family("layered-p2"), ["Na"])
    found = approximate(hosted, {"TM": {"Ti": (4,), "Mn": (4,), "Co": (3,), "Ni": (2,), "Ru": (4,)}})
    assert found.deviation == 0
    assert all((x * found.sites / 2).denominator == 1 for x in found.hosted.fractions["TM"].values())


def test_a_sum_over_two_sublattices_is_kept() -> None:
    """(CrMnFeCoNi)3O4 is printed with one set of sites; chromium goes on octahedra alone."""
    printed = parse_sublattices("M:Cr0.6 Mn0.6 Fe0.6 Co0.6 Ni0.6 | O:O4")
    hosted = host_of(printed, load_family("spinel-oxide"), [])
    assert "Cr" not in hosted.fractions["A"]
    total = {e: hosted.fractions["A"].get(e, 0) + 2 * hosted.fractions["B"].get(e, 0) for e in hosted.fractions["B"]}
    assert set(total.values()) == {Fraction(3, 5)}


def test_without_a_neutral_composition_the_states_are_named() -> None:
    hosted = host_of(parse_sublattices("Na:Na1 | TM:Mg1 | O:O2"), load_family("layered-o3"), ["Na"])
    with pytest.raises(BadInputError, match=r"Mg \+2 on TM"):
        approximate(hosted, {"TM": {"Mg": (2,)}})


@pytest.mark.parametrize(
    ("text", "family", "reason"),
    [
        ("Na:Na1 | TM:Co1 | O:O1.9 F0.1", "layered-o3", "F does not go on O"),
        ("Na:Na0.6 K0.1 Va0.3 | TM:Mn1 | O:O2", "layered-p2", "K stands with Na"),
        ("K:K1 | TM:Co1 | O:O2", "layered-o3", "K is no working ion"),
        ("Na:Na1 | TM:W1 | O:O2", "layered-o3", "W does not go on TM"),
    ],
)
def test_what_a_family_cannot_hold_is_said(text: str, family: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        host_of(parse_sublattices(text), load_family(family), ["Na"])
