"""What a person has done to jobs on the LaunchPad with ``lpad``, as ``hebe status`` and ``hebe resume`` say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from hebe.exceptions import StoreError
from hebe.launchers.fireworks.access import open_project
from hebe.launchers.fireworks.orphans import deleted
from hebe.stores.mongodb import without_credentials

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def changes(root: Path, uuids: Collection[str] | None = None) -> dict[str, int]:
    """Count the jobs that are paused, defused, to be run again, and deleted without an output.

    Parameters
    ----------
    root
        Project folder.
    uuids
        Jobs of a campaign, all when None; those that its jobs asked for are not looked at.

    Raises
    ------
    hebe.exceptions.HebeError
        If the LaunchPad or the store cannot be reached.
    """
    access = open_project(root)
    try:
        found = access.launchpad.by_hand(uuids)
        gone = deleted(access, uuids)
    except PyMongoError as err:
        reason = " ".join(without_credentials(str(err)).split())[:200]
        raise StoreError(f"the LaunchPad does not answer: {reason}") from err
    finally:
        access.close()
    return {"paused": found.paused, "defused": found.defused, "rerun": len(found.rerun), "deleted": len(gone)}


def with_changes(status: dict[str, Any], changed: dict[str, int]) -> dict[str, Any]:
    """A status in which jobs that are to be run again wait, and nothing is complete while something is not done."""
    jobs = dict(status["jobs"])
    again = min(changed["rerun"], jobs["completed"])
    jobs["completed"] -= again
    jobs["waiting"] += again
    jobs["reused"] = min(jobs["reused"], jobs["completed"])
    state = status["status"]
    if state == "complete" and any(changed.values()):
        state = "interrupted"
    return {**status, "status": state, "jobs": jobs, "lpad": changed}
