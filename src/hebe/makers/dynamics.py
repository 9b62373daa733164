"""Makers of molecular dynamics: of any cell, and of the working ion in the cell of a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from jobflow import JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.dynamics import Dynamics
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.names import check_engine
from hebe.makers.reference import Reference
from hebe.makers.start import Start
from hebe.makers.trajectory import Watched, trajectory_payload
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.dynamics import DynamicsDoc
from hebe.science.chemistry.member import family_of
from hebe.science.transport.moving_cell import Preparation, moving_cell

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

_MOTION_VERSION: Final = 2
"""Raised when what documents say of a run changes."""


@dataclass(kw_only=True)
class DynamicsMaker(Maker):
    """Run molecular dynamics in the cell as it is.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    task
        Fields of `hebe.engines.dynamics.Dynamics`: ``{"steps": 1000, "temperature": 600}``.
    mobile, jump
        Element whose diffusion is looked at, and the length (A) of its jumps; none without them.
    """

    name: str = "dynamics"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    task: dict[str, Any] = field(default_factory=lambda: {"steps": 1000})
    mobile: str | None = None
    jump: float = 3.0
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse an engine block and steps that cannot be read."""
        check_engine(self.engine)
        Dynamics.model_validate(self.task)

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(self, start: CalculationDoc | Structure | None, label: str = "") -> DynamicsDoc | OutputReference:
        """Compute, or refer to what was computed before; a failure is a document.

        Parameters
        ----------
        start
            A cell, or a relaxation of it; without a usable one the document is ``absent``.
        label
            Names it in documents.
        """
        engine = get_engine(EngineSpec.model_validate(self.engine))
        if start is None or (isinstance(start, CalculationDoc) and not start.usable):
            return DynamicsDoc(label=label, status="absent", engine=engine.name, energy_scale=engine.energy_scale)
        cell = start.cell if isinstance(start, CalculationDoc) else start
        of_start = {"calculation": start.key} if isinstance(start, CalculationDoc) else Start(cell).identity(engine)
        asked = {} if self.mobile is None else {"mobile": self.mobile, "jump": self.jump}
        task = Dynamics.model_validate(self.task)
        ions = [i for i, site in enumerate(cell) if site.specie.symbol == self.mobile]
        watched = Watched(task, Reference(cell), ions, self.mobile or "", self.jump)
        return Attempt(
            schema=DynamicsDoc,
            engine=engine,
            task=task,
            start=cell,
            identity={**of_start, **asked},
            payload=partial(trajectory_payload, watched),
            label=label,
        ).make()


@dataclass(kw_only=True)
class DiffusionMaker(Maker):
    """Run molecular dynamics of a configuration in its relaxed lattice as made, and watch the working ion.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    task
        Fields of `hebe.engines.dynamics.Dynamics`.
    vacancies
        Ions that are taken out of the configuration where all sites are occupied as made.
    seed
        Decides which ones; that of the task is of velocities alone.
    width
        Distance (A) of opposite faces up to which the cell is repeated.
    keep
        Whether the document keeps a thinned trajectory.
    """

    name: str = "diffusion"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    task: dict[str, Any] = field(default_factory=lambda: {"steps": 1000})
    vacancies: int = 1
    seed: int = 0
    width: float = 0.0
    keep: bool = False
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse an engine block and steps that cannot be read."""
        check_engine(self.engine)
        Dynamics.model_validate(self.task)

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(
        self, spec: MemberSpec, configuration: ConfigurationDoc | None, made: CalculationDoc | None, label: str = ""
    ) -> DynamicsDoc | OutputReference:
        """Compute, or refer to what was computed before; ``absent`` without a cell as made in which ions can move.

        Parameters
        ----------
        spec
            The member of the host.
        configuration
            Its cell with all working sites.
        made
            The relaxed cell as made.
        label
            Names it in documents.
        """
        engine, task = get_engine(EngineSpec.model_validate(self.engine)), Dynamics.model_validate(self.task)
        ideal = None if configuration is None else configuration.structure
        cell = None
        if ideal is not None and made is not None and made.usable:
            cell = moving_cell(spec, ideal, made.cell, Preparation(self.vacancies, self.seed, self.width))
        if cell is None or made is None or configuration is None:
            return DynamicsDoc(label=label, status="absent", engine=engine.name, energy_scale=engine.energy_scale)
        reference = Reference(cell.structure, family_of(spec), spec.working_ion)
        watched = Watched(
            task, reference, cell.ions, str(spec.working_ion), cell.sites.jump, sites=cell.sites, keep=self.keep
        )
        masses = {site.specie.symbol: round(float(site.specie.atomic_mass), 4) for site in cell.structure}
        prepared = {
            "taken_out": cell.taken_out,
            "seed": self.seed,
            "repeats": list(cell.repeats),
            "masses": masses,
            "keep": self.keep,
        }
        return Attempt(
            schema=DynamicsDoc,
            engine=engine,
            task=task,
            start=cell.structure,
            identity={
                "calculation": made.key,
                "configuration": configuration.key,
                "motion": _MOTION_VERSION,
                **prepared,
            },
            payload=partial(trajectory_payload, watched),
            label=label,
            facts={"taken_out": cell.taken_out, "repeats": cell.repeats},
        ).make()
