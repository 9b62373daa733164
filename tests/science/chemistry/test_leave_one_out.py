"""Hosts with one element less: neutral, balanced as their rule says, and those that were made as published controls."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Composition

from hebe.campaigns.loading import load_campaign
from hebe.config.campaign import SublatticeSpec
from hebe.flows.campaign import campaign_members
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.leave_one_out import RULES, controls_of, leave_out, removable
from hebe.science.chemistry.member import candidate_spec, composition_of
from hebe.science.chemistry.shares import distributions, nearest
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.literature.system import get_system

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

EXAMPLES: Final = Path(__file__).parents[3] / "examples" / "literature"
SINGLE: Final = {"Mg": [2], "Cu": [2], "Fe": [3], "Co": [3], "Ti": [4], "Sn": [4], "Sb": [5]}
SEVERAL: Final = SINGLE | {"Ni": [2, 3], "Mn": [3, 4]}


def member(formula: str, species: dict[str, list[int]]) -> MemberSpec:
    """A layered oxide of these species."""
    spec = SublatticeSpec.model_validate({"species": species})
    space = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    composition = parse_host_formula(formula, space)
    candidate = make_candidate(space.with_content(composition.x_own), composition)
    assert candidate is not None
    return candidate_spec(candidate, space.valences)


def ions(spec: MemberSpec | None) -> dict[str, Fraction]:
    assert spec is not None
    return {ion: Fraction(x) for ion, x in spec.split["TM"].items()}


@pytest.mark.parametrize("element", ["Mn", "Co", "Cu", "Ni"])
def test_controls_of_the_hexacyanoferrate_are_those_that_were_made(element: str) -> None:
    (spec,) = campaign_members(load_campaign(EXAMPLES / "pba-na-hepba.yaml"))
    made = get_system(f"pba-na-mepba-no{element.lower()}")
    control = leave_out(spec, element, 5)
    assert control.spec is not None
    assert control.rule == "isovalent"
    found = {e: float(n) for e, n in composition_of(control.spec).elements.items()}
    assert found == pytest.approx(Composition(made.formula).get_el_amt_dict())


def test_an_element_that_is_alone_on_another_sublattice_stays_there() -> None:
    (spec,) = campaign_members(load_campaign(EXAMPLES / "pba-na-hepba.yaml"))
    control = leave_out(spec, "Fe", 5)
    assert control.spec is not None
    assert composition_of(control.spec).elements["Fe"] == 1  # of the hexacyanoferrate
    assert set(control.moved) == {"M"}


THREE: Final = {"Ni": [2], "Fe": [3], "Mn": [3, 4]}


@pytest.mark.parametrize(
    ("element", "rule", "left"),
    [
        ("Fe", "balanced", {"Ni2+": "1/2", "Mn4+": "1/2"}),  # NaNi1/2Mn1/2O2
        ("Ni", "redox", {"Fe3+": "1/2", "Mn3+": "1/2"}),  # NaFe1/2Mn1/2O2
        ("Mn", "", None),  # NaNi1/2Fe1/2O2 has trivalent nickel, which is not listed
    ],
)
def test_controls_of_nickel_iron_manganese(element: str, rule: str, left: dict[str, str] | None) -> None:
    control = leave_out(member("NaNi1/3Fe1/3Mn1/3O2", THREE), element, 6)
    assert control.rule == rule
    if left is None:
        assert control.spec is None
        assert control.reason.startswith("Fe, Ni alone cannot be charge-neutral")
    else:
        assert ions(control.spec) == {ion: Fraction(x) for ion, x in left.items()}


def test_amounts_shift_where_nothing_else_is_neutral() -> None:
    control = leave_out(member("NaNi1/3Fe5/12Ti1/6Sb1/12O2", SEVERAL | {"Ni": [2]}), "Sb", 12)
    assert control.rule == "shifted"
    assert ions(control.spec) == {"Ni2+": Fraction(1, 4), "Fe3+": Fraction(1, 2), "Ti4+": Fraction(1, 4)}
    all_iron = leave_out(member("NaNi1/3Fe1/3Mn1/3O2", THREE | {"Mn": [4]}), "Ni", 6)
    assert all_iron.spec is None  # no manganese would be left


@st.composite
def layered_members(draw: st.DrawFn) -> MemberSpec | None:
    """A random neutral composition of three to six elements on a grid of 12, None where it is not neutral."""
    chosen = draw(st.lists(st.sampled_from(sorted(SEVERAL)), min_size=3, max_size=6, unique=True))
    cuts = sorted(draw(st.lists(st.integers(1, 11), min_size=len(chosen) - 1, max_size=len(chosen) - 1, unique=True)))
    amounts = [high - low for low, high in itertools.pairwise([0, *cuts, 12])]
    spec = SublatticeSpec.model_validate({"species": {e: SEVERAL[e] for e in chosen}})
    space = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    made = space.made_with({"TM": {e: Fraction(n, 12) for e, n in zip(chosen, amounts, strict=True)}})
    candidate = make_candidate(space, made)
    return None if candidate is None else candidate_spec(candidate, space.valences)


@given(layered_members())
def test_controls_are_neutral_without_the_element_at_the_same_content(spec: MemberSpec | None) -> None:
    if spec is None:
        return
    before = {e: Fraction(x) for e, x in spec.fractions["TM"].items()}
    for control in controls_of(spec, 12):
        if control.spec is None:
            assert control.reason
            continue
        after = {e: Fraction(x) for e, x in control.spec.fractions["TM"].items()}
        assert set(after) == set(before) - {control.element}
        assert sum(after.values()) == 1
        assert control.spec.x_made == spec.x_made
        assert sum(Ion.parse(ion).charge * x for ion, x in ions(control.spec).items()) == 3
        gains = {name: x for part in control.moved.values() for name, x in part.items()}
        assert sum(gains.values()) == before[control.element]
        if control.rule == "isovalent":
            charges = {ion.charge for ion in map(Ion.parse, ions(spec)) if ion.element == control.element}
            assert {Ion.parse(name).charge for name in gains} <= charges
        if control.rule in ("isovalent", "balanced", "redox"):
            assert all(after[e] >= before[e] for e in after)


@given(
    st.integers(0, 5),
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(1, 6), st.integers(1, 5)), min_size=1, max_size=4),
    st.booleans(),
)
def test_shares_are_those_of_brute_force(sites: int, ions: dict[str, tuple[int, int]], falls: bool) -> None:  # noqa: FBT001
    amounts, charges = {k: n for k, (n, _) in ions.items()}, {k: z for k, (_, z) in ions.items()}
    least = {k: 1 - n for k, n in amounts.items()} if falls else None
    low = [(least or {}).get(k, 0) for k in amounts]
    total = sum(amounts.values())

    def far(way: tuple[int, ...]) -> Fraction:
        pairs = zip(way, amounts.values(), strict=True)
        return sum(((d - Fraction(sites * n, total)) ** 2 / n for d, n in pairs), Fraction(0))

    best: dict[int, tuple[Fraction, tuple[int, ...]]] = {}
    for way in itertools.product(*(range(start, sites - sum(low) + 1) for start in low)):
        if sum(way) == sites:
            charge = sum(d * z for d, z in zip(way, charges.values(), strict=True))
            best[charge] = min(best.get(charge, (far(way), way)), (far(way), way))
    found = distributions(sites, amounts, charges, least=least)
    assert found == {charge: way for charge, (_, way) in best.items()}
    assert nearest(sites, amounts, found) == min(best.values())[1]


def test_lithium_of_a_disordered_rock_salt_stays() -> None:
    species = {"Li": [1], "Mn": [2, 3], "Ti": [4], "Nb": [5]}
    space = CompositionSpace(
        "drx",
        None,
        Fraction(0),
        {
            "M": SublatticeSpec.model_validate({"species": species}),
            "X": SublatticeSpec.model_validate({"species": {"O": [-2]}}),
        },
    )
    twentieths = {"Li": 11, "Mn": 4, "Ti": 4, "Nb": 1}
    made = space.made_with({"M": {e: Fraction(n, 20) for e, n in twentieths.items()}, "X": {"O": Fraction(1)}})
    candidate = make_candidate(space, made)
    assert candidate is not None
    spec = candidate_spec(candidate, space.valences)
    assert removable(spec) == ["Mn", "Nb", "Ti"]
    for control in controls_of(spec, 20):
        if control.spec is not None:
            assert Fraction(control.spec.fractions["M"]["Li"]) == Fraction(11, 20)


def test_only_named_elements_are_removed_and_every_rule_is_explained() -> None:
    spec = member("NaNi1/3Fe1/6Co1/6Mn1/6Ti1/6O2", SEVERAL)
    assert [control.element for control in controls_of(spec, 6, ("Ti", "Co"))] == ["Co", "Ti"]
    assert {control.rule for control in controls_of(spec, 6)} <= {"", *RULES}
