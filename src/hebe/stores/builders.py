"""Builders: collections derived from job outputs, kept current in small idempotent steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.stores.content import content_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from jobflow import JobStore
    from maggma.core import Store

_OF_CANDIDATES = frozenset({"candidate_id", "entropy_R", "calculations"})
"""Fields by which the documents of candidates are known among outputs."""

_Key = tuple[str, str, int]


def build_candidates(
    outputs: JobStore, candidates: Store, campaign: str | None = None, current: Collection[str] = ()
) -> int:
    """Bring the ``candidates`` collection up to date with the candidate documents among job outputs.

    One document per campaign, candidate and stage: that of a current job, else of the job that was stored last.

    Parameters
    ----------
    outputs
        Store of job outputs.
    candidates
        Collection to update.
    campaign
        Only this campaign; all without one.
    current
        Jobs of campaigns as they ran last.

    Returns
    -------
    int
        Number of documents written.
    """
    criteria: dict[str, Any] = {f"output.{name}": {"$exists": True} for name in _OF_CANDIDATES}
    if campaign is not None:
        criteria["metadata.campaign"] = campaign
    known = {_key(doc): _content(doc) for doc in candidates.query({} if campaign is None else {"campaign": campaign})}
    chosen: dict[_Key, tuple[bool, dict[str, Any] | None]] = {}
    for found in outputs.docs_store.query(criteria):
        document = candidate_document(found) or {}
        key, is_current = _key(document), found["uuid"] in current
        if is_current or not chosen.get(key, (False, None))[0]:
            chosen[key] = is_current, document if known.get(key) != _content(document) else None
    fresh = [document for _, document in chosen.values() if document is not None]
    if fresh:
        candidates.update(fresh, key=["campaign", "candidate_id", "stage"])
    return len(fresh)


def candidate_document(found: dict[str, Any]) -> dict[str, Any] | None:
    """Document of a candidate in that of its job, with the id of the job; None where the job made another one."""
    output = found.get("output")
    if not isinstance(output, dict) or not output.keys() >= _OF_CANDIDATES:
        return None
    document = {key: value for key, value in output.items() if not key.startswith("@")}
    return document | {"completed_at": str(found.get("completed_at") or ""), "job_id": found["uuid"]}


def _key(document: dict[str, Any]) -> _Key:
    return document["campaign"], document["candidate_id"], document["stage"]


def _content(document: dict[str, Any]) -> str:
    return content_of({key: value for key, value in document.items() if key != "_id"})
