"""VASP as several processes, under a real mpirun: one result, one cause of death, and no process is left."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from hebe.config.engines.ase import ASEBlock
from hebe.engines.program import processes_of
from hebe.engines.registry import get_engine
from hebe.engines.vasp.results import read_text
from support.vasp import distorted, engine, outcomes, relax_in_a_process, set_faults, use_mpirun, use_stand_in
from support.waiting import ended, handles_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.vasp, pytest.mark.slow]

SPRINGS = ASEBlock(ase="support.spring_crystal:make", energy_scale="springs", arguments={"depth": 2.0, "length": 2.25})


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of the faults of the stand-in, which mpirun starts."""
    file = use_stand_in(tmp_path, monkeypatch)
    use_mpirun(tmp_path, monkeypatch)
    return file


def test_two_processes_make_one_result(tmp_path: Path, faults: Path) -> None:
    assert not faults.exists()
    result = engine().static(distorted(), folder=tmp_path / "run")
    assert result.energy_eV == pytest.approx(get_engine(SPRINGS).evaluate(distorted()).energy_eV, abs=1e-6)
    assert result.cpu_s == pytest.approx(3.0), "1.5 s on each of two cores"
    assert result.n_steps == 1
    (output,) = (tmp_path / "run").rglob("vasp.out*")
    assert "running on 2 total cores" in read_text(output.with_name("vasp.out"))


def test_the_death_of_one_process_is_that_of_the_program(tmp_path: Path, faults: Path) -> None:
    set_faults(faults, {"fault": "kill", "step": 3})
    result = engine().relax(distorted(), folder=tmp_path / "run")
    assert outcomes(tmp_path / "run") == ["died", "converged", "converged"]
    assert [c.problem for c in result.corrections] == ["VASP was ended by signal 9"]


@pytest.mark.parametrize("fault", ["orphan", "unwatched"])
def test_no_process_outlives_a_killed_worker_for_long(tmp_path: Path, faults: Path, fault: str) -> None:
    """The watcher ends them; where it was killed too, the next attempt does."""
    set_faults(faults, {"fault": fault, "step": 2})
    code, errors = relax_in_a_process(distorted(), tmp_path / "run")
    assert code == -signal.SIGKILL, errors
    (attempt,) = (path.parent for path in (tmp_path / "run").rglob("attempt.json"))
    running = handles_of(processes_of(attempt))
    assert fault == "orphan" or len(running) == 3, "mpirun and what it started"
    result = None if fault == "orphan" else engine().relax(distorted(), folder=tmp_path / "run")
    ended(running)
    assert processes_of(attempt) == []
    if result is not None:
        assert result.converged
        assert result.corrections[0].action == "its program, which was still running, was ended"
