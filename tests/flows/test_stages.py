"""Campaigns of several stages: who goes on, what the next stage starts from, and what it never mixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore
from pymatgen.core import Structure

import hebe
from hebe.campaigns.api import plan, project_store, rerun, results, run, status
from hebe.config.engines.ase import ASEBlock
from hebe.engines.registry import get_engine
from hebe.flows.campaign import campaign_flow
from support.campaigns import SPRINGS, STIFF, layered, staged

if TYPE_CHECKING:
    from pathlib import Path

FOUR = "{Fe: [3], Mn: [3, 4], Ni: [2], Ti: [4]}"
STATIC = f"{{engine: {STIFF}, keep: 2, task: static}}"


def quick(path: Path) -> Path:
    """The same campaign without mixing and its references."""
    path.write_text(path.read_text().replace("volume_strain, mixing]", "volume_strain]"))
    return path


def wider(path: Path) -> Path:
    """The same campaign with one more element, so that there is something to leave behind."""
    path.write_text(path.read_text().replace("{Fe: [3], Mn: [3, 4], Ni: [2]}", FOUR))
    return path


def outputs(folder: Path, **criteria: Any) -> list[dict[str, Any]]:
    store = project_store(folder)
    try:
        found = store.docs_store.query({f"output.{name}": value for name, value in criteria.items()})
        return [document["output"] for document in found]
    finally:
        store.close()


def promote_maker(path: Path) -> Any:
    """Maker of the job at the border to the second stage."""
    (job,) = (job for job in campaign_flow(hebe.load_campaign(path)).jobs if job.name.startswith("promote"))
    return getattr(job, "maker", None)


def test_phases_that_a_campaign_brings_compete_in_every_stage(project: Path) -> None:
    path = wider(staged(project, STATIC))
    plain = promote_maker(path).following.campaign
    assert "mixing" not in plain, "jobs of campaigns that bring nothing keep their ids"
    path.write_text(path.read_text().replace("stages:", "mixing: {temperatures: [900 degC]}\nstages:"))
    assert promote_maker(path).following.campaign["mixing"]["temperatures"] == [1173.15]


def test_the_best_go_on_from_their_relaxed_cells(project: Path) -> None:
    path = quick(wider(staged(project, STATIC)))
    summary = run(path, workers=2, progress=False)
    assert summary.status == "complete", summary.failures
    found = results(path)
    (promotion,) = found.promotions
    first = [c for c in found.candidates if c["stage"] == 0]
    second = [c for c in found.candidates if c["stage"] == 1]
    assert [c["candidate_id"] for c in promotion["candidates"] if c["promoted"]] == [
        c["candidate_id"] for c in promotion["candidates"][:2]
    ]
    assert {c["candidate_id"] for c in second} == {c["candidate_id"] for c in promotion["candidates"][:2]}
    assert first, "something stays behind"
    assert [c["rank"] for c in found.candidates] == list(range(1, len(found.candidates) + 1))
    assert max(c["rank"] for c in second) < min(c["rank"] for c in first)

    statics = outputs(project, task="static", status="converged")
    relaxed = [Structure.from_dict(doc["structure"]) for doc in outputs(project, task="relax", status="converged")]
    assert statics
    engine = get_engine(
        ASEBlock(ase="support.spring_crystal:make", energy_scale="stiff", arguments={"depth": 2.6, "length": 2.2})
    )
    for document in statics:
        start = Structure.from_dict(document["input_structure"])
        assert any(start == structure for structure in relaxed), "every cell comes from the stage before"
        assert document["energy_eV"] == pytest.approx(engine.evaluate(start).energy_eV, abs=1e-9)


@pytest.mark.slow
def test_no_result_mixes_the_energies_of_two_stages(project: Path) -> None:
    path = staged(project, STATIC)
    run(path, workers=2, progress=False)
    scale_of = {
        doc["key"]: doc["energy_scale"] for doc in outputs(project, status="converged") if "energy_scale" in doc
    }
    for document in outputs(project, candidate_id={"$exists": True}, calculations={"$exists": True}):
        scales = {scale_of[key] for key in document["calculations"].values()}
        assert scales == {document["energy_scale"]} == {("springs", "stiff")[document["stage"]]}


@pytest.mark.slow
def test_a_stage_added_to_a_finished_campaign_computes_only_itself(project: Path) -> None:
    run(quick(layered(project, name="staged")), workers=2, progress=False)
    path = quick(staged(project, STATIC))
    planned = plan(path)
    assert (planned["calculations_to_run"], planned["undecided_stages"]) == (0, [1])
    summary = run(path, workers=2, progress=False)
    n_static = len(outputs(project, task="static"))
    assert summary.calculations["computed"] == n_static > 0
    again = run(path, workers=2, progress=False)
    assert again.calculations["computed"] == 0
    assert again.jobs["reused"] == again.jobs["total"]
    assert plan(path)["undecided_stages"] == []
    seen = status(path)
    assert seen["jobs"]["total"] == seen["jobs"]["completed"] == summary.jobs["total"]


def test_three_stages(project: Path) -> None:
    later = f"{STATIC}\n{{engine: {SPRINGS}, keep: 1, task: relax-ions, configurations: 1, analyses: [voltage]}}"
    path = staged(project, later)
    summary = run(path, workers=2, progress=False)
    assert summary.status == "complete", summary.failures
    found = results(path)
    assert [c["stage"] for c in found.candidates] == [2, 1]
    assert [doc["stage"] for doc in found.agreement] == [1, 2]
    assert found.candidates[0]["n_configurations"] == 1
    assert found.candidates[0]["mixing"]["competing"]["T_mix_K"] is None
    last = {parity["quantity"] for parity in found.agreement[1]["quantities"]}
    assert last == {"average_voltage"}


@pytest.mark.slow
def test_jobflows_own_manager_gives_the_same_numbers(project: Path) -> None:
    path = quick(staged(project, STATIC))
    run(path, workers=2, progress=False)
    mine = {c["candidate_id"]: c for c in results(path).candidates}
    store = JobStore(MemoryStore())
    store.connect()
    flow = campaign_flow(hebe.load_campaign(path))
    run_locally(flow, store=store, log=False, raise_immediately=True, allow_external_references=True)
    theirs = list(store.docs_store.query({"output.stage": 1, "output.calculations": {"$exists": True}}))
    assert len(theirs) == len(mine)
    for document in theirs:
        own = mine[document["output"]["candidate_id"]]
        value = document["output"]["values"]["average_voltage"]
        assert value["mean"] == pytest.approx(own["average_voltage_V"], abs=1e-9)


def test_a_candidate_that_failed_stays_behind_until_it_is_run_again(project: Path) -> None:
    flag = project / "titanium"
    engine = f"{{ase: 'support.spring_crystal:without_titanium', energy_scale: springs, arguments: {{flag: {flag}}}}}"
    path = quick(wider(staged(project, f"{{engine: {STIFF}, keep: all, task: static}}", engine=engine)))
    first = run(path, workers=1, progress=False)
    assert first.status == "failed"
    (promotion,) = results(path).promotions
    behind = [c for c in promotion["candidates"] if not c["promoted"]]
    assert behind
    assert {c["reason"] for c in behind} == {"failed"}
    assert all("Ti" in c["formula"] for c in behind)
    flag.touch()
    assert rerun(path)["descendants"] > 0
    second = run(path, workers=1, progress=False)
    assert second.status == "complete", second.failures
    assert all(c["stage"] == 1 for c in results(path).candidates)
