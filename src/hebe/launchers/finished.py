"""Whether all jobs of a campaign have current outputs, told without wiring them again.

What each job reads is noted when a campaign is wired, under a key of everything that decides it. With that, outputs
are looked at as a scheduler looks at them: by their contents, and by what they note that they were made from.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from hebe.exceptions import BadInputError
from hebe.launchers.graph import references, walk
from hebe.launchers.lineage import Lineage, hash_of, pair, read_digests
from hebe.launchers.outcome import TOLD, Failure
from hebe.launchers.summary import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobflow.core.flow import Flow
    from maggma.core.store import Store

    from hebe.launchers.outcome import Digest
    from hebe.launchers.records import Records
    from hebe.launchers.summary import RunSummary

    Name = tuple[str, int]
    Wired = Mapping[Name, Sequence[str]]

_NAME: Final = "wiring of "
_STATUS: Final = "wiring"
_PART: Final = 10_000
"""Jobs in one record; a document of MongoDB holds 16 MB."""


def remember_wiring(records: Records, flow: Flow, key: str) -> None:
    """Write down which outputs each job of a flow reads, unless it reads some of jobs that are not in the flow."""
    name, jobs = f"{_NAME}{flow.name}", {str(job.uuid): job for job, _ in walk(flow)}
    uuids = sorted(jobs)
    place = {uuid: number for number, uuid in enumerate(uuids)}
    read = [sorted(references((jobs[uuid].function_args, jobs[uuid].function_kwargs))) for uuid in uuids]
    parts = range(0, len(uuids), _PART)
    if any(job.index != 1 for job in jobs.values()) or any(one not in place for inputs in read for one in inputs):
        parts = range(0)
    kept = [
        {
            "uuid": name,
            "index": number,
            "status": _STATUS,
            "key": key,
            "parts": len(parts),
            "uuids": uuids[start : start + _PART],
            "inputs": [[place[one] for one in inputs] for inputs in read[start : start + _PART]],
        }
        for number, start in enumerate(parts)
    ]
    records.store.remove_docs({"uuid": name, "index": {"$gte": len(kept)}})
    if kept:
        records.store.update(kept, key=["uuid", "index"])


def wired(records: Records, name: str, key: str) -> Wired | None:
    """Jobs of a campaign with the jobs whose outputs they read, in order; None where none are kept under the key."""
    parts = sorted(records.store.query({"uuid": f"{_NAME}{name}"}), key=itemgetter("index"))
    if not parts or any(part["key"] != key or part["parts"] != len(parts) for part in parts):
        return None
    uuids = [uuid for part in parts for uuid in part["uuids"]]
    inputs = ([uuids[number] for number in numbers] for part in parts for numbers in part["inputs"])
    return {(uuid, 1): read for uuid, read in zip(uuids, inputs, strict=True)}


def finished(documents: Store, records: Records, jobs: Wired, *, retry_failed: bool = False) -> RunSummary | None:
    """Summary of a launch that would find every job finished and current; None where it would find another one.

    Parameters
    ----------
    documents, records
        Store of outputs, records of its launchers.
    jobs
        Of a campaign, as `wired` gives them; those that they asked for are looked at, too.
    retry_failed
        Whether failed outputs would be computed again.
    """
    tally, more = Tally(), _asked(records, jobs)
    if more is None:
        return None
    every = {**jobs, **more}
    uuids = {uuid for uuid, _ in every}
    stored, lineage = read_digests(documents, uuids), Lineage(documents)
    if not all(_stays(stored.get(name), retry_failed=retry_failed) for name in every):
        return None
    lineage.learn(uuids, stored)
    contents = {uuid: pair(uuid, content) for uuid, content in lineage.contents(uuids).items()}
    for name, inputs in every.items():
        digest = stored[name]
        is_known = digest.made_from is not None and (not inputs or digest.made_from == _now(inputs, contents))
        if not is_known and lineage.is_stale(name, digest, inputs):
            return None
        tally.count(digest, existed=True)
        if digest.status == "failed":
            tally.failures[name[0]] = _failure(documents, name)
    tally.total = len(every)
    return tally.summary(interrupted=False)


def _now(inputs: Sequence[str], contents: Mapping[str, str]) -> str | None:
    """Hash of what an output of these inputs notes; None where one of them is of another flow."""
    try:
        return hash_of([contents[uuid] for uuid in inputs])
    except KeyError:
        return None


def _stays(digest: Digest | None, *, retry_failed: bool) -> bool:
    return digest is not None and digest.status != "cut" and not (retry_failed and digest.status == "failed")


def _failure(documents: Store, name: Name) -> Failure:
    document = documents.query_one({"uuid": name[0], "index": name[1]}, list(TOLD)) or {}
    return Failure.of_output(document.get("output"))


def _asked(records: Records, jobs: Wired) -> dict[Name, list[str]] | None:
    """Jobs that some jobs asked for; None where one is not trusted, or asked that others should not run."""
    found: dict[Name, list[str]] = {}
    if not any((record["uuid"], record["index"]) in jobs for record in records.store.query({"status": "diverted"})):
        return found
    uuids = {uuid for uuid, _ in jobs}
    try:
        flows = records.asked(uuids)
    except BadInputError:
        return None
    for job, _ in (one for flow in flows for one in walk(flow)):
        found[job.uuid, job.index] = sorted(references((job.function_args, job.function_kwargs)))
    told = records.of(uuids | {uuid for uuid, _ in found}).values()
    stops = any(record.get("stop_children") or record.get("stop_jobflow") for record in told)
    return None if stops else found
