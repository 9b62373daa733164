"""What happens when GPAW fails: real failures of real calculations on the cheapest cells."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from hebe.engines.gpaw import remedies
from hebe.engines.gpaw.run import CHECKPOINT, GPAWRun
from hebe.engines.gpaw.session import LOG, WorkerProcess
from hebe.exceptions import CalculationCutError, EngineError
from support.gpaw import CHEAP, engine, needs_gpaw
from support.small_cells import lithium, two_lithium
from support.waiting import ended, handles_of

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.engines.protocol import Relaxation

pytestmark = pytest.mark.gpaw

KILLED = """
import os, signal, sys
from pathlib import Path
from hebe.engines.gpaw.session import WorkerProcess
from support.gpaw import CHEAP, engine
from support.small_cells import two_lithium
ask, asked = WorkerProcess.ask, []
def counting(self, request):
    asked.append(1)
    if len(asked) == 3:
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return ask(self, request)
WorkerProcess.ask = counting
engine(**CHEAP).relax(two_lithium(0.3), fmax=0.005, cell=False, folder=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Relaxation:
    """What nothing disturbed."""
    return engine(**CHEAP).static(two_lithium(), folder=tmp_path_factory.mktemp("gpaw") / "static")


@pytest.fixture(scope="module")
def relaxation(tmp_path_factory: pytest.TempPathFactory) -> Relaxation:
    """What nothing disturbed."""
    folder = tmp_path_factory.mktemp("gpaw") / "relax"
    return engine(**CHEAP).relax(two_lithium(0.3), fmax=0.005, cell=False, folder=folder)


def test_iterations_that_do_not_suffice_are_added(tmp_path: Path, static: Relaxation) -> None:
    short = engine(**CHEAP, max_iterations=3).static(two_lithium(), folder=tmp_path / "short")
    assert static.corrections == []
    assert [c.action for c in short.corrections] == ["more iterations"]
    assert short.converged
    assert short.energy_eV == pytest.approx(static.energy_eV, abs=1e-3)
    assert engine(**CHEAP).settings == engine(**CHEAP, max_iterations=3).settings, "the limit is no part of the key"


def test_a_density_that_never_converges_is_an_error_that_says_what_was_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remedies, "_MORE_ITERATIONS", 5)
    monkeypatch.setattr(remedies, "_MOST_ITERATIONS", 5)
    impossible = engine(
        **CHEAP, max_iterations=2, convergence={"energy": 1e-20, "density": 1e-20, "eigenstates": 1e-30}
    )
    with pytest.raises(EngineError, match=r"tried: more iterations, softer mixer, wider smearing") as caught:
        impossible.static(two_lithium(), folder=tmp_path / "run")
    assert caught.value.deterministic
    assert str(tmp_path / "run") in str(caught.value)
    assert len(caught.value.corrections) == 3
    assert (tmp_path / "run" / LOG).is_file(), "the files of a failure are kept"


def test_a_wider_smearing_is_only_the_way_to_the_one_asked_for(tmp_path: Path, static: Relaxation) -> None:
    made = engine(**CHEAP)
    run = GPAWRun(made.installation, made.choice, two_lithium(), tmp_path / "wide")
    tried = ["more iterations", "softer mixer"]
    step = remedies.remedy("scf", run.model.parameters, tried)
    assert step is not None
    assert step.temporary
    wanted = run.model.parameters["occupations"]
    ask = run.session.ask
    asked: list[dict[str, Any]] = []

    def failing_first(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request["parameters"])
        limited = {**request["parameters"], "maxiter": 2} if len(asked) <= 3 else request["parameters"]
        return ask({**request, "parameters": limited})

    run.session.ask = failing_first  # type: ignore[method-assign]
    found = run.evaluate(two_lithium())
    run.close()
    widths = [parameters["occupations"]["width"] for parameters in asked]
    assert widths[3] > widths[0]
    assert (widths[4], len(widths)) == (wanted["width"], 5)
    assert found.energy_eV == pytest.approx(static.energy_eV, abs=1e-3)


