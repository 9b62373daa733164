"""Small members: exact in their cells, neutral, balanced, and with the terms that energies of pairs have."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.config.reading.units import IntRange
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, member_spec, split_of
from hebe.science.errors.small_members import SmallMember, balanced, cell_sites, member_name, small_members
from hebe.science.mixing.pair_terms import IonSpace
from hebe.science.structures.configuration import build_configuration

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

SIZES = IntRange(low=2, high=4)
VALENCES = {"TM": {"Ni": (2,), "Mn": (3, 4), "Fe": (3,), "Ti": (4,), "Mg": (2,)}}
SIXTH = Fraction(1, 6)


def oxide(ions: dict[str, Fraction]) -> MemberSpec:
    """Layered sodium oxide with these ions."""
    split = {Ion.parse(name): n for name, n in ions.items()}
    fractions: dict[str, Fraction] = {}
    for ion, n in split.items():
        fractions[ion.element] = fractions.get(ion.element, Fraction(0)) + n
    composition = HostComposition("layered-o3", "Na", Fraction(1), {"TM": fractions})
    return member_spec(composition, {"TM": split}, "TM", VALENCES)


CANDIDATE = oxide({"Ni2+": 2 * SIXTH, "Ti4+": SIXTH, "Mn4+": SIXTH, "Fe3+": SIXTH, "Mn3+": SIXTH})
OTHER = oxide({"Mg2+": 2 * SIXTH, "Ti4+": 2 * SIXTH, "Fe3+": 2 * SIXTH})


@pytest.fixture(scope="module")
def pool() -> list[SmallMember]:
    return small_members([CANDIDATE, OTHER], SIZES)


def amounts(spec: MemberSpec) -> dict[str, dict[str, float]]:
    return {sub: {str(ion): float(n) for ion, n in part.items()} for sub, part in (split_of(spec) or {}).items()}


def test_cells_and_vertices_balance_and_are_neutral(pool: list[SmallMember]) -> None:
    assert len({member.name for member in pool}) == len(pool) == 30
    for member in pool:
        assert sum(member.weights.values()) == pytest.approx(0)
        left: dict[str, Fraction] = {}
        for n, spec in ((Fraction(-1), member.spec), *member.vertices):
            for ion, x in (split_of(spec) or {})["TM"].items():
                left[str(ion)] = left.get(str(ion), Fraction(0)) + n * x
        assert not any(left.values()), member.name
        assert sum(ion.charge * x for ion, x in (split_of(member.spec) or {})["TM"].items()) == 3
        assert len(member.vertices) >= 2
        assert all(balanced(vertex) is None for _, vertex in member.vertices)


def test_terms_are_what_energies_of_pairs_leave(pool: list[SmallMember]) -> None:
    specs = [spec for member in pool for spec in (member.spec, *(vertex for _, vertex in member.vertices))]
    space = IonSpace([amounts(spec) for spec in specs], {"TM": 1})
    w = np.random.default_rng(3).normal(size=len(space.pairs))
    linear = np.random.default_rng(4).normal(size=len(space.ions))

    def energy(spec: MemberSpec) -> float:
        held = space.vector(amounts(spec))
        return float(linear @ held + w @ space.terms(held))

    of = dict(zip(space.names, w, strict=True))
    for member in pool:
        enthalpy = energy(member.spec) - sum(float(n) * energy(vertex) for n, vertex in member.vertices)
        assert enthalpy == pytest.approx(sum(of[pair] * x for pair, x in member.terms.items()), abs=1e-12)


def test_every_pair_of_ions_of_the_candidates_occurs(pool: list[SmallMember]) -> None:
    named = {pair for member in pool for pair in member.terms}
    for spec in (CANDIDATE, OTHER):
        space = IonSpace([amounts(spec)], {"TM": 1})
        assert set(space.names) <= named


def test_cells_hold_their_members_exactly(pool: list[SmallMember]) -> None:
    for member in (*pool[:4], *pool[-4:]):
        for spec in (member.spec, *(vertex for _, vertex in member.vertices)):
            made = build_configuration(composition_of(spec), spec.primary, n_sites=cell_sites(spec))
            assert made.structure is not None
            assert made.deviation == 0
            assert made.n_fu <= SIZES.high


def test_no_ion_is_there_that_the_ladder_would_change(pool: list[SmallMember]) -> None:
    """Ni2+ and Mn4+ keep no Mn3+ beside Ni3+; what is there is the canonical split."""
    for member in pool:
        again = split_of(member.spec, {"TM": dict(member.spec.fractions["TM"])})
        assert again == split_of(member.spec)
        assert "Ni3+" not in member.name


def test_sublattices_of_several_sites_and_hosts_without_a_working_ion() -> None:
    quarter = Fraction(1, 4)
    split = {Ion.parse(f"{symbol}2+"): quarter for symbol in ("Mg", "Ni", "Co", "Zn")}
    fractions = {ion.element: n for ion, n in split.items()}
    composition = HostComposition("rocksalt", None, Fraction(0), {"M": fractions})
    valences = {"M": {ion.element: (2,) for ion in split}}
    spec = member_spec(composition, {"M": split}, "M", valences)
    found = small_members([spec], IntRange(low=2, high=2))
    assert len(found) == 6
    for member in found:
        assert list(member.terms.values()) == [pytest.approx(0.25)]
        assert [n for n, _ in member.vertices] == [Fraction(1, 2)] * 2


def test_a_member_is_called_as_in_a_mixing_document() -> None:
    assert member_name(oxide({"Ni2+": Fraction(1, 2), "Mn4+": Fraction(1, 2)})) == "NaMn0.5Ni0.5O2 [Mn4+ Ni2+]"
