"""Energies of a host between its corners: exact where members are, indifferent to what neutrality leaves open."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN
from hebe.science.mixing.exsolution import below_planes, distinct, even_weights, first_columns, reach, spinodals
from hebe.science.mixing.pair_terms import IonSpace, pair_name
from hebe.science.mixing.solution import HostSolution, SolutionMember
from support.host_cases import between, regular, uniform

MIXED = ("Cu2+", "Fe3+", "Mn3+", "Mn4+", "Ni2+", "Ti4+")
OWN = {"Ni2+": 0.25, "Cu2+": 1 / 12, "Ti4+": 0.25, "Mn4+": 1 / 12, "Fe3+": 0.25, "Mn3+": 1 / 12}
PARTS = [{"Fe3+": 1.0}, {"Mn3+": 1.0}] + [
    {two: 0.5, four: 0.5} for two in ("Ni2+", "Cu2+") for four in ("Mn4+", "Ti4+")
]
TWO = ("Fe3+", "Mn3+")


def solution(w: dict[str, float], linear: dict[str, float] | None = None, *, more: bool = False) -> HostSolution:
    """Of a neutral host of six ions, also with every two corners half and half."""
    energy = regular(w, linear)
    parts = [*PARTS]
    if more:
        for one, other in combinations(PARTS, 2):
            parts.append({ion: (one.get(ion, 0.0) + other.get(ion, 0.0)) / 2 for ion in {*one, *other}})
    space = IonSpace([{"TM": part} for part in [OWN, *parts]], {"TM": 1.0})
    members = [
        SolutionMember(str(i), space.vector({"TM": part}), energy(part), i < len(PARTS)) for i, part in enumerate(parts)
    ]
    return HostSolution(space, SolutionMember("own", space.vector({"TM": OWN}), energy(OWN), corner=False), members)


def binary(x: float, w: float = 0.3, *, sparse: bool = False) -> HostSolution:
    """Two ions, a candidate of the first in a share x; `sparse` without members between the corners."""
    energy = regular(uniform(TWO, w))
    space = IonSpace([{"TM": dict.fromkeys(TWO, 0.5)}], {"TM": 1.0})
    own = {"Fe3+": x, "Mn3+": 1 - x}
    members = [SolutionMember(ion, space.vector({"TM": {ion: 1.0}}), 0.0, corner=True) for ion in TWO]
    parts = [] if sparse else between([{ion: 1.0} for ion in TWO])
    members += [SolutionMember(str(n), space.vector({"TM": p}), energy(p), corner=False) for n, p in enumerate(parts)]
    return HostSolution(space, SolutionMember("own", space.vector({"TM": own}), energy(own), corner=False), members)


def some_w(seed: int = 0) -> dict[str, float]:
    generator = np.random.default_rng(seed)
    return {pair: float(generator.normal(0.1, 0.2)) for pair in uniform(MIXED, 0)}


def inside(found: HostSolution, n: int = 50) -> np.ndarray:
    """Compositions between the corners."""
    weights = np.random.default_rng(1).dirichlet(np.ones(len(found.corners)), n)
    return np.asarray(weights @ found.corners)


def test_energies_go_through_the_candidate_and_near_the_corners() -> None:
    linear = dict(zip(MIXED, (1.0, -2.0, 0.5, 3.0, -0.1, 0.7), strict=True))
    found = solution(some_w(), linear, more=True)
    assert found.energy(found.own.amounts) == pytest.approx(found.own.energy, abs=1e-12)
    assert found.energy(found.corners) == pytest.approx([m.energy for m in found.members if m.corner], abs=3e-3)
    assert not solution(some_w(), linear).complete


def test_enough_members_give_the_energies_everywhere() -> None:
    w = some_w()
    found = solution(w, more=True)
    assert found.complete
    amounts = inside(found)
    true = [regular(w)(dict(zip([ion for _, ion in found.space.ions], row.tolist(), strict=True))) for row in amounts]
    assert found.energy(amounts) == pytest.approx(true, abs=1e-3)


def test_influences_make_up_the_ions_of_the_composition() -> None:
    """So what is linear in the ions goes over unchanged: also a constant."""
    found = solution(some_w())
    amounts, members = inside(found), np.array([member.amounts for member in found.members])
    assert found.influence(amounts) @ members == pytest.approx(amounts, abs=1e-9)
    assert found.influence(amounts).sum(axis=1) == pytest.approx(np.ones(len(amounts)), abs=1e-9)
    assert found.influence(found.own.amounts) == pytest.approx(np.eye(len(members))[0], abs=1e-9)


@pytest.mark.parametrize("more", ["", "more"])
def test_the_gauge_of_neutral_members_changes_nothing(more: str) -> None:
    """``w_ij -> w_ij + (c_i - c_j) (q_j - q_i)`` is linear in the ions of neutral members."""
    shifts = dict(zip(MIXED, (0.3, -0.7, 1.1, 0.2, -0.4, 0.9), strict=True))
    w, charge = some_w(), {ion: float(Ion.parse(ion).charge) for ion in MIXED}
    moved = {
        pair_name(i, j): w[pair_name(i, j)] + (shifts[i] - shifts[j]) * (charge[j] - charge[i])
        for i, j in combinations(MIXED, 2)
    }
    one, other = (solution(each, more=bool(more)) for each in (w, moved))
    weights = np.random.default_rng(2).dirichlet(np.ones(len(PARTS)), 20)
    above = [found.energy(weights @ found.corners) - weights @ found.energy(found.corners) for found in (one, other)]
    assert above[1] == pytest.approx(above[0], abs=1e-3 if more else 2e-3)
    assert np.std(above[0]) > 0.005


@pytest.mark.parametrize("x", [0.1, 0.3, 0.5])
def test_the_spinodal_of_two_ions(x: float) -> None:
    """``T = 2 w x (1 - x) / k``; at a half ``w / 2k``."""
    found = spinodals(binary(x), np.array([[0.0], [0.1], [-0.5]]))
    expected = [2 * (0.3 + shift) * x * (1 - x) / BOLTZMANN for shift in (0.0, 0.1, -0.5)]
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_lowest_composition_below_a_plane() -> None:
    """Against every composition of two ions on a fine grid."""
    found, prices, temperature = binary(0.4), np.array([0.03, -0.02]), 900.0
    x = np.linspace(1e-6, 1 - 1e-6, 100001)
    free = 0.3 * x * (1 - x) + BOLTZMANN * temperature * (x * np.log(x) + (1 - x) * np.log(1 - x))
    above = free - x * prices[0] - (1 - x) * prices[1]
    rows = below_planes(found, np.array([temperature]), prices[None])[0]
    values = found.energy(rows) - temperature * found.space.entropy(rows) - rows @ prices
    assert values.min() == pytest.approx(above.min(), abs=2e-5)


def test_several_planes_are_answered_as_each_alone() -> None:
    """To the bit: what is found does not depend on what else is asked."""
    found, random = solution(some_w(), more=True), np.random.default_rng(3)
    temperatures = np.array([300.0, 900.0, 1400.0])
    prices, offsets = random.normal(size=(3, len(MIXED))), 0.05 * random.normal(size=(3, len(found.space.pairs)))
    together = below_planes(found, temperatures, prices, offsets)
    for at, rows in enumerate(together):
        one = slice(at, at + 1)
        assert np.array_equal(rows, below_planes(found, temperatures[one], prices[one], offsets[one])[0])


def test_known_compositions_stay_and_are_not_found_again() -> None:
    found = solution(some_w())
    columns, own = first_columns(found), found.own.amounts
    middle = (columns[0] + columns[-1]) / 2
    assert np.array_equal(distinct(np.vstack([columns[:5], middle, own, middle]), own, columns), [*columns, middle])
    assert np.array_equal(distinct(np.vstack([columns, middle]), own), distinct(middle[None], own, columns))


def test_first_compositions_lie_between_the_corners() -> None:
    found = solution(some_w())
    columns = first_columns(found)
    charges = np.array([float(Ion.parse(ion).charge) for _, ion in found.space.ions])
    assert columns.sum(axis=1) == pytest.approx(np.ones(len(columns)), abs=1e-6)
    assert columns @ charges == pytest.approx(np.full(len(columns), 3.0), abs=1e-6)
    assert columns.min() >= 0
    assert np.abs(columns - found.own.amounts).max(axis=1).min() > 1e-5
    assert len(distinct(np.vstack([columns, columns]), found.own.amounts)) == len(columns)


def test_even_shares_make_the_composition() -> None:
    found = solution(some_w())
    shares = even_weights(found.corners, found.own.amounts)
    assert shares @ found.corners == pytest.approx(found.own.amounts, abs=1e-4)
    assert shares.min() >= 0
    middle = found.corners.mean(axis=0)
    assert even_weights(found.corners, middle) == pytest.approx(np.full(len(PARTS), 1 / len(PARTS)), abs=1e-6)


def test_a_step_ends_where_an_ion_is_used_up() -> None:
    assert reach(np.array([0.2, 0.5, 0.3]), np.array([-0.1, 0.2, -0.1])) == pytest.approx(2.0)
    assert reach(np.array([0.2, 0.8]), np.array([0.1, 0.1])) == 0.0


@pytest.mark.parametrize("x", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("w", [0.02, 0.3])
def test_where_only_corners_are_known_the_pair_follows_from_the_candidate(x: float, w: float) -> None:
    found = binary(x, w, sparse=True)
    amounts = np.array([[0.2, 0.8], [0.7, 0.3], [1.0, 0.0]])
    expected = w * amounts[:, 0] * amounts[:, 1]
    np.testing.assert_allclose(found.energy(amounts), expected, atol=0.02 * w)
