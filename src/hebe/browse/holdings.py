"""Candidates of one campaign of a store: what they are chosen and sorted by, and whole ones of a few."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.analyses.errors import pooled_spreads
from hebe.analyses.registry import all_quantities
from hebe.campaigns.contract import contract
from hebe.campaigns.keys import searchable
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.models import kept_models
from hebe.campaigns.ranked import Placed, RankedDocuments
from hebe.campaigns.results import results_of
from hebe.campaigns.selection import selected_ids
from hebe.campaigns.summaries import Summaries, read_documents
from hebe.campaigns.summary import Part
from hebe.exceptions import HebeError
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.learned import LearnedDoc
from hebe.schemas.loop import LoopDoc

if TYPE_CHECKING:
    from collections.abc import Collection

    from jobflow.core.store import JobStore

    from hebe.browse.place import Place
    from hebe.campaigns.cells import Cells
    from hebe.campaigns.summary import Job, Summary


@dataclass(frozen=True)
class Holdings:
    """Candidates of a campaign, best first, and what a reader has to know of them.

    ``rows`` are the candidates by printed keys. ``file`` is the campaign file, without which there are no ranks;
    ``ranked_by`` names the objectives. ``loop`` says how a campaign that learns went, ``learned`` which of its
    models are kept.
    """

    campaign: str
    candidates: Sequence[RankedCandidate]
    rows: Sequence[Mapping[str, Any]]
    file: Path | None = None
    ranked_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    loop: LoopDoc | None = None
    learned: LearnedDoc | None = None
    read_at: float = field(default_factory=time.time)

    def some(self, positions: Sequence[int]) -> list[RankedCandidate]:
        """Candidates at some places."""
        if isinstance(self.candidates, RankedDocuments):
            return list(self.candidates.only(positions))
        return [self.candidates[position] for position in positions]

    @cached_property
    def whole_rows(self) -> list[dict[str, Any]]:
        """The same with what is known only of whole candidates: standard errors and the ends of intervals."""
        return [printed(candidate) for candidate in self.candidates]


def printed(candidate: RankedCandidate) -> dict[str, Any]:
    """What ``hebe results --json`` prints of a candidate by dotted key; of lists those in which one may look."""
    return searchable(contract(candidate))


def holdings_of(place: Place, name: str) -> Holdings:
    """Read the candidates of a campaign; what is damaged is left out with a remark.

    Raises
    ------
    HebeError
        If the store cannot be read.
    """
    file = place.files.get(name)
    with place.opened() as store, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with closing(Records.beside(store.docs_store, place.root)) as records:
            current = jobs_of_campaigns(records).get(name, set())
        if file is None:
            reason = f"its file is not in the folder {place.root} (hebe browse FILE names it)"
        else:
            try:
                found = _ranked(place, store, file, current)
                return replace(found, remarks=_messages(told))
            except HebeError as err:
                reason = f"its file cannot be used: {err}"
        found = _unranked(place, store, name, current)
    return replace(found, remarks=(f"{name} is not ranked: {reason}", *found.remarks, *_messages(told)))


def _ranked(place: Place, store: JobStore, file: Path, current: Collection[str]) -> Holdings:
    """Candidates that a campaign file asks for."""
    campaign = load_campaign(file)
    wanted = selected_ids(campaign, file.parent)
    results = results_of(store, campaign, wanted, current, root=place.root if place.store is None else None)
    ranked_by = (*campaign.rank.maximize, *campaign.rank.minimize)
    found = Holdings(campaign.name, results.ranked, _rows(results.ranked), file, ranked_by)
    if results.loop is None:
        return found
    loop = LoopDoc.model_validate(results.loop)
    return replace(found, loop=loop, learned=kept_models(store, campaign.name, current))


def _rows(candidates: Sequence[RankedCandidate]) -> Sequence[Mapping[str, Any]]:
    if isinstance(candidates, RankedDocuments):
        return candidates.rows(list(candidates.columns.keys))
    return [printed(candidate) for candidate in candidates]


def _unranked(place: Place, store: JobStore, name: str, current: Collection[str]) -> Holdings:
    """Candidates at the latest stage that each has a document of, in the order of their ids."""
    latest: dict[str, Summary] = {}
    with closing(Summaries(store)) as kept:
        for row in (row for row in kept.rows if row.campaign == name):
            before = latest.get(row.candidate_id)
            if before is None or (row.stage, row.job[0] in current) >= (before.stage, before.job[0] in current):
                latest[row.candidate_id] = row
        columns = kept.columns()
    remarks = tuple(
        f"candidate {row.candidate_id} is left out, its document in the store is damaged: {row.damaged}"
        for row in latest.values()
        if row.damaged is not None
    )
    sound = sorted((row for row in latest.values() if row.damaged is None), key=lambda r: (-r.stage, r.candidate_id))
    placed = [Placed(row, {}, pooled) for part in _stages(sound) for pooled in [_pooled(part)] for row in part]
    found = RankedDocuments(placed, partial(_read_again, place), lambda: columns, partial(_cells_again, place))
    rows = found.rows(list(columns.keys)) if kept.are_kept else [printed(candidate) for candidate in found]
    return Holdings(name, found, rows, remarks=remarks)


def _stages(rows: Sequence[Summary]) -> list[list[Summary]]:
    """Rows stage by stage."""
    return [[row for row in rows if row.stage == stage] for stage in dict.fromkeys(row.stage for row in rows)]


def _pooled(part: Sequence[Summary]) -> dict[str, float | None]:
    return pooled_spreads(Part(part), list(all_quantities()))


def _read_again(place: Place, jobs: Sequence[Job]) -> dict[Job, dict[str, Any]]:
    with place.opened() as store:
        return read_documents(store, jobs)


def _cells_again(place: Place) -> Cells:
    with place.opened() as store, closing(Summaries(store)) as kept:
        return kept.cells()


def _messages(told: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one.message) for one in told))
