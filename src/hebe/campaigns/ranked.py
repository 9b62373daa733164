"""Candidates in the order of their ranks: from whole documents, or from summaries, whose documents are read when asked.

Candidates of a later stage come before those of an earlier one, and each stage is ranked in itself by the objectives
that it computes: numbers of two stages are not compared. Candidates whose order cannot be told share a rank and stand
in the order of their values, then of their ids.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from hebe.analyses.before import candidate_of
from hebe.analyses.composition import QUANTITIES
from hebe.analyses.errors import errors_from, pooled_spreads, with_errors
from hebe.analyses.registry import all_quantities, objectives_of
from hebe.analyses.samples import samples_from, samples_of, with_intervals
from hebe.campaigns.contract import INTERVAL, SE_OF_MIXING
from hebe.campaigns.summary import Part, Summary
from hebe.exceptions import StoreError
from hebe.schemas.candidate import RankedCandidate
from hebe.science.choosing.sample import Known, draws_for
from hebe.science.choosing.standing import standings, standings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from hebe.analyses.errors import Pooled
    from hebe.campaigns.cells import Cells
    from hebe.campaigns.summaries import Columns
    from hebe.campaigns.summary import Array, Job
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.standing import Standing

    Keys = Callable[[], Columns]
    Read = Callable[[Sequence[Job]], Mapping[Job, Mapping[str, Any]]]

_RANKS: Final = ("rank", "rank_low", "rank_high")
_AT_ONCE: Final = 256
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


def late_values(
    placed: Sequence[Placed], cells: Cells, whole: Callable[[Sequence[Placed]], Sequence[RankedCandidate]]
) -> dict[Job, dict[str, Any]]:
    """What ranked candidates of a stage have beside what is kept of them: ranks, standard errors, intervals.

    Parameters
    ----------
    whole
        Reads candidates whose intervals need their documents: those whose means have standard errors of their own.
    """
    part, pooled = Part([one.summary for one in placed]), placed[0].pooled
    found = [{name: one.ranks.get(name) for name in _RANKS} for one in placed]
    errors, widened = dict[str, list[float | None]](), dict[int, None]()
    own = {quantity.name for quantity in QUANTITIES}  # which have no standard errors
    for name, quantity in ((name, one) for name, one in all_quantities().items() if name not in own):
        errors[name] = errors_from(part, name, pooled)
        for at, se in enumerate(errors[name]):
            if se is not None:
                found[at][f"{quantity.key}_se"] = se
            ends = None if quantity.draws is None else cells.interval(placed[at].summary.job, name)
            if ends is not None:
                found[at].update({f"{quantity.key}_{end}": ends[end] for end in INTERVAL})
                widened.update({at: None} if se else {})
    for at, mean in enumerate(part.column("mean", "mixing_temperature")):
        chosen = "mixing_temperature" if mean is not None else "mixing_temperature_same_host"
        found[at].update(zip(SE_OF_MIXING, (errors["mixing_enthalpy"][at], errors[chosen][at]), strict=True))
    for start in range(0, len(widened), _AT_ONCE):
        places = list(widened)[start : start + _AT_ONCE]
        for at, candidate in zip(places, whole([placed[at] for at in places]), strict=True):
            found[at] |= _intervals(candidate)
    return {one.summary.job: row for one, row in zip(placed, found, strict=True)}


def _intervals(candidate: RankedCandidate) -> dict[str, float | None]:
    """Intervals of a candidate by printed keys; an end that is not finite is None."""
    found: dict[str, float | None] = {}
    for name, quantity in all_quantities().items():
        value = candidate.values.get(name)
        if value is not None and value.median is not None:
            ends = {end: getattr(value, end) for end in INTERVAL}
            found |= {
                f"{quantity.key}_{end}": x if x is not None and math.isfinite(x) else None for end, x in ends.items()
            }
    return found


class RankedDocuments(Sequence[RankedCandidate]):
    """Ranked candidates whose documents are read when they are asked for.

    Parameters
    ----------
    placed
        The candidates in their order.
    read
        Reads documents by their jobs.
    keys, cells
        Read what is kept of all documents by printed keys, and as rows of a table.
    """

    def __init__(self, placed: Sequence[Placed], read: Read, keys: Keys, cells: Callable[[], Cells]) -> None:
        self.placed = placed
        self._read = read
        self._keys = keys
        self._cells = cells

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
        return RankedDocuments([self.placed[position] for position in positions], self._read, self._keys, self._cells)

    @cached_property
    def columns(self) -> Columns:
        """What is kept of all documents by printed keys."""
        return self._keys()

    def rows(self, keys: Collection[str]) -> list[Mapping[str, Any]]:
        """Values of some printed keys; ranks are always among them."""
        kept = self.columns.rows(keys)
        return [{**kept.get(one.summary.job, {}), **_NO_RANK, **one.ranks} for one in self.placed]

    def table(self) -> dict[str, list[Any]] | None:
        """All as columns of a table, with the cells that whole documents would have; None where some are not kept.

        Raises
        ------
        hebe.exceptions.StoreError
            As `some`.
        """
        cells, late, stages = self._cells(), dict["Job", dict[str, Any]](), dict[int, list[Placed]]()
        jobs = [one.summary.job for one in self.placed]
        if not cells.holds(jobs):
            return None
        for one in self.placed:
            stages.setdefault(one.summary.stage, []).append(one)
        for part in stages.values():
            late |= late_values(part, cells, self.some)
        return cells.table(jobs, [late[job] for job in jobs])

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
