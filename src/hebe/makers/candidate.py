"""CandidateMaker: everything that one stage found out about a candidate, in one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.science.analysis.summary import CandidateParts, summarise

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.electrode import StrainDoc, VoltageDoc
    from hebe.schemas.mixing import MixingDoc
    from hebe.schemas.spec import MemberSpec


@dataclass(kw_only=True)
class CandidateMaker(Maker):
    """Put the analyses of all configurations of a candidate together.

    Parameters
    ----------
    campaign, stage
        Where it belongs.
    analyses
        What the stage was asked for; an analysis that is asked for and has no value makes it partial.
    window
        Lowest and highest x (ions per formula unit) of the window capacity.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "candidate"
    campaign: str = ""
    stage: int = 0
    analyses: list[str] = field(default_factory=list)
    window: tuple[float, float] | None = None
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 2

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        spec: MemberSpec,
        calculations: list[CalculationDoc | None],
        made: list[CalculationDoc | None],
        voltages: list[VoltageDoc | None],
        strains: list[StrainDoc | None],
        mixing: MixingDoc | None = None,
    ) -> CandidateDoc:
        """Summarise what is there.

        Parameters
        ----------
        calculations
            All relaxations of the candidate.
        made, voltages, strains
            Per configuration, in the same order.
        mixing
            Mixing of the candidate.
        """
        parts = CandidateParts(spec, calculations, made, voltages, strains, mixing, self.accept)
        return summarise(parts, self.campaign, self.stage, self.analyses, self.window)
