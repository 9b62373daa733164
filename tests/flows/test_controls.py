"""Hosts with one element less beside the best candidates of a stage: what is wired, what comes out, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jobflow import Job

from hebe.campaigns.api import plan, project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.report.collect import page_of
from hebe.report.page import report_page
from support.campaigns import STIFF, layered, staged
from support.command import hebe

FOUR = "Fe: [3], Mn: [3, 4], Ni: [2], Co: [3]"


def asking(path: Path, controls: str = "leave-one-out") -> Path:
    """The layered oxides with four cations and controls."""
    text = path.read_text().replace("Fe: [3], Mn: [3, 4], Ni: [2]", FOUR).replace("n_species: 3", "n_species: 4")
    text = text.replace("per_candidate: 2", "per_candidate: 1")
    asked = f"[voltage, local_structure]\n    controls: {controls}\n"
    text = text.replace("[voltage, volume_strain, mixing]\n", asked, 1)
    path.write_text(text.replace("minimize: [max_volume_strain]", "minimize: []"))
    return path


def jobs_of(path: Path) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in campaign_flow(load_campaign(path)).jobs if isinstance(job, Job)}


def document_of(folder: Path, candidate: str) -> dict[str, Any]:
    store = project_store(folder)
    try:
        criteria = {"output.candidate_id": candidate, "output.values": {"$exists": True}}
        return dict(store.docs_store.query_one(criteria)["output"])
    finally:
        store.close()


def formula_units(folder: Path) -> dict[str, int]:
    """Formula units of the configurations that were built, by the label of their jobs without what follows c0."""
    store = project_store(folder)
    try:
        found = store.docs_store.query({"output.n_fu": {"$exists": True}})
        return {row["metadata"]["label"].partition("/build")[0]: row["output"]["n_fu"] for row in found}
    finally:
        store.close()


def check_sizes(sizes: dict[str, int], control: dict[str, Any]) -> None:
    """The formula units that a control tells are those of the cells that were built."""
    assert control["of_n_fu"] == sizes[f"{control['of']}/c0"]
    assert control["n_fu"] == sizes[f"controls/{control['candidate_id']}/c0"]


def test_one_job_is_added_and_all_others_keep_their_ids(project: Path) -> None:
    with_controls = jobs_of(asking(layered(project)))
    plain = project / "plain.yaml"
    plain.write_text((project / "o3.yaml").read_text().replace("    controls: leave-one-out\n", ""))
    before = jobs_of(plain)
    assert set(with_controls) - set(before) == {"border/s0/controls"}
    assert all(with_controls[name].uuid == job.uuid for name, job in before.items())


def test_controls_are_computed_like_their_candidate_and_compared(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = asking(layered(project))
    assert run(path, workers=1, progress=False).status == "complete"
    assert run(path, workers=1, progress=False).calculations["computed"] == 0
    found = results(path)
    (candidate,), (document,) = found.candidates, found.controls
    by_element = {control["element"]: control for control in document["controls"]}
    assert {name: control["rule"] for name, control in by_element.items()} == {
        "Co": "isovalent",
        "Fe": "isovalent",
        "Mn": "",
        "Ni": "redox",
    }
    assert by_element["Mn"]["reason"].startswith("Co, Fe, Ni alone cannot be charge-neutral")
    control = by_element["Ni"]
    own = document_of(project, control["candidate_id"])
    assert "Ni" not in own["formula"]
    check_sizes(formula_units(project), control)
    assert (own["x_made"], own["engine"]) == (candidate["x_made"], candidate["engine"])
    by_quantity = {one["quantity"]: one for one in control["differences"]}
    assert {"average_voltage", "bond_length_spread", "slab_thickness", "gap_width"} <= set(by_quantity)
    assert by_quantity["average_voltage"]["difference"] == pytest.approx(
        candidate["average_voltage_V"] - own["values"]["average_voltage"]["mean"], abs=1e-12
    )
    over = {(one["quantity"], one["x"]): one for one in control["curves"]}
    assert {name for name, _ in over} == {"bond_spread", "angles", "strain", "slab", "gap"}
    assert {x for _, x in over} == {1.0, 0.5}
    for x in (1.0, 0.5):
        of = {state["x"]: state["slab_A"] for state in own["results"]["local_structure"][0]["states"]}
        assert over["slab", x]["control"] == pytest.approx(of[x])
    printed = " ".join(hebe(capsys, "results", path).out.split())
    assert "4 controls of 1 candidate with one element less, 3 compared" in printed
    assert "without Ni" in printed
    page = report_page(page_of(load_campaign(path), found, crystals=False))
    assert "without Ni" in page
    assert "gap between slabs (Å)" in page
    assert "some of them change their oxidation state" in page
    assert plan(path)["candidates"] == 1


@pytest.mark.slow
def test_controls_of_a_later_stage_go_through_the_stages_before(project: Path) -> None:
    path = asking(staged(project, f"{{engine: {STIFF}, keep: 1, controls: {{n: 1, elements: [Ni]}}}}"))
    path.write_text(path.read_text().replace("    controls: leave-one-out\n", ""))
    assert run(path, workers=1, progress=False).status == "complete"
    (document,) = results(path).controls
    (control,) = document["controls"]
    assert (document["stage"], control["element"], control["status"]) == (1, "Ni", "complete")
    assert control["differences"]
    store = project_store(project)
    try:
        labels = store.docs_store.distinct("metadata.label")
    finally:
        store.close()
    assert any(label.startswith(f"controls/{control['candidate_id']}/c0/x1/o0/s0") for label in labels)
    assert any(label.startswith(f"controls/{control['candidate_id']}/c0/x1/o0/s1") for label in labels)


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ("leave-two-out", "leave-two-out"),
        ("{n: 0}", "expected at least 1, got 0"),
        ("{elements: [Zn]}", "'Zn' is no cation of the campaign"),
        ("{elements: [Ni, Ni]}", "the same element is listed twice"),
        ("{number: 2}", "number"),
    ],
)
def test_controls_that_mean_nothing_are_refused(project: Path, controls: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(layered(project), controls))


def test_the_best_are_not_known_without_a_ranking(project: Path) -> None:
    path = asking(layered(project))
    path.write_text(path.read_text().replace("rank: {maximize: [average_voltage], minimize: []}", "rank: {}"))
    with pytest.raises(BadInputError, match="nothing that the stage computes ranks them"):
        load_campaign(path)


def test_the_example_is_a_campaign_with_controls() -> None:
    campaign = load_campaign(Path(__file__).parents[2] / "examples" / "na-controls.yaml")
    assert campaign.stages[0].controls is not None
