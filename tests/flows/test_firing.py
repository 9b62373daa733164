"""The firing temperature reaches the analyses that want it, from the campaign or from its family, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

from hebe.campaigns.loading import load_campaign
from hebe.config.family import family_names, load_family
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.flows.stage import StageFlowMaker
from hebe.makers.analysis import AnalysisMaker
from hebe.makers.promote import PromoteMaker
from support.campaigns import STIFF, layered, rocksalt, staged
from support.cif_hosts import O3, write

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow import Flow


def jobs(flow: Flow) -> list[Job]:
    return [job for job in flow.jobs if isinstance(job, Job)]


def analyses(flow: Flow, name: str) -> list[Job]:
    return [job for job in jobs(flow) if isinstance(job.maker, AnalysisMaker) and job.maker.analysis == name]


def fired_at(flow: Flow, name: str = "mixing") -> set[float | None]:
    found = analyses(flow, name)
    assert found
    return {job.function_args[2].get("firing_temperature") for job in found}


def with_line(path: Path, line: str) -> Path:
    path.write_text(f"{path.read_text()}\n{line}\n")
    return path


NOT_FIRED = {
    *(
        "amorphous-alloy",
        "carbonate",
        "carbonate-sodium",
        "hydroxide-sodium",
        "orthophosphate",
        "intermetallic-na9sn4",
        "pba-hydrated",
        "diamond",
        "graphite",
        "hydroxide",
        "pba-monoclinic",
        "pba-rhombohedral",
    ),
    *("hcp-alloy", "intermetallic-ksn", "intermetallic-mn5si3", "intermetallic-potassium"),
    *("antifluorite-oxide", "antifluorite-selenide", "antifluorite-sulfide", "birnessite", "bixbyite", "corundum"),
    *("fluoride-rutile", "fluoride-vf3", "fluorite", "intermetallic-sodium", "layered-o2", "layered-o3-oxyfluoride"),
    *("layered-p2-oxyfluoride", "layered-p2-pillared", "layered-p3-monoclinic", "mps3", "pba", "phosphide"),
    *("pyrochlore", "rutile", "selenide", "selenide-litharge", "sulfide", "sulfide-molybdenite", "telluride"),
}
"""Families that are precipitated, alloyed or exchanged, or whose usual firing nobody looked up."""


@pytest.mark.parametrize("name", sorted({*family_names()} - NOT_FIRED))
def test_every_family_says_how_it_is_fired(name: str) -> None:
    usual = load_family(name).synthesis
    assert usual is not None
    assert 700 < usual.temperature < 1800
    assert "doi 10." in usual.source


def test_families_without_a_firing_say_nothing_of_it() -> None:
    assert {name for name in family_names() if load_family(name).synthesis is None} == NOT_FIRED


def test_the_family_has_a_temperature_and_the_campaign_another(tmp_path: Path) -> None:
    plain = campaign_flow(load_campaign(layered(tmp_path)))
    assert fired_at(plain) == {1173.15}
    assert fired_at(plain, "voltage") == {None}
    given = campaign_flow(load_campaign(with_line(layered(tmp_path), "firing_temperature: 1000 K")))
    assert fired_at(given) == {1000.0}
    first, second = ({job.uuid for job in jobs(flow)} for flow in (plain, given))
    changed = {type(job.maker).__name__ for job in jobs(plain) if job.uuid in first - second}
    assert changed == {"AnalysisMaker", "CandidateMaker"}, "no calculation depends on where candidates are fired"
    others = {job.uuid for job in analyses(plain, "voltage")}
    assert others <= second


def test_a_campaign_without_one_reads_as_it_did(tmp_path: Path) -> None:
    assert "firing_temperature" not in load_campaign(rocksalt(tmp_path)).model_dump(mode="json")


def test_a_later_stage_knows_it(tmp_path: Path) -> None:
    path = with_line(staged(tmp_path, f"{{engine: {STIFF}, keep: all}}"), "firing_temperature: 1000")
    flow = campaign_flow(load_campaign(path))
    (promote,) = (job for job in jobs(flow) if isinstance(job.maker, PromoteMaker))
    assert isinstance(promote.maker, PromoteMaker)
    assert isinstance(promote.maker.following, StageFlowMaker)
    assert fired_at(promote.maker.following.make(promote.function_args[0])) == {1000.0}


@pytest.mark.parametrize(("like", "expected"), [("", None), (", like: layered-p3", 973.15)])
def test_a_crystal_of_a_file_has_that_of_the_family_it_is_like(
    like: str, expected: float | None, tmp_path: Path
) -> None:
    stages = "stages: [{engine: chgnet, analyses: [mixing]}]\n"
    campaign = load_campaign(write(tmp_path, f"host: {{file: my.cif, working_ion: Na{like}}}", O3, stages=stages))
    assert campaign.fired_at == (None if expected is None else pytest.approx(expected))
    assert fired_at(campaign_flow(campaign)) == {campaign.fired_at}
    assert "synthesis" not in (campaign.host.crystal or {})


@pytest.mark.parametrize("given", ["-10", "0 K", "1650 F", "hot"])
def test_what_no_furnace_has_is_refused_with_its_line(given: str, tmp_path: Path) -> None:
    path = with_line(rocksalt(tmp_path), f"firing_temperature: {given}")
    with pytest.raises(BadInputError, match=r"yaml:\d+: firing_temperature: "):
        load_campaign(path)
