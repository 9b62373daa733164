"""Campaign flows end to end on a cheap engine: identity, reuse, widening, failures, other managers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Job, JobStore, run_locally
from maggma.stores import MemoryStore

import hebe
from hebe.campaigns.api import project_store, results, run, show
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from support.campaigns import FOURTEEN, layered, rocksalt

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow import Flow


def jobs(flow: Flow) -> list[Job]:
    return [job for job in flow.jobs if isinstance(job, Job)]


def n_documents(folder: Path) -> int:
    store = project_store(folder)
    try:
        return int(store.docs_store.count())
    finally:
        store.close()


def relaxations(flow: Flow) -> set[str]:
    return {job.uuid for job in jobs(flow) if type(job.maker).__name__ == "RelaxMaker"}


def test_the_same_campaign_has_the_same_jobs(tmp_path: Path) -> None:
    path = layered(tmp_path)
    first, second = campaign_flow(hebe.load_campaign(path)), campaign_flow(hebe.load_campaign(path))
    assert [job.uuid for job in jobs(first)] == [job.uuid for job in jobs(second)]
    assert len({job.uuid for job in jobs(first)}) == len(jobs(first))


def test_other_settings_are_other_jobs(tmp_path: Path) -> None:
    first = campaign_flow(hebe.load_campaign(layered(tmp_path)))
    engine = "{ase: 'support.spring_crystal:make', energy_scale: springs, arguments: {depth: 1.6}}"
    second = campaign_flow(hebe.load_campaign(layered(tmp_path, engine=engine)))
    assert not relaxations(first) & relaxations(second)
    built = {job.uuid for job in jobs(first) if type(job.maker).__name__ == "BuildMaker"}
    assert built <= {job.uuid for job in jobs(second)}, "structures do not depend on the engine"


def test_slots_are_wired_before_anything_runs(tmp_path: Path) -> None:
    flow = campaign_flow(hebe.load_campaign(layered(tmp_path)))
    candidates = {job.metadata["candidate"] for job in jobs(flow)} - {None}
    names = [type(job.maker).__name__ for job in jobs(flow) if job.metadata["candidate"]]
    assert names.count("RelaxMaker") == len(candidates) * 2 * (1 + 2)
    assert names.count("CandidateMaker") == len(candidates)


def test_random_orderings_have_slots_of_their_own(tmp_path: Path) -> None:
    def slots(keys: str) -> int:
        path = layered(tmp_path)
        path.write_text(path.read_text().replace("{keep: 2}", keys))
        labels = [job.metadata["label"] for job in jobs(campaign_flow(load_campaign(path)))]
        return sum("/x1/2/o" in label and not label.endswith("/order") for label in labels)

    alone = slots("{keep: 2}")
    assert slots("{keep: 2, random: 3, removal: even}") * 2 == alone * 5


def test_one_site_is_not_shared(tmp_path: Path) -> None:
    path = layered(tmp_path)
    path.write_text(path.read_text().replace("cations: 4", "cations: 1"))
    with pytest.raises(
        BadInputError, match=r"TM has one site in a cell of 1, and 3 species.*nearest: cations: 3"
    ) as caught:
        campaign_flow(load_campaign(path))
    assert caught.value.key == "structures.cations"


@pytest.mark.slow
def test_widening_a_campaign_computes_only_what_is_new(project: Path) -> None:
    first = run(rocksalt(project), workers=1, progress=False)
    assert first.status == "complete"
    ten = campaign_flow(hebe.load_campaign(rocksalt(project)))
    assert first.calculations["computed"] == len(relaxations(ten))
    assert len(results(rocksalt(project)).candidates) == 10
    fourteen = campaign_flow(hebe.load_campaign(rocksalt(project, FOURTEEN)))
    new = relaxations(fourteen) - relaxations(ten)
    second = run(rocksalt(project, FOURTEEN), workers=1, progress=False)
    assert second.calculations["computed"] == len(new)
    assert len(results(rocksalt(project, FOURTEEN)).candidates) == 14
    assert len(results(rocksalt(project)).candidates) == 10, "results follow the file as it is now"


def test_a_second_run_computes_nothing_and_adds_nothing(project: Path) -> None:
    path = layered(project)
    first = run(path, workers=2, progress=False)
    assert first.status == "complete", first.failures
    before = n_documents(project)
    second = run(path, workers=2, progress=False)
    assert second.calculations["computed"] == 0
    assert second.jobs["reused"] == second.jobs["total"]
    assert n_documents(project) == before


def test_another_campaign_finds_the_same_calculations(project: Path) -> None:
    run(rocksalt(project), workers=1, progress=False)
    summary = run(rocksalt(project, name="other"), workers=1, progress=False)
    assert summary.calculations["computed"] == 0
    assert summary.calculations["reused"] > 10
    first, second = (results(rocksalt(project, name=name)).candidates for name in ("rs", "other"))
    assert [c["mixing"] for c in first] == [c["mixing"] for c in second]


def test_no_output_is_lost_or_replaced_by_running_again(project: Path) -> None:
    """Two campaigns on one store; then every job runs again, and finds its own result."""
    for name in ("rs", "other"):
        run(rocksalt(project, "Mg: [2], Ni: [2]", name=name), workers=1, progress=False)
    store = project_store(project)
    try:
        documents = list(store.docs_store.query({}))
        before = {doc["uuid"]: store.get_output(doc["uuid"], load=True) for doc in documents}
        stale = [
            {**doc, "made_from": {"all": "", "each": [[uuid, ""] for uuid, _ in doc["made_from"]["each"]]}}
            for doc in documents
        ]
        store.docs_store.update(stale, key=["uuid", "index"])
        for name in ("rs", "other"):
            summary = run(rocksalt(project, "Mg: [2], Ni: [2]", name=name), workers=1, progress=False)
            assert summary.status == "complete"
            assert summary.jobs["reused"] < summary.jobs["total"], "jobs ran again"
            assert summary.calculations["computed"] == 0
        after = {doc["uuid"]: doc for doc in store.docs_store.query({})}
        assert after.keys() == before.keys()
        for doc in documents:
            own = doc["output"] if isinstance(doc["output"], dict) else {}
            if own.get("key") and "energy_scale" in own:
                now = after[doc["uuid"]]
                assert {**now, "made_from": None} == {**doc, "made_from": None}, "the original, with its time"
                assert now["made_from"] == doc["made_from"] or not doc["made_from"]["each"]
            output = store.get_output(doc["uuid"], load=True)
            assert not (isinstance(output, dict) and output.get("reused_from"))
            assert _told(output) == _told(before[doc["uuid"]])
    finally:
        store.close()


def _told(output: Any) -> Any:
    """What an output says of its subject, times and paths aside."""
    if not isinstance(output, dict):
        return output
    return {key: output.get(key) for key in ("key", "status", "energy_eV", "formula", "values", "candidate_id")}


@pytest.mark.slow
def test_jobflows_own_manager_gives_the_same_numbers(project: Path) -> None:
    path = layered(project)
    run(path, workers=2, progress=False)
    mine = {c["candidate_id"]: c for c in results(path).candidates}
    flow = campaign_flow(hebe.load_campaign(path))
    store = JobStore(MemoryStore())
    store.connect()
    for _ in range(2):  # the second time must not overwrite results with references to themselves
        run_locally(flow, store=store, log=False, raise_immediately=True)
    for job in jobs(flow):
        assert store.get_output(job.uuid) is not None
    summaries = [job for job in jobs(flow) if type(job.maker).__name__ == "CandidateMaker"]
    assert len(summaries) == len(mine)
    for job in summaries:
        theirs = store.get_output(job.uuid, load=True)
        own = mine[theirs["candidate_id"]]
        for name, key in (("average_voltage", "average_voltage_V"), ("max_volume_strain", "max_volume_strain")):
            assert theirs["values"][name]["mean"] == pytest.approx(own[key], abs=1e-9)
            assert theirs["values"][name]["sd_configurations"] == pytest.approx(own[f"{key}_sd"], abs=1e-9)
        (mixing,) = theirs["results"]["mixing"]
        for references in ("same_host", "competing"):
            expected = own["mixing"][references]["dH_eV_per_site"]
            assert mixing[references]["dH_eV_per_site"] == pytest.approx(expected, abs=1e-9)


def test_failures_are_documents_and_retried_only_when_asked(project: Path) -> None:
    path = rocksalt(project, engine="{ase: 'support.spring_crystal:broken', energy_scale: none}")
    first = run(path, workers=1, progress=False)
    assert first.status == "failed"
    assert first.calculations["failed"] > 0
    assert first.failures[0].error_class == "EngineError"
    assert "no energy today" in first.failures[0].message
    candidates = results(path).candidates
    assert {c["status"] for c in candidates} == {"failed"}
    assert {c["rank"] for c in candidates} == {None}
    assert all(c["mixing"]["competing"]["T_mix_K"] is None and c["warnings"] for c in candidates)
    again = run(path, workers=1, progress=False)
    assert again.calculations["computed"] == 0
    assert again.status == "failed"
    retried = run(path, workers=1, progress=False, retry_failed=True)
    assert retried.calculations["failed"] == first.calculations["failed"]


def test_documents_follow_the_contract(project: Path) -> None:
    path = layered(project)
    run(path, workers=1, progress=False)
    found = results(path)
    best = found.candidates[0]
    assert best["rank"] == 1
    assert [c["rank"] for c in found.candidates] == list(range(1, len(found.candidates) + 1))
    for state in best["x_states"]:
        assert {"x", "volume_A3_per_fu", "on_hull", "topology"} <= set(state)
    steps = best["voltage_profile"]
    mean = sum(s["voltage_V"] * (s["x_high"] - s["x_low"]) for s in steps) / sum(
        s["x_high"] - s["x_low"] for s in steps
    )
    lowest = show(best["candidate_id"])
    assert lowest["candidate_id"] == best["candidate_id"]
    key = next(iter(best["calculations"].values()))
    calculation = show(key[:12])
    assert calculation["key"] == key
    assert calculation["structure"]["@class"] == "Structure" if "@class" in calculation["structure"] else True
    assert mean == pytest.approx(best["average_voltage_V"], abs=4 * (best["average_voltage_V_sd"] or 1) + 1e-9)
    with pytest.raises(BadInputError, match="nothing in the store"):
        show("0" * 12)


@pytest.mark.slow
def test_a_relaxation_that_was_cut_goes_on_where_it_ended(project: Path) -> None:
    engine = "{ase: 'support.spring_crystal:make', energy_scale: springs, steps: 3, fmax: 0.01}"
    path, progress = rocksalt(project, engine=engine), list[dict[str, tuple[int, float]]]()
    for _ in range(2):
        run(path, workers=1, progress=False)
        store = project_store(project)
        criteria: dict[str, Any] = {"output.status": {"$in": ["cut", "converged"]}, "output.task": "relax"}
        documents = [doc["output"] for doc in store.docs_store.query(criteria)]
        store.close()
        assert all(doc["structure"] for doc in documents)
        progress.append({doc["key"]: (doc["n_steps"], doc["energy_eV"]) for doc in documents if doc["n_steps"] >= 3})
    both = set(progress[0]) & set(progress[1])
    assert both
    assert all(progress[1][key][1] <= progress[0][key][1] + 0.02 for key in both)
    assert any(progress[1][key][0] > progress[0][key][0] for key in both)
    long = engine.replace("steps: 3", "steps: 200")
    assert run(rocksalt(project, engine=long), workers=1, progress=False).status == "complete"
