"""Campaigns with VASP as a later stage; a stand-in takes the place of the program, all else is real."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from hebe.campaigns.api import project_store, rerun, results, run
from hebe.campaigns.vasp_folders import adopt, write_inputs
from hebe.science.structures.configuration import displaced
from support.campaigns import SPRINGS, funnel
from support.vasp import run_folders, set_faults, use_stand_in

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder that is also the working folder."""
    use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outputs(folder: Path, **criteria: Any) -> list[dict[str, Any]]:
    store = project_store(folder)
    try:
        found = store.docs_store.query({f"output.{name}": value for name, value in criteria.items()})
        return [document["output"] for document in found]
    finally:
        store.close()


@pytest.mark.parametrize(
    ("first", "task"),
    [
        (SPRINGS, "static"),
        pytest.param(
            "chgnet",
            "relax-ions",
            marks=pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="needs the package chgnet"),
        ),
    ],
    ids=["springs", "chgnet"],
)
def test_the_best_of_a_cheap_engine_are_calculated_with_vasp(project: Path, first: str, task: str) -> None:
    path = funnel(project, first=first, task=task)
    summary = run(path, workers=1, progress=False)
    assert summary.status == "complete", summary.failures
    found = results(path)
    candidate = next(c for c in found.candidates if c["engine"] == "vasp")
    assert candidate["average_voltage_V"] is not None
    assert candidate["energy_scale"] == "vasp/mp-gga/PBE+U/PBE"
    made = outputs(project, engine="vasp", status="converged")
    assert len(made) == 3, "two contents of one candidate, and lithium"
    assert {document["task"] for document in made} == {task}
    full = next(d for d in made if len(d["input_structure"]["sites"]) == 8)
    ions = [site["properties"]["ion"] for site in full["input_structure"]["sites"]]
    assert sorted(ion for ion in ions if ion not in ("Li1+", "O2-")) == ["Mn4+", "Ni2+"]
    half = next(d for d in made if len(d["input_structure"]["sites"]) == 7)
    ions = [site["properties"]["ion"] for site in half["input_structure"]["sites"]]
    assert sorted(ion for ion in ions if ion not in ("Li1+", "O2-")) == ["Mn4+", "Ni3+ls"], "nickel gives the electron"
    assert full["electronic"]["band_gap_eV"] == pytest.approx(1.25)
    assert Path(full["run_dir"]).is_dir()
    again = run(path, workers=1, progress=False)
    assert again.calculations["computed"] == 0


def test_a_calculation_that_fails_is_a_document_with_its_cause(project: Path) -> None:
    path = funnel(project)
    set_faults(project / "faults.json", *[{"fault": "never-converges"}] * 40)
    summary = run(path, workers=1, progress=False)
    assert summary.status == "failed"
    failed = outputs(project, engine="vasp", status="failed", task="static")
    assert len(failed) == 3
    for document in failed:
        assert "errors of VASP: Unconverged" in document["error"]["message"]
        assert document["error"]["deterministic"]
        assert document["corrections"]
        assert Path(document["run_dir"]).is_dir()


def test_adopted_folders_are_never_run_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = funnel(project)
    monkeypatch.setenv("HEBE_VASP_COMMAND", "false")
    first = run(path, workers=1, progress=False)
    assert first.status == "failed"
    monkeypatch.undo()
    monkeypatch.chdir(project)
    use_stand_in(project, monkeypatch)
    folder = project / "folders"
    set_aside = write_inputs(path, folder)
    assert (set_aside["written"], set_aside["failed"]) == ([], 3), "failed calculations have an output"
    rerun(path)
    written = write_inputs(path, folder)
    assert len(written["written"]) == 3
    assert written["missing_potcars"] == []
    run_folders(folder)
    taken = adopt(folder)
    assert taken["refused"] == []
    assert sorted(e["key"] for e in taken["adopted"]) == sorted(e["key"] for e in written["written"])
    assert adopt(folder)["adopted"] == [], "once is enough"
    monkeypatch.setenv("HEBE_VASP_COMMAND", "false")
    second = run(path, workers=1, progress=False)
    assert second.status == "complete", second.failures
    assert second.calculations["computed"] == 0
    assert next(c for c in results(path).candidates if c["engine"] == "vasp")["average_voltage_V"] is not None


def test_folders_that_are_something_else_are_refused(project: Path) -> None:
    from hebe.config.engines import EngineSpec
    from hebe.engines.vasp.adoption import write_folder
    from hebe.engines.vasp.inputs import Job
    from support.mixed_cells import mixed_cells
    from support.vasp import engine

    cell = displaced(mixed_cells()[3].structure, 0.1, "adopt")
    spec = EngineSpec.model_validate("vasp").model_dump(mode="json", exclude_none=True)
    changes: dict[str, tuple[str, str, str]] = {
        "cutoff": ("INCAR", "ENCUT = 520", "ENCUT = 400"),
        "hubbard": ("INCAR", "3.9", "4.5"),
        "mesh": ("KPOINTS", "5 5 5", "1 1 1"),
        "steps": ("INCAR", "NSW = 200", "NSW = 2"),
        "good": ("INCAR", "LWAVE = False", "LWAVE = False\nNCORE = 4"),
    }
    for name, (file, old, new) in changes.items():
        place = project / "mine" / name
        write_folder(engine(), Job("relax-ions", 0.05, 200), cell, place, {"engine": spec, "label": name})
        text = (place / file).read_text()
        assert old in text, (file, text)
        (place / file).write_text(text.replace(old, new))
    run_folders(project / "mine")
    found = adopt(project / "mine", dry_run=True)
    reasons = {Path(e["folder"]).name: e["reason"] for e in found["refused"]}
    assert [Path(e["folder"]).name for e in found["adopted"]] == ["good"]
    assert "ENCUT is 400" in reasons["cutoff"]
    assert "LDAUU is" in reasons["hubbard"]
    assert "mesh of k points is (1, 1, 1)" in reasons["mesh"]
    assert "it is not relaxed" in reasons["steps"]
    assert json.loads((project / "mine" / "good" / "hebe.json").read_text())["facts"]["label"] == "good"
