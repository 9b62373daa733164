"""What ``hebe space`` accepts is built: random hosts of the families, and CIFs in which ions have changed places."""

from __future__ import annotations

import os
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.campaigns.remarks import remarks
from hebe.config.family import family_names, load_family
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, members_of
from hebe.flows.member_checks import check_members
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.screening import screen
from hebe.science.structures.configuration import approximated, build_configuration, lattice_radius
from hebe.science.structures.working import choose_orderings, mobile_sites
from support.cif_hosts import O3, write
from support.command import hebe
from support.random_hosts import EXCHANGED, random_campaign, write_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

HOSTS: Final = int(os.environ.get("HOST_FUZZ", "1"))
"""Of each family; with HOST_FUZZ they are all tried, 100 of each take long."""
ONE_OF_EACH_KIND: Final = (
    "argyrodite",
    "diamond",
    "drx",
    "fcc-alloy",
    "fluorite",
    "garnet-tetragonal",
    "graphite",
    "hydroxide",
    "intermetallic-mn5si3",
    "layered-li-rich",
    "layered-o3",
    "layered-o3-oxyfluoride",
    "layered-p2",
    "layered-p2-oxyfluoride",
    "layered-p2-pillared",
    "mps3",
    "nasicon",
    "pba",
    "pba-hydrated",
    "rocksalt",
    "spinel",
    "spinel-oxide",
)
FAMILIES: Final = family_names() if "HOST_FUZZ" in os.environ else ONE_OF_EACH_KIND


def _kind(name: str) -> tuple[object, ...]:
    """What decides how hosts of a family are screened and built."""
    family = load_family(name)
    sites, own = family.sublattices, family.working_own
    ions = (bool(family.working_ions), len(own), bool(family.working_shared), any(sites[n].exclusion for n in own))
    mixed = (len(family.mixed_cations), len(family.mixed) - len(family.mixed_cations))
    return family.bonding, ions, mixed, any(site.role == "group" for site in sites.values()), family.layer_axis


def test_each_kind_of_host_is_tried() -> None:
    tried = {_kind(name): name for name in ONE_OF_EACH_KIND}
    assert [name for name in family_names() if _kind(name) not in tried] == []
    assert len(tried) == len(ONE_OF_EACH_KIND)


def _built(campaign: Campaign, spec: MemberSpec) -> ConfigurationDoc:
    composition, split = composition_of(spec), split_of(spec)
    radius = lattice_radius(composition, split, spec.primary)
    return build_configuration(composition, spec.primary, n_sites=campaign.structures.cations, radius=radius)


@pytest.mark.parametrize("family", FAMILIES)
def test_random_hosts_are_refused_before_they_run_or_built(family: str, tmp_path: Path) -> None:
    accepted = 0
    for seed in range(10 * HOSTS):
        if accepted == HOSTS:
            break
        path = write_campaign(tmp_path, random_campaign(Random(f"{family}{seed}"), family))
        try:
            campaign = load_campaign(path)
            members = members_of(campaign, screen(campaign).selected)
            check_members(campaign, members)
        except BadInputError:
            continue
        accepted += 1
        campaign_flow(campaign)
        for spec in members:
            built = _built(campaign, spec)
            assert built.structure is not None
            full = load_family(family).x_full
            for x in campaign.stages[0].x if spec.working_ion else ():
                choose_orderings(spec, built, x * full, 1)
    assert accepted


@pytest.mark.parametrize("exchange", EXCHANGED)
def test_ions_on_the_sites_of_others_stay_in_the_composition(exchange: str, tmp_path: Path) -> None:
    """Cells of 20 sites and more hold 5 %, and as made all ions that the file has."""
    ion, text = EXCHANGED[exchange]
    path = write(tmp_path, f"host: {{file: my.cif, working_ion: {ion}}}", text)
    path.write_text(path.read_text().replace("cations: 3", "cations: 20"))
    campaign = load_campaign(path)
    (candidate,) = screen(campaign).selected
    (spec,) = members_of(campaign, [candidate])
    check_members(campaign, [spec])
    assert candidate.charge == 0
    built = _built(campaign, spec)
    assert built.structure is not None
    held = built.structure.composition.get_el_amt_dict()
    for element, amount in candidate.composition.elements.items():
        assert held[element] / built.n_fu == pytest.approx(float(amount), abs=0.5 / built.n_fu + 1e-9)
    half = choose_orderings(spec, built, candidate.composition.x_made / 2, 1)
    stay, mobile = len(half.occupied[0]), mobile_sites(spec, built.structure)
    assert len(mobile) == round(held[ion])
    assert stay == pytest.approx(len(mobile) / 2, abs=1)


