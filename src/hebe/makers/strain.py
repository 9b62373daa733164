"""StrainMaker: volume and axis strain of one configuration over its x-states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.science.electrodes.electrode import StateInput, strain_document

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.electrode import StrainDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import OrderingDoc


@dataclass(kw_only=True)
class StrainMaker(Maker):
    """Volume change over the window, relative to the as-made cell.

    Parameters
    ----------
    window
        Lowest and highest x (ions per formula unit) that count.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "volume_strain"
    window: tuple[float, float] = (0.0, 1.0)
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 2

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        spec: MemberSpec,
        n_fu: int | None,
        made: CalculationDoc | None,
        states: list[CalculationDoc | None],
        orderings: list[OrderingDoc | None],
        label: str = "",
    ) -> StrainDoc:
        """Analyse what is there; what is missing becomes a warning. Arguments as in `VoltageMaker`."""
        return strain_document(StateInput(spec, n_fu, made, states, orderings, self.accept), self.window, label)
