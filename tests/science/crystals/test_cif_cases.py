"""Files of the field in tests/data/cif_hosts, each with what must be read from it or why it is refused."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.campaigns.remarks import remarks
from hebe.cli.main import main
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import screen
from hebe.science.crystals.crystal import read_crystal

CASES = Path(__file__).parents[2] / "data" / "cif_hosts"


def _third(*elements: str) -> dict[str, Fraction]:
    return dict.fromkeys(elements, Fraction(1, 3))


READ: dict[str, tuple[int, int, dict[str, Fraction], str]] = {
    "01-hall-only": (225, 2, dict.fromkeys(("Co", "Cu", "Mg", "Ni", "Zn"), Fraction(1, 5)), ""),
    "04-spinel-origin-2": (227, 14, {"Mn": Fraction(3, 4), "Ni": Fraction(1, 4)}, "LiMn1.5Ni0.5O4"),
    "08-occupancy-dot": (166, 4, {"Mn": Fraction(1, 2), "Ni": Fraction(1, 2)}, "NaMn0.5Ni0.5O2"),
    "10-vacancy-row": (166, 4, {"Mn": Fraction(3, 5), "Ni": Fraction(3, 10), "Va": Fraction(1, 10)}, "NaMn0.6Ni0.3O2"),
    "13-latin1": (166, 4, {"Mn": Fraction(1, 2), "Ni": Fraction(1, 2)}, "NaMn0.5Ni0.5O2"),
    "17-sum-1.001": (166, 4, _third("Fe", "Mn", "Ni"), "NaFe0.3333Mn0.3333Ni0.3333O2"),
    "18-two-digit-thirds": (166, 4, _third("Fe", "Mn", "Ni"), "NaFe0.3333Mn0.3333Ni0.3333O2"),
    "20-thirds-0.333": (194, 10, {"Mn": Fraction(2, 3), "Ni": Fraction(1, 3)}, "Na0.6667Mn0.6667Ni0.3333O2"),
    "22-half-percent": (166, 4, {"Mn": Fraction(99, 200), "Ni": Fraction(1, 2), "Zr": Fraction(1, 200)}, ""),
    "25-working-ion-Mg": (227, 14, {"Cr": Fraction(1, 2), "Mn": Fraction(1, 2)}, "MgCrMnO4"),
    "28-charge-in-symbol": (167, 42, {"P": Fraction(1, 3), "Si": Fraction(2, 3)}, "Na3Si2Zr2PO12"),
    "32-large-file": (166, 4, {"Mn": Fraction(1, 2), "Ni": Fraction(1, 2)}, "NaMn0.5Ni0.5O2"),
    "33-long-bonds": (225, 2, {"K": Fraction(1, 2), "Rb": Fraction(1, 2)}, "K0.5Rb0.5I"),
}


def _folder(case: str, tmp_path: Path) -> Path:
    """Case in a folder of its own; the large one gets a text of 1.2 MB, as lists of reflections are."""
    folder = Path(shutil.copytree(CASES / case, tmp_path / case))
    if case == "32-large-file":
        text = (folder / "my.cif").read_text()
        lines = "_refln_text\n;\n" + "1 0 0 12.3 12.4 0.1\n" * 60000 + ";\n"
        (folder / "my.cif").write_text(text.replace("data_x\n", f"data_x\n{lines}", 1))
    return folder


@pytest.mark.parametrize("case", READ)
def test_a_file_is_read_as_it_is_meant(case: str, tmp_path: Path) -> None:
    group, sites, part, formula = READ[case]
    folder = _folder(case, tmp_path)
    crystal = read_crystal(folder / "my.cif")
    assert (crystal.space_group, len(crystal.labels)) == (group, sites)
    assert part in crystal.fractions.values()
    (candidate,) = screen(load_campaign(folder / "campaign.yaml")).selected
    assert candidate.charge == 0
    assert formula in ("", candidate.composition.formula)


REFUSED: dict[str, list[str]] = {
    "05-no-operations-and-Z": ["the formula is Mn0.5 Na1 Ni0.5 O2", "3 formula units", "no symmetry is given"],
    "06-formula-disagrees": ["Na1 Ni0.5 Mn0.5 O3", "the sites hold Mn0.5 Na1 Ni0.5 O2"],
    "12-ammonium": ["NH4 is no element"],
    "14-two-crystals": ["298K, 600K"],
    "29-refined-content": ["6.01+", "host.x_made: 3", "off by 0.01"],
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_by_name(case: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        screen(load_campaign(_folder(case, tmp_path) / "campaign.yaml"))
    for word in REFUSED[case]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_content_that_is_named_makes_the_host_neutral(tmp_path: Path) -> None:
    path = _folder("29-refined-content", tmp_path) / "campaign.yaml"
    path.write_text(path.read_text().replace("working_ion: Na", "working_ion: Na, x_made: 3"))
    (candidate,) = screen(load_campaign(path)).selected
    assert candidate.composition.x_made == 3


def test_a_site_that_sums_to_less_is_full_and_said(tmp_path: Path) -> None:
    folder = _folder("15-sum-0.998", tmp_path)
    part = next(p for p in read_crystal(folder / "my.cif").fractions.values() if "Ni" in p)
    assert part == {"Ni": Fraction(4, 5), "Mn": Fraction(51, 500), "Co": Fraction(49, 500)}
    campaign = load_campaign(folder / "campaign.yaml")
    said = " ".join(remarks(campaign, screen(campaign).selected))
    assert "site Ni1 sums to 0.998 and is taken as full" in said
    assert "steps of 1/240: Co 0.098 to 0.1" in said


def test_what_was_read_otherwise_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder("15-sum-0.998", tmp_path)
    assert main(["families", "show", str(folder / "my.cif")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "site Ni1 sums to 0.998 and is taken as full: Ni 0.798 is 0.8" in shown
    assert main(["space", str(folder / "campaign.yaml")]) == 0
    assert "steps of 1/240: Co 0.098 to 0.1" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("amounts", [("0.334", "0.334", "0.333"), ("0.34", "0.33", "0.34"), ("0.502", "0.25", "0.25")])
def test_a_site_that_sums_to_more_is_rescaled_and_said(amounts: tuple[str, str, str], tmp_path: Path) -> None:
    text = (_folder("17-sum-1.001", tmp_path) / "my.cif").read_text()
    for element, old, amount in zip(("Ni", "Fe", "Mn"), ("0.334", "0.334", "0.333"), amounts, strict=True):
        assert f"{element}1 {element} 0 0 0 {old}" in text
        text = text.replace(f"{element}1 {element} 0 0 0 {old}", f"{element}1 {element} 0 0 0 {amount}")
    (tmp_path / "my.cif").write_text(text)
    crystal = read_crystal(tmp_path / "my.cif")
    assert all(sum(part.values()) == 1 for part in crystal.fractions.values())
    assert f"site Ni1 sums to {sum(map(float, amounts)):.6g} and is taken as full" in " ".join(crystal.remarks)


def test_half_a_percent_stays_and_what_the_cell_holds_is_said(tmp_path: Path) -> None:
    campaign = load_campaign(_folder("22-half-percent", tmp_path) / "campaign.yaml")
    selected = screen(campaign).selected
    assert remarks(campaign, selected) == []  # cells grow to 200 sites

    fewer = campaign.model_copy(update={"structures": campaign.structures.model_copy(update={"cations": 40})})
    (said,) = remarks(fewer, selected)
    assert "Zr 0.005 on M1 is less than one of 40 sites" in said
    assert "cells hold none of it; structures.cations: 200 holds it" in said


def test_a_garnet_holds_seven_and_a_half_lithium() -> None:
    """At most 7.5 Li per formula unit have room in a garnet: Xu et al., Phys. Rev. B 85, 052301 (2012)."""
    from hebe.config.family import load_family
    from hebe.science.crystals.host_file import host_of_crystal

    crystal = read_crystal(CASES / "24-garnet-hangs" / "my.cif")
    family = host_of_crystal(crystal, "Li", {}, load_family("layered-o3")).family
    assert family.x_full == Fraction(15, 2)


def test_an_exchange_of_ions_is_a_host_from_which_all_lithium_may_go(tmp_path: Path) -> None:
    campaign = load_campaign(_folder("27-antisite-hint", tmp_path) / "campaign.yaml")
    family: Any = campaign.host.data
    assert family.working_shared == ("M1", "M2")
    (candidate,) = screen(campaign).selected
    assert candidate.composition.elements["Li"] == 1
    assert candidate.composition.elements["Ni"] == Fraction(4, 5)


def test_a_metal_that_shares_its_sites_is_named_where_it_is_most(tmp_path: Path) -> None:
    folder = _folder("27-antisite-hint", tmp_path)
    text = (folder / "my.cif").read_text().replace("Li1 Li", "Ni8 Co").replace("Li2 Li", "Co9 Fe")
    (folder / "my.cif").write_text(text)
    path = folder / "campaign.yaml"
    path.write_text(path.read_text().replace("working_ion: Li", "working_ion: Co"))
    most = next(n for n, part in read_crystal(folder / "my.cif").fractions.items() if part.get("Co", 0) > 0.5)
    with pytest.raises(BadInputError, match=f"nearest: Co alone on {most}"):
        load_campaign(path)


def test_every_case_is_looked_at() -> None:
    others = {"15-sum-0.998", "24-garnet-hangs", "27-antisite-hint"}
    assert {folder.name for folder in CASES.iterdir()} == {*READ, *REFUSED, *others}