def test_a_killed_worker_is_started_again(
    tmp_path: Path, relaxation: Relaxation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = WorkerProcess.ask, []

    def killing(self: WorkerProcess, request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        if len(asked) == 3 and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
        return ask(self, request)

    monkeypatch.setattr(WorkerProcess, "ask", killing)
    result = engine(**CHEAP).relax(two_lithium(0.3), fmax=0.005, cell=False, folder=tmp_path / "killed")
    assert result.converged
    assert [c.problem for c in result.corrections] == ["the worker died"]
    assert result.energy_eV == pytest.approx(relaxation.energy_eV, abs=2e-3)
    assert len(asked) == result.n_steps + 1


def test_a_worker_that_dies_again_and_again_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = WorkerProcess.ask

    def killing(self: WorkerProcess, request: dict[str, Any]) -> dict[str, Any]:
        self._start()
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)
        return ask(self, request)

    monkeypatch.setattr(WorkerProcess, "ask", killing)
    with pytest.raises(EngineError, match="signal 9; tried: started again") as caught:
        engine(**CHEAP).static(two_lithium(), folder=tmp_path)
    assert not caught.value.deterministic


def test_a_killed_relaxation_goes_on_from_its_last_step(tmp_path: Path, relaxation: Relaxation) -> None:
    folder = tmp_path / "killed"
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)],
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    result = engine(**CHEAP).relax(two_lithium(0.3), fmax=0.005, cell=False, folder=folder)
    assert result.converged
    assert len(result.energies) == result.n_steps + 2, "two steps were done before"
    assert result.n_steps < relaxation.n_steps
    assert result.energy_eV == pytest.approx(relaxation.energy_eV, abs=2e-3)


def test_a_worker_ends_with_who_started_it(tmp_path: Path) -> None:
    engine()
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    ended(handles_of([int(died.stdout)]))


def test_the_end_of_the_wall_time_leaves_a_checkpoint(
    tmp_path: Path, static: Relaxation, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cut"
    monkeypatch.setenv("HEBE_GPAW_WALLTIME_S", "1e-6")
    with pytest.raises(CalculationCutError):
        engine(**CHEAP).static(two_lithium(), folder=folder)
    assert (folder / CHECKPOINT).is_file()
    monkeypatch.delenv("HEBE_GPAW_WALLTIME_S")
    result = engine(**CHEAP).static(two_lithium(), folder=folder)
    assert result.energy_eV == pytest.approx(static.energy_eV, abs=1e-3)
    assert "Reading from" in (folder / LOG).read_text(), "it went on from the checkpoint"
    assert not (folder / CHECKPOINT).exists(), "nobody needs it any more"


def test_a_stuck_worker_is_ended_and_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine(**CHEAP)
    run = GPAWRun(made.installation, made.choice, two_lithium(), tmp_path)
    stopped: list[int] = []
    looks = itertools.count()

    def clock() -> float:
        hours = next(looks) if stopped and session.pid == stopped[0] else 0
        return time.monotonic() + 3600.0 * hours

    session = WorkerProcess(made.installation, tmp_path, 7200.0, clock)
    start = session._start

    def stopping() -> Any:
        process = start()
        if not stopped:
            os.kill(process.pid, signal.SIGSTOP)
            stopped.append(process.pid)
        return process

    monkeypatch.setattr(session, "_start", stopping)
    run.session = session
    assert run.evaluate(two_lithium()).energy_eV < 0
    run.close()
    assert [c.problem for c in run.corrections] == ["the worker was stuck"]
    assert json.loads((tmp_path / "corrections.json").read_text())[0]["problem"] == "the worker was stuck"


def test_too_little_memory_is_tried_once_with_less_and_then_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -v 900000\nexec {needs_gpaw().python} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("HEBE_GPAW_PYTHON", str(python))
    with pytest.raises(EngineError, match=r"out of memory.*tried: eigensolver with fewer trial vectors"):
        engine(**{**CHEAP, "cutoff": 5000}).static(two_lithium(), folder=tmp_path / "run")


def test_a_volume_that_collapses_is_no_result(tmp_path: Path) -> None:
    result = engine(**CHEAP).relax(lithium(a=6.0), folder=tmp_path)
    assert not result.converged
    assert result.problem is not None
    assert "volume changed by -" in result.problem


def test_cells_do_not_relax_with_few_plane_waves(tmp_path: Path) -> None:
    low = engine(**{**CHEAP, "allow_low_cutoff": False})
    with pytest.raises(EngineError, match="300 eV is too low to relax a cell: choose at least 600 eV") as caught:
        low.relax(lithium(), folder=tmp_path / "cell")
    assert caught.value.deterministic
    assert low.relax(two_lithium(), cell=False, steps=1, folder=tmp_path / "ions").n_steps == 1
