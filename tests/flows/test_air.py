"""Campaigns that ask for stability against air and local structure: what is wired, in both stages, and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Flow, Job

from hebe.campaigns.api import estimate, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import StageFlowMaker
from hebe.launchers.graph import references
from hebe.science.hulls.air_gases import air_phases
from support.campaigns import STIFF, layered, staged

if TYPE_CHECKING:
    from pathlib import Path


def asking(path: Path, analyses: str) -> Path:
    path.write_text(path.read_text().replace("[voltage, volume_strain, mixing]", analyses))
    path.write_text(path.read_text().replace("minimize: [max_volume_strain]", "minimize: []"))
    return path


def jobs_of(flow: Flow) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in flow.jobs if isinstance(job, Job)}


def test_every_solid_is_wired_once_and_only_on_demand(project: Path) -> None:
    plain = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="plain"), "[voltage]"))))
    asked = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="air"), "[voltage, air_stability]"))))
    solids = {f"shared/{phase.id}" for phase in air_phases()}
    assert solids <= set(asked)
    assert not solids & set(plain)
    assert len([name for name in asked if name.endswith("/air_stability")]) == 2 * len(
        campaign_members(load_campaign(project / "air.yaml"))
    )


@pytest.mark.parametrize(
    "first", ["[voltage]", "[voltage, air_stability]", "[voltage, {phases_along_x: {stackings: [P3]}}]"]
)
def test_a_later_stage_refers_to_nothing_that_is_not_computed(project: Path, first: str) -> None:
    """References of the second stage are jobs of its own or of the first one, whichever of them asks."""
    both = "[voltage, air_stability, {phases_along_x: {stackings: [P3]}}]"
    path = asking(staged(project, f"{{engine: {STIFF}, keep: 1, analyses: {both}}}"), first)
    campaign = load_campaign(path)
    members = campaign_members(campaign)
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(members[:1])
    known = {job.uuid for flow in (campaign_flow(campaign), later) for job in flow.jobs}
    own = [job for job in later.jobs if isinstance(job, Job)]
    wanted = {uuid for job in own for uuid in references((job.function_args, job.function_kwargs))}
    assert wanted
    assert wanted <= known


def test_an_estimate_counts_other_forms_and_phases(project: Path) -> None:
    plain = load_campaign(asking(layered(project, name="plain"), "[voltage]"))
    stacked = load_campaign(asking(layered(project, name="stacked"), "[voltage, {phases_along_x: {stackings: [P3]}}]"))
    air = load_campaign(asking(layered(project, name="air"), "[voltage, air_stability]"))
    few, many, more = (estimate(one, 10) for one in (plain, stacked, air))
    shared = estimate(plain, 0)
    assert many["cpu_hours"] - shared["cpu_hours"] == pytest.approx(2 * (few["cpu_hours"] - shared["cpu_hours"]))
    assert more["jobs"] > few["jobs"] + len(air_phases())


def test_local_structure_runs_without_contents_too(project: Path) -> None:
    path = asking(layered(project), "[voltage, local_structure]")
    assert run(path, workers=1, progress=False).status == "complete"
    for candidate in results(path).candidates:
        first, _ = candidate["results"]["local_structure"]
        assert first["states"][0]["x"] == 1.0
        assert candidate["bond_length_spread_A"] is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{humidity: 0 %}", "humidity"),
        ("{humidity: 120 %}", "humidity"),
        ("{co2: 0 bar}", "co2"),
        ("{temperature: 900 degC}", "temperature"),
        ("{carbon: 1}", "carbon"),
    ],
)
def test_air_that_there_is_not_is_refused(project: Path, options: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(layered(project), f"[voltage, {{air_stability: {options}}}]"))


def test_an_ion_whose_carbonate_is_not_known_is_refused(project: Path) -> None:
    path = layered(project)
    text = (
        path.read_text()
        .replace("family: layered-o3", "family: birnessite")
        .replace("working_ion: Na", "working_ion: K")
    )
    path.write_text(text)
    with pytest.raises(BadInputError, match="what K becomes in air is not known"):
        load_campaign(asking(path, "[air_stability]"))
