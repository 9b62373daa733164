"""What an analysis is: what it wants computed, a pure function of that, and the quantities that come out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from hebe.analyses.quantity import Shown
from hebe.config.model import ConfigModel
from hebe.schemas.candidate import CandidateDoc, RankedCandidate
from hebe.schemas.result import ResultDoc

if TYPE_CHECKING:
    from hebe.analyses.given import Given
    from hebe.analyses.quantity import Quantity
    from hebe.analyses.wants import Want
    from hebe.config.family import Family
    from hebe.schemas.electrode import XState
    from hebe.schemas.spec import MemberSpec

BlockT = TypeVar("BlockT", bound=ConfigModel)
ResultT = TypeVar("ResultT", bound=ResultDoc)


class NoOptions(ConfigModel):
    """Options of an analysis that has none."""


@dataclass(frozen=True, kw_only=True)
class Requires:
    """What a campaign must have so that an analysis makes sense.

    Parameters
    ----------
    contents
        How many contents of the working ion; 0 also works without a working ion.
    disorder
        Cells that stand for a disordered composition: cells that are given are ordered.
    capabilities
        What the engine of the stage must declare (`hebe.engines.protocol.CAPABILITIES`).
    """

    contents: int = 0
    disorder: bool = False
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Mark(Generic[ResultT]):
    """What a reader has to know before trusting a number: a short name, its letter in tables, when it holds."""

    name: str
    letter: str
    meaning: str
    holds: Callable[[ResultT, CandidateDoc], bool]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of the report: ranked candidates in, the text of an SVG out, None where there is nothing to draw."""

    name: str
    title: str
    caption: str
    draw: Callable[[Sequence[RankedCandidate]], str | None]


@dataclass(frozen=True, kw_only=True)
class Curve(Generic[ResultT]):
    """What a result knows over the content of the working ion, by which candidates are compared with their controls.

    Parameters
    ----------
    name, title, unit, shown
        As of a `hebe.analyses.quantity.Quantity`.
    read
        Values of a result by x (ions per formula unit).
    """

    name: str
    title: str
    read: Callable[[ResultT], Mapping[float, float]]
    unit: str = ""
    shown: Shown = field(default_factory=Shown)


class Analysis(ABC, Generic[BlockT, ResultT]):
    """One analysis. A module of this package, or an entry point of the group ``hebe.analyses``, names an object of it.

    Attributes
    ----------
    name, title
        Name in campaigns; what the report calls it.
    version
        Raised when its results change; its jobs run again then.
    per
        Whether one result stands for a configuration or for the candidate.
    Block, Result
        Model of its options in a campaign, whose defaults must do, and of its result.
    requires
        Checked when a campaign is read.
    quantities
        The first is the main one: a candidate without it is partial.
    marks, figures, curves
        What else it tells.
    campaign_key
        Key of a campaign that holds its options for all stages, if there is one.
    only_reads
        Whether it is known that `analyse` changes nothing of what it is given, so that the analyses of a worker may
        share it; without, each gets copies of its own.
    shares_phases
        Whether it wants competing phases or members of the host, which candidates share: for the estimate of a
        campaign's cost.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    per: ClassVar[Literal["configuration", "candidate"]] = "configuration"
    requires: ClassVar[Requires] = Requires()
    campaign_key: ClassVar[str | None] = None
    only_reads: ClassVar[bool] = False
    shares_phases: ClassVar[bool] = False
    figures: ClassVar[tuple[Figure, ...]] = ()
    Block: type[BlockT]
    Result: type[ResultT]
    quantities: tuple[Quantity[ResultT], ...]
    marks: tuple[Mark[ResultT], ...] = ()
    curves: tuple[Curve[ResultT], ...] = ()

    @abstractmethod
    def wants(self, block: BlockT, member: MemberSpec) -> Sequence[Want]:
        """What has to be computed beside the as-made cells."""

    @abstractmethod
    def analyse(self, block: BlockT, member: MemberSpec, given: Given) -> ResultT:
        """Result from what is there; what is missing becomes a warning. Changes and computes nothing else."""

    def refuses(self, block: BlockT, host: Family, ion: str | None) -> tuple[str, str] | None:
        """Why it makes no sense on a host, and what would do; None where it does. Asked when a campaign is read."""
        del block, host, ion
        return None

    def more_cells(self, block: BlockT, host: Family, ion: str | None) -> Mapping[Want, int]:
        """In how many other forms it has each configuration computed, for the estimate of a campaign's cost.

        By what it wants of them: what two analyses want alike is computed once.
        """
        del block, host, ion
        return {}

    def more_defects(self, block: BlockT, elements: int) -> int:
        """How many cells beside its configurations it has computed of a candidate with so many mixed elements."""
        del block, elements
        return 0

    def more_runs(self, block: BlockT, atoms: int) -> Sequence[int]:
        """Evaluations of each run that it has made of a configuration beside relaxations, for the same estimate.

        They are evaluations of the cell with so many atoms: one of a cell that is repeated counts as several.
        """
        del block, atoms
        return ()

    def more_phases(self, block: BlockT) -> int:
        """How many phases it has computed beside the competing ones, for the same estimate."""
        del block
        return 0

    def plain(self, block: BlockT) -> dict[str, Any]:
        """Options as its jobs hold them: those that are not the default."""
        return block.model_dump(mode="json", exclude_defaults=True)

    def states(self, result: ResultT) -> Sequence[XState]:
        """States over the content of the working ion that a result knows."""
        del result
        return ()

    def remarks(self, result: ResultT) -> Sequence[str]:
        """What the candidate's warnings take over from a result."""
        return result.warnings

    def of(self, candidate: CandidateDoc) -> list[ResultT | None]:
        """Results of a candidate: one per configuration, or one."""
        found = candidate.results.get(self.name, [])
        return [None if result is None else self.Result.model_validate(result) for result in found]

    def best(self, candidate: CandidateDoc) -> ResultT | None:
        """Result of a candidate, or of its configuration of lowest energy; None if there is none."""
        found = candidate.results.get(self.name, [])
        at = 0 if self.per == "candidate" else candidate.lowest
        result = found[at] if at is not None and at < len(found) else None
        return None if result is None else self.Result.model_validate(result)


AnyAnalysis = Analysis[Any, Any]
Results = Mapping[str, Sequence[ResultDoc | None]]
"""Results by analysis: one per configuration, or one."""
