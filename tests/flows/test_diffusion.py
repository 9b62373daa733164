"""Campaigns that ask for diffusion: from end to end, resumed, wired once, refused, estimated, reported."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jobflow import Flow, Job

from hebe.analyses.diffusion import ANALYSIS, DiffusionSpec
from hebe.analyses.registry import get_analysis
from hebe.campaigns.api import estimate, plan, project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import StageFlowMaker
from hebe.launchers.graph import references
from hebe.report.sections.diffusion import FIGURES, card
from support.campaigns import STIFF, layered, rocksalt, staged
from support.candidate_documents import candidate
from support.report_results import ranked as ranked_candidates

if TYPE_CHECKING:
    from pathlib import Path

SHORT = "{diffusion: {temperatures: [300, 600], length: 120 fs, time_step: 2 fs, keep_trajectory: true}}"


def asking(path: Path, analyses: str) -> Path:
    text = path.read_text().replace("[voltage, volume_strain, mixing]", analyses)
    text = text.replace("rank: {maximize: [average_voltage], minimize: [max_volume_strain]}", "")
    path.write_text(text.replace("x: [1, 1/2]", "x: [1]").replace("window: 1..1/2", ""))
    return path


def test_one_composition_from_end_to_end(project: Path) -> None:
    path = asking(layered(project, engine=STIFF), f"[{SHORT}]")
    path.write_text(
        path.read_text().replace("method: all", "method: diverse, n: 1").replace("per_candidate: 2", "per_candidate: 1")
    )
    done = run(path, launcher="inline", progress=False)
    assert done.status == "complete"
    (candidate,) = results(path).candidates
    (document,) = candidate["results"]["diffusion"]
    assert (document["taken_out"], document["repeats"]) == (1, [1, 1, 1])
    assert 2.7 < document["jump_A"] < 3.4
    assert [one["temperature_K"] for one in document["temperatures"]] == [300.0, 600.0]
    for one in document["temperatures"]:
        assert one["n_ions"] == 3, "one of four was taken out"
        assert one["tracer_cm2_per_s"] is None
        n_sites = sum(kind["n_sites"] for kind in one["sites"])
        assert n_sites == 4
        on_sites = sum(kind["n_sites"] * kind["occupancy"] for kind in one["sites"])
        assert on_sites + 3 * one["between"] == pytest.approx(3)
    assert candidate["jump_rate_1_per_ns"] is not None
    assert candidate["diffusion_activation_energy_eV"] is None
    assert any("no activation energy" in said for said in document["warnings"])
    assert any("tell no coefficient" in said for said in document["warnings"])
    with closing(project_store(project)) as store:
        runs = [one["output"] for one in store.docs_store.query({"output.task": "dynamics"})]
    assert len({one["key"] for one in runs}) == 2, "the temperature is in the key"
    assert {one["settings"]["time_step_fs"] for one in runs} == {2.0}
    (kept, *_) = (one["trajectory"] for one in runs)
    assert np.shape(kept["positions_A"]) == (61, 15, 3)
    assert (kept["times_fs"][0], kept["times_fs"][-1]) == (0.0, 120.0)
    again = run(path, launcher="inline", progress=False)
    assert (again.status, again.jobs["reused"]) == ("complete", again.jobs["total"])
    assert plan(path)["calculations_to_run"] == 0
    assert plan(path)["cpu_hours_estimate"] == 0.0


def jobs_of(flow: Flow) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in flow.jobs if isinstance(job, Job)}


def test_each_configuration_has_a_run_at_each_temperature(project: Path) -> None:
    plain = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="plain"), "[local_structure]"))))
    assert not any("/dynamics/" in label for label in plain)
    campaign = load_campaign(asking(layered(project, name="asked"), "[diffusion, local_structure]"))
    asked = jobs_of(campaign_flow(campaign))
    runs = {label: job for label, job in asked.items() if "/dynamics/" in label}
    assert len(runs) == 2 * len(campaign_members(campaign)) * 3
    known = {job.uuid for job in runs.values()}
    needed = [references((job.function_args, job.function_kwargs)) for job in runs.values()]
    assert not any(known & set(uuids) for uuids in needed), "the temperatures wait for no other"
    makers: list[Any] = [job.maker for job in runs.values()]
    assert len({maker.task["seed"] for maker in makers}) == 3, "noise that all share would err all in one direction"
    assert {maker.seed for maker in makers} == {0}, "the same ions are taken out"


def test_a_later_stage_refers_to_nothing_that_is_not_computed(project: Path) -> None:
    path = asking(staged(project, f"{{engine: {STIFF}, keep: all, analyses: [diffusion]}}"), "[local_structure]")
    campaign = load_campaign(path)
    members = campaign_members(campaign)
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(members[:1])
    known = {job.uuid for flow in (campaign_flow(campaign), later) for job in flow.jobs}
    own = [job for job in later.jobs if isinstance(job, Job)]
    wanted = {uuid for job in own for uuid in references((job.function_args, job.function_kwargs))}
    assert wanted
    assert wanted <= known


def test_an_estimate_counts_steps(project: Path) -> None:
    """Ten times the length is ten times the time, and a plan says as much."""
    hours = []
    for name, length in (("short", "10 ps"), ("long", "100 ps")):
        asked = asking(layered(project, name=name), f"[{{diffusion: {{length: {length}}}}}]")
        hours.append((estimate(load_campaign(asked), 10)["cpu_hours"], plan(asked)["cpu_hours_estimate"]))
    for short, long in zip(*hours, strict=True):
        assert long / short == pytest.approx(10, rel=0.1)


def test_an_estimate_counts_the_cells_of_a_repeated_one(project: Path) -> None:
    """Four cations are a cube of 5.6 A, of which 27 are 16 A wide."""
    hours = []
    for name, width in (("one", 5), ("many", 16)):
        asked = asking(layered(project, name=name), f"[{{diffusion: {{length: 100 ps, supercell: {width}}}}}]")
        hours.append((estimate(load_campaign(asked), 10)["cpu_hours"], plan(asked)["cpu_hours_estimate"]))
    for one, many in zip(*hours, strict=True):
        assert many / one == pytest.approx(27, rel=0.1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{temperatures: []}", "temperatures"),
        ("{temperatures: [600, 600]}", "named twice"),
        ("{temperatures: [5000]}", "3000 K"),
        ("{length: 0}", "length"),
        ("{time_step: 20 fs}", "time_step"),
        ("{thermostat: nose}", "thermostat"),
        ("{length: 5 eV}", "ps"),
    ],
)
def test_options_that_make_no_run_are_refused(project: Path, options: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(layered(project), f"[{{diffusion: {options}}}]"))


def test_nothing_moves_without_a_working_ion(project: Path) -> None:
    path = rocksalt(project)
    path.write_text(
        path.read_text()
        .replace("[mixing]", "[diffusion]")
        .replace("rank: {minimize: [mixing_temperature_same_host]}", "")
    )
    with pytest.raises(BadInputError, match="nothing moves without a working ion"):
        load_campaign(path)


def test_options_have_their_units() -> None:
    block = DiffusionSpec.model_validate({"temperatures": ["600 degC"], "length": "0.1 ns", "time_step": "2 fs"})
    assert block.temperatures == [873.15]
    assert (block.length, block.steps) == (100.0, 50_000)
    assert ANALYSIS.more_runs(block, 48) == [50_001]


@pytest.mark.parametrize(("length", "every_fs"), [(1.0, 4.0), (50.0, 20.0), (1000.0, 200.0)])
def test_frames_are_close_enough_to_see_jumps_and_few_enough_to_keep(length: float, every_fs: float) -> None:
    (want,) = ANALYSIS.wants(DiffusionSpec(length=length), None)  # type: ignore[arg-type]  # not looked at
    assert want.every * want.time_step_fs == every_fs  # type: ignore[attr-defined]


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": 2 * value}


def document() -> dict[str, Any]:
    told = {"n_ions": 8, "n_jumps": 400, "time_ps": 40.0, "msd_A2": 20.0, "blind_eV": 0.3}
    return {
        "temperatures": [
            {**told, "temperature_K": 500.0, "n_jumps": 4, "bound_cm2_per_s": 2e-7},
            {**told, "temperature_K": 700.0, "tracer_cm2_per_s": interval(1e-6), "haven": interval(0.7)},
            {**told, "temperature_K": 900.0, "tracer_cm2_per_s": interval(4e-6), "faults": ["it melted"]},
        ],
        "arrhenius": {
            "n": 3,
            "lowest_K": 700.0,
            "activation_eV": interval(0.31),
            "chi2": 0.5,
            "tracer_300K_cm2_per_s": interval(1e-9),
            "conductivity_300K_mS_per_cm": interval(0.6),
        },
        "taken_out": 1,
    }


def test_the_report_lists_runs_and_draws_their_line() -> None:
    (first, *_) = ranked_candidates()
    ranked = first.model_copy(update={"results": {"diffusion": [document()] * len(first.results["voltage"])}})
    text = card(ranked)
    for said in ("&lt; 2.0e-07", "1e-06 (5e-07 to 2e-06)", "not used", "0.31 (0.15 to 0.62)", "1 ions taken out"):
        assert said in text
    drawn = FIGURES[0].draw([ranked])
    assert drawn is not None
    assert drawn.count('class="mark"') == 2, "what is not used is not drawn"
    assert "below 2.00e-07" in drawn
    assert "polyline" in drawn
    bare = ranked.model_copy(update={"results": {}})
    assert (card(bare), FIGURES[0].draw([bare])) == ("", None)


def test_quantities_are_those_of_the_hottest_run_that_is_used() -> None:
    analysis = get_analysis("diffusion")
    result = analysis.Result.model_validate(document())
    values = {quantity.name: quantity.read(result) for quantity in analysis.quantities}
    assert values == pytest.approx(
        {
            "jump_rate": 400 / 8 / 0.04,
            "diffusion_activation_energy": 0.31,
            "log10_diffusion_300K": -9.0,
            "conductivity_300K": 0.6,
            "haven_ratio": 0.7,
        }
    )
    assert analysis.marks[0].holds(result, candidate())
