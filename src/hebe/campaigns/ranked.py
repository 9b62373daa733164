"""Candidates in the order of their ranks: from whole documents, or from summaries, whose documents are read when asked.

Candidates of a later stage come before those of an earlier one, and each stage is ranked in itself by the objectives
that it computes: numbers of two stages are not compared. Candidates whose order cannot be told share a rank and stand
in the order of their values, then of their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from hebe.analyses.before import candidate_of
from hebe.analyses.errors import errors_from, pooled_spreads, with_errors
from hebe.analyses.registry import objectives_of
from hebe.analyses.samples import samples_from, samples_of, with_intervals
from hebe.campaigns.summary import Part, Summary
from hebe.exceptions import StoreError
from hebe.schemas.candidate import RankedCandidate
from hebe.science.choosing.sample import Known, draws_for
from hebe.science.choosing.standing import standings, standings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from hebe.analyses.errors import Pooled
    from hebe.campaigns.summaries import Columns
    from hebe.campaigns.summary import Array, Job
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.standing import Standing

    Keys = Callable[[], Columns]
    Read = Callable[[Sequence[Job]], Mapping[Job, Mapping[str, Any]]]

_RANKS: Final = ("rank", "rank_low", "rank_high")
_NO_RANK: Final[dict[str, Any]] = dict.fromkeys(_RANKS)
One = TypeVar("One")


def ranked(candidates: Sequence[CandidateDoc], campaign: Campaign) -> list[RankedCandidate]:
    """Candidates with their ranks and the standard errors of their values, best first, unranked ones last."""
    stages = []
    for number in range(len(campaign.stages) - 1, -1, -1):
        part = with_intervals(with_errors([RankedCandidate(**dict(c)) for c in candidates if c.stage == number]))
        objectives = objectives_of(campaign.rank, campaign.stages[number].analyses)
        samples = {one.name: samples_of(part, one.name, draws_for(len(part))) for one in objectives}
        stages.append(list(zip(standings(part, objectives, samples), part, strict=True)))
    inside, without = _in_order(stages)
    without.sort(key=lambda candidate: candidate.candidate_id)
    return [candidate.model_copy(update=ranks) for candidate, ranks in inside] + without


def _in_order(
    stages: Sequence[Sequence[tuple[Standing | None, One]]],
) -> tuple[list[tuple[One, dict[str, Any]]], list[One]]:
    """Those that have a rank, best first, with their ranks behind the stages before; and those that have none."""
    found: list[tuple[One, dict[str, Any]]] = []
    without: list[One] = []
    for stage in stages:
        above = len(found)
        without += [one for standing, one in stage if standing is None]
        inside = [(standing, one) for standing, one in stage if standing is not None]
        for standing, one in sorted(inside, key=lambda pair: pair[0].place):
            places = (standing.rank, standing.low, standing.high)
            ranks = {name: above + place for name, place in zip(_RANKS, places, strict=True)}
            found.append((one, {**ranks, "tied": standing.tied}))
    return found, without


@dataclass(frozen=True)
class Placed:
    """A summary with its ranks, and the standard deviations pooled over those that were computed like it."""

    summary: Summary
    ranks: Mapping[str, Any]
    pooled: Mapping[str, float | None]


def ranked_summaries(
    rows: Sequence[Summary], campaign: Campaign, draws: Callable[[str], Mapping[Job, Array]]
) -> list[Placed]:
    """Summaries as `ranked` orders the documents that they are of.

    Parameters
    ----------
    draws
        Gives the draws of a quantity; at least as many as the number of rows is ranked in.
    """
    stages, pooled = [], dict[int, dict[str, float | None]]()
    for number in range(len(campaign.stages) - 1, -1, -1):
        part = Part([row for row in rows if row.stage == number])
        pooled[number] = pooled_spreads(part, part.names)
        objectives = objectives_of(campaign.rank, campaign.stages[number].analyses)
        samples = {one.name: _samples(part, one.name, pooled[number], draws(one.name)) for one in objectives}
        found = standings_of(part.entrants(objectives), objectives, samples)
        stages.append(list(zip(found, part.rows, strict=True)))
    inside, without = _in_order(stages)
    without.sort(key=lambda row: row.candidate_id)
    placed = [Placed(row, ranks, pooled[row.stage]) for row, ranks in inside]
    return placed + [Placed(row, {}, pooled[row.stage]) for row in without]


def _samples(part: Part, name: str, pooled: Pooled, drawn: Mapping[Job, Array]) -> Array:
    numbers = zip(part.rows, part.column("mean", name), errors_from(part, name, pooled), strict=True)
    known = [Known(row.candidate_id, mean, drawn.get(row.job), se) for row, mean, se in numbers]
    return samples_from(known, name, draws_for(len(known)))


class RankedDocuments(Sequence[RankedCandidate]):
    """Ranked candidates whose documents are read when they are asked for.

    Parameters
    ----------
    placed
        The candidates in their order.
    read
        Reads documents by their jobs.
    keys
        Reads what is kept of all documents by printed keys.
    """

    def __init__(self, placed: Sequence[Placed], read: Read, keys: Keys) -> None:
        self.placed = placed
        self._read = read
        self._keys = keys

    def __len__(self) -> int:
        return len(self.placed)

    @overload
    def __getitem__(self, index: int) -> RankedCandidate: ...

    @overload
    def __getitem__(self, index: slice) -> list[RankedCandidate]: ...

    def __getitem__(self, index: int | slice) -> RankedCandidate | list[RankedCandidate]:
        if isinstance(index, slice):
            return self.some(self.placed[index])
        return self.some([self.placed[index]])[0]

    def __iter__(self) -> Iterator[RankedCandidate]:
        return iter(self._all)

    @cached_property
    def _all(self) -> list[RankedCandidate]:
        return self.some(self.placed)

    def only(self, positions: Sequence[int]) -> RankedDocuments:
        """Some of them, in the order of their positions."""
        return RankedDocuments([self.placed[position] for position in positions], self._read, self._keys)

    @cached_property
    def columns(self) -> Columns:
        """What is kept of all documents by printed keys."""
        return self._keys()

    def rows(self, keys: Collection[str]) -> list[Mapping[str, Any]]:
        """Values of some printed keys; ranks are always among them."""
        kept = self.columns.rows(keys)
        return [{**kept.get(one.summary.job, {}), **_NO_RANK, **one.ranks} for one in self.placed]

    def some(self, placed: Sequence[Placed]) -> list[RankedCandidate]:
        """Whole candidates of some summaries.

        Raises
        ------
        hebe.exceptions.StoreError
            If a document is gone, or another one, since the candidates were ranked.
        """
        documents = self._read([one.summary.job for one in placed])
        found = []
        for one in placed:
            document = documents.get(one.summary.job)
            if document is None:
                raise StoreError(f"the results of {one.summary.candidate_id} have changed meanwhile: ask again")
            plain = RankedCandidate(**dict(candidate_of(document)))
            (whole,) = with_intervals(with_errors([plain], one.pooled))
            found.append(whole.model_copy(update=dict(one.ranks)))
        return found
