"""A stage that calibrates: cells are chosen and computed, and the candidates judged anew; the truth is known."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore

from hebe.analyses.mixing import ANALYSIS
from hebe.campaigns.api import plan, project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.flows.calibrate import ERRORS_LABEL
from hebe.flows.campaign import campaign_flow
from hebe.makers.analysis import AnalysisMaker
from hebe.makers.calibrate import ChooseMaker
from hebe.makers.promote import PromoteMaker
from support.calibrated import EXACT, PAIRS, THREE, calibrated
from support.campaigns import STIFF
from support.command import hebe
from support.pair_energies import make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.mixing import Formation

CALIBRATE = f"calibrate: {{engine: {EXACT}, n: 8, illustration: 2, geometries: 1}}"
SMALL = f"calibrate: {{engine: {EXACT}, n: 3, illustration: 0, geometries: 1, sizes: 2}}"
OTHER = "{ase: 'support.pair_energies:make', energy_scale: other, arguments: {pairs: {Mg Ni: 0.4}}}"
LABEL = ERRORS_LABEL.format(number=1)


def inside(folder: Path, path: Path) -> Any:
    """Run a campaign in a project folder."""
    (folder / ".hebe").mkdir(exist_ok=True)
    return run(path, workers=1, progress=False, start=folder)


def formations(folder: Path, path: Path, stage: int) -> dict[str, Formation]:
    """What a stage says of each candidate, by formula."""
    store = project_store(folder)
    name = load_campaign(path).name
    try:
        criteria = {"metadata.campaign": name, "output.stage": stage, "output.entropy_R": {"$exists": True}}
        found = {}
        for document in store.docs_store.query(criteria):
            (result,) = document["output"]["results"]["mixing"]
            found[document["output"]["formula"]] = ANALYSIS.Result.model_validate(result).formation
    finally:
        store.close()
    assert found
    return {formula: formation for formula, formation in found.items() if formation is not None}


def outputs(folder: Path, **criteria: Any) -> list[dict[str, Any]]:
    store = project_store(folder)
    try:
        return list(store.docs_store.query(criteria))
    finally:
        store.close()


@dataclass(frozen=True)
class Ended:
    """A project with a calibrated campaign, and one that was computed with the reference throughout."""

    folder: Path
    path: Path
    exact: Path


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("calibrated")
    found = Ended(folder, calibrated(folder, CALIBRATE), calibrated(folder, name="exact", engine=EXACT))
    for path in (found.path, found.exact):
        summary = inside(folder, path)
        assert summary.status == "complete", summary.failures
    return found


def spread(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Root mean square of how differences of two differ (eV per site)."""
    pairs = list(combinations(sorted(first), 2))
    off = [(first[a] - first[b]) - (second[a] - second[b]) for a, b in pairs]
    return math.sqrt(sum(value**2 for value in off) / len(off))


@pytest.mark.slow
def test_differences_of_margins_come_near_the_truth(ended: Ended) -> None:
    truth = {f: one.margin_eV_per_site or 0.0 for f, one in formations(ended.folder, ended.exact, 0).items()}
    before = {f: one.margin_eV_per_site or 0.0 for f, one in formations(ended.folder, ended.path, 0).items()}
    after = formations(ended.folder, ended.path, 1)
    assert set(after) == set(before) == set(truth)
    assert len(truth) == 10
    assert {one.error_source for one in after.values()} == {"calibrated"}
    medians = {f: one.margin_draws.quantile(0.5) for f, one in after.items() if one.margin_draws is not None}
    assert spread(before, truth) > 0.06
    assert spread(medians, truth) < spread(before, truth) / 3
    for formula, one in after.items():
        assert one.margin_draws is not None
        low, high = one.margin_draws.quantile(0.025), one.margin_draws.quantile(0.975)
        assert low <= truth[formula] <= high, formula
    firmly = [(a, b) for a, b in combinations(truth, 2) if abs(truth[a] - truth[b]) > 0.05]
    ordered = [(medians[a] < medians[b]) == (truth[a] < truth[b]) for a, b in firmly]
    assert len(firmly) > 20
    assert all(ordered)


def test_a_measured_difference_is_what_the_engine_lacks(ended: Ended) -> None:
    (document,) = results(ended.path, start=ended.folder).calibrations
    assert (document["n"], len(document["rows"])) == (8, 10)
    assert [row["fitted"] for row in document["rows"]] == [True] * 8 + [False] * 2
    assert (document["energy_scale"], document["reference_scale"]) == ("springs", "exact")
    for row in document["rows"]:
        named = {" ".join(ion.rstrip("0123456789+") for ion in pair.split()): x for pair, x in row["terms"].items()}
        expected = sum(PAIRS[pair] * x for pair, x in named.items())
        assert row["value"] == pytest.approx(expected, abs=1e-6)
        assert sum(row["members"].values()) == pytest.approx(0, abs=1e-12)
    assert all(abs(row["value"] - row["predicted"]) < 2 * row["sd"] for row in document["rows"])


