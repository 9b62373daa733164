"""Materials of the literature as campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.literature import campaign_of_system, computes, open_system, system_document
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import screen
from hebe.science.literature import check_system, get_system, load_systems
from hebe.science.literature.approximant import MOST_ATOMS
from hebe.science.structures.configuration import build_configuration, lattice_radius
from hebe.science.structures.host import host_cell

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.science.chemistry.candidate import Candidate

NOT_OPENED = (
    "mp-na-nfpphe",
    "mp-na-nfpp",
    "el-hardcarbon",
)
"""Accepted, but of structures or elements that no family holds."""

QUICK = ("pba-k-femn", "ref-mg3po42", "na-p2-tmcnr", "rs-linof", "sp-crmnfeconi", "al-cocrfenimn")


def opened(name: str, folder: Path) -> Candidate:
    """The one candidate of the campaign of a material."""
    path = folder / "campaign.yaml"
    path.write_text(campaign_of_system(name), encoding="utf-8")
    campaign = load_campaign(path)
    assert campaign.name == name
    found = screen(campaign)
    assert (found.size, len(found.selected)) == (1, 1)
    assert campaign.structures.cations == open_system(get_system(name)).sites
    return found.selected[0]


@pytest.mark.parametrize("name", QUICK)
def test_a_material_opens_as_one_candidate_whose_cell_holds_it_exactly(name: str, tmp_path: Path) -> None:
    candidate, wanted = opened(name, tmp_path), open_system(get_system(name))
    assert candidate.charge == 0
    assert candidate.composition == wanted.composition
    built = build_configuration(candidate.composition, candidate.primary, n_sites=wanted.sites, n_steps=200)
    assert built.deviation == 0
    assert built.n_fu == wanted.cell_fu


def test_the_lattice_follows_the_radius_of_its_own_sublattice(tmp_path: Path) -> None:
    """Of an argyrodite that is the one of phosphorus, also where the halides are the primary sublattice."""
    candidate = opened("li-argy-br15", tmp_path)
    assert candidate.primary == "X"
    radius = lattice_radius(candidate.composition, candidate.split, candidate.primary)
    assert radius == pytest.approx(0.17)
    cell = host_cell(candidate.composition.host, "Li", radius).structure
    labels = cell.site_properties["sublattice"]
    bond = min(cell.get_distance(labels.index("P"), i) for i, name in enumerate(labels) if name == "S")
    assert bond == pytest.approx(2.04, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", load_systems())
def test_every_material_opens_as_one_candidate_or_says_why_not(name: str, tmp_path: Path) -> None:
    system = get_system(name)
    found = computes(system)
    if not found["opens"]:
        assert check_system(system).status != "ok" or name in NOT_OPENED
        assert found["reason"].startswith(f"{name} does not open: ")
        return
    candidate = opened(name, tmp_path)
    assert candidate.charge == 0
    assert found["formula"] == candidate.composition.formula
    primitive = host_cell(candidate.composition.host, candidate.composition.working_ion)
    assert found["atoms"] <= max(MOST_ATOMS, len(primitive.structure))
    built = build_configuration(candidate.composition, candidate.primary, n_sites=open_system(system).sites, n_steps=20)
    assert built.deviation == 0


def test_an_approximant_says_what_it_is() -> None:
    text = campaign_of_system("li-o3-hewd")
    assert "# approximant: LiNi0.75" in text
    assert "up to 0.05" in text
    found = open_system(get_system("li-o3-hewd"))
    assert found.deviation == pytest.approx(0.05)
    assert all(x for x in found.hosted.fractions["TM"].values())


def test_electrodes_are_emptied_in_whole_ions() -> None:
    text = campaign_of_system("na-o3-nfmczs")
    assert "x: [1, 13/20, 7/20]" in text
    assert "analyses: [voltage, volume_strain, mixing]" in text
    assert "analyses: [mixing]" in campaign_of_system("rs-mgconicuzn-o")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("na-o3-nalfcnm", r"refused \(charge: "),
        ("na-p2-nazn", r"refused \(sum: TM sums to 0.95"),
        ("liq-licl", r"unsupported \(a liquid"),
        ("na-o3-nfmczz", "no system is called"),
    ],
)
def test_what_cannot_be_computed_is_not_opened(name: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        campaign_of_system(name)


def test_a_document_has_numbers_with_sources_beside_what_was_computed() -> None:
    document = system_document("na-o3-nfmczs")
    (entropy,) = (one for one in document["targets"] if one["id"] == "ent-na-o3-nfmczs")
    assert entropy["reproduced"] is True
    assert entropy["source"] == ("002:127",)
    assert document["check"]["status"] == check_system(get_system("na-o3-nfmczs")).status == "ok"
    assert document["computes"]["opens"] is True
    assert set(document["reviews"]) == {"002"}
    assert system_document("na-p2-nazn")["computes"]["reason"].startswith("na-p2-nazn does not open: refused (sum")
