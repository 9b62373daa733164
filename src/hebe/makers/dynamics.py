"""DynamicsMaker: molecular dynamics of a cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from jobflow import JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.dynamics import Dynamics
from hebe.engines.integration import BOLTZMANN
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.names import check_engine
from hebe.makers.start import Start
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.dynamics import DiffusionDoc, DynamicsDoc
from hebe.science.transport.diffusion import FEWEST_FRAMES, diffusion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.engines.dynamics import Trajectory

_SETTLED: Final = 0.2


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
        return Attempt(
            schema=DynamicsDoc,
            engine=engine,
            task=Dynamics.model_validate(self.task),
            start=cell,
            identity={**of_start, **asked},
            payload=partial(_payload, self.mobile, self.jump),
            label=label,
        ).make()


def _payload(mobile: str | None, jump: float, found: Trajectory) -> Mapping[str, Any]:
    """Fields of the document that a trajectory fills."""
    settled = slice(int(_SETTLED * len(found.times)), None)
    fields: dict[str, Any] = {
        "time_fs": float(found.times[-1]),
        "n_frames": len(found.times),
        "degrees": found.degrees,
        "potential_eV": float(found.potential[settled].mean()),
    }
    if found.degrees and len(found.times) > 1:
        temperatures = 2 * found.kinetic[settled] / (found.degrees * BOLTZMANN)
        fields["temperature_K"], fields["temperature_sd_K"] = float(temperatures.mean()), float(temperatures.std())
        slope = np.polyfit(found.times / 1000, found.total, 1)[0]
        fields["drift_meV_per_atom_per_ps"] = float(1000 * slope / len(found.start))
    ions = [i for i, site in enumerate(found.start) if site.specie.symbol == mobile]
    times = found.times[settled]
    if ions and len(times) >= FEWEST_FRAMES:
        told = asdict(diffusion(found.positions[settled], float(times[-1] - times[0]), ions, jump))
        fields["diffusion"] = DiffusionDoc(element=str(mobile), jump_A=jump, **told)
    return fields
