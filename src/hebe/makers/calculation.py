"""One calculation with one engine: asks the cache first, records failures as documents; makers say which task."""

from __future__ import annotations

import re
import time
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from jobflow import CURRENT_JOB, JobConfig, Maker, OnMissing, OutputReference, job
from pymatgen.core import Structure

from hebe.config.engine import EngineSpec
from hebe.config.family import Family, load_family
from hebe.config.settings import STORE_FOLDER, project_folder
from hebe.engines.registry import get_engine
from hebe.engines.softest import LOOK
from hebe.exceptions import CalculationCutError, EngineError
from hebe.makers.caching import reuse, unfinished
from hebe.makers.identity import ADDED_LATER
from hebe.makers.reference import Reference
from hebe.makers.start import Displacement, Start, bare_start, lowest_start, state_start
from hebe.schemas.base import ErrorInfo, Status
from hebe.schemas.calculation import CalculationDoc, StartRecord
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.keys import KEY_VERSION, content_hash, structure_content
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.working import apply_ordering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.config.family_sites import Working
    from hebe.config.plane_waves import MagneticOrder
    from hebe.engines.protocol import Engine, Relaxation
    from hebe.schemas.structures import OrderingDoc

_GPA = 160.21766208


STATIC: Final = "static"


@dataclass(kw_only=True)
class CalculationMaker(Maker, ABC):
    """Base of the makers that run an engine on a structure, a configuration or an x-state of a configuration.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    displacement
        Length (A) of the random displacement of every site before the calculation, so that Jahn-Teller
        distortions can appear; its random numbers follow from what the cell stands for.
    origin
        Name of a structure that is no configuration, from which its displacement follows; its formula and number of
        sites when None.
    ion
        Working ion of the host, which decides how far its layers may move.
    accept
        Verdicts on the topology of a cell that count as the host when one of several calculations is chosen.
    family
        Host family, for the check whether the cell is still its host; None skips it.
    host
        Data of the family where no data file has it.
    member
        Member of the host as plain data, for engines that start from its ions; None leaves moments to the engine.
    """

    name: str = "calculation"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": "chgnet"})
    displacement: float = 0.0
    family: str | None = None
    host: dict[str, Any] | None = field(default=None, metadata=ADDED_LATER)
    member: dict[str, Any] | None = field(default=None, metadata=ADDED_LATER)
    origin: str | None = field(default=None, metadata=ADDED_LATER)
    ion: str | None = field(default=None, metadata=ADDED_LATER)
    accept: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    version: ClassVar[int] = 1

    @property
    @abstractmethod
    def task(self) -> str:
        """Name of the task in documents and keys."""

    @abstractmethod
    def run(self, engine: Engine, spec: EngineSpec, start: Structure, folder: Path) -> Relaxation:
        """Have the engine do it; `folder` belongs to this calculation alone."""

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(
        self,
        start: Structure | ConfigurationDoc | None,
        orderings: OrderingDoc | None = None,
        parent: CalculationDoc | None = None,
        slot: int = 0,
        label: str = "",
        *,
        previous: list[CalculationDoc | None] | None = None,
        starts: list[CalculationDoc | None] | None = None,
        number: int = 0,
    ) -> CalculationDoc | OutputReference:
        """Calculate and document; a calculation that was done before is referred to, not repeated.

        Parameters
        ----------
        start
            A structure, or a configuration with all working sites.
        orderings, slot
            Which ordering of the working ion to take; a slot beyond those found is ``absent``.
        parent
            Relaxed as-made cell of the same configuration: what to start from, unless `previous` says so, and to what
            the layers of the result are compared.
        label
            Names the calculation in documents.
        previous
            Calculations of another stage to start from: of those that ended, the one that is `slot`-th in energy gives
            the cell and its moments. `start` is then the configuration or structure that they belong to, or None.
        starts
            Calculations of this cell from several starts, of which the lowest is taken in the same way.
        number
            Which of several starts this is: each is displaced by other random numbers.
        """
        spec = EngineSpec.model_validate(self.engine)
        engine = get_engine(spec)
        begin, reason = self.start_of(start, orderings, parent, slot, previous=previous, starts=starts, number=number)
        if begin is None:
            return self._without_start(engine, label, reason)
        key = calculation_key(engine, spec, self.task, begin)
        found = reuse(key, CalculationDoc, claim=True)
        if found is None and begin.derived is not None:
            found = reuse(calculation_key(engine, spec, self.task, Start(begin.structure)), CalculationDoc)
        if found is not None:
            return found
        facts = self._facts(engine, spec, key, label, begin) | {"starts": _records(starts)}
        before = unfinished(key, CalculationDoc)
        reference = Reference(self._host(start, begin.structure), self._family(), self.ion, parent)
        return self._calculate(engine, spec, before, reference, facts)

    def start_of(
        self,
        start: Structure | ConfigurationDoc | None,
        orderings: OrderingDoc | None = None,
        parent: CalculationDoc | None = None,
        slot: int = 0,
        *,
        previous: list[CalculationDoc | None] | None = None,
        starts: list[CalculationDoc | None] | None = None,
        number: int = 0,
    ) -> tuple[Start | None, str]:
        """Where `make` starts; None and why if there is nothing. Parameters are those of `make`."""
        done = starts if previous is None else previous
        if done is not None:
            found, reason = lowest_start(done, slot, self.accept)
        else:
            found, reason = self._start(start, orderings, parent, slot, Displacement(self.displacement, number))
        if found is None:
            return None, reason
        return replace(found, structure=self._with_ions(found.structure, EngineSpec.model_validate(self.engine))), ""

    def document(self, result: Relaxation, begin: Start, label: str) -> CalculationDoc:
        """Document of a result that was computed elsewhere; `begin` is where it began."""
        spec = EngineSpec.model_validate(self.engine)
        engine = get_engine(spec)
        key = calculation_key(engine, spec, self.task, begin)
        reference = Reference(begin.structure, self._family(), self.ion)
        made = self._document(result, reference, self._facts(engine, spec, key, label, begin))
        return made.model_copy(update={"cpu_s": result.cpu_s})

    def _host(self, start: Structure | ConfigurationDoc | None, structure: Structure) -> Structure:
        """Cell before any relaxation, against which the topology is judged; the start itself if there is no other."""
        sites = structure.site_properties.get("configuration_site")
        if isinstance(start, Structure):
            return start
        if not isinstance(start, ConfigurationDoc) or start.structure is None or sites is None:
            return structure
        return apply_ordering(start.structure, sites, self._working)

    def _with_ions(self, structure: Structure, spec: EngineSpec) -> Structure:
        """Cell of a host with its ions and their moments, where the engine starts from them."""
        if self.member is None or "sublattice" not in structure.site_properties:
            return structure
        order: MagneticOrder = getattr(spec.settings, "magnetic_order", None) or "ferromagnetic"
        return with_ions(MemberSpec.model_validate(self.member), structure, order)

    @property
    def _working(self) -> Working | None:
        """Where the working ion stands."""
        family = self._family()
        return None if family is None else family.working_of(self.ion)

    def _family(self) -> Family | None:
        """Host family, brought or found by its name."""
        if self.host is not None:
            return Family.model_validate(self.host)
        return None if self.family is None else load_family(self.family)

    def _start(
        self,
        start: Structure | ConfigurationDoc | None,
        orderings: OrderingDoc | None,
        parent: CalculationDoc | None,
        slot: int,
        displacement: Displacement,
    ) -> tuple[Start | None, str]:
        """Cell to start from, or None and why: ``absent`` slots have nothing to calculate."""
        if start is None:
            return None, "the structure to start from could not be made"
        if isinstance(start, Structure):
            return bare_start(start, displacement, self.origin), ""
        if orderings is None:
            return None, "the orderings of the working ion could not be made"
        if parent is not None and not parent.usable and parent.status != "absent":
            return None, f"the cell to start from is {parent.status}"
        absent = start.structure is None or slot >= len(orderings.occupied) or (parent and parent.status == "absent")
        if absent:
            return None, ""
        return state_start(start, orderings, slot, self._working, displacement, parent), ""

    def _calculate(
        self,
        engine: Engine,
        spec: EngineSpec,
        before: CalculationDoc | None,
        reference: Reference,
        facts: Mapping[str, Any],
    ) -> CalculationDoc:
        """Run the engine, from where an earlier attempt was cut off if there was one; failures become documents."""
        started, before_s = time.process_time(), 0.0
        start: Structure = facts["input_structure"]
        steps = 0
        if before is not None:
            start, steps, before_s = before.structure or start, before.n_steps, before.cpu_s
        folder = run_folder(engine.name, facts["key"])
        try:
            result = self.run(engine, spec, start, folder)
            document, elsewhere_s = self._document(result, reference, facts), result.cpu_s
        except EngineError as err:
            status: Status = "cut" if isinstance(err, CalculationCutError) else "failed"
            error = ErrorInfo(error_class=type(err).__name__, message=str(err), deterministic=err.deterministic)
            document = CalculationDoc(status=status, error=error, corrections=list(err.corrections), **facts)
            elsewhere_s = err.cpu_s
        except (ArithmeticError, LookupError, RuntimeError, ValueError, np.linalg.LinAlgError) as err:
            message = f"{err} ({traceback.extract_tb(err.__traceback__)[-1].name})"
            error = ErrorInfo(error_class=type(err).__name__, message=message)
            document, elsewhere_s = CalculationDoc(status="failed", error=error, **facts), 0.0
        document.n_steps += steps
        document.cpu_s = before_s + time.process_time() - started + elsewhere_s
        document.run_dir = str(folder) if folder.is_dir() else None
        return document

    def _document(self, result: Relaxation, reference: Reference, facts: Mapping[str, Any]) -> CalculationDoc:
        verdict = reference.verdict(result.structure)
        problem = result.problem or (verdict if verdict in ("exploded", "overlapping") else None)
        error = ErrorInfo(error_class="UnphysicalError", message=problem, deterministic=True) if problem else None
        status = "failed" if problem else "converged" if result.converged else "cut"
        versions = {**facts["versions"], **result.versions}
        return CalculationDoc(
            status=status,
            structure=result.structure,
            energy_eV=result.energy_eV,
            energy_corrections=result.energy_corrections,
            electronic=result.electronic,
            forces_max_eV_per_A=result.forces_max,
            stress_GPa=(result.stress * _GPA).tolist(),
            magmoms=None if result.magmoms is None else result.magmoms.tolist(),
            minimum=result.minimum,
            topology=verdict,
            stacking=reference.stacking(result.structure),
            n_steps=result.n_steps,
            corrections=result.corrections,
            error=error,
            **{**facts, "versions": versions},
        )

    def _facts(self, engine: Engine, spec: EngineSpec, key: str, label: str, begin: Start) -> dict[str, Any]:
        """Fields that a calculation has whatever becomes of it."""
        moving = {} if self.task == STATIC else relaxation_settings(spec)
        return {
            "key": key,
            "engine": engine.name,
            "energy_scale": engine.energy_scale,
            "settings": {**engine.settings, **moving},
            "task": self.task,
            "label": label,
            "input_structure": begin.structure,
            "derived": None if begin.derived is None else dict(begin.derived),
            "versions": dict(engine.versions),
            "job_id": getattr(getattr(CURRENT_JOB, "job", None), "uuid", None),
        }

    def _without_start(self, engine: Engine, label: str, reason: str) -> CalculationDoc:
        """Document of a slot that has nothing to calculate, or whose start is missing."""
        error = ErrorInfo(error_class="MissingInputError", message=reason) if reason else None
        return CalculationDoc(
            key="",
            engine=engine.name,
            energy_scale=engine.energy_scale,
            task=self.task,
            status="failed" if reason else "absent",
            label=label,
            error=error,
        )


