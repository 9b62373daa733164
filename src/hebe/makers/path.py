"""PathMaker: the path of least energy between two relaxed cells, and its barrier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, OutputReference, job

from hebe.config.engines import DEFAULT_ENGINE, EngineSpec
from hebe.engines.path import Path
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.names import check_engine
from hebe.makers.start import Start
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.path import PathDoc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.engines.band import Band
    from hebe.engines.path import Passage


@dataclass(kw_only=True)
class PathMaker(Maker):
    """Relax a band of images between two cells of the same atoms; the highest one climbs to the saddle.

    Parameters
    ----------
    engine
        Engine block of a campaign, as plain data.
    images
        Images between the ends.
    fmax
        Largest force (eV/A) across the path at the end.
    steps
        Limit on evaluations of an attempt.
    """

    name: str = "path"
    engine: dict[str, Any] = field(default_factory=lambda: {"name": DEFAULT_ENGINE})
    images: int = 5
    fmax: float = 0.05
    steps: int = 1000
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse an engine block that cannot be read."""
        check_engine(self.engine)

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(
        self,
        start: CalculationDoc | Structure | None,
        end: CalculationDoc | Structure | None,
        via: tuple[int, tuple[float, float, float]] | None = None,
        label: str = "",
    ) -> PathDoc | OutputReference:
        """Compute, or refer to what was computed before; a failure is a document.

        Parameters
        ----------
        start, end
            Relaxed cells of the same atoms in the same order, or relaxations of them; without usable ones the document
            is ``absent``.
        via
            Number of an atom, and the place (fractional coordinates) that it first passes half-way.
        label
            Names it in documents.
        """
        engine = get_engine(EngineSpec.model_validate(self.engine))
        first, last = _cell(start), _cell(end)
        if first is None or last is None:
            return PathDoc(label=label, status="absent", engine=engine.name, energy_scale=engine.energy_scale)
        passed = None if via is None else (via[0], (via[1][0], via[1][1], via[1][2]))
        of_start = {"calculation": start.key} if isinstance(start, CalculationDoc) else Start(first).identity(engine)
        return Attempt(
            schema=PathDoc,
            engine=engine,
            task=Path(
                end=last,
                images=self.images,
                fmax=self.fmax,
                steps=self.steps,
                via=passed,
                origin=f"{end.key} {passed or ''}".strip() if isinstance(end, CalculationDoc) else None,
            ),
            start=first,
            identity=of_start,
            payload=path_payload,
            label=label,
        ).make()


def _cell(given: CalculationDoc | Structure | None) -> Structure | None:
    if isinstance(given, CalculationDoc):
        return given.cell if given.usable else None
    return given


def path_payload(found: Passage) -> Mapping[str, Any]:
    """Fields of the document that a path fills, none as long as not all its images were looked at."""
    if found.known is None:
        return {}
    band = found.known
    return {
        "energies_eV": band.energies.tolist(),
        "lengths_A": band.lengths().tolist(),
        "images": [found.structure(k) for k in range(len(band.positions))],
        "bound_eV": found.bound_eV,
        **({"too_high": True} if found.too_high else _barrier(found, band)),
        "residual_eV_per_A": found.residual,
        "ends_residual_eV_per_A": found.ends_residual,
        "moment_change": found.moment_change,
    }


def _barrier(found: Passage, band: Band) -> dict[str, Any]:
    return {
        "barrier_eV": found.barrier_eV,
        "backward_eV": found.backward_eV,
        "saddle": band.top if band.climbs else None,
        "resting": found.resting,
    }
