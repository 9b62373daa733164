"""RelaxMaker: one relaxation with one engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hebe.makers.calculation import CalculationMaker
from hebe.makers.identity import ADDED_LATER

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines import EngineSpec
    from hebe.engines.protocol import Engine, Relaxation


@dataclass(kw_only=True)
class RelaxMaker(CalculationMaker):
    """Relax cell and ions of a structure, a configuration, or an x-state of a configuration.

    Parameters
    ----------
    cell
        Whether the cell relaxes as well; without it the task is ``relax-ions``.
    """

    name: str = "relax"
    cell: bool = field(default=True, metadata=ADDED_LATER)

    @property
    def task(self) -> str:
        """Name of the task in documents and keys."""
        return "relax" if self.cell else "relax-ions"

    def run(self, engine: Engine, spec: EngineSpec, start: Structure, folder: Path) -> Relaxation:
        """Relax until the engine block's `fmax` is reached, in a minimum where it asks for one."""
        return engine.relax(
            start, fmax=spec.fmax, steps=spec.steps, cell=self.cell, minimum=spec.check_minimum, folder=folder
        )
