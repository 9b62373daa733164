"""Campaigns that ask for barriers and site energies: from end to end, resumed, in later stages, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, Job

from hebe.analyses.barriers import ANALYSIS
from hebe.campaigns.api import estimate, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import StageFlowMaker
from hebe.launchers.graph import references
from hebe.report.sections.barriers import card
from hebe.report.sections.kinetics import card as kinetics_card
from hebe.report.sections.kinetics import draw
from hebe.report.sections.site_energies import card as sites_card
from hebe.schemas.result import Value
from support.campaigns import STIFF, layered, rocksalt, staged
from support.report_results import ranked as ranked_candidates

if TYPE_CHECKING:
    from pathlib import Path


def asking(path: Path, analyses: str) -> Path:
    text = path.read_text().replace("[voltage, volume_strain, mixing]", analyses)
    text = text.replace("rank: {maximize: [average_voltage], minimize: [max_volume_strain]}", "")
    path.write_text(text.replace("x: [1, 1/2]", "x: [1]").replace("window: 1..1/2", ""))
    return path


def few(path: Path) -> Path:
    path.write_text(
        path.read_text().replace("method: all", "method: diverse, n: 2").replace("per_candidate: 2", "per_candidate: 1")
    )
    return path


def ions_moved(moving: dict[str, Any]) -> None:
    """A layer with one vacancy in four sites, of 24 hops of which two were computed."""
    assert (moving["directions"], moving["n_ions"]) == (2, 3 * moving["n_sites"] // 4)
    assert moving["filled_share"] == pytest.approx(22 / 24)
    assert [point["temperature_K"] for point in moving["points"]] == [600.0, 750.0, 900.0]
    for point in moving["points"]:
        assert point["tracer_cm2_per_s"] > 0
        assert sum(point["occupations"]) == pytest.approx(3)
    assert moving["activation_low_eV"] < moving["activation_eV"] < moving["activation_high_eV"]
    assert moving["activation_eV"] > 0


def test_two_compositions_from_end_to_end(project: Path) -> None:
    path = few(
        asking(
            layered(project),
            "[{barriers: {n: 2, fmax: 0.1}}, {site_energies: {n: 2}}, {percolation: {sites: 2000}},"
            " {kinetics: {n: 2, fmax: 0.1, temperatures: [600, 750, 900], sites: 32, jumps: 100000}}]",
        )
    )
    done = run(path, workers=1, progress=False)
    assert done.status == "complete"
    found = results(path)
    assert len(found.candidates) == 2
    for candidate in found.candidates:
        (document,) = candidate["results"]["barriers"]
        assert document["taken_out"] == 1
        assert document["n_hops"] == 4 * 6
        assert len(document["hops"]) == 2
        for hop in document["hops"]:
            assert hop["blocking"] == 1
            assert 0 < hop["forward_eV"] < hop["saddle_eV"] + 1e-9
        assert candidate["migration_barrier_eV"] == pytest.approx(document["mean_eV"])
        directions = [one["directions"] for one in document["connections"]]
        assert directions == [1, 2], "the layers are not connected"
        assert document["connections"][0]["barrier_eV"] <= document["connections"][1]["barrier_eV"]
        assert candidate["connecting_barrier_3d_eV"] is None
        assert (candidate["share_0tm"], candidate["share_1tm"]) == (0.0, 1.0)
        (moving,) = candidate["results"]["kinetics"]
        ions_moved(moving)
        assert len(document["filled"]) == 22
        assert candidate["hopping_activation_energy_eV"] == pytest.approx(moving["activation_eV"])
        assert candidate["log10_hopping_diffusion_300K"] is None
        (energies,) = candidate["results"]["site_energies"]
        assert energies["n_sites"] == 4
        assert sum(one["weight"] * one["energy_eV"] for one in energies["sites"]) == pytest.approx(0.0, abs=1e-9)
        assert all(one["fixed_eV"] is not None for one in energies["sites"])
        assert candidate["site_energy_spread_eV"] == energies["sd_eV"]
    again = run(path, workers=1, progress=False)
    assert (again.status, again.calculations["computed"]) == ("complete", 0)


def jobs_of(flow: Flow) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in flow.jobs if isinstance(job, Job)}


def test_slots_are_wired_once_and_on_demand(project: Path) -> None:
    plain = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="plain"), "[percolation]"))))
    assert not any("/hops/" in label for label in plain)
    campaign = load_campaign(
        asking(layered(project, name="asked"), "[{barriers: {n: 3}}, {site_energies: {n: 5}}, percolation]")
    )
    asked = jobs_of(campaign_flow(campaign))
    number = 2 * len(campaign_members(campaign))
    assert sum("/hops/" in label for label in asked) == number * (1 + 3 * 3)
    assert sum(label.endswith("/barriers") for label in asked) == number
    assert sum("/sites/" in label for label in asked) == number * (1 + 2 * 5)
    bounded = jobs_of(
        campaign_flow(load_campaign(asking(layered(project, name="asked"), "[{barriers: {n: 3, bound: 3 eV}}]")))
    )
    paths = [label for label in bounded if label.endswith("/path")]
    assert {getattr(bounded[label].maker, "highest", None) for label in paths} == {3.0}
    assert not {bounded[label].uuid for label in paths} & {asked[label].uuid for label in paths}


def test_kinetics_shares_hops_where_options_are_the_same(project: Path) -> None:
    number = 2 * len(campaign_members(load_campaign(asking(layered(project, name="plain"), "[percolation]"))))
    same = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="same"), "[barriers, kinetics]"))))
    assert sum("/hops" in label for label in same) == number * (1 + 3 * 4)
    text = "[{barriers: {n: 3}}, {kinetics: {n: 2}}]"
    other = jobs_of(campaign_flow(load_campaign(asking(layered(project, name="other"), text))))
    assert sum("/hops/" in label for label in other) == number * (1 + 3 * 3)
    assert sum("/hops2/" in label for label in other) == number * (1 + 3 * 2)


@pytest.mark.parametrize("first", ["[percolation]", "[barriers, site_energies]"])
def test_a_later_stage_refers_to_nothing_that_is_not_computed(project: Path, first: str) -> None:
    path = asking(staged(project, f"{{engine: {STIFF}, keep: all, analyses: [barriers, site_energies]}}"), first)
    campaign = load_campaign(path)
    members = campaign_members(campaign)
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(members[:1])
    known = {job.uuid for flow in (campaign_flow(campaign), later) for job in flow.jobs}
    own = [job for job in later.jobs if isinstance(job, Job)]
    wanted = {uuid for job in own for uuid in references((job.function_args, job.function_kwargs))}
    assert wanted
    assert wanted <= known


def test_an_estimate_counts_hops(project: Path) -> None:
    plain = load_campaign(asking(layered(project, name="plain"), "[percolation]"))
    asked = load_campaign(asking(layered(project, name="asked"), "[percolation, {barriers: {n: 8}}]"))
    assert estimate(asked, 10)["cpu_hours"] > 2 * estimate(plain, 10)["cpu_hours"]


def test_an_estimate_counts_shared_hops_once_and_cells_of_a_fit(project: Path) -> None:
    def hours(name: str, analyses: str) -> float:
        campaign = load_campaign(asking(layered(project, name=name), analyses))
        return float(estimate(campaign, 10)["cpu_hours"] - estimate(campaign, 0)["cpu_hours"])

    plain, one = hours("plain", "[local_structure]"), hours("one", "[{barriers: {n: 8}}]")
    assert hours("shared", "[{barriers: {n: 8}}, {kinetics: {n: 8}}]") == one > plain
    apart = hours("apart", "[{barriers: {n: 8}}, {kinetics: {n: 8, seed: 1}}]")
    assert apart - one == pytest.approx(one - plain)
    given = hours("given", "[{percolation: {short_range: {pairs: {Fe Mn: -50 meV}}}}]")
    few, many = (hours(f"fit{n}", f"[{{percolation: {{short_range: {{fit: {n}}}}}}}]") for n in (12, 24))
    assert given == plain
    assert many - given == pytest.approx(2 * (few - given))
    assert few > given


@pytest.mark.parametrize("analyses", ["[barriers]", "[percolation]", "[site_energies]", "[kinetics]"])
def test_nothing_moves_without_a_working_ion(project: Path, analyses: str) -> None:
    path = rocksalt(project)
    path.write_text(
        path.read_text().replace("[mixing]", analyses).replace("rank: {minimize: [mixing_temperature_same_host]}", "")
    )
    with pytest.raises(BadInputError, match="nothing moves without a working ion"):
        load_campaign(path)


@pytest.mark.parametrize(("options", "said"), [("{n: 0}", "n"), ("{images: 2}", "images"), ("{fmax: 0}", "fmax")])
def test_options_that_make_no_band_are_refused(project: Path, options: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(layered(project), f"[{{barriers: {options}}}]"))


def test_the_report_lists_hops_and_where_they_connect() -> None:
    hop: dict[str, Any] = {"first": 0, "second": 1, "environment": "Co, Li", "length_A": 3.5, "path": "p"}
    document = {
        "hops": [{**hop, "forward_eV": 0.41, "backward_eV": 0.32, "saddle_eV": 0.41, "gate_area_A2": 4.06}],
        "connections": [{"directions": 2, "barrier_eV": 0.41, "first": 0, "second": 1, "computed": False}],
        "n_hops": 96,
    }
    (first, *_) = ranked_candidates()
    ranked = first.model_copy(update={"results": {"barriers": [document] * len(first.results["voltage"])}})
    text = card(ranked)
    for said in ("Co, Li", "0.41", "0.32", "1 of 96 hops", "in 2 directions"):
        assert said in text
    assert card(ranked.model_copy(update={"results": {}})) == ""
    assert ANALYSIS.best(ranked) is not None


def test_kinetics_without_a_temperature_or_jumps_is_refused(project: Path) -> None:
    for options, said in (("{temperatures: []}", "temperatures"), ("{jumps: 10}", "jumps"), ("{attempts: 0}", "att")):
        with pytest.raises(BadInputError, match=said):
            load_campaign(asking(layered(project), f"[{{kinetics: {options}}}]"))


def test_the_report_lists_temperatures_with_errors_and_bounds() -> None:
    told = {"tracer_cm2_per_s": 2.345e-9, "tracer_se_cm2_per_s": 1e-10, "conductivity_S_per_cm": 3.21e-4, "haven": 0.65}
    points = [{"temperature_K": 300.0, "bound_cm2_per_s": 1.2e-15}, {"temperature_K": 500.0, "n_jumps": 1000, **told}]
    found = {"points": points, "n_sites": 64, "n_ions": 48, "attempts_THz": 10.0, "filled_share": 0.9}
    found |= {"activation_eV": 0.301, "activation_low_eV": 0.29, "activation_high_eV": 0.312}
    (first, *_) = ranked_candidates()
    ranked = first.model_copy(update={"results": {"kinetics": [found] * len(first.results["voltage"])}})
    text = kinetics_card(ranked)
    for said in ("&lt; 1.2e-15", "2.35e-09 ± 1e-10", "3.21e-04", "0.65", "48 ions on 64 sites", "0.301 eV", "90%"):
        assert said in text
    assert kinetics_card(first) == ""
    assert draw([first]) is None
    values = {
        "hopping_activation_energy": Value(mean=0.301, n=1),
        "log10_hopping_diffusion_300K": Value(mean=-9.0, n=1),
    }
    assert "1.0e-09 cm²/s" in (draw([first.model_copy(update={"values": {**first.values, **values}}), first]) or "")


def test_the_report_lists_environments_of_sites_deepest_first() -> None:
    site = {"site": 0, "sublattice": "A", "environment": "6 Co", "weight": 2, "energy_eV": 0.1}
    kinds = [
        {"name": "A: 6 Co", "n_sites": 3, "n_computed": 1, "mean_eV": 0.1},
        {"name": "A: 6 Mn", "n_sites": 1, "n_computed": 1, "mean_eV": -0.3},
    ]
    (first, *_) = ranked_candidates()
    found = {"sites": [site, {**site, "site": 3}], "environments": kinds, "n_sites": 4}
    text = sites_card(first.model_copy(update={"results": {"site_energies": [found] * len(first.results["voltage"])}}))
    assert text.index("A: 6 Mn") < text.index("A: 6 Co")
    assert "2 of 4 sites" in text
    assert sites_card(first) == ""
