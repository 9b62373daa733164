"""Candidates: capacities, descriptors, identity, formulas."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
import yaml

from hebe.config.campaign import Campaign
from hebe.exceptions import BadInputError
from hebe.science.chemistry.choice import diverse
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.formula import parse_formula
from hebe.science.chemistry.ions import Ion, is_d0, is_jahn_teller, shannon_radius
from hebe.science.chemistry.screening import screen

BASE = """
name: t
host:
  family: layered-o3
  working_ion: Na
  sublattices: {TM: {species: {Cu: [2], Ni: [2, 3], Fe: [3], Mn: [3, 4], Ti: [4], Co: [3], Li: [1], Sn: [4]}}}
select: {method: explicit, formulas: [FORMULA]}
stages: [{engine: chgnet, x: [0]}]
"""


def explicit(formula: str) -> Any:
    return screen(Campaign.model_validate(yaml.safe_load(BASE.replace("FORMULA", formula)))).selected[0]


def test_the_five_cation_cathode_has_its_valences_and_capacities() -> None:
    found = explicit("NaCu0.2Ni0.2Fe0.2Mn0.2Ti0.2O2")
    assert {str(ion): x for ion, x in found.split["TM"].items()} == dict.fromkeys(
        ["Cu2+", "Ni2+", "Fe3+", "Mn4+", "Ti4+"], Fraction(1, 5)
    )
    assert found.descriptors["capacity_theoretical_mAh_g"] == pytest.approx(241.1, abs=0.05)
    assert found.descriptors["capacity_redox_mAh_g"] == pytest.approx(192.9, abs=0.05)
    assert found.charge == 0


def test_a_formula_states_its_own_sodium_content() -> None:
    found = explicit("Na0.83Li0.1Ni0.25Co0.2Sn0.45O2")
    assert found.composition.x_made == Fraction(83, 100)
    assert found.entropy_R["mixed-site"] == pytest.approx(1.26, abs=0.005)
    assert found.composition.elements["Na"] == Fraction(83, 100)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("NaNi0.5Mn0.4O2", "sums to 0.9"),
        ("NaNi0.5Xx0.5O2", "Xx"),
        ("NaNi0.5Ti0.5O3", "O is 3"),
        ("NaTiO2", r"cannot be charge-neutral.*\+4, needed \+3"),
        ("Na1.2FeO2", "Na is 1.2"),
        ("NaLi0.1Ni0.4Sn0.49O2", "sums to 0.99"),
        ("Na(NiMn)O2", "sums to 2"),
        ("Na(NiMnO2", "not a formula"),
        ("NaNi)O2", "not a formula"),
    ],
)
def test_wrong_formulas_are_refused_with_the_reason(formula: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        explicit(f'"{formula}"')


def test_an_unbalanced_formula_of_many_valences_is_refused_at_once() -> None:
    valences = "Ni: [2, 3, 4], Mn: [2, 3, 4], Fe: [2, 3, 4], Co: [2, 3, 4], Nb: [5]"
    text = BASE.replace("FORMULA", "NaNi0.11Mn0.12Fe0.13Co0.14Nb0.5O2")
    text = re.sub(r"species: \{.*?\}", f"species: {{{valences}}}", text)
    with pytest.raises(BadInputError, match="cannot be charge-neutral"):
        screen(Campaign.model_validate(yaml.safe_load(text)))


def test_lithium_beyond_its_own_sites_stands_on_the_metal_sites() -> None:
    text = BASE.replace("working_ion: Na", "working_ion: Li").replace("FORMULA", "Li1.2Mn0.6Ni0.2O2")
    found = screen(Campaign.model_validate(yaml.safe_load(text))).selected[0]
    assert found.composition.fractions["TM"]["Li"] == Fraction(1, 5)
    assert found.composition.x_made == 1
    with pytest.raises(BadInputError, match=r"sums to 0\.99"):
        screen(Campaign.model_validate(yaml.safe_load(text.replace("Li1.2Mn0.6Ni0.2O2", "LiMn0.6Ni0.39O2"))))


def test_rounded_decimals_are_read_as_the_fractions_they_stand_for() -> None:
    assert parse_formula("NaFe0.3333Mn0.6667O2")["Fe"] == Fraction(1, 3)
    assert parse_formula("Na2/3Ni1/3Mn2/3O2")["Na"] == Fraction(2, 3)
    assert parse_formula("LiNi0.83O2")["Ni"] == Fraction(83, 100)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.005", "1/200"), ("0.495", "99/200"), ("0.142", "71/500"), ("0.001", "1/1000"), ("0.125", "1/8"),
        ("0.333", "1/3"), ("0.667", "2/3"), ("0.167", "1/6"), ("0.083", "1/12"), ("0.042", "1/24"), ("0.143", "1/7"),
        ("0.1667", "1/6"), ("0.0292", "7/240"), ("0.123456", "1929/15625"), ("0.33", "33/100"),
    ],
)  # fmt: skip
def test_an_amount_of_a_formula_is_as_written_or_what_it_is_rounded_from(written: str, meant: str) -> None:
    """A dopant of half a percent is no 1/182, which is 10 % more."""
    assert parse_formula(f"NaNi{written}O2")["Ni"] == Fraction(meant)
    assert abs(float(Fraction(meant)) - float(written)) <= 0.51 * 10.0 ** -len(written[2:])


def test_identity_ignores_order_and_writing() -> None:
    first = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Fe": Fraction(1, 2), "Mn": Fraction(2, 4)}})
    second = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Mn": Fraction(1, 2), "Fe": Fraction(1, 2)}})
    other = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Mn": Fraction(1, 3), "Fe": Fraction(2, 3)}})
    assert first.candidate_id == second.candidate_id != other.candidate_id
    assert first == second
    assert first.candidate_id.startswith("layered-o3-")
    assert len(first.candidate_id) == len("layered-o3-") + 10


def test_shannon_radii_and_d_electrons() -> None:
    # Shannon, Acta Cryst. A 32, 751 (1976), six-fold coordination
    assert shannon_radius(Ion("Mn", 3), 6, "high") == pytest.approx(0.645)
    assert shannon_radius(Ion("Fe", 3), 6, "high") == pytest.approx(0.645)
    assert shannon_radius(Ion("Ni", 2), 6) == pytest.approx(0.69)
    assert shannon_radius(Ion("Co", 3), 6, "low") == pytest.approx(0.545)
    assert shannon_radius(Ion("Ti", 4), 6) == pytest.approx(0.605)
    assert is_jahn_teller(Ion("Mn", 3))
    assert is_jahn_teller(Ion("Cu", 2))
    assert is_jahn_teller(Ion("Ni", 3), "low")
    assert not is_jahn_teller(Ion("Ni", 2))
    assert not is_jahn_teller(Ion("Fe", 3))
    assert is_d0(Ion("Ti", 4))
    assert not is_d0(Ion("Mg", 2))


def test_diverse_points_are_far_apart() -> None:
    import numpy as np

    line = np.array([[x, 0.0] for x in (0.0, 0.1, 0.2, 0.9, 1.0)])
    chosen = diverse(line, 2, seed=3)
    assert abs(line[chosen[0], 0] - line[chosen[1], 0]) >= 0.8
    assert diverse(line, 3, seed=3) == diverse(line, 3, seed=3)
    assert len(set(diverse(line, 5, seed=1))) == 5
