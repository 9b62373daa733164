"""What a loop knows when it starts: candidates that its project holds, also of other campaigns that compute alike.

Their ids are written down when the loop runs for the first time (`hebe.campaigns.started`), so that it chooses the same
however often it is resumed, whatever else ends meanwhile.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from hebe.campaigns.alike import computed_how, differences
from hebe.campaigns.edited import how_it_ran
from hebe.campaigns.place import has_store, project_root
from hebe.campaigns.results import candidate_documents
from hebe.campaigns.started import started_from
from hebe.flows.rounds import Prior
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.stores.factory import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jobflow import JobStore

    from hebe.config.campaign import Campaign

_UNNOTED: Final = (
    "no note tells its settings; hebe run of {name} notes them, which counts for loops that run for the first time "
    "after it: one that ran before keeps its list, and only another name starts a new one"
)


def with_prior(campaign: Campaign, start: Path | None) -> Campaign:
    """Campaign that knows what its loop starts from, where it asks for that; itself where it does not.

    Parameters
    ----------
    start
        Folder from which the project is searched.
    """
    if not campaign.select.takes_prior:
        return campaign
    found = Prior()
    if has_store(start):
        root = project_root(start)
        with (
            closing(open_store(root)) as store,
            closing(Records.beside(store.docs_store, root)) as records,
        ):
            found = prior_of(store, records, campaign)
    copy = campaign.model_copy()
    copy._prior = found  # noqa: SLF001 - set here alone
    return copy


def prior_of(store: JobStore, records: Records, campaign: Campaign) -> Prior:
    """What the loop of a campaign started from, else what it would start from now."""
    known = started_from(records, campaign)
    return _in_store(store, records, campaign) if known is None else known


def _in_store(store: JobStore, records: Records, campaign: Campaign) -> Prior:
    """Candidates of all other campaigns that compute alike; of several documents of one that of most configurations."""
    how = computed_how(campaign)
    best: dict[str, dict[str, Any]] = {}
    used, told = [], []
    for name, jobs in sorted(jobs_of_campaigns(records).items()):
        if name == campaign.name:
            continue
        found = [one for one in candidate_documents(store, name, jobs) if one.get("job_id") in jobs]
        found = [one for one in found if one["stage"] == 0 and one["status"] != "failed"]
        if not found:
            continue
        ran = how_it_ran(records, name)
        reasons = [] if ran is None else differences(how, ran)
        if ran is None or reasons:
            why = _UNNOTED.format(name=name) if ran is None else f"other {', '.join(reasons)}"
            told.append(f"{len(found)} candidates of {name} are not learned from: {why}")
            continue
        used.append(f"{len(found)} of {name}")
        for one in found:
            best[one["candidate_id"]] = max(best.get(one["candidate_id"], one), one, key=_weight)
    if used:
        told = [f"{len(best)} candidates are known beforehand: {', '.join(used)}", *told]
    chosen = [best[name] for name in sorted(best)]
    return Prior(tuple(str(one["job_id"]) for one in chosen), tuple(told), tuple(one["composition"] for one in chosen))


def _weight(document: Mapping[str, Any]) -> tuple[bool, int, str]:
    """By which one of several documents of a candidate is taken."""
    return document["status"] == "complete", document["n_configurations"], str(document["job_id"])