DILUTE: Final = {"Zr 0.005": ("Mn1 Mn 0 0 0 .495\nZr1 Zr 0 0 0 .005", "Zr"),
                 "Ti 0.02": ("Mn1 Mn 0 0 0 .48\nTi1 Ti 0 0 0 .02", "Ti"),
                 "Al 0.01": ("Mn1 Mn 0 0 0 .49\nAl1 Al 0 0 0 .01", "Al")}  # fmt: skip


@pytest.mark.parametrize("dopant", DILUTE)
def test_what_a_cell_cannot_hold_is_said_in_space_and_of_the_cell(
    dopant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, element = DILUTE[dopant]
    ni = O3[O3.index("Ni1 Ni") : O3.index("O1 O")]
    path = write(tmp_path, "host: {file: my.cif, working_ion: Na}", O3.replace(ni, f"Ni1 Ni 0 0 0 .5\n{rows}\n"))
    path.write_text(path.read_text().replace("cations: 3", "cations: 8"))
    campaign = load_campaign(path)
    (spec,) = members_of(campaign, screen(campaign).selected)
    (said,) = remarks(campaign, screen(campaign).selected)
    assert f"{dopant} on M1 is less than one of 8 sites: cells hold none of it" in said
    assert said in " ".join(hebe(capsys, "space", path).out.split())
    of_the_cell = approximated(_built(campaign, spec))
    assert of_the_cell is not None
    assert f"{dopant} on M1 is 0" in of_the_cell
    assert "Ni" not in of_the_cell
    assert Fraction(spec.fractions["M1"][element]) == Fraction(dopant.split()[1])


def test_space_refuses_cells_that_are_too_small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "host: {file: my.cif, working_ion: Na}")
    path.write_text(path.read_text().replace("cations: 3", "cations: 1"))
    outcome = hebe(capsys, "space", path)
    assert outcome.code != 0
    assert "M1 has one site in a cell of 1, and 3 species are to share it (nearest: cations: 3)" in outcome.err


AMOUNTS: Final = {
    "{Ni: 0.3337, Mn: 0.333, Fe: 0.3333}": "amounts have steps of 1/10000, at most 1/240",
    "{Ni: 0.3333, Mn: 0.3333, Fe: 0.3333}": "amounts have steps of 1/10000, at most 1/240",
    "{Ni: 0.33, Mn: 0.33, Fe: 0.33}": "the sum is '99/100'",
}


@pytest.mark.parametrize("amounts", AMOUNTS)
def test_amounts_of_ones_own_are_exact_or_refused(amounts: str, tmp_path: Path) -> None:
    """What amounts cannot say a formula can."""
    species = "{Ni: [2, 3], Mn: [3, 4], Fe: 3}"
    mixed = f"{{TM: {{species: {species}, amounts: {amounts}}}}}"
    path = write(tmp_path, f"host: {{family: layered-o3, working_ion: Na, sublattices: {mixed}}}")
    with pytest.raises(BadInputError, match=r"host\.sublattices\.TM\.amounts") as caught:
        load_campaign(path)
    assert AMOUNTS[amounts] in str(caught.value)
    formula = "NaNi0.3337Mn0.333Fe0.3333O2"
    select = f"select: {{method: explicit, formulas: [{formula}]}}\n"
    path.write_text(path.read_text().replace(f", amounts: {amounts}", "") + select)
    (candidate,) = screen(load_campaign(path)).selected
    held = candidate.composition.fractions["TM"]
    assert float(held["Ni"]) == pytest.approx(0.3337, abs=1e-4)
    assert sum(held.values()) == 1
