"""What happens when ABINIT fails: real failures of real calculations on the cheapest cells."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hebe.config.engines.abinit import AbinitSettings
from hebe.engines.abinit import AbinitEngine
from hebe.engines.abinit import run as runs
from hebe.engines.abinit.data_sets import find_library
from hebe.engines.abinit.program import run_program, wave_functions
from hebe.engines.program import EXIT_CODE, processes_of
from hebe.exceptions import CalculationCutError, EngineError
from support.abinit import CHEAP, engine
from support.small_cells import lithium, two_lithium
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.abinit.parameters import Model
    from hebe.engines.abinit.program import Outcome
    from hebe.engines.protocol import Relaxation

pytestmark = [pytest.mark.abinit, pytest.mark.slow]

FMAX = 0.005
WORKER = """
import sys
from pathlib import Path
from support.abinit import CHEAP, engine
from support.small_cells import two_lithium
engine(**CHEAP, energy_tolerance=1e-7).relax(two_lithium(0.3), fmax=0.005, cell=False, folder=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Relaxation:
    """What nothing disturbed."""
    return engine(**CHEAP).static(two_lithium(), folder=tmp_path_factory.mktemp("abinit") / "static")


@pytest.fixture(scope="module")
def relaxation(tmp_path_factory: pytest.TempPathFactory) -> Relaxation:
    """What nothing disturbed."""
    return relaxed(tmp_path_factory.mktemp("abinit") / "relax")


def relaxed(folder: Path) -> Relaxation:
    return engine(**CHEAP, energy_tolerance=1e-7).relax(two_lithium(0.3), fmax=FMAX, cell=False, folder=folder)


def test_iterations_that_do_not_suffice_are_added(tmp_path: Path, static: Relaxation) -> None:
    short = engine(**CHEAP, max_iterations=3).static(two_lithium(), folder=tmp_path / "short")
    assert static.corrections == []
    assert short.corrections[0].action == "more iterations, from its own wave functions"
    assert short.converged
    assert short.energy_eV == pytest.approx(static.energy_eV, abs=1e-4)
    assert engine(**CHEAP).settings == engine(**CHEAP, max_iterations=3).settings, "the limit is no part of the key"


def test_a_density_that_never_converges_is_an_error_that_says_what_was_tried(tmp_path: Path) -> None:
    impossible = engine(**CHEAP, max_iterations=1, energy_tolerance=1e-13)
    with pytest.raises(EngineError, match=r"not become self-consistent; tried: more iterations.*softer") as caught:
        impossible.static(two_lithium(), folder=tmp_path / "run")
    assert caught.value.deterministic
    assert str(tmp_path / "run") in str(caught.value)
    assert len(caught.value.corrections) == 3
    assert len(list((tmp_path / "run").glob("*/run.log"))) == 4, "the files of a failure are kept"


def test_a_killed_program_is_started_again(tmp_path: Path, static: Relaxation, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Path] = []

    def killing(model: Model, structure: Structure, folder: Path, command: tuple[str, ...], **options: Any) -> Outcome:
        begun.append(folder)
        first = len(begun) == 1
        return run_program(model, structure, folder, ("/bin/sh", "-c", "kill -9 $$") if first else command, **options)

    monkeypatch.setattr(runs, "run_program", killing)
    result = engine(**CHEAP).static(two_lithium(), folder=tmp_path / "killed")
    assert [c.problem for c in result.corrections] == ["ABINIT was ended by signal 9"]
    assert result.energy_eV == pytest.approx(static.energy_eV, abs=1e-6)
    assert len(begun) == 2


def test_a_program_that_dies_again_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_ABINIT_COMMAND", str(script(tmp_path, "kill -9 $$")))
    with pytest.raises(EngineError, match=r"signal 9; tried: started again") as caught:
        engine(**CHEAP).static(lithium(), folder=tmp_path / "run")
    assert not caught.value.deterministic


def test_a_program_that_writes_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_ABINIT_COMMAND", str(script(tmp_path, "exec sleep 600")))
    monkeypatch.setenv("HEBE_ABINIT_STUCK_S", "0.5")
    with pytest.raises(EngineError, match=r"no output for 0.5 s; tried: started again"):
        engine(**CHEAP).static(lithium(), folder=tmp_path / "run")
    assert not processes_of(tmp_path / "run" / "001")


def test_what_abinit_says_is_the_reason(tmp_path: Path) -> None:
    """A library for Fourier transforms that does not exist."""
    with pytest.raises(EngineError, match=r"abinit: .*fftalg") as caught:
        engine(**CHEAP, variables={"fftalg": 7}).static(two_lithium(), folder=tmp_path / "run")
    assert caught.value.deterministic


def test_a_command_that_is_something_else_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_ABINIT_COMMAND", "/bin/true")
    with pytest.raises(EngineError, match="wrote nothing: is it ABINIT"):
        engine(**CHEAP).static(lithium(), folder=tmp_path / "run")


def test_half_of_the_wave_functions_are_none(tmp_path: Path, static: Relaxation) -> None:
    """A program that was killed while it wrote them."""
    folder = tmp_path / "run"
    run = engine(**CHEAP).open_run(two_lithium(), folder)
    run.evaluate(two_lithium())
    assert wave_functions(folder / "001") is not None
    half = folder / "001" / "outdata" / "out_WFK"
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    (folder / "001" / EXIT_CODE).unlink()
    again = engine(**CHEAP).static(two_lithium(), folder=folder)
    assert again.energy_eV == pytest.approx(static.energy_eV, abs=1e-6)
    assert again.corrections == []


def test_the_tenth_hundred_of_runs_is_followed_by_the_next(tmp_path: Path) -> None:
    for name in ("999", "1000", "001-old"):
        (tmp_path / name).mkdir()
    run = engine(**CHEAP).open_run(lithium(), tmp_path)
    run.evaluate(lithium())
    assert (tmp_path / "1001" / "run.abo").is_file()


def test_folders_that_abinit_cannot_read_are_refused(tmp_path: Path) -> None:
    for name in ("with, comma", "long" * 60):
        with pytest.raises(EngineError, match="no data sets from folders with commas"):
            engine(**CHEAP).static(lithium(), folder=tmp_path / name)
    assert engine(**CHEAP).static(lithium(), folder=tmp_path / "with space").converged


def test_what_helped_once_is_kept(tmp_path: Path) -> None:
    """In all evaluations of a relaxation, and in the next attempt."""
    made = engine(**CHEAP, max_iterations=3, energy_tolerance=1e-7)
    result = made.relax(two_lithium(0.3), fmax=0.05, cell=False, folder=tmp_path / "run")
    assert result.converged
    run = made.open_run(two_lithium(0.3), tmp_path / "run")
    assert run.corrections == result.corrections
    settings = {name: value for c in result.corrections for name, value in c.settings.items()}
    assert run._variables == settings
    assert result.electronic is not None
    again = made.relax(two_lithium(0.3), fmax=0.05, cell=False, folder=tmp_path / "run")
    assert again.n_steps == 0
    assert again.electronic == result.electronic, "what was found is remembered"


def test_a_limit_of_time_is_a_cut_that_goes_on_from_its_wave_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEBE_ABINIT_WALLTIME_S", "1")
    slow = {**CHEAP, "k_spacing_metal": 0.25, "energy_tolerance": 1e-9}
    with pytest.raises(CalculationCutError, match="wave functions were written"):
        engine(**slow).static(two_lithium(), folder=tmp_path / "run")
    monkeypatch.delenv("HEBE_ABINIT_WALLTIME_S")
    result = engine(**slow).static(two_lithium(), folder=tmp_path / "run")
    assert result.converged
    second = (tmp_path / "run" / "002" / "run.abi").read_text()
    assert "irdwfk 1" in second, "it starts from the wave functions of the first"
    fresh = engine(**slow).static(two_lithium(), folder=tmp_path / "fresh")
    assert result.energy_eV == pytest.approx(fresh.energy_eV, abs=1e-6)


def test_a_killed_worker_leaves_no_program_and_goes_on(tmp_path: Path, relaxation: Relaxation) -> None:
    """The process that asked is killed in its third evaluation: ABINIT ends too, and the search goes on from there."""
    folder = tmp_path / "run"
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(folder)], env=environment())
    until(lambda: processes_of(folder / "003"), "the third evaluation runs", running=worker)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    until(lambda: not processes_of(folder / "003"), "its program has ended")
    result = relaxed(folder)
    assert result.converged
    assert result.n_steps <= relaxation.n_steps - 1, "fewer steps were left"
    assert result.energy_eV == pytest.approx(relaxation.energy_eV, abs=2e-3)


def test_a_data_set_of_another_element_is_refused(tmp_path: Path) -> None:
    engine(**CHEAP)
    (tmp_path / "wrong.xml").write_bytes(gzip.decompress(find_library("PBE").files["Na"].read_bytes()))
    name = os.path.relpath(tmp_path / "wrong", find_library("PBE").folder)
    made = AbinitEngine("ci", AbinitSettings.model_validate({**CHEAP, "data_sets": {"Li": name}}))
    with pytest.raises(EngineError, match="is a PAW data set of Na, not of Li"):
        made.static(lithium(), folder=tmp_path / "run")


def test_more_processes_give_the_same(tmp_path: Path, static: Relaxation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_ABINIT_COMMAND", "mpirun --allow-run-as-root --oversubscribe -n 2 abinit")
    result = engine(**CHEAP).static(two_lithium(), folder=tmp_path / "run")
    assert result.energy_eV == pytest.approx(static.energy_eV, abs=1e-5)
    assert "mpirun" in (tmp_path / "run" / "001" / "start.sh").read_text()


def script(folder: Path, line: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
