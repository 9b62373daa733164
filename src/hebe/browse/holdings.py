"""Candidates of one campaign of a store, as far as its documents can be read."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hebe.analyses.before import candidate_of
from hebe.analyses.errors import with_errors
from hebe.analyses.samples import with_intervals
from hebe.campaigns.contract import contract
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.results import results_of, update_candidates
from hebe.campaigns.selection import with_selection
from hebe.config.reading.wording import dotted
from hebe.exceptions import HebeError
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.report.values import flat
from hebe.schemas.candidate import RankedCandidate

if TYPE_CHECKING:
    from collections.abc import Collection

    from jobflow.core.store import JobStore

    from hebe.browse.place import Place


@dataclass(frozen=True)
class Holdings:
    """Candidates of a campaign, best first, and what a reader has to know of them.

    ``file`` is the campaign file, without which there are no ranks; ``ranked_by`` names the objectives.
    """

    campaign: str
    candidates: Sequence[RankedCandidate]
    file: Path | None = None
    ranked_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    read_at: float = field(default_factory=time.time)

    @cached_property
    def values(self) -> list[dict[str, Any]]:
        """What ``hebe results --json`` prints of each candidate, by dotted key; lists are left out."""
        return [_values(self.campaign, candidate) for candidate in self.candidates]


def holdings_of(place: Place, name: str) -> Holdings:
    """Read the candidates of a campaign; what is damaged is left out with a remark.

    Raises
    ------
    HebeError
        If the store cannot be read.
    """
    with place.opened() as store, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with closing(Records.beside(store.docs_store, place.root)) as records:
            current = jobs_of_campaigns(records).get(name, set())
        file = place.files.get(name)
        if file is None:
            reason = f"the file of {name} is not in the folder {place.root}: its candidates are not ranked"
            return _unranked(store, name, current, (f"{reason} (hebe browse FILE names it)",))
        try:
            campaign = with_selection(load_campaign(file), file.parent)
        except HebeError as err:
            return _unranked(store, name, current, (f"not ranked, its file cannot be used: {err}",))
        results = results_of(store, campaign, current)
    remarks = tuple(dict.fromkeys(str(one.message) for one in told))
    ranked_by = (*campaign.rank.maximize, *campaign.rank.minimize)
    return Holdings(name, results.ranked, file, ranked_by, remarks)


def _unranked(store: JobStore, name: str, current: Collection[str], remarks: tuple[str, ...]) -> Holdings:
    """Candidates at the latest stage that each has a document of, in the order of their ids."""
    latest: dict[str, RankedCandidate] = {}
    for document in update_candidates(store, name, current):
        try:
            candidate = RankedCandidate(**dict(candidate_of(document)))
        except ValidationError as err:
            remarks += (_damage(document, err),)
            continue
        known = latest.get(candidate.candidate_id)
        if known is None or candidate.stage > known.stage:
            latest[candidate.candidate_id] = candidate
    found = sorted(latest.values(), key=lambda one: (-one.stage, one.candidate_id))
    stages = dict.fromkeys(one.stage for one in found)
    parts = [with_intervals(with_errors([one for one in found if one.stage == stage])) for stage in stages]
    return Holdings(name, [one for part in parts for one in part], remarks=remarks)


def _values(campaign: str, candidate: RankedCandidate) -> dict[str, Any]:
    values = flat(contract(candidate))
    return {"campaign": campaign, **{key: value for key, value in values.items() if not isinstance(value, list)}}


def _damage(document: dict[str, Any], err: ValidationError) -> str:
    first = err.errors(include_url=False, include_input=False)[0]
    where = f"{dotted(first['loc'])}: {first['msg']}"
    return f"candidate {document['candidate_id']} is left out, its document in the store is damaged: {where}"
