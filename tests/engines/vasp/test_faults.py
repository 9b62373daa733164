"""What happens when VASP fails: real handlers, real files, and a stand-in for the program that fails on demand."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from hebe.engines.program import processes_of
from hebe.engines.vasp.results import read_text
from hebe.exceptions import CalculationCutError, EngineError
from support.vasp import (
    distorted,
    engine,
    outcomes,
    relax_in_a_process,
    same,
    set_faults,
    use_stand_in,
    write_potcars,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.engines.protocol import Relaxation

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of the faults of the stand-in."""
    return use_stand_in(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relaxation]:
    """Relaxation that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("vasp")
        use_stand_in(folder, patch)
        yield engine().relax(distorted(), folder=folder / "run")


@pytest.mark.parametrize(
    ("fault", "problem", "tag"),
    [
        ("zbrent", "zbrent", "EDIFF"),
        ("edddav", "edddav", "ALGO"),
        ("brmix", "brmix", "ISTART"),
        ("unconverged", "Unconverged", "ALGO"),
    ],
)
def test_custodian_corrects_and_the_document_says_so(
    tmp_path: Path, faults: Path, undisturbed: Relaxation, fault: str, problem: str, tag: str
) -> None:
    set_faults(faults, fault)
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert result.converged
    assert same(result, undisturbed)
    (correction,) = result.corrections
    assert correction.problem == problem
    assert tag in correction.settings
    assert undisturbed.corrections == []


def test_a_failure_before_the_first_density_is_corrected_too(tmp_path: Path, faults: Path) -> None:
    set_faults(faults, {"fault": "edddav", "step": 0})
    result = engine().static(distorted(), folder=tmp_path / "run")
    assert [(c.problem, c.settings) for c in result.corrections] == [("edddav", {"ALGO": "All", "ISEARCH": 1})]


def test_other_settings_only_lead_to_those_asked_for(tmp_path: Path, faults: Path, undisturbed: Relaxation) -> None:
    set_faults(faults, "tet")
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert outcomes(tmp_path / "run") == ["changed", "converged", "converged"]
    assert [c.settings for c in result.corrections] == [{"ISMEAR": 0, "SIGMA": 0.05}]
    inputs = sorted((tmp_path / "run").rglob("INCAR*"))
    smearings = [line.split()[-1] for path in inputs if "orig" not in path.name for line in text(path, "ISMEAR")]
    assert smearings == ["0", "-5", "-5"]
    assert same(result, undisturbed)


def text(path: Path, tag: str) -> list[str]:
    return [line for line in read_text(path.with_suffix("")).splitlines() if line.startswith(tag)]


def test_what_converges_only_with_other_settings_has_no_energy(tmp_path: Path, faults: Path) -> None:
    set_faults(faults, "tet", None, {"fault": "tet", "step": 1})
    with pytest.raises(EngineError, match=r"only with other settings than asked for: tet: ISMEAR = 0") as caught:
        engine().relax(distorted(), folder=tmp_path / "run")
    assert caught.value.deterministic


def test_a_density_that_never_converges_is_an_error_that_says_what_was_tried(tmp_path: Path, faults: Path) -> None:
    set_faults(faults, *["never-converges"] * 10)
    with pytest.raises(EngineError, match="errors of VASP: Unconverged") as caught:
        engine().static(distorted(), folder=tmp_path / "run")
    assert caught.value.deterministic
    assert [c.settings.get("ALGO") for c in caught.value.corrections][:2] == ["Normal", "Normal"]
    assert str(tmp_path / "run") in str(caught.value)


def test_a_program_that_was_killed_goes_on_from_its_last_good_structure(
    tmp_path: Path, faults: Path, undisturbed: Relaxation
) -> None:
    set_faults(faults, {"fault": "kill", "step": 3})
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert outcomes(tmp_path / "run") == ["died", "converged", "converged"]
    assert [c.problem for c in result.corrections] == ["VASP was ended by signal 9"]
    assert same(result, undisturbed)


def test_a_program_that_dies_again_and_again_is_an_error_that_can_be_tried_again(
    tmp_path: Path, faults: Path, undisturbed: Relaxation
) -> None:
    set_faults(faults, *["kill"] * 3)
    with pytest.raises(EngineError, match="signal 9") as caught:
        engine().relax(distorted(), folder=tmp_path / "run")
    assert not caught.value.deterministic
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert result.n_steps < undisturbed.n_steps, "it went on where it was"
    assert same(result, undisturbed)


@pytest.mark.parametrize("fault", ["kill-all", "orphan", "unwatched"])
def test_a_killed_worker_loses_only_the_last_step(
    tmp_path: Path, faults: Path, undisturbed: Relaxation, fault: str
) -> None:
    """Half a CONTCAR and half a vasprun.xml are left; or a program that nobody waits for any more."""
    set_faults(faults, {"fault": fault, "step": 3})
    code, errors = relax_in_a_process(distorted(), tmp_path / "run")
    assert code == -signal.SIGKILL, errors
    assert outcomes(tmp_path / "run") == ["running"]
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert result.converged
    assert len(result.energies) < len(undisturbed.energies), "fewer steps were left"
    assert result.n_steps > len(result.energies), "those of the killed attempt count"
    assert same(result, undisturbed)
    assert "killed" in result.corrections[0].problem
    assert processes_of(next((tmp_path / "run").rglob("01"))) == []


def test_what_was_finished_is_read_and_not_run_again(tmp_path: Path, faults: Path, undisturbed: Relaxation) -> None:
    """The worker died between the end of VASP and the store."""
    first = engine().relax(distorted(), folder=tmp_path / "run")
    set_faults(faults, *["kill"] * 9)
    again = engine().relax(distorted(), folder=tmp_path / "run")
    assert again.n_steps == 0
    assert again.energy_eV == pytest.approx(first.energy_eV)
    assert again.structure.cart_coords == pytest.approx(first.structure.cart_coords)
    assert same(first, undisturbed)


def test_a_relaxation_that_runs_out_of_time_is_cut_and_goes_on(
    tmp_path: Path, faults: Path, undisturbed: Relaxation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three steps of 1e5 s do not fit into what is left, so custodian writes STOPCAR."""
    monkeypatch.setenv("HEBE_VASP_WALLTIME_S", "1e5")
    set_faults(faults, {"fault": "wait-for-stop", "step": 3})
    cut = engine().relax(distorted(), folder=tmp_path / "run")
    assert not cut.converged
    assert cut.problem is None
    assert 0 < cut.n_steps < undisturbed.n_steps
    assert cut.corrections[0].problem == "Walltime reached"
    monkeypatch.delenv("HEBE_VASP_WALLTIME_S")
    result = engine().relax(cut.structure, folder=tmp_path / "run")
    assert result.converged
    assert result.n_steps < undisturbed.n_steps
    assert same(result, undisturbed)