def test_results_show_the_stage_and_the_report_its_residuals(ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    found = results(ended.path, start=ended.folder)
    assert {candidate["stage"] for candidate in found.candidates} == {1}
    assert {candidate["energy_scale"] for candidate in found.candidates} == {"springs"}
    here = Path.cwd()
    os.chdir(ended.folder)
    try:
        printed = hebe(capsys, "results", ended.path)
        document = hebe(capsys, "results", ended.path, "--json").json
        assert hebe(capsys, "report", ended.path).code == 0
        planned = plan(ended.path)
    finally:
        os.chdir(here)
    assert "errors calibrated with 8 cells of ase:support.pair_energies:make: residuals" in " ".join(
        printed.out.split()
    )
    assert document["calibrations"] == found.calibrations
    page = (ended.folder / "report.html").read_text()
    assert "<h2>Calibration</h2>" in page
    assert page.count("kept aside</td>") == 2
    (agreement,) = found.agreement
    assert {one["quantity"] for one in agreement["quantities"]} >= {"formation_margin", "mixing_enthalpy"}
    assert planned["undecided_stages"] == []
    assert planned["to_run"] == 0
    (cost,) = planned["calibrations"]
    assert cost["cpu_hours"] == 0


def test_no_candidate_is_computed_again(ended: Ended) -> None:
    labels = [doc["metadata"]["label"] for doc in outputs(ended.folder, **{"metadata.stage": 1})]
    assert labels
    calculated = {doc["metadata"]["label"] for doc in outputs(ended.folder, **{"output.key": {"$exists": True}})}
    own = [name for name in labels if name in calculated and not name.startswith("calibrate/")]
    assert own == []
    first, second = dict[str, Any](), dict[str, Any]()
    for stage, found in ((0, first), (1, second)):
        for doc in outputs(ended.folder, **{"metadata.campaign": "calibrated", "output.stage": stage}):
            if "calculations" in doc["output"]:
                found[doc["output"]["candidate_id"]] = doc["output"]["calculations"]
    assert first == second


def flip(folder: Path) -> None:
    """Give every reference of a calibration the opposite difference to the energy that is calibrated."""
    store = project_store(folder)
    try:
        known = {doc["metadata"]["label"]: doc for doc in store.docs_store.query({"metadata.stage": 1})}
        for label, doc in known.items():
            if not label.endswith("/ladder"):
                continue
            cell = label.removesuffix("/s1/ladder") + "/c0/x0/o0/s1"
            true, computed = (store.get_output(one["uuid"]) for one in (doc, known[cell]))
            energy = 2 * computed["energy_eV"] - true["energy_eV"]
            new = {**doc, "output": {**true, "energy_eV": energy}, "completed_at": "2999-01-01T00:00:00"}
            store.docs_store.update([new], key=["uuid", "index"])
    finally:
        store.close()


def test_dft_documents_of_the_store_decide_and_with_another_sign_the_order(ended: Ended, tmp_path: Path) -> None:
    folder = tmp_path / "flipped"
    shutil.copytree(ended.folder, folder)
    path = folder / ended.path.name
    first = [candidate.formula for candidate in results(path, start=folder).ranked]
    flip(folder)
    rows = results(path, start=folder).calibrations[0]["rows"]
    assert inside(folder, path).status == "complete"
    again = results(path, start=folder)
    assert [-row["value"] for row in rows] == pytest.approx([row["value"] for row in again.calibrations[0]["rows"]])
    second = [candidate.formula for candidate in again.ranked]
    assert first != second
    assert first.index("Co0.5Zn0.5O") < first.index("Mg0.5Zn0.5O")
    assert second.index("Co0.5Zn0.5O") > second.index("Mg0.5Zn0.5O")


def evaluations(folder: Path, name: str, *, killed_at: int = 0) -> tuple[int, int]:
    """Exit code of a run in a process of its own, and how many evaluations all runs of the project have made."""
    log = folder / "evaluations"
    paths = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": paths, "PAIRS_LOG": str(log), "PAIRS_KILL": str(killed_at)}
    command = [sys.executable, "-m", "hebe", "run", name, "--inline"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert log.is_file(), done.stderr
    return done.returncode, log.stat().st_size


@pytest.mark.slow
def test_killed_in_the_middle_of_the_small_cells_nothing_is_computed_twice(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        (folder / ".hebe").mkdir(parents=True)
        calibrated(folder, SMALL, species=THREE)
    code, n = evaluations(whole, "calibrated.yaml")
    assert code == 0
    cells = len(outputs(whole, **{"metadata.label": {"$regex": "^calibrate/.*ladder$"}}))
    assert cells >= 4
    killed, before = evaluations(cut, "calibrated.yaml", killed_at=n - 2)
    assert (killed, before) == (-signal.SIGKILL, n - 2)
    assert outputs(cut, **{"metadata.label": LABEL}) == []
    first = {doc["uuid"]: doc["completed_at"] for doc in outputs(cut, **{"output.n_steps": {"$gt": 0}})}
    assert any("ladder" in doc["metadata"]["label"] for doc in outputs(cut, uuid={"$in": sorted(first)}))
    code, after = evaluations(cut, "calibrated.yaml")
    assert code == 0
    computed = outputs(cut, **{"output.n_steps": {"$gt": 0}})
    assert first.items() <= {doc["uuid"]: doc["completed_at"] for doc in computed}.items()
    longest = max(doc["output"]["n_steps"] for doc in computed)
    assert after <= n + longest, "only the calculation that was cut is made again"
    places = [
        [
            (candidate["formula"], candidate["rank"])
            for candidate in results(folder / "calibrated.yaml", start=folder).candidates
        ]
        for folder in (whole, cut)
    ]
    assert places[0] == places[1]


@pytest.mark.slow
def test_an_ordinary_stage_takes_the_best_of_a_calibrated_one(tmp_path: Path) -> None:
    later = f"{SMALL}\n{{engine: {STIFF}, keep: 1, task: static, analyses: [mixing]}}"
    path = calibrated(tmp_path, later, species=THREE)
    summary = inside(tmp_path, path)
    assert summary.status == "complete", summary.failures
    found = results(path, start=tmp_path)
    assert [candidate["stage"] for candidate in found.candidates] == [2, *[1] * (len(found.candidates) - 1)]
    first, second = found.promotions
    assert (first["keep"], second["keep"]) == ("all", "1")
    assert all(candidate["promoted"] for candidate in first["candidates"])
    assert [document["stage"] for document in found.agreement] == [1, 2]
    assert len(found.agreement[1]["quantities"]) > 0, "it agrees with the documents of the calibrated stage"
    again = inside(tmp_path, path)
    assert again.jobs["reused"] == again.jobs["total"]


@pytest.mark.slow
def test_jobflows_own_manager_gives_the_same_errors_with_a_committee(tmp_path: Path) -> None:
    path = calibrated(tmp_path, SMALL.replace("geometries", f"committee: [{OTHER}], geometries"), species=THREE)
    inside(tmp_path, path)
    (mine,) = results(path, start=tmp_path).calibrations
    assert mine["committee"]["used"] == (mine["committee"]["committee"] >= mine["committee"]["plain"])
    store = JobStore(MemoryStore())
    store.connect()
    flow = campaign_flow(load_campaign(path))
    run_locally(flow, store=store, log=False, raise_immediately=True, allow_external_references=True)
    (theirs,) = store.docs_store.query({"metadata.label": LABEL})
    assert theirs["output"]["errors"]["mean"] == pytest.approx(mine["errors"]["mean"], abs=1e-6)


def jobs_of(path: Path) -> list[Any]:
    """Jobs of the stage that calibrates, as the border asks for them."""
    flow: Any = campaign_flow(load_campaign(path))
    (promote,) = (job for job in flow.jobs if isinstance(job.maker, PromoteMaker))
    return list(promote.maker.following.make(promote.function_args[0]).jobs)


def test_only_the_errors_of_mixing_are_new(tmp_path: Path) -> None:
    jobs = jobs_of(calibrated(tmp_path, SMALL, species=THREE))
    (choose,) = (job for job in jobs if isinstance(job.maker, ChooseMaker))
    analyses = [job for job in jobs if isinstance(job.maker, AnalysisMaker)]
    assert {job.maker.analysis for job in analyses} == {"mixing"}
    assert {job.function_args[2]["calibration"].uuid for job in analyses} == {choose.uuid}
    assert len(jobs) == 2 * len(analyses) + 2


def test_the_reference_adds_the_energies_of_pairs() -> None:
    from ase.build import bulk

    atoms = bulk("MgO", "rocksalt", a=4.2).repeat((2, 1, 1))
    atoms.symbols[2] = "Ni"
    energies = []
    for pairs in ({}, {"Mg Ni": 0.4}):
        atoms.calc = make(pairs=pairs)
        energies.append(atoms.get_potential_energy())
    assert energies[1] - energies[0] == pytest.approx(2 * 0.4 / 4)
