"""One calculation with one engine: asks the cache first, records failures as documents; makers say which task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from jobflow import JobConfig, Maker, OnMissing, OutputReference, job
from pymatgen.core import Structure

from hebe.config.engines import DEFAULT_ENGINE, EngineBlock
from hebe.config.family import Family, load_family
from hebe.engines.protocol import Trained
from hebe.engines.registry import get_engine
from hebe.exceptions import EngineError
from hebe.makers.attempt import Attempt, task_key
from hebe.makers.identity import ADDED_LATER
from hebe.makers.names import check_engine, check_family
from hebe.makers.reference import Reference
from hebe.makers.start import Displacement, Start, bare_start, defect_start, lowest_start, state_start
from hebe.schemas.base import ErrorInfo
from hebe.schemas.calculation import CalculationDoc, StartRecord
from hebe.schemas.defects import DefectsDoc
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.structures.starting_ions import with_ions
from hebe.science.structures.working import apply_ordering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.config.family_sites import Working
    from hebe.engines.protocol import Engine, Relaxation
    from hebe.engines.tasks import Task
    from hebe.schemas.structures import OrderingDoc

_GPA: Final = 160.21766208


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
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    displacement: float = 0.0
    family: str | None = None
    host: dict[str, Any] | None = field(default=None, metadata=ADDED_LATER)
    member: dict[str, Any] | None = field(default=None, metadata=ADDED_LATER)
    origin: str | None = field(default=None, metadata=ADDED_LATER)
    ion: str | None = field(default=None, metadata=ADDED_LATER)
    accept: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse names that mean nothing.

        Raises
        ------
        BadInputError
            With the nearest that would do.
        """
        check_engine(self.engine)
        if self.family is not None and self.host is None:
            check_family(self.family)

    @property
    @abstractmethod
    def task(self) -> Task:
        """What the engine of the block does."""

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(
        self,
        start: Structure | ConfigurationDoc | DefectsDoc | None,
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
            A structure, a configuration with all working sites, or cells with defects.
        orderings, slot
            Which ordering of the working ion to take, or which of the cells with defects; a slot beyond those found is
            ``absent``.
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
        engine = get_engine(self.block)
        begin, reason = self.start_of(start, orderings, parent, slot, previous=previous, starts=starts, number=number)
        if begin is None:
            return self._without_start(engine, label, reason)
        reference = Reference(self._host(start, begin.structure), self._family(), self.ion, parent)
        attempt = self._attempt(engine, begin, reference, label, _records(starts))
        other = None if begin.derived is None else calculation_key(engine, self.task, Start(begin.structure))
        found = attempt.found(otherwise=other)
        return attempt.compute() if found is None else found

    def start_of(
        self,
        start: Structure | ConfigurationDoc | DefectsDoc | None,
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
        elif isinstance(start, DefectsDoc):
            shift = Displacement(self.displacement, number)
            found, reason = defect_start(start, slot, shift, ions=self.member is not None)
        else:
            found, reason = self._start(start, orderings, parent, slot, Displacement(self.displacement, number))
        if found is None:
            return None, reason
        return replace(found, structure=self._with_ions(found.structure)), ""

    def document(self, result: Relaxation, begin: Start, label: str) -> CalculationDoc:
        """Document of a result that was computed elsewhere; `begin` is where it began."""
        engine = get_engine(self.block)
        reference = Reference(begin.structure, self._family(), self.ion)
        return self._attempt(engine, begin, reference, label).document(result)

    @property
    def block(self) -> EngineBlock:
        """Engine block of the campaign."""
        return EngineBlock.model_validate(self.engine)

    def _attempt(
        self, engine: Engine, begin: Start, reference: Reference, label: str, starts: Sequence[StartRecord] = ()
    ) -> Attempt[CalculationDoc]:
        return Attempt(
            schema=CalculationDoc,
            engine=engine,
            task=self.task,
            start=begin.structure,
            identity=begin.identity(engine),
            payload=partial(_payload, reference, engine),
            label=label,
            facts={
                "input_structure": begin.structure,
                "derived": None if begin.derived is None else dict(begin.derived),
                "starts": list(starts),
            },
        )

    def _host(self, start: Structure | ConfigurationDoc | DefectsDoc | None, structure: Structure) -> Structure:
        """Cell before any relaxation, against which the topology is judged; the start itself if there is no other."""
        sites = structure.site_properties.get("configuration_site")
        if isinstance(start, Structure):
            return start
        if not isinstance(start, ConfigurationDoc) or start.structure is None or sites is None:
            return structure
        return apply_ordering(start.structure, sites, self._working)

    def _with_ions(self, structure: Structure) -> Structure:
        """Cell of a host with its ions and their moments, where the engine starts from them."""
        if self.member is None or "sublattice" not in structure.site_properties:
            return structure
        return with_ions(MemberSpec.model_validate(self.member), structure, self.block.magnetic_order)

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

    def _without_start(self, engine: Engine, label: str, reason: str) -> CalculationDoc:
        """Document of a slot that has nothing to calculate, or whose start is missing."""
        error = ErrorInfo(error_class="MissingInputError", message=reason) if reason else None
        return CalculationDoc(
            key="",
            engine=engine.name,
            energy_scale=engine.energy_scale,
            task=self.task.identity()["task"],
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


def _payload(reference: Reference, engine: Engine, result: Relaxation) -> Mapping[str, Any]:
    """Fields of the document that a result fills; a cell that exploded or overlaps is none.

    Raises
    ------
    EngineError
        If its energy, or anything else of it, is not a finite number: such a result is none.
    """
    if result.not_finite:
        reason = f"not a finite number: {', '.join(result.not_finite)}"
        raise EngineError(engine.name, reason, deterministic=True, corrections=result.corrections, cpu_s=result.cpu_s)
    verdict = reference.verdict(result.structure)
    problem = result.problem or (verdict if verdict in ("exploded", "overlapping") else None)
    fields: dict[str, Any] = {
        "structure": result.structure,
        "energy_eV": result.energy_eV,
        "energy_corrections": result.energy_corrections,
        "electronic": result.electronic,
        "forces_max_eV_per_A": result.forces_max,
        "stress_GPa": (result.stress * _GPA).tolist(),
        "magmoms": None if result.magmoms is None else result.magmoms.tolist(),
        "minimum": result.minimum,
        "topology": verdict,
        "stacking": reference.stacking(result.structure),
        "outside_training": engine.outside_training(result) if isinstance(engine, Trained) else [],
    }
    if problem:
        fields["status"] = "failed"
        fields["error"] = ErrorInfo(error_class="UnphysicalError", message=problem, deterministic=True)
    return fields


def calculation_key(engine: Engine, task: Task, start: Start) -> str:
    """Content key of a calculation: engine, what it reads, settings, task, start."""
    return task_key(engine, task, start.identity(engine))
