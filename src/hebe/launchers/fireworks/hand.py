"""Jobs of a LaunchPad that somebody else than Hebe has changed: a person with ``lpad``, another clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.launchers.fireworks.workflow_states import ENDED

if TYPE_CHECKING:
    from collections.abc import Collection

    from hebe.launchers.fireworks.claimed_job import Document

_MARK: Final = "spec.hebe"
_LONGEST_REST_S: Final = 3600.0


@dataclass(frozen=True)
class ByHand:
    """What was done with ``lpad``: jobs that are paused and defused, and the uuids of those that are to run again."""

    paused: int = 0
    defused: int = 0
    rerun: frozenset[str] = frozenset()


def by_hand(jobs: Any, launches: Any, uuids: Collection[str] | None) -> ByHand:
    """What a person has done to jobs, all or those with some uuids.

    Parameters
    ----------
    jobs, launches
        Collections of the LaunchPad.
    uuids
        Which jobs; all of Hebe when None.
    """
    marked: Document = {"$exists": True} if uuids is None else {"$in": sorted(uuids)}
    found: dict[str, int] = {}
    for job in jobs.find({f"{_MARK}.uuid": marked, "state": {"$in": ["PAUSED", "DEFUSED"]}}, {"state": 1, _MARK: 1}):
        if not job["spec"]["hebe"].get("stopped"):
            found[job["state"]] = found.get(job["state"], 0) + 1
    again = {"archived_launches.0": {"$exists": True}, "state": {"$nin": [*ENDED, "PAUSED"]}}
    fields = {_MARK: 1, "archived_launches": 1}
    ready = list(jobs.find({f"{_MARK}.uuid": marked, **again}, fields))
    rerun = {str(job["spec"]["hebe"]["uuid"]) for job in ready if is_forced(job, launches)}
    return ByHand(found.get("PAUSED", 0), found.get("DEFUSED", 0), frozenset(rerun))


def is_forced(job: Document, launches: Any) -> bool:
    """Whether a job had ended and somebody else than Hebe has made it ready again."""
    known = set(job["spec"]["hebe"].get("settled") or ())
    others = [launch for launch in job["archived_launches"] if launch not in known]
    completed = {"launch_id": {"$in": others}, "state": "COMPLETED"}
    return bool(others) and launches.find_one(completed, {"_id": 1}) is not None


def due() -> list[Document]:
    """Criteria of jobs that need not rest any more; one that seems to rest for long was put back by another clock."""
    now, field = time.time(), f"{_MARK}.not_before"
    return [{field: {"$lte": now}}, {field: {"$gt": now + _LONGEST_REST_S}}]
