"""What a loop knows when it starts: candidates that its project holds, also of other campaigns that compute alike.

Their ids are written down when the loop runs for the first time, so that it chooses the same however often it is
resumed, whatever else ends meanwhile.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from hebe.campaigns.alike import computed_how, differences
from hebe.campaigns.edited import how_it_ran
from hebe.campaigns.place import has_store, project_root
from hebe.campaigns.results import candidate_documents
from hebe.flows.rounds import Prior
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.science.keys import content_hash
from hebe.stores.copying import PRIOR
from hebe.stores.factory import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jobflow import JobStore

    from hebe.config.campaign import Campaign


def with_prior(campaign: Campaign, start: Path | None, *, writes: bool = False) -> Campaign:
    """Campaign that knows what its loop starts from, where it asks for that; itself where it does not.

    Parameters
    ----------
    start
        Folder from which the project is searched.
    writes
        Whether what is found now is what the loop starts from.
    """
    if not campaign.select.takes_prior:
        return campaign
    found = Prior()
    if writes or has_store(start):
        root = project_root(start)
        with (
            closing(open_store(root)) as store,
            closing(Records.beside(store.docs_store, root)) as records,
        ):
            found = prior_of(store, records, campaign, writes=writes)
    copy = campaign.model_copy()
    copy._prior = found  # noqa: SLF001 - set here alone
    return copy


def prior_of(store: JobStore, records: Records, campaign: Campaign, *, writes: bool = False) -> Prior:
    """What the loop of a campaign started from, else what it would start from now."""
    how = computed_how(campaign)
    name, key = PRIOR + campaign.name, content_hash(how)
    known = records.store.query_one({"uuid": name, "index": 0}) or {}
    if known.get("key") == key:
        return Prior(tuple(known["jobs"]), tuple(known["told"]))
    found = _in_store(store, records, how)
    if writes:
        record = {"uuid": name, "index": 0, "status": "prior", "key": key}
        records.store.update({**record, "jobs": list(found.jobs), "told": list(found.told)}, key=["uuid", "index"])
    return found


def _in_store(store: JobStore, records: Records, how: Mapping[str, Any]) -> Prior:
    """Candidates of all campaigns that compute alike, of several documents of one that of most configurations."""
    best: dict[str, dict[str, Any]] = {}
    used, told = [], []
    for name, jobs in sorted(jobs_of_campaigns(records).items()):
        found = [one for one in candidate_documents(store, name, jobs) if one.get("job_id") in jobs]
        found = [one for one in found if one["stage"] == 0 and one["status"] != "failed"]
        if not found:
            continue
        ran = how_it_ran(records, name)
        reasons = ["settings that no note tells: hebe run notes them"] if ran is None else differences(how, ran)
        if reasons:
            told.append(f"{len(found)} candidates of {name} are not learned from: other {', '.join(reasons)}")
            continue
        used.append(f"{len(found)} of {name}")
        for one in found:
            best[one["candidate_id"]] = max(best.get(one["candidate_id"], one), one, key=_weight)
    if used:
        told = [f"{len(best)} candidates are known beforehand: {', '.join(used)}", *told]
    return Prior(tuple(str(best[name]["job_id"]) for name in sorted(best)), tuple(told))


def _weight(document: Mapping[str, Any]) -> tuple[bool, int, str]:
    """By which one of several documents of a candidate is taken."""
    return document["status"] == "complete", document["n_configurations"], str(document["job_id"])
