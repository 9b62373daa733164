"""Builders: collections derived from job outputs, kept current in small idempotent steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.stores.content import CONTENT, content_of
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jobflow import JobStore
    from maggma.core import Store

_OF_CANDIDATES = frozenset({"candidate_id", "entropy_R", "calculations"})
"""Fields by which the documents of candidates are known among outputs."""

_SOURCE: Final = "@content"
"""Field of a candidate: the content of the output that it is of, where the store knows that; it is not shown."""

_CHUNK: Final = 256
_Key = tuple[str, str, int]
_Job = tuple[str, int, str]


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
    criteria: dict[str, Any] = {"output.candidate_id": {"$exists": True}}
    if campaign is not None and not isinstance(outputs.docs_store, SQLiteStore):  # contents are not known: all are read
        criteria["output.campaign"] = campaign
    found = outputs.docs_store.query(criteria, ["uuid", "index", CONTENT])
    jobs = [(str(one["uuid"]), int(one["index"]), str(one.get(CONTENT) or "")) for one in found]
    known = _known(candidates)
    missing = [job for job in jobs if not job[2] or (job[0], job[2]) not in known]
    documents = _documents(outputs, missing)
    chosen: dict[_Key, tuple[bool, dict[str, Any] | None]] = {}
    for job in jobs:
        document, is_current = documents.get(job), job[0] in current
        key = known[job[0], job[2]] if job not in documents else None if document is None else _key(document)
        if key is None or campaign not in (None, key[0]):
            continue
        if is_current or not chosen.get(key, (False, None))[0]:
            chosen[key] = is_current, document
    fresh = [document for _, document in chosen.values() if document is not None]
    if fresh:
        same = _contents(candidates, fresh)
        fresh = [document for document in fresh if _content(document) != same.get(_key(document))]
        candidates.update(fresh, key=["campaign", "candidate_id", "stage"])
    return len(fresh)


def _known(candidates: Store) -> dict[tuple[str, str], _Key]:
    """Which candidates are there, by the job whose output each is, and its content."""
    names = ("campaign", "candidate_id", "stage", "job_id", _SOURCE)
    if isinstance(candidates, SQLiteStore) and candidates.mode != "snapshot":
        for name in names:
            candidates.keep_at_hand(name)
    found = candidates.query({}, list(names))
    return {(one["job_id"], one[_SOURCE]): _key(one) for one in found if one.get(_SOURCE)}


def _documents(outputs: JobStore, jobs: Sequence[_Job]) -> dict[_Job, dict[str, Any] | None]:
    """Documents of the candidates that some jobs made, None of those that made something else."""
    read: dict[_Job, dict[str, Any] | None] = dict.fromkeys(jobs)
    for start in range(0, len(jobs), _CHUNK):
        wanted = {job[:2]: job for job in jobs[start : start + _CHUNK]}
        for found in outputs.docs_store.query({"uuid": {"$in": sorted({uuid for uuid, _ in wanted})}}):
            job = wanted.get((found["uuid"], found["index"]))
            document = candidate_document(found)
            if job is not None and document is not None:
                read[job] = document | ({_SOURCE: job[2]} if job[2] else {})
    return read


def _contents(candidates: Store, documents: Sequence[dict[str, Any]]) -> dict[_Key, str]:
    """Contents of the candidates that some documents would replace."""
    found: dict[_Key, str] = {}
    names = sorted({document["candidate_id"] for document in documents})
    for start in range(0, len(names), _CHUNK):
        criteria = {"candidate_id": {"$in": names[start : start + _CHUNK]}}
        found |= {_key(one): _content(one) for one in candidates.query(criteria)}
    return found


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
