"""MixingMaker: mixing of one candidate against competing phases and against its own host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.schemas.spec import MemberSpec
from hebe.science.analysis.references import MemberResult, mixing_document

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.mixing import MixingDoc
    from hebe.schemas.structures import ConfigurationDoc


@dataclass(kw_only=True)
class MixingMaker(Maker):
    """Mixing enthalpy and temperature with both reference sets.

    Parameters
    ----------
    model_error
        Standard error of the engine on mixing enthalpies, eV/atom; the documented one of its energy scale when None.
    """

    name: str = "mixing"
    model_error: float | None = None
    version: ClassVar[int] = 2

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        spec: MemberSpec,
        configurations: list[ConfigurationDoc | None],
        made: list[CalculationDoc | None],
        vertices: list[dict[str, Any]],
        phases: dict[str, CalculationDoc | None],
        label: str = "",
    ) -> MixingDoc:
        """Analyse what is there; what is missing becomes a reason or a warning.

        Parameters
        ----------
        configurations, made
            Configurations of the candidate and their as-made relaxations, in the same order.
        vertices
            ``{"spec", "configuration", "calculation"}`` of each member of the host with fewest species.
        phases
            Phase id -> relaxation of each competing phase.
        """
        members = [
            MemberResult(MemberSpec.model_validate(v["spec"]), v["configuration"], v["calculation"]) for v in vertices
        ]
        own = [MemberResult(spec, c, m) for c, m in zip(configurations, made, strict=True)]
        return mixing_document(own, members, phases, self.model_error, label)
