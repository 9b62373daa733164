"""StaticMaker: energy, forces and stress of a structure as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hebe.engines.tasks import Static
from hebe.makers.calculation import CalculationMaker

if TYPE_CHECKING:
    from hebe.engines.tasks import Task


@dataclass(kw_only=True)
class StaticMaker(CalculationMaker):
    """Calculate a structure, a configuration or an x-state of a configuration without moving anything."""

    name: str = "static"

    @property
    def task(self) -> Task:
        """One evaluation."""
        return Static()
