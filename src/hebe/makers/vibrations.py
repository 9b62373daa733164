"""VibrationMaker: harmonic frequencies of one relaxed cell from the forces of an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jobflow import JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.displacements import Displacements
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.names import check_engine
from hebe.schemas.vibrations import VibrationDoc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.engines.displacements import Displaced
    from hebe.schemas.calculation import CalculationDoc


@dataclass(kw_only=True)
class VibrationMaker(Maker):
    """Displace the atoms of a relaxed cell one by one and compute forces; all displacements of a cell are one job.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    supercell
        Least distance (A) of opposite faces of the cells in which atoms are displaced.
    displacement
        A.
    """

    name: str = "vibrations"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    supercell: float = 10.0
    displacement: float = 0.01
    version: ClassVar[int] = 2  # 2: optical modes of the zone centre

    def __post_init__(self) -> None:
        """Refuse an engine block that cannot be read."""
        check_engine(self.engine)

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(self, calculation: CalculationDoc | None, label: str = "") -> VibrationDoc | OutputReference:
        """Compute, or refer to what was computed before; a failure is a document.

        Parameters
        ----------
        calculation
            Relaxation of the cell; without a usable one the document is ``absent``.
        label
            Names it in documents.
        """
        engine = get_engine(EngineSpec.model_validate(self.engine))
        if calculation is None or not calculation.usable:
            return VibrationDoc(label=label, status="absent", engine=engine.name, energy_scale=engine.energy_scale)
        return Attempt(
            schema=VibrationDoc,
            engine=engine,
            task=Displacements(supercell=self.supercell, displacement=self.displacement),
            start=calculation.cell,
            identity={"calculation": calculation.key},
            payload=_payload,
            label=label,
        ).make()


def _payload(found: Displaced) -> Mapping[str, Any]:
    """Fields of the document that forces fill; frequencies follow when all forces are there."""
    fields: dict[str, Any] = {
        "supercell_atoms": len(found.rest),
        "n_displacements": found.n_displacements,
        "residual_eV_per_A": found.residual,
        "versions": {"phonopy": metadata.version("phonopy")},
    }
    if found.converged:
        spectrum = found.spectrum()
        fields["frequencies_THz"] = np.round(spectrum.frequencies, 6).tolist()
        fields["weights"] = spectrum.weights.astype(int).tolist()
        fields["optical_THz"] = None if spectrum.optical is None else np.round(spectrum.optical, 6).tolist()
    return fields