def test_no_time_at_all_is_a_cut_calculation(tmp_path: Path, faults: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not faults.exists()
    monkeypatch.setenv("HEBE_VASP_WALLTIME_S", "1e-9")
    with pytest.raises(CalculationCutError, match="the time was over"):
        engine().relax(distorted(), folder=tmp_path / "run")


def test_a_step_limit_is_said_and_the_rest_follows(tmp_path: Path, faults: Path, undisturbed: Relaxation) -> None:
    assert not faults.exists()
    cut = engine().relax(distorted(), steps=3, folder=tmp_path / "run")
    assert (cut.converged, cut.n_steps) == (False, 3)
    result = engine().relax(cut.structure, folder=tmp_path / "run")
    assert result.converged
    assert result.n_steps < undisturbed.n_steps
    assert same(result, undisturbed)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda folder: (folder / "POTCAR.Ni_pv").unlink(), "no POTCAR Ni_pv of PBE"),
        (lambda folder: swap(folder, "Ni_pv", "Mn_pv"), r"the POTCAR Ni_pv of PBE is one of Mn_pv \(Mn\)"),
        (lambda folder: edit(folder, "LEXCH  = PE", "LEXCH  = CA"), "was made for another functional"),
        (lambda folder: (folder / "POTCAR.Ni_pv").write_text("nothing"), "no POTCAR Ni_pv|no readable header"),
    ],
    ids=["missing", "of another element", "of another functional", "no potcar"],
)
def test_wrong_potcars_are_refused(tmp_path: Path, faults: Path, break_it: Any, words: str) -> None:
    assert not faults.exists()
    break_it(tmp_path / "potcars" / "POT_GGA_PAW_PBE")
    with pytest.raises(EngineError, match=words) as caught:
        engine().static(distorted(), folder=tmp_path / "run")
    assert not caught.value.deterministic, "with the right one it works"
    write_potcars(tmp_path / "potcars")
    assert engine().static(distorted(), folder=tmp_path / "run").converged


def swap(folder: Path, name: str, other: str) -> None:
    (folder / f"POTCAR.{name}").write_text((folder / f"POTCAR.{other}").read_text())


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "POTCAR.Ni_pv"
    path.write_text(path.read_text().replace(old, new))


def test_a_program_that_is_not_there_is_said(tmp_path: Path, faults: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not faults.exists()
    monkeypatch.setenv("HEBE_VASP_COMMAND", "no-such-launcher -n 4 vasp_std")
    with pytest.raises(EngineError, match="needs the program no-such-launcher"):
        engine().static(distorted(), folder=tmp_path / "run")