def _records(starts: list[CalculationDoc | None] | None) -> list[StartRecord]:
    """What a calculation says of those of which it took the lowest."""
    found = [c for c in starts or [] if c is not None and c.key]
    return [
        StartRecord(
            key=c.key,
            status=c.status,
            energy_eV=c.energy_eV,
            topology=c.topology,
            volume_A3=None if c.structure is None else c.structure.volume,
        )
        for c in found
    ]


def relaxation_settings(spec: EngineSpec) -> dict[str, Any]:
    """What an engine block says of relaxations beyond the engine's own settings."""
    return {"fmax": spec.fmax, **({"minimum": LOOK} if spec.check_minimum else {})}


def calculation_key(engine: Engine, spec: EngineSpec, task: str, start: Start) -> str:
    """Content key of a calculation: engine, what it reads, settings, task, start.

    The step limit, threads and the machine stay out of it; `fmax` and the look for a minimum count only where
    something relaxes. A start that comes from other calculations is identified by their keys.
    """
    content: dict[str, Any] = {
        "version": KEY_VERSION,
        "engine": engine.name,
        "settings": dict(engine.settings),
        "reads": list(engine.reads),
        "task": task,
        "structure": structure_content(start.structure) if start.derived is None else dict(start.derived),
    }
    if task != STATIC:
        content |= {**relaxation_settings(spec), "cell": "strain" if task == "relax" else "fixed"}
    properties = start.structure.site_properties
    given = start.derived is None or "ion" in properties  # moments of other calculations follow from their keys
    if given and "magmoms" in engine.reads and "magmom" in properties:
        moments = np.array([moment or 0.0 for moment in properties["magmom"]], dtype=float)
        content["magmoms"] = np.rint(moments * 1000).astype(int).tolist()
    return content_hash(content)


def run_folder(engine: str, key: str) -> Path:
    """Folder for the files of a calculation: below ``.hebe`` of the project where there is one, else below here.

    The same calculation has the same folder, so that a second attempt finds the checkpoint of the first.
    """
    name = Path(re.sub(r"[^A-Za-z0-9.-]+", "-", engine)) / key[:16]
    hidden = project_folder() / STORE_FOLDER
    return hidden / "runs" / name if hidden.is_dir() else Path.cwd() / name
