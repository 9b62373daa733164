"""StaticMaker: energy, forces and stress of a structure as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hebe.makers.calculation import STATIC, CalculationMaker

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines import EngineSpec
    from hebe.engines.protocol import Engine, Relaxation


@dataclass(kw_only=True)
class StaticMaker(CalculationMaker):
    """Calculate a structure, a configuration or an x-state of a configuration without moving anything."""

    name: str = "static"

    @property
    def task(self) -> str:
        """Name of the task in documents and keys."""
        return STATIC

    def run(self, engine: Engine, spec: EngineSpec, start: Structure, folder: Path) -> Relaxation:  # noqa: ARG002 - `fmax` and `steps` mean nothing here
        """Evaluate once."""
        return engine.static(start, folder=folder)
