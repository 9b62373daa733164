"""VoltageMaker: voltage of one configuration from its relaxed x-states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.science.electrodes.electrode import StateInput, voltage_document

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.electrode import VoltageDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import OrderingDoc


@dataclass(kw_only=True)
class VoltageMaker(Maker):
    """Average voltage, profile and x-states of one configuration.

    Parameters
    ----------
    window
        Lowest and highest x (ions per formula unit) of the average and the profile.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "voltage"
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
        metal: CalculationDoc | None,
        label: str = "",
    ) -> VoltageDoc:
        """Analyse what is there; what is missing becomes a warning.

        Parameters
        ----------
        n_fu
            Formula units of the configuration.
        made
            The as-made state.
        states, orderings
            The other x-states, and the orderings each was chosen from.
        metal
            The elemental metal of the working ion.
        """
        inputs = StateInput(spec, n_fu, made, states, orderings, self.accept)
        return voltage_document(inputs, metal, self.window, label)
