"""``hebe rerun``, ``doctor``, ``export`` and the measured ``run --dry-run`` on campaigns that really ran."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Structure

import hebe as package
from hebe.campaigns.api import plan, project_store, run
from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]
SOMETIMES = "{ase: 'support.spring_crystal:sometimes', energy_scale: springs, arguments: {flag: FLAG}, fmax: 0.1}"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Project with a finished campaign of two candidates."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / ".hebe").mkdir()
    path = rocksalt(folder, "Mg: [2], Ni: [2], Co: [2]")
    assert run(path, workers=1, progress=False, start=folder).status == "complete"
    return path


@pytest.fixture
def inside(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(finished.parent)
    return finished


def test_export_of_a_campaign_as_tables(inside: Path, capsys: Captured, tmp_path: Path) -> None:
    documents = hebe(capsys, "export", inside, "--format", "json").json
    rows = list(csv.DictReader(io.StringIO(hebe(capsys, "export", inside, "--format", "csv").out)))
    assert [row["candidate_id"] for row in rows] == [document["candidate_id"] for document in documents]
    energy = [document["mixing"]["same_host"]["dH_eV_per_site"] for document in documents]
    assert [float(row["mixing.same_host.dH_eV_per_site"]) for row in rows] == energy
    done = hebe(capsys, "export", inside, "-o", tmp_path / "all.parquet", "--json")
    assert done.json["documents"] == len(rows)
    import pandas as pd

    assert list(pd.read_parquet(tmp_path / "all.parquet")["candidate_id"]) == [row["candidate_id"] for row in rows]


def test_export_of_structures(inside: Path, capsys: Captured, tmp_path: Path) -> None:
    documents = hebe(capsys, "export", inside, "--format", "json").json
    assert hebe(capsys, "export", inside, "--format", "cif", "-o", tmp_path / "cifs").code == 0
    names = {path.stem for path in (tmp_path / "cifs").glob("*.cif")}
    assert names == {document["candidate_id"] for document in documents}
    first = documents[0]
    key = first["calculations"][first["configuration"]]
    printed = Structure.from_str(hebe(capsys, "export", key, "--format", "cif").out, fmt="cif")
    written = Structure.from_file(tmp_path / "cifs" / f"{first['candidate_id']}.cif")
    assert printed.composition == written.composition
    relaxed = Structure.from_dict(hebe(capsys, "show", key, "--json").json["structure"])
    assert written.volume == pytest.approx(relaxed.volume, rel=1e-6)
    assert len(written) == len(relaxed)


def test_dry_run_costs_what_was_measured(inside: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    store = project_store()
    known = list(store.docs_store.query({"output.status": "converged"}))
    store.close()
    calculations = [
        d["output"] for d in known if d["output"].get("cpu_s") and d["output"].get("engine", "")[:3] == "ase"
    ]
    found = plan(inside)
    assert found["calculations_to_run"] == 0
    assert found["cpu_hours_estimate"] == 0
    assert found["measured_calculations"] == len(calculations)
    seconds = sum(c["cpu_s"] for c in calculations)
    work = sum(len(c["input_structure"]["sites"]) * c["n_steps"] for c in calculations)
    assert found["cpu_s_per_atom_step"] == pytest.approx(seconds / work)
    wider = rocksalt(inside.parent, "Mg: [2], Ni: [2], Co: [2], Zn: [2]", name="wider")
    said = hebe(capsys, "run", wider, "--dry-run")
    assert "s per atom and step" in said.out
    monkeypatch.chdir(inside.parent.parent)


def test_doctor_finds_nothing_wrong(inside: Path, capsys: Captured) -> None:
    found = hebe(capsys, "doctor", inside, "--json")
    assert (found.code, found.json["healthy"]) == (0, True)
    checks = {check["name"]: check for check in found.json["checks"]}
    assert package.__version__ in checks["hebe"]["detail"]
    assert checks["store"]["status"] == checks["project"]["status"] == "ok"
    assert any(name.startswith("engine") for name in checks)


def test_doctor_says_what_is_missing(capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".hebe").mkdir()
    (tmp_path / ".hebe" / "store.db").write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("COLUMNS", "200")  # long paths of temporary folders would wrap
    monkeypatch.chdir(tmp_path)
    found = hebe(capsys, "doctor")
    assert found.code == 1
    assert "this is not a store of hebe" in " ".join(found.out.split()), "a narrow terminal breaks lines"
    assert "needed and not in order: store" in found.out


def test_rerun_of_failures_then_run_completes(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    flag = tmp_path / "flag"
    path = rocksalt(tmp_path, "Mg: [2], Ni: [2]", engine=SOMETIMES.replace("FLAG", str(flag)))
    first = run(path, workers=1, progress=False)
    assert first.status == "failed"
    failed = first.calculations["failed"]
    flag.touch()
    assert run(path, workers=1, progress=False).calculations["failed"] == failed, "only rerun retries"
    dry = hebe(capsys, "rerun", "--failed", path, "--error", "no energy", "--dry-run", "--json").json
    assert len(dry["jobs"]) >= failed
    assert dry["descendants"] > 0
    none = hebe(capsys, "rerun", "--failed", "--error", "^Timeout", "--json").json
    assert (none["jobs"], none["kept"]) == (
        [],
        len(hebe(capsys, "rerun", "--failed", "--dry-run", "--json").json["jobs"]),
    )
    assert hebe(capsys, "rerun", "--failed", "--older-than", "2d", "--json").json["jobs"] == []
    said = hebe(capsys, "rerun", "--failed", path, "--error", "EngineError: .*no energy")
    assert "will run again" in said.out
    summary = run(path, workers=1, progress=False)
    assert summary.status == "complete", summary.failures
    assert summary.calculations["computed"] == failed
    assert json.loads(hebe(capsys, "rerun", "--failed", "--json").out)["jobs"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rerun"], "say what to rerun (--failed)"),
        (["rerun", "--failed", "--error", "a(b"], "'a(b' is no regular expression"),
        (["rerun", "--failed", "--error", "*"], "nothing to repeat"),
        (["rerun", "--failed", "--older-than", "yesterday"], "expected a time like 2d"),
        (["rerun", "--failed", "--older-than", "2 fortnights"], "expected a time like 2d"),
        (["rerun", "--failed", "--older-than", "-3d"], "expected"),
        (["rerun", "--failed", "--candidate", "rocksalt-0000000000"], "no candidate is called"),
        (["rerun", "--faild"], "did you mean --failed?"),
        (["export", "nothing-like-this", "--format", "json"], "nothing in the store is called"),
        (["export", "CAMPAIGN"], "the format is not known"),
        (["export", "CAMPAIGN", "--format", "xyz"], "invalid choice"),
        (["export", "CAMPAIGN", "--format", "parquet"], "parquet is not printed"),
        (["export", "CAMPAIGN", "--format", "cif"], "go to a folder"),
        (["export", "CAMPAIGN", "-o", "no/such/folder.csv"], "its folder does not exist"),
        (["export", "CAMPAIGN", "--format", "csv", "-o", "."], "expected a file, got a folder"),
        (["export", "missing.yaml", "--format", "csv"], "there is no such file"),
        (["doctor", "missing.yaml"], "there is no such file"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(map(str, value[:4])),
)
def test_bad_usage_is_one_line(words: list[str], said: str, inside: Path, capsys: Captured) -> None:
    outcome = hebe(capsys, *[str(inside) if word == "CAMPAIGN" else word for word in words])
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert said in outcome.err


def test_rerun_without_a_store_is_one_line(capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = hebe(capsys, "rerun", "--failed")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "there is no store yet" in outcome.err
    assert list(tmp_path.iterdir()) == []
