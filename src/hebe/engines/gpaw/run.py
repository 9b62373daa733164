"""One GPAW calculation in one folder: asks, applies remedies, remembers what was corrected."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.settings import get_settings
from hebe.engines.deadline import DEADLINE
from hebe.engines.electronic import electronic
from hebe.engines.gpaw.parameters import Model, model
from hebe.engines.gpaw.remedies import remedy
from hebe.engines.gpaw.session import LOG, InProcess, Session, WorkerProcess
from hebe.engines.plane_waves import CHECK_FACTOR
from hebe.engines.protocol import Evaluation
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.calculation import Correction
from hebe.science.electrons.levels import highest_occupied
from hebe.science.electrons.projected import Projected
from hebe.science.keys import structure_hash

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.gpaw import GPAWPreset
    from hebe.engines.gpaw.installation import Installation
    from hebe.engines.gpaw.remedies import Remedy
    from hebe.schemas.electronic import ElectronicDoc

CHECKPOINT: Final = "scf.gpw"
_RECORD: Final = "corrections.json"


class GPAWRun:
    """Evaluations of one crystal in one folder, with one set of settings.

    Parameters
    ----------
    installation, choice
        Which GPAW, and what is asked of it.
    structure
        The crystal as it starts: decides k points and initial moments for all evaluations.
    folder
        Where log and checkpoint are; an earlier attempt in it is continued with its corrections.
    """

    def __init__(self, installation: Installation, choice: GPAWPreset, structure: Structure, folder: Path) -> None:
        missing = {site.specie.symbol for site in structure} - installation.elements
        if missing:
            names = ", ".join(sorted(missing))
            raise EngineError("gpaw", f"there is no PAW data set for {names} in {installation.folder}")
        folder.mkdir(parents=True, exist_ok=True)
        settings = get_settings()
        self.folder, self.choice, self.cpu_s = folder.absolute(), choice, 0.0
        self.model = model(structure, choice)
        self.corrections: list[Correction] = []
        self.session: Session = (
            InProcess() if installation.in_process else WorkerProcess(installation, self.folder, settings.gpaw_stuck_s)
        )
        self._walltime_s, self._began = settings.gpaw_walltime_s, time.monotonic()
        self._asked = 0
        self._electronic: dict[str, ElectronicDoc] = {}
        self._recall()

    def evaluate(self, structure: Structure) -> Evaluation:
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3) and moments (Bohr magnetons).

        Raises
        ------
        CalculationCutError
            If the wall time is over; what was reached is in the checkpoint.
        EngineError
            If no remedy helps; names what was tried and the folder.
        """
        tried: list[str] = []
        wanted = self.model.parameters
        while True:
            answer = self._ask(structure)
            if "error" not in answer:
                if self.model.parameters["occupations"] == wanted["occupations"]:
                    return self._remember(structure, answer)
                self._change({"occupations": wanted["occupations"]})
                continue
            step = None if answer["error"] == "cut" else remedy(answer["error"], self.model.parameters, tried)
            if step is None:
                raise self._failure(answer, tried)
            tried.append(step.action)
            self._correct(step)

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
        """End the worker."""
        self.session.close()

    def finish(self) -> None:
        """End the worker and remove the checkpoint, which nobody needs any more; the log stays."""
        self.close()
        for name in (CHECKPOINT, f"{CHECKPOINT}.json"):
            (self.folder / name).unlink(missing_ok=True)

    def _ask(self, structure: Structure) -> dict[str, Any]:
        left_s = self._left_s()
        if left_s is not None and left_s <= 0 and self._asked:
            return {"error": "cut", "message": "the time was over"}
        self._asked += 1
        request = {
            "atoms": self.model.atoms(structure),
            "parameters": self.model.parameters,
            "log": str(self.folder / LOG),
            "checkpoint": str(self.folder / CHECKPOINT),
            "left_s": left_s,
        }
        answer = self.session.ask(request)
        self.cpu_s += answer.get("cpu_s", 0.0)
        return answer

    def _remember(self, structure: Structure, answer: dict[str, Any]) -> Evaluation:
        found = _evaluation(answer, len(structure))
        projected = None if "projected" not in answer else projected_of(answer["projected"])
        gap = answer.get("band_gap")
        self._electronic[structure_hash(structure)] = electronic(structure, gap, found.magmoms, projected)
        return found

    def _left_s(self) -> float | None:
        """Time until the calculation or its process must stop, None without a limit."""
        own = math.inf if self._walltime_s is None else self._walltime_s - (time.monotonic() - self._began)
        left = min(own, DEADLINE.left_s)
        return None if math.isinf(left) else left

    def _correct(self, step: Remedy) -> None:
        self.corrections.append(step.correction)
        self._change(step.changes)
        lasting = [c.model_dump(mode="json") for c in self.corrections]
        (self.folder / _RECORD).write_text(json.dumps(lasting))

    def _change(self, changes: dict[str, Any]) -> None:
        self.model = replace(self.model, parameters={**self.model.parameters, **changes})

    def _recall(self) -> None:
        """Take over what an earlier attempt in this folder had to correct, except what alters numbers."""
        try:
            found = json.loads((self.folder / _RECORD).read_text())
        except (OSError, ValueError):
            return
        self.corrections = [Correction.model_validate(item) for item in found]
        for correction in self.corrections:
            self._change({key: value for key, value in correction.settings.items() if key != "occupations"})

    def _failure(self, answer: dict[str, Any], tried: list[str]) -> EngineError:
        self.close()
        facts: dict[str, Any] = {"folder": self.folder, "corrections": self.corrections, "cpu_s": self.cpu_s}
        if answer["error"] == "cut":
            return CalculationCutError("gpaw", answer["message"], **facts)
        reason = answer["message"]
        if tried:
            reason += f"; tried: {', '.join(tried)}"
        return EngineError("gpaw", reason, deterministic=answer["error"] in ("scf", "other"), **facts)


def _evaluation(answer: dict[str, Any], n: int) -> Evaluation:
    moments = np.array(answer["magmoms"]) if "magmoms" in answer else np.zeros(n)
    return Evaluation(answer["energy"], np.array(answer["forces"]), np.array(answer["stress"]), moments)


def projected_of(answer: dict[str, Any]) -> Projected:
    """Projections of an answer, whose keys are words."""
    energies = np.array(answer["energies"])
    return Projected(
        energies,
        np.array(answer["occupied"]),
        {symbol: {int(m): np.array(part) for m, part in parts.items()} for symbol, parts in answer["weights"].items()},
        highest_occupied(energies, answer["fermi"]),
        {symbol: {int(m): part for m, part in parts.items()} for symbol, parts in answer["orbitals"].items()},
    )


def _with_cutoff(model: Model, factor: float) -> Model:
    """Model with another cut-off, all else equal."""
    mode = dict(model.parameters["mode"])
    mode["ecut"] = factor * mode["ecut"]
    return replace(model, parameters={**model.parameters, "mode": mode})
