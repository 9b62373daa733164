"""One calculation with ABINIT in one folder: runs of the program, each from the wave functions of the one before."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.abinit import abinit_tables
from hebe.config.settings import get_settings
from hebe.engines.abinit.command import find_command
from hebe.engines.abinit.parameters import Model, model
from hebe.engines.abinit.program import Outcome, run_program, wave_functions
from hebe.engines.abinit.projections import projected_in
from hebe.engines.abinit.results import evaluation, gap_of
from hebe.engines.deadline import DEADLINE
from hebe.engines.electronic import electronic
from hebe.engines.plane_waves import CHECK_FACTOR
from hebe.engines.program import stop_program
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.calculation import Correction
from hebe.science.keys import structure_hash

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.abinit import AbinitPreset
    from hebe.engines.protocol import Evaluation
    from hebe.schemas.electronic import ElectronicDoc

_RECORD: Final = "calculation.json"
_LARGE: Final = ("outdata", "indata", "tmpdata")
_LONGEST_PATH: Final = 220
_STARTED_AGAIN: Final = ("died", "stuck")


class AbinitRun:
    """Evaluations of one crystal in one folder, with one set of settings.

    Parameters
    ----------
    choice
        What is asked of ABINIT.
    structure
        The crystal as it starts: decides k points and initial moments for all evaluations.
    folder
        Where every run of the program has a folder of its own; an earlier attempt in it is continued.

    Raises
    ------
    EngineError
        If a PAW data set is missing.
    MissingDependencyError
        If the program is.
    """

    def __init__(self, choice: AbinitPreset, structure: Structure, folder: Path) -> None:
        self.command, self.model, settings = find_command(), model(structure, choice), get_settings()
        self.folder, self.cpu_s = folder.absolute(), 0.0
        _check_path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.corrections: list[Correction] = []
        self._walltime_s, self._stuck_s = settings.abinit_walltime_s, settings.abinit_stuck_s
        self._began, self._asked = time.monotonic(), 0
        self._electronic: dict[str, ElectronicDoc] = {}
        self._recall()

    def evaluate(self, structure: Structure) -> Evaluation:
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3) and moments (Bohr magnetons).

        Raises
        ------
        CalculationCutError
            If the wall time is over; what was reached is in the wave functions.
        EngineError
            If nothing helps; names what was tried and the folder.
        """
        tried: list[str] = []
        while True:
            outcome, path = self._run(structure)
            if outcome.kind == "converged":
                found = evaluation(outcome.document, path, len(structure))
                said = electronic(structure, gap_of(path), found.magmoms, projected_in(path, self.model.data_sets))
                self._electronic[structure_hash(structure)] = said
                return found
            step = _remedy(outcome, tried)
            if step is None:
                raise self._failure(outcome, tried)
            tried.append(step.action)
            self._variables |= step.settings
            self.corrections.append(step)
            self._write()

    def evaluate_larger(self, structure: Structure) -> Evaluation:
        """The same with `CHECK_FACTOR` times the cut-off, all else equal."""
        own = self.model
        self.model = _with_cutoff(own, CHECK_FACTOR)
        try:
            return self.evaluate(structure)
        finally:
            self.model = own

    def electronic(self, structure: Structure) -> ElectronicDoc | None:
        """Electronic results of a structure that was evaluated here."""
        return self._electronic.get(structure_hash(structure))

    def close(self) -> None:
        """Nothing to do: the program runs only while it is waited for."""

    def finish(self) -> None:
        """Remove wave functions, which nobody needs any more; inputs and logs stay."""
        for path in self._paths():
            _strip(path)
        shutil.rmtree(self.folder / "data_sets", ignore_errors=True)

    def _run(self, structure: Structure) -> tuple[Outcome, Path]:
        """Run the program from the last wave functions that there are."""
        left_s = self._left_s()
        paths = self._paths()
        if left_s is not None and left_s <= 0 and self._asked:
            return Outcome("cut", "the time was over", None, 0.0), self.folder
        self._asked += 1
        before = next((path for path in reversed(paths) if wave_functions(path)), None)
        path = self.folder / f"{1 + int(paths[-1].name if paths else 0):03d}"
        path.mkdir()
        outcome = run_program(
            self.model,
            structure,
            path,
            self.command,
            before=before,
            variables=self._variables,
            left_s=left_s,
            stuck_s=self._stuck_s,
        )
        self.cpu_s += outcome.cpu_s
        if wave_functions(path) is not None:
            for old in paths:
                _strip(old)
        return outcome, path

    def _left_s(self) -> float | None:
        """Time until the calculation or its process must stop, None without a limit."""
        own = math.inf if self._walltime_s is None else self._walltime_s - (time.monotonic() - self._began)
        left = min(own, DEADLINE.left_s)
        return None if math.isinf(left) else left

    def _paths(self) -> list[Path]:
        found = [path for path in self.folder.iterdir() if path.is_dir() and path.name.isdecimal()]
        return sorted(found, key=lambda path: int(path.name))

    def _recall(self) -> None:
        """Take over what an earlier attempt had to correct, with what helped; end a program that outlived it."""
        try:
            found = json.loads((self.folder / _RECORD).read_text())
        except (OSError, ValueError):
            found = {"corrections": []}
        self.corrections = [Correction.model_validate(item) for item in found["corrections"]]
        self._variables: dict[str, Any] = {k: v for c in self.corrections for k, v in c.settings.items()}
        paths = self._paths()
        if paths and stop_program(paths[-1]):
            action = "its program, which was still running, was ended"
            self.corrections.append(Correction(problem="the worker was killed", action=action))
            self._write()

    def _write(self) -> None:
        part = self.folder / f"{_RECORD}.part"
        part.write_text(json.dumps({"corrections": [c.model_dump(mode="json") for c in self.corrections]}))
        part.replace(self.folder / _RECORD)

    def _failure(self, outcome: Outcome, tried: list[str]) -> EngineError:
        facts: dict[str, Any] = {"folder": self.folder, "corrections": self.corrections, "cpu_s": self.cpu_s}
        if outcome.kind == "cut":
            return CalculationCutError("abinit", outcome.message, **facts)
        reason = outcome.message + (f"; tried: {', '.join(tried)}" if tried else "")
        return EngineError("abinit", reason, deterministic=outcome.kind in ("scf", "other"), **facts)


def _remedy(outcome: Outcome, tried: list[str]) -> Correction | None:
    """What to try next; None when nothing is left."""
    steps: list[Correction] = []
    if outcome.kind == "scf":
        ladder = abinit_tables().against_divergence
        steps = [Correction(problem=outcome.message, action=a.action, settings=a.variables) for a in ladder]
    elif outcome.kind in _STARTED_AGAIN:
        steps = [Correction(problem=outcome.message, action="started again from its last wave functions")]
    return next((step for step in steps if step.action not in tried), None)


def _check_path(folder: Path) -> None:
    """Refuse folders that ABINIT cannot read data sets from."""
    if "," in str(folder) or '"' in str(folder) or len(str(folder)) > _LONGEST_PATH:
        reason = f"ABINIT reads no data sets from folders with commas, quotes or over {_LONGEST_PATH} characters"
        raise EngineError("abinit", reason, folder=folder, deterministic=True)


def _strip(path: Path) -> None:
    for name in _LARGE:
        shutil.rmtree(path / name, ignore_errors=True)


def _with_cutoff(model: Model, factor: float) -> Model:
    """Model with another cut-off, all else equal."""
    asked = model.variables
    return replace(model, variables={**asked, **{name: factor * asked[name] for name in ("ecut", "pawecutdg")}})
