"""Which jobs a campaign consisted of when it ran last: what earlier versions of its file left is superseded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.launchers.graph import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jobflow.core.flow import Flow

    from hebe.launchers.records import Records

_NAME: Final = "jobs of "
_STATUS: Final = "jobs"
_SUBMITTED: Final = "submitted "
_PART: Final = 50_000
"""Jobs in one record; a document of MongoDB holds 16 MB."""


def remember_jobs(records: Records, flow: Flow) -> None:
    """Write down the jobs of a flow that bears the name of its campaign."""
    name, uuids = f"{_NAME}{flow.name}", sorted(str(job.uuid) for job, _ in walk(flow))
    parts = [uuids[start : start + _PART] for start in range(0, len(uuids), _PART)]
    records.store.update(
        [{"uuid": name, "index": number, "status": _STATUS, "uuids": part} for number, part in enumerate(parts)],
        key=["uuid", "index"],
    )
    records.store.remove_docs({"uuid": name, "index": {"$gte": len(parts)}})


def remember_submission(records: Records, flow: Flow) -> None:
    """Write down that a launcher keeps the jobs of a flow."""
    remember_jobs(records, flow)
    records.store.update({"uuid": _SUBMITTED + flow.name, "index": 0, "status": "submitted"}, key=["uuid", "index"])


def jobs_of_campaigns(records: Records, *, submitted: bool = False) -> dict[str, set[str]]:
    """Jobs of each campaign (or each that was submitted) as it ran last, with those that its jobs asked for."""
    found: dict[str, set[str]] = {}
    kept = {str(record["uuid"]).removeprefix(_SUBMITTED) for record in records.store.query({"status": "submitted"})}
    for record in records.store.query({"status": _STATUS}):
        name = str(record["uuid"]).removeprefix(_NAME)
        if name in kept or not submitted:
            found.setdefault(name, set()).update(record["uuids"])
    asked = {record["uuid"]: set(_uuids(record.get("diversion"))) for record in _diverted(records)} if found else {}
    return {name: _with_asked(uuids, asked) for name, uuids in found.items()}


def _diverted(records: Records) -> Iterable[dict[str, Any]]:
    return records.store.query({"status": "diverted"})


def _with_asked(uuids: set[str], asked: dict[str, set[str]]) -> set[str]:
    found, queue = set(uuids), list(uuids & asked.keys())
    while queue:
        new = asked.get(queue.pop(), set()) - found
        found |= new
        queue.extend(new)
    return found


def _uuids(value: object) -> Iterator[str]:
    """Jobs in the description of a flow, which is not decoded for that."""
    if isinstance(value, dict):
        if value.get("@class") == "Job":
            yield str(value.get("uuid"))
        for inner in value.values():
            yield from _uuids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _uuids(inner)
