"""VibrationMaker: harmonic frequencies of one relaxed cell from the forces of an engine."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jobflow import CURRENT_JOB, JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.registry import get_engine
from hebe.exceptions import HebeError
from hebe.makers.caching import reuse
from hebe.schemas.base import ErrorInfo
from hebe.schemas.vibrations import VibrationDoc
from hebe.science.analysis.vibrations import DisplacedCell
from hebe.science.keys import KEY_VERSION, content_hash

if TYPE_CHECKING:
    from hebe.engines.protocol import Engine
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
        key = self._key(engine, calculation)
        found = reuse(key, VibrationDoc, claim=True)
        if found is not None:
            return found
        started = time.process_time()
        document = VibrationDoc(
            key=key,
            engine=engine.name,
            energy_scale=engine.energy_scale,
            label=label,
            job_id=getattr(getattr(CURRENT_JOB, "job", None), "uuid", None),
        )
        try:
            self._fill(document, engine, calculation)
        except (HebeError, ArithmeticError, LookupError, RuntimeError, ValueError, np.linalg.LinAlgError) as err:
            where = "" if isinstance(err, HebeError) else f" ({traceback.extract_tb(err.__traceback__)[-1].name})"
            document.status = "failed"
            document.error = ErrorInfo(error_class=type(err).__name__, message=f"{err}{where}")
        document.cpu_s = time.process_time() - started
        return document

    def _fill(self, document: VibrationDoc, engine: Engine, calculation: CalculationDoc) -> None:
        cell = DisplacedCell(calculation.cell, self.supercell, self.displacement)
        rest = engine.evaluate(cell.equilibrium).forces
        displaced = cell.displaced
        spectrum = cell.spectrum([engine.evaluate(structure).forces - rest for structure in displaced])
        document.supercell_atoms, document.n_displacements = len(rest), len(displaced)
        document.residual_eV_per_A = float(np.linalg.norm(rest, axis=1).max())
        document.frequencies_THz = np.round(spectrum.frequencies, 6).tolist()
        document.weights = spectrum.weights.astype(int).tolist()
        document.optical_THz = None if spectrum.optical is None else np.round(spectrum.optical, 6).tolist()
        document.versions = {**engine.versions, "phonopy": metadata.version("phonopy")}

    def _key(self, engine: Engine, calculation: CalculationDoc) -> str:
        return content_hash(
            {
                "version": KEY_VERSION,
                "engine": engine.name,
                "settings": dict(engine.settings),
                "task": "vibrations",
                "zone_centre": "optical",
                "calculation": calculation.key,
                "supercell": self.supercell,
                "displacement": self.displacement,
            }
        )
