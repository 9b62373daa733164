"""AnalysisMaker: one analysis of a configuration or of a candidate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.analyses.given import Cell, Given
from hebe.analyses.registry import get_analysis
from hebe.makers.names import check_analyses

if TYPE_CHECKING:
    from hebe.schemas.result import ResultDoc
    from hebe.schemas.spec import MemberSpec


@dataclass(kw_only=True)
class AnalysisMaker(Maker):
    """Make one analysis.

    Parameters
    ----------
    analysis, revision
        Its name and version.
    block
        Its options as plain data, without those that are the default.
    window
        Lowest and highest x (ions per formula unit) that are ranked, None without a working ion.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    name: str = "analysis"
    analysis: str = ""
    revision: int = 1
    block: dict[str, Any] = field(default_factory=dict)
    window: tuple[float, float] | None = None
    accept: tuple[str, ...] = ()
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        """Refuse a name that no analysis has."""
        check_analyses([self.analysis] if self.analysis else [], "analysis")

    @property
    def only_reads(self) -> bool:
        """Whether its job changes nothing of what it is given; launchers then spare the copies."""
        return get_analysis(self.analysis).only_reads

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, spec: MemberSpec, cells: list[dict[str, Any]], shared: dict[str, Any] | None = None, label: str = ""
    ) -> ResultDoc:
        """Analyse what is there; what is missing becomes a reason or a warning.

        Parameters
        ----------
        cells
            Fields of `Cell` for each configuration: those that are wanted.
        shared
            Fields of `Given` that do not belong to one configuration: those that are wanted.
        label
            Names the result.

        Raises
        ------
        BadInputError
            If no installed package has the analysis.
        """
        analysis = get_analysis(self.analysis)
        given = Given(
            cells=[Cell.of(cell) for cell in cells],
            window=None if self.window is None else (self.window[0], self.window[1]),
            accept=tuple(self.accept),
            **(shared or {}),
        )
        result: ResultDoc = analysis.analyse(analysis.Block.model_validate(self.block), spec, given)
        return result.model_copy(update={"label": label})
