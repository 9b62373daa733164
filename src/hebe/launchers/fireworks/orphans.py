"""What dead workers leave behind: results in files, jobs, claims; and jobs that wait for other workflows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.fireworks.results import collect
from hebe.launchers.fireworks.workflow_states import ENDED
from hebe.launchers.limits import ERROR_CLASSES
from hebe.launchers.outcome import DIGESTED, Digest, Failure
from hebe.stores.claims import Claims, Owner

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hebe.launchers.fireworks.access import Access

_CHUNK = 500

SILENT_S = 90.0
"""A worker whose heartbeat has not changed for so long is taken to be dead."""


def give_up(access: Access, worker: str, reason: str, attempts: int) -> int:
    """Take back what a dead worker, or all workers of a dead queue job, had; return the number of its jobs.

    Parameters
    ----------
    access
        The project.
    worker
        Name of the worker or queue job.
    reason
        What happened, for the record of the job.
    attempts
        How often a job is tried in all.
    """
    claims = Claims(access.store)
    for name, _, report in access.records.launches():
        if (name == worker or name.startswith(f"{worker}/")) and report["status"] == "running":
            claims.free(Owner(report["host"], report["pid"], report["started"]))
            access.records.beat(name, {**report, "status": "lost", "running": []})

    def record(identity: dict[str, Any], *, again: bool) -> None:
        message, folder = identity.pop("message"), access.runs / worker.partition("/")[0]
        write = access.records.retry if again else access.records.fail
        write(identity, Failure(ERROR_CLASSES["died"], message, run_dir=str(folder)))

    return len(access.launchpad.lose(worker, reason, attempts, record))


def bury(access: Access, name: str, folder: Path, attempts: int) -> int:
    """Collect what an ended queue job left and take back what it had; return the number of jobs taken back."""
    collect(folder, access.store, access.launchpad)
    return give_up(access, name, "its queue job ended", attempts)


@dataclass
class Silence:
    """Notices workers whose heartbeat stands still, by the clock of the observer alone."""

    _seen: dict[str, tuple[float, float]] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew, after a time in which nothing could be observed."""
        self._seen.clear()

    def of(self, access: Access, workers: set[str]) -> set[str]:
        """Return those of some workers that have been silent for too long."""
        now, silent = time.monotonic(), set()
        beats = {name: beat for name, beat, _ in access.records.launches()}
        for worker in workers:
            beat = beats.get(worker, 0.0)
            before = self._seen.get(worker)
            if before is None or before[0] != beat:
                self._seen[worker] = beat, now
            elif now - before[1] > SILENT_S:
                silent.add(worker)
        return silent


def deleted(access: Access, uuids: Collection[str] | None = None) -> set[str]:
    """Jobs that were submitted, have no output, and are on the LaunchPad no more; all or those of some."""
    submitted = jobs_of_campaigns(access.records, submitted=True)
    wanted = set().union(*submitted.values()) if uuids is None else set().union(*submitted.values()) & set(uuids)
    wanted -= {job["spec"]["hebe"]["uuid"] for job in access.launchpad.of(sorted(wanted), {"spec.hebe.uuid": 1})}
    left = sorted(wanted)
    for start in range(0, len(left), _CHUNK):
        found = access.store.docs_store.query({"uuid": {"$in": left[start : start + _CHUNK]}}, ["uuid"])
        wanted -= {document["uuid"] for document in found}
    return wanted


def release_held(access: Access) -> int:
    """Let jobs run that wait for other workflows whose jobs have all ended; return their number.

    This is how a stage border is promoted: its job reads outputs of every candidate of the stage, and runs when each of
    them is terminal, completed or failed.
    """
    held = access.launchpad.held()
    wanted = {uuid for job in held for uuid in job["spec"]["hebe"]["after"]}
    open_ = _open(access, wanted)
    free = [job["fw_id"] for job in held if open_.isdisjoint(job["spec"]["hebe"]["after"])]
    for fw_id in free:
        access.launchpad.unhold(fw_id)
    return len(free)


def _open(access: Access, uuids: set[str]) -> set[str]:
    """Those of some jobs that may still get an output."""
    if not uuids:
        return set()
    states: dict[tuple[str, int], set[str]] = {}
    jobs: dict[str, dict[str, Any]] = {}
    for job in access.launchpad.of(uuids, {"state": 1, "spec.hebe": 1, "fw_id": 1}):
        facts = job["spec"]["hebe"]
        states.setdefault((facts["uuid"], facts["index"]), set()).add(job["state"])
        jobs[facts["uuid"]] = job
    waiting = {uuid for (uuid, _), found in states.items() if found.isdisjoint(ENDED)}
    unknown = uuids - jobs.keys()
    criteria = {"uuid": {"$in": sorted(unknown)}}
    stored = {
        document["uuid"]
        for document in (access.store.docs_store.query(criteria, list(DIGESTED)) if unknown else ())
        if Digest.of(document).status != "cut"
    }
    return {uuid for uuid in waiting if not access.launchpad.is_stuck(jobs[uuid]["fw_id"])} | (unknown - stored)
