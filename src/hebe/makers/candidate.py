"""CandidateMaker: everything that one stage found out about a candidate, in one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.analyses.summary import CandidateParts, summarise
from hebe.makers.names import check_analyses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.candidate import CandidateDoc
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
        Only in jobs from before, whose analyses did not know it.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "candidate"
    campaign: str = ""
    stage: int = 0
    analyses: list[str] = field(default_factory=list)
    window: tuple[float, float] | None = None
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 3
    only_reads: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse names that no analysis has."""
        check_analyses(self.analyses, "analyses")

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        spec: MemberSpec,
        calculations: list[CalculationDoc | None],
        made: list[CalculationDoc | None],
        results: dict[str, list[Any]] | list[Any],
        *before: Any,
    ) -> CandidateDoc:
        """Summarise what is there.

        Parameters
        ----------
        calculations
            All calculations of the candidate.
        made
            Those as made, per configuration.
        results
            Results by analysis: one per configuration in the same order, or one.
        *before
            Jobs from before had voltages, strains and mixing one after another.
        """
        named = results if isinstance(results, dict) else _named(results, *before)
        parts = CandidateParts(spec, calculations, made, named, tuple(self.accept))
        return summarise(parts, self.campaign, self.stage, self.analyses)


def _named(voltages: list[Any], strains: list[Any], mixing: Any = None) -> Mapping[str, list[Any]]:
    """Results by analysis from the arguments of jobs from before."""
    found = {"voltage": voltages, "volume_strain": strains, "mixing": [mixing] if mixing is not None else []}
    return {name: results for name, results in found.items() if results}
