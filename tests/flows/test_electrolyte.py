"""Campaigns that ask for the window of an electrolyte and its reactions with electrodes: wired, computed, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

from hebe.campaigns.api import estimate, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import StageFlowMaker
from hebe.launchers.graph import references
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.hulls.working_metals import package_phases
from support.campaigns import SPRINGS, STIFF

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """
name: {name}
host:
  family: {family}
  working_ion: {ion}
  sublattices: {sublattices}
structures: {{cations: {cations}, per_candidate: 1, seed: 3, starts: 1}}
stages:
  - engine: {engine}
    analyses: {analyses}
{later}
rank: {{maximize: []}}
"""
ARGYRODITE = {
    "family": "argyrodite",
    "ion": "Li",
    "sublattices": "{P: {species: {P: [5]}}, X: {species: {S: [-2], Cl: [-1]}, amounts: {S: 1/2, Cl: 1/2}}}",
    "cations": "2",
    "engine": SPRINGS,
}
GARNET = {
    **ARGYRODITE,
    "family": "garnet",
    "sublattices": "{A: {species: {La: [3]}}, B: {species: {Zr: [4], Hf: [4]}, amounts: {Zr: 1/2, Hf: 1/2}}}",
}
BOTH = "[electrochemical_window, {interface_reactions: {electrodes: [LCO, Li1/2CoO2]}}]"


def asking(folder: Path, analyses: str, *, name: str = "m", later: str = "", **more: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(CAMPAIGN.format(name=name, analyses=analyses, later=later, **{**ARGYRODITE, **more}))
    return path


def jobs_of(path: Path) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in campaign_flow(load_campaign(path)).jobs if isinstance(job, Job)}


def shared(jobs: dict[str, Job]) -> set[str]:
    return {name.removeprefix("shared/") for name in jobs if name.startswith("shared/")}


def test_all_phases_of_the_elements_are_wired_the_reduced_ones_and_metals_too(project: Path) -> None:
    """Of an oxide also the metals and what holds no oxygen, which compete with none of its mixing."""
    oxides = {phase.id for phase in oxygen_oxides()}
    for family, elements in ((ARGYRODITE, {"Li", "P", "S", "Cl"}), (GARNET, {"Li", "La", "Zr", "Hf", "O"})):
        within = {name for name, phase in package_phases().items() if phase.elements <= elements}
        found = shared(jobs_of(asking(project, "[electrochemical_window]", **family)))
        assert found == within | (oxides if "O" in elements else set())
    assert {"Li-bcc", "Zr-hcp", "Hf-hcp"} <= found


def test_electrodes_add_the_phases_of_their_elements_and_oxygen(project: Path) -> None:
    window = shared(jobs_of(asking(project, "[electrochemical_window]", name="w")))
    both = shared(jobs_of(asking(project, BOTH, name="b")))
    elements = {"Li", "P", "S", "Cl", "Co", "O"}
    assert both - window == {n for n, p in package_phases().items() if p.elements <= elements} - window | {
        phase.id for phase in oxygen_oxides()
    }


def test_the_campaign_of_an_electrolyte_needs_no_voltage_and_keeps_its_other_jobs(project: Path) -> None:
    before = jobs_of(asking(project, "[mixing]"))
    after = jobs_of(asking(project, f"[mixing, {BOTH[1:]}"))
    for name in before:
        if not name.endswith("/candidate"):
            assert after[name].uuid == before[name].uuid
    few, many = (estimate(load_campaign(asking(project, text)), 2) for text in ("[mixing]", f"[mixing, {BOTH[1:]}"))
    assert many["jobs"] > few["jobs"] + len(oxygen_oxides())


@pytest.mark.parametrize("first", ["[mixing]", "[electrochemical_window]", BOTH])
def test_a_later_stage_refers_to_nothing_that_is_not_computed(project: Path, first: str) -> None:
    """Phases that the stage before has are calculated anew from its cells, the others from their structures."""
    path = asking(project, first, later=f"  - {{engine: {STIFF}, keep: all, task: relax, analyses: {BOTH}}}")
    campaign = load_campaign(path)
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(campaign_members(campaign))
    known = {job.uuid for flow in (campaign_flow(campaign), later) for job in flow.jobs}
    own = [job for job in later.jobs if isinstance(job, Job)]
    wanted = {uuid for job in own for uuid in references((job.function_args, job.function_kwargs))}
    assert wanted
    assert wanted <= known
    assert ("shared/Li2S-antifluorite/s1" in {job.metadata["label"] for job in own}) == (first != "[mixing]")


@pytest.mark.slow
def test_window_and_reactions_are_computed(project: Path) -> None:
    """With springs no number means anything, but documents, values and cells hold together; any host with ions does."""
    sublattices = "{TM: {species: {Co: [3]}}}"
    path = asking(project, f"[bottlenecks, {BOTH[1:]}", family="layered-o3", sublattices=sublattices)
    run(path, workers=1, progress=False)
    assert run(path, workers=1, progress=False).calculations["computed"] == 0
    (candidate,) = results(path).candidates
    (window,) = candidate["results"]["electrochemical_window"]
    assert len([said for said in window["warnings"] if "has no energy" in said]) == 1  # one phase explodes with springs
    assert candidate["reduction_limit_V"] == window["reduction_V"] >= 0
    assert candidate["decomposition_energy_eV_per_atom"] == window["above_hull_eV_per_atom"]
    (gates,) = candidate["results"]["bottlenecks"]
    assert [way["directions"] for way in gates["ways"]] == [1, 2]  # lithium of a layered oxide moves in its plane
    assert candidate["bottleneck_radius_A"] == gates["ways"][0]["radius_A"]
    assert candidate["bottleneck_radius_3d_A"] is None
    (reactions,) = candidate["results"]["interface_reactions"]
    assert [one["electrode"] for one in reactions["contacts"]] == ["LCO", "Li1/2CoO2"]
    assert reactions["contacts"][0]["mutual_eV_per_atom"] == pytest.approx(0, abs=1e-6)  # the same composition
    lowest = min(one["mutual_eV_per_atom"] for one in reactions["contacts"])
    assert candidate["interface_reaction_energy_eV_per_atom"] == lowest <= 0
    assert all(one["total_eV_per_atom"] <= one["mutual_eV_per_atom"] + 1e-9 for one in reactions["contacts"])


@pytest.mark.parametrize(
    ("analyses", "said"),
    [
        ("[{interface_reactions: {electrodes: [LCOO]}}]", "LCO"),
        ("[{interface_reactions: {electrodes: [LCO, LCO]}}]", "named twice"),
        ("[{interface_reactions: {electrodes: [LiUO2]}}]", "holds U"),
        ("[{electrochemical_window: {oxygen: 0 bar}}]", "oxygen"),
        ("[{electrochemical_window: {volts: 3}}]", "volts"),
    ],
)
def test_what_cannot_be_asked_is_refused(project: Path, analyses: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(project, analyses))


def test_a_host_in_which_nothing_moves_is_refused(project: Path) -> None:
    sublattices = "{A: {species: {Mg: [2], Ni: [2]}}}"
    path = asking(project, "[electrochemical_window]", family="rocksalt", ion="Li", sublattices=sublattices)
    path.write_text(path.read_text().replace("  working_ion: Li\n", ""))
    with pytest.raises(BadInputError):
        load_campaign(path)
