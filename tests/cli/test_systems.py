"""Materials of the literature on the command line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.loading import load_campaign
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


def test_materials_are_listed_by_their_properties(capsys: Captured) -> None:
    assert len(hebe(capsys, "systems", "--json").json) == 167
    found = hebe(
        capsys, "systems", "--family", "layered-p2", "--ion", "Na", "--role", "cathode", "--element", "Ru", "--json"
    )
    assert [one["id"] for one in found.json] == ["na-p2-tmcnr"]
    table = hebe(capsys, "systems", "--element", "Ru").out
    assert "P2-TMCNR" in table
    assert table.endswith("1 materials\n")


def test_outcomes_are_listed_with_their_sources(capsys: Captured) -> None:
    found = hebe(capsys, "systems", "outcomes", "--family", "rocksalt", "--json").json
    assert {one["family"] for one in found} == {"rocksalt"}
    known = next(one for one in found if one["id"] == "rs-mgconicuzn")
    assert known["one_phase"]
    assert known["source"] == "10.1038/s41467-025-63567-z"
    assert known["sites"] == {"M": dict.fromkeys(("Co2+", "Cu2+", "Mg2+", "Ni2+", "Zn2+"), 0.2)}
    text = hebe(capsys, "systems", "outcomes", "--family", "rocksalt").out
    assert f"{len(found)} compositions, {sum(not one['one_phase'] for one in found)} of which" in text
    assert "from memory" in text
    assert "did you mean rocksalt?" in hebe(capsys, "systems", "outcomes", "--family", "rocksat").err


def test_the_family_counts_before_the_word_outcomes_too(capsys: Captured) -> None:
    after = hebe(capsys, "systems", "outcomes", "--family", "rocksalt", "--json").json
    assert hebe(capsys, "systems", "--family", "rocksalt", "outcomes", "--json").json == after
    assert len(hebe(capsys, "systems", "outcomes", "--json").json) > len(after)
    assert "did you mean rocksalt?" in hebe(capsys, "systems", "--family", "rocksat", "outcomes").err
    own = ("--formula", "NaNi0.5Mn0.5O2", "--sublattices", "Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2")
    found = hebe(capsys, "systems", "--family", "layered-o3", "check", *own, "--json").json
    assert found == hebe(capsys, "systems", "check", *own, "--family", "layered-o3", "--json").json


def test_one_material_is_shown_with_its_numbers(capsys: Captured) -> None:
    text = hebe(capsys, "systems", "show", "na-o3-nfmczs").out
    assert "hebe init --like na-o3-nfmczs" in text
    assert "1.6215" in text
    assert "002:127" in text
    document = hebe(capsys, "systems", "show", "na-o3-nfmczs", "--json").json
    assert document["formula"] == "NaNi0.2Fe0.2Mn0.35Cu0.05Zn0.1Sn0.1O2"


def test_a_material_without_a_crystal_says_so(capsys: Captured) -> None:
    assert "Hebe computes nothing of it" in hebe(capsys, "systems", "show", "liq-licl").out


def test_all_materials_are_checked(capsys: Captured) -> None:
    listed = hebe(capsys, "systems", "check", "--json").json
    by_id = {one["id"]: one for one in listed}
    assert len(by_id) == 167
    assert by_id["na-p2-namno2"]["reason"] == "sum: TM sums to 1.04 per formula unit, its sites are 1"
    out = hebe(capsys, "systems", "check").out
    assert "refused (sum: TM sums to 1.04" in " ".join(out.split())
    assert "unsupported (a liquid has no crystal)" in out
    assert [one["id"] for one in hebe(capsys, "systems", "check", "na-p2-namno2", "--json").json] == ["na-p2-namno2"]


def test_a_composition_of_ones_own_is_checked(capsys: Captured) -> None:
    words = ["--sublattices", "Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2", "--family", "layered-o3"]
    found = hebe(capsys, "systems", "check", "--formula", "NaNi0.5Mn0.5O2", *words, "--json").json
    assert found["status"] == "ok"
    assert found["reason"] is None
    assert found["charge"] == 0
    assert found["entropy_R"]["mixed-site"] == pytest.approx(math.log(2))
    assert found["oxidation_states"]["TM"] == {"Mn4+": 0.5, "Ni2+": 0.5}
    refused = hebe(capsys, "systems", "check", "--formula", "NaNi0.6Mn0.5O2", *words)
    assert "refused (sum: the formula has 0.6 Ni, the sublattices hold 0.5)" in refused.out
    assert refused.code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--formula", "NaCoO2"], "needs --sublattices and --family"),
        (
            ["check", "na-o3-nm55", "--formula", "A", "--sublattices", "A:Li1", "--family", "drx"],
            "give an ID or a comp",
        ),
        (["show", "na-o3-nm56"], "no system is called 'na-o3-nm56'"),
        (["--role", "catode"], "no system has the role 'catode'"),
        (["check", "--formula", "Na(", "--sublattices", "A:Na1", "--family", "drx"], "is not a formula"),
    ],
)
def test_mistakes_are_one_line(words: list[str], said: str, capsys: Captured) -> None:
    outcome = hebe(capsys, "systems", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_material_is_opened_as_a_campaign(capsys: Captured, tmp_path: Path) -> None:
    assert hebe(capsys, "init", tmp_path, "--like", "na-p2-lcm").code == 0
    campaign = load_campaign(tmp_path / "campaign.yaml")
    assert campaign.name == "na-p2-lcm"
    assert hebe(capsys, "space", tmp_path / "campaign.yaml", "--json").json["candidates"] == 1


def test_a_material_has_its_own_family(capsys: Captured, tmp_path: Path) -> None:
    outcome = hebe(capsys, "init", tmp_path, "--like", "na-p2-lcm", "--family", "drx")
    assert outcome.code == 2
    assert not (tmp_path / "campaign.yaml").exists()


def test_an_option_that_a_command_would_not_heed_is_refused(capsys: Captured) -> None:
    refused = hebe(capsys, "systems", "--ion", "Na", "outcomes")
    assert (refused.code, refused.out) == (2, "")
    assert "hebe systems outcomes: --ion is an option of hebe systems alone" in refused.err
    assert "it stands behind hebe systems show" in hebe(capsys, "--json", "systems", "show", "na-o3-heo9").err
    assert hebe(capsys, "systems", "--json", "show", "na-o3-heo9").json["id"] == "na-o3-heo9"
