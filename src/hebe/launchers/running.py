"""A flow run to its end by a launcher, whatever kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.launchers.graph import walk
from hebe.launchers.summary import FailureGroup, RunSummary

if TYPE_CHECKING:
    from jobflow.core.flow import Flow

    from hebe.launchers.launcher import Launcher, Wishes


def run_flow(launcher: Launcher, flow: Flow, wishes: Wishes) -> RunSummary:
    """Submit a flow, drive it until nothing is left to do, and say what became of it.

    Raises
    ------
    hebe.exceptions.HebeError
        What `submit` and `drive` of the launcher raise.
    """
    uuids = [str(job.uuid) for job, _ in walk(flow)]
    before = launcher.status(uuids) if launcher.keeps else {}
    launcher.submit(flow)
    report = launcher.drive(wishes)
    if isinstance(report, RunSummary):
        return report
    found = launcher.status(uuids)
    names = ("error_class", "message", "count", "job_ids", "run_dir")
    failures = [FailureGroup(**{name: group.get(name) for name in names}) for group in found["failures"]]
    jobs, calculations = _since(before, found)
    return RunSummary(found["status"], jobs, calculations, failures, found["elapsed_s"])


def _since(before: dict[str, Any], found: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Counts of jobs and calculations; ``reused`` is what existed before, ``computed`` what the store has gained."""
    jobs, calculations = dict(found["jobs"]), dict(found["calculations"])
    if "stored" in calculations:
        stored, known = calculations.pop("stored"), before.get("calculations", {}).get("stored", 0)
        computed = max(0, stored - known)
        calculations["reused"] += calculations["computed"] - computed
        calculations["computed"] = computed
    jobs["reused"] = min(jobs["completed"], before.get("jobs", {}).get("completed", jobs["reused"]))
    return jobs, calculations
