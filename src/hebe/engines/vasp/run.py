"""One VASP calculation in one folder: attempts with atomate2's makers until the answer has the settings asked for.

A cell relaxes in several passes, each with the plane waves of the cell before. A correction that changes what a number
means only leads to a start from which the calculation is repeated. A program that died, or a worker that was killed,
goes on from the last good structure.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.config.engines.vasp import vasp_tables
from hebe.config.settings import get_settings
from hebe.engines.deadline import DEADLINE
from hebe.engines.program import stop_program
from hebe.engines.vasp.attempt import make_attempt, moved, prepare, steps_of
from hebe.engines.vasp.charges import charges_of
from hebe.engines.vasp.command import find_command
from hebe.engines.vasp.history import History
from hebe.engines.vasp.inputs import RELAX, STATIC, ordered
from hebe.engines.vasp.projections import projected_in
from hebe.engines.vasp.results import forces_of, read_folder, relaxation
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.calculation import Correction

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.vasp import VaspChoice
    from hebe.engines.protocol import Relaxation
    from hebe.engines.vasp.inputs import Job


class VaspRun:
    """A calculation and what became of earlier attempts at it.

    Parameters
    ----------
    choice, job
        What is asked.
    structure
        Where it starts, or where an earlier attempt has come to.
    folder
        Folder of the calculation.
    identity
        Settings of the engine, as plain JSON.

    Raises
    ------
    EngineError
        If the program or a POTCAR is missing.
    """

    def __init__(self, choice: VaspChoice, job: Job, structure: Structure, folder: Path, identity: Any) -> None:
        self.choice, self.job, self._settings = choice, job, get_settings()
        self.command = find_command()
        self.history = History(folder, structure, job.task, [identity, job.fmax])
        self.cell = ordered(self.history.start)
        self.limits = vasp_tables().limits[job.task]
        self._causes: list[Correction] = []
        self._began, self._cpu_s, self._n_steps, self._died = time.monotonic(), 0.0, 0, 0
        self.energies: list[float] = []
        self._document: Any = None
        self.forces = np.zeros((len(structure), 3))

    def calculate(self) -> Relaxation:
        """Carry on until it is done or a limit is reached.

        Raises
        ------
        CalculationCutError
            If a limit was reached before the first energy.
        EngineError
            If there is no energy to be had; names the cause and the folder.
        """
        self._resume()
        while not self._done:
            if self._limit is not None or not self._attempt():
                return self._result(converged=False)
        return self._result(converged=True)

    @property
    def corrections(self) -> list[Correction]:
        """What was done about errors in all attempts."""
        return [c for attempt in self.history.attempts for c in attempt.corrections] + self._causes

    @property
    def _done(self) -> bool:
        return self.history.passes >= (self.choice.passes if self.job.task == RELAX else 1)

    @property
    def _limit(self) -> str | None:
        """Limit that is reached."""
        left_s = self._left_s()
        if left_s is not None and left_s <= 0:
            return "the time was over"
        return None if self._n_steps < self.job.steps else "the steps were used up"

    def _resume(self) -> None:
        if not self.history.attempts:
            return
        last = self.history.attempts[-1]
        if stop_program(last.path):
            self._record("the worker was killed", "its program, which was still running, was ended")
        if last.outcome == "running":
            self._record("the program was killed", "started again from its last good structure")
            last.n_steps = steps_of(last.path) if self.job.task != STATIC else 0
            last.write()
        self._n_steps = sum(attempt.n_steps for attempt in self.history.unreported)

    def _attempt(self) -> bool:
        """Run the program once; False if a limit cut it off."""
        structure = self.history.last_structure(self.cell)
        job = replace(self.job, steps=self.job.steps - self._n_steps)
        maker = prepare(self.choice, job, self.cell, self.command, self._left_s())
        attempt, self._causes = self.history.begin(self._causes), []
        end = make_attempt(maker, self.choice, job, moved(self.cell, structure), attempt)
        outcome = end.attempt.outcome
        self._cpu_s += end.cpu_s
        self._document = end.document or self._document
        self._n_steps += end.attempt.n_steps
        self.energies += end.energies
        if outcome == "died" and self._died < self.limits.restarts:
            self._died += 1
            self._record(end.cause, "started again from its last good structure")
        elif outcome in ("died", "failed"):
            raise self._error(end.cause, deterministic=end.deterministic)
        elif outcome == "changed" and self.history.repeats > 1:
            raise self._error(f"it converges only with other settings than asked for: {end.cause}", deterministic=True)
        return outcome != "cut"

    def _result(self, *, converged: bool) -> Relaxation:
        finished = [a for a in self.history.attempts if a.energy_eV is not None]
        if not finished:
            raise CalculationCutError("vasp", self._limit or "the time was over", **self._facts())
        document = self._document or read_folder(finished[-1].path)
        said = charges_of(finished[-1].path), projected_in(finished[-1].path)
        found = relaxation(document, self.history.start, self.cell, self.choice, *said)
        self.history.reached(found.structure)
        self.history.report()
        self.forces = forces_of(document, self.cell)
        return replace(
            found,
            n_steps=self._n_steps,
            converged=converged,
            corrections=self.corrections,
            cpu_s=self._cpu_s,
            energies=self.energies or found.energies,
        )

    def _error(self, cause: str, *, deterministic: bool) -> EngineError:
        self.history.report()
        return EngineError("vasp", cause, deterministic=deterministic, **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"folder": self.history.folder, "corrections": self.corrections, "cpu_s": self._cpu_s}

    def _record(self, problem: str, action: str) -> None:
        self._causes.append(Correction(problem=problem, action=action))

    def _left_s(self) -> float | None:
        """Wall time (s) until the setting or the deadline of the process."""
        own = self._settings.vasp_walltime_s
        left = min(DEADLINE.left_s, float("inf") if own is None else own - (time.monotonic() - self._began))
        return None if left == float("inf") else left
