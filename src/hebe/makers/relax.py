"""RelaxMaker: one relaxation with one engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hebe.engines.tasks import Relax
from hebe.makers.calculation import CalculationMaker
from hebe.makers.identity import ADDED_LATER

if TYPE_CHECKING:
    from hebe.engines.tasks import Task


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
    def task(self) -> Task:
        """A relaxation until the engine block's `fmax` is reached, in a minimum where it asks for one."""
        block = self.block
        return Relax(cell=self.cell, fmax=block.fmax, steps=block.steps, minimum=block.check_minimum)
