"""``hebe inputs``, ``adopt`` and ``doctor`` for VASP, as far as they need no program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.api import plan
from hebe.campaigns.loading import load_campaign
from hebe.doctor.engine_checks import elements_of, engine_checks
from hebe.engines.vasp.examination import memory_gb
from hebe.flows.campaign import campaign_members
from support.campaigns import SPRINGS, layered
from support.command import hebe
from support.vasp import use_bader, use_stand_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.vasp

Captured = pytest.CaptureFixture[str]
VASP = "{name: vasp, settings: {k_spacing: 0.5}}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder that is also the working folder."""
    use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_doctor_names_the_potcars_that_are_missing(project: Path) -> None:
    campaign = load_campaign(layered(project, engine=VASP))
    assert elements_of(campaign) == {"Na", "Fe", "Mn", "Ni", "O"}
    potcars, memory = engine_checks(campaign)
    assert potcars.status == "ok"
    assert "Fe_pv, Mn_pv, Na_pv, Ni_pv, O" in potcars.detail
    assert "not those that pymatgen knows" in potcars.detail, "they are made for tests"
    assert memory.detail.startswith("about ")
    (project / "potcars" / "POT_GGA_PAW_PBE" / "POTCAR.Ni_pv").unlink()
    potcars, _ = engine_checks(campaign)
    assert (potcars.status, potcars.needed) == ("failed", True)
    assert potcars.detail.startswith("Ni_pv of PBE cannot be used")


def test_doctor_looks_for_the_program_that_partitions_charges(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = load_campaign(layered(project, engine="{name: vasp, settings: {bader: true}}"))
    assert [(check.status, check.needed) for check in engine_checks(campaign)][2:] == [("absent", False)]
    use_bader(project, monkeypatch)
    assert [check.status for check in engine_checks(campaign)][2:] == ["ok"]


def test_memory_is_that_of_the_plane_waves() -> None:
    """100 atoms, 520 eV: 1.1e3 A^3 hold 29,600 plane waves; 480 bands, both spins, 16 bytes, three times: 1.4 GB."""
    assert memory_gb(100, 520.0, 1) == pytest.approx(1.4, rel=0.05)
    assert memory_gb(200, 520.0, 1) == pytest.approx(4 * memory_gb(100, 520.0, 1))


@pytest.mark.slow
def test_inputs_of_a_first_stage_are_written_without_running(project: Path, capsys: Captured) -> None:
    path = layered(project, engine=VASP)
    path.write_text(path.read_text().replace("volume_strain, mixing]", "volume_strain]"))
    done = hebe(capsys, "inputs", path, "-o", "folders", "--json")
    assert done.code == 0
    found = done.json
    made = [entry for entry in found["written"] if not entry["label"].startswith("shared/")]
    assert {entry["label"].partition("/c0/")[2] for entry in made} == {"x1/o0/s0"}, "the others start from these"
    assert len(made) == len(campaign_members(load_campaign(path))), "so few cations have one arrangement"
    numbers = [found[name] for name in ("finished", "failed", "waiting", "with_output")]
    assert len(found["written"]) + sum(numbers) == plan(path)["calculations"]
    for entry in found["written"]:
        names = {file.name for file in (project / entry["folder"]).iterdir()}
        assert {"INCAR", "POSCAR", "POTCAR", "hebe.json"} <= names
        assert "KPOINTS" not in names, "KSPACING makes the mesh"
    (project / "potcars" / "POT_GGA_PAW_PBE" / "POTCAR.Mn_pv").unlink()
    assert "POTCARs that are missing here: Mn_pv" in hebe(capsys, "inputs", path, "-o", "other").out


def test_a_campaign_without_vasp_has_no_inputs(project: Path, capsys: Captured) -> None:
    path = layered(project, engine=SPRINGS)
    done = hebe(capsys, "inputs", path, "-o", "folders")
    assert done.code == 2
    assert "no stage of o3 computes with VASP" in done.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("mpirun 'vasp_std", "needs a command that can be read, got"),
        (" ", "needs a command: name the command as vasp_command"),
        ("$NO_SUCH_VARIABLE vasp_std", "needs the program $NO_SUCH_VARIABLE"),
    ],
)
def test_a_command_that_is_none_is_said(
    project: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, command: str, words: str
) -> None:
    monkeypatch.setenv("HEBE_VASP_COMMAND", command)
    done = hebe(capsys, "doctor", layered(project, engine=VASP))
    assert done.code == 1
    assert words in " ".join(done.out.split())


def test_inputs_need_a_folder(project: Path, capsys: Captured) -> None:
    path = layered(project, engine=VASP)
    done = hebe(capsys, "inputs", path, "-o", path)
    assert (done.code, done.err.splitlines()) == (2, [f"error: {path}: output: this is a file, not a folder"])


def test_adopting_nothing_is_bad_input(project: Path, capsys: Captured) -> None:
    assert "there is no such folder" in hebe(capsys, "adopt", project / "nowhere").err
    (project / "empty").mkdir()
    done = hebe(capsys, "adopt", project / "empty")
    assert done.code == 2
    assert "there is no folder with an OUTCAR" in done.err
