"""Members of a compatibility map by hand and by brute force; ranks against a count of pairs."""

from __future__ import annotations

import itertools

import pytest

from hebe.campaigns.mixing_map import map_campaign
from hebe.config.mixing_map import MapHost, load_map
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_members
from hebe.science.chemistry.ions import Ion
from hebe.science.mixing.compatibility import compare_groups, map_members, normalised, probe_member

DRX = load_map("drx")
LOW, HIGH = DRX.hosts


def charge(ions: dict[str, dict[Ion, int]]) -> int:
    return sum(ion.charge * n for held in ions.values() for ion, n in held.items())


def test_hosts_of_the_map_are_neutral_and_as_published() -> None:
    # Li1.3Mn0.4Ti0.3O1.7F0.3 and Li1.3Mn0.2Co0.1Cr0.1Ti0.1Nb0.2O1.7F0.3, Lun et al. 2021
    for host in DRX.hosts:
        ions = {name: {Ion.parse(i): n for i, n in held.items()} for name, held in host.ions.items()}
        assert charge(ions) == 0
        assert sum(ions["M"].values()) == sum(ions["X"].values()) == DRX.sites
    assert len(DRX.probes) == len(set(DRX.probes)) == 23
    assert {cation for group in DRX.groups.values() for cation in group} <= set(DRX.probes)


@pytest.mark.parametrize("cation", DRX.probes)
def test_members_are_neutral_and_change_the_host_least(cation: str) -> None:
    ion = Ion.parse(cation)
    member = probe_member(LOW, ion, DRX.probe)
    assert charge(member.ions) == 0
    assert sum(member.ions["M"].values()) == DRX.sites
    base = {Ion.parse(i): n for i, n in LOW.ions["M"].items()}
    own = {i: member.ions["M"].get(i, 0) - (DRX.probe if i == ion else 0) for i in base}
    ideal = {i: 0.9 * n for i, n in base.items()}
    cost = sum((own[i] - ideal[i]) ** 2 for i in base)
    for counts in itertools.product(range(19), repeat=3):
        choice = dict(zip(base, counts, strict=True))
        total = sum(i.charge * n for i, n in choice.items()) + DRX.probe * ion.charge
        if sum(counts) == 18 and total == 37:
            assert cost <= sum((choice[i] - ideal[i]) ** 2 for i in base) + 1e-9


def test_a_cation_without_a_place_is_refused() -> None:
    rigid = MapHost(name="rigid", title="", ions={"M": {"Mg2+": 4, "Ca2+": 4}, "X": {"O2-": 8}}, source="made")
    with pytest.raises(BadInputError, match=r"Al3\+ finds no neutral place in the host rigid"):
        probe_member(rigid, Ion("Al", 3), 1)
    assert probe_member(rigid, Ion("Ni", 2), 2).ions["M"] == {
        Ion("Mg", 2): 3,
        Ion("Ca", 2): 3,
        Ion("Ni", 2): 2,
    }


def test_campaign_of_a_map_has_its_members_as_candidates() -> None:
    cations = [Ion("Mg", 2), Ion("Sn", 4)]
    campaign = map_campaign(DRX, cations)
    wanted = {member.composition("drx").candidate_id for member in map_members(DRX, cations)}
    found = campaign_members(campaign)
    assert {spec.candidate_id for spec in found} == wanted
    assert len(wanted) == 4


def test_normalised_values_have_mean_one() -> None:
    assert normalised([100.0, None, 300.0]) == [0.5, None, 1.5]
    assert normalised([None]) == [None]
    assert normalised([0.0, 0.0]) == [None, None]


def test_rank_comparison_counts_pairs() -> None:
    first, second = [5.0, 7.0, 9.0], [1.0, 6.0]
    found = compare_groups(first, second)
    assert found is not None
    assert found.effect == pytest.approx(sum(a > b for a in first for b in second) / 6)
    # of the 10 ways to choose the ranks of the first group, those with U >= 5: {3,4,5} and {2,4,5}
    assert found.p_value == pytest.approx(2 / 10)
    assert compare_groups([], second) is None
