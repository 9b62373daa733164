"""Builders: collections derived from job outputs, kept current in small idempotent steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobflow import JobStore
    from maggma.core import Store


def build_candidates(outputs: JobStore, candidates: Store, campaign: str | None = None) -> int:
    """Bring the ``candidates`` collection up to date with the candidate documents among job outputs.

    One document per campaign, candidate and stage; the newest output wins.

    Parameters
    ----------
    outputs
        Store of job outputs.
    candidates
        Collection to update.
    campaign
        Only this campaign; all without one.

    Returns
    -------
    int
        Number of documents written.
    """
    criteria: dict[str, Any] = {"output.candidate_id": {"$exists": True}, "output.entropy_R": {"$exists": True}}
    criteria["output.calculations"] = {"$exists": True}
    if campaign is not None:
        criteria["metadata.campaign"] = campaign
    known = {
        (doc["campaign"], doc["candidate_id"], doc["stage"]): doc["completed_at"]
        for doc in candidates.query({} if campaign is None else {"campaign": campaign}, properties=_KEYS)
    }
    fresh: dict[tuple[str, str, int], dict[str, Any]] = {}
    for found in outputs.docs_store.query(criteria):
        document = {key: value for key, value in found["output"].items() if not key.startswith("@")}
        key = (document["campaign"], document["candidate_id"], document["stage"])
        when = str(found["completed_at"])
        if when <= str(known.get(key, "")) or (key in fresh and when <= fresh[key]["completed_at"]):
            continue
        fresh[key] = {**document, "completed_at": when, "job_id": found["uuid"]}
    if fresh:
        candidates.update(list(fresh.values()), key=["campaign", "candidate_id", "stage"])
    return len(fresh)


_KEYS = ["campaign", "candidate_id", "stage", "completed_at"]
