"""A flow run to its end by a launcher, whatever kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    uuids = [str(job.uuid) for job, _ in flow.iterflow()]
    launcher.submit(flow)
    report = launcher.drive(wishes)
    if isinstance(report, RunSummary):
        return report
    found = launcher.status(uuids)
    names = ("error_class", "message", "count", "job_ids", "run_dir")
    failures = [FailureGroup(**{name: group.get(name) for name in names}) for group in found["failures"]]
    return RunSummary(found["status"], found["jobs"], found["calculations"], failures, found["elapsed_s"])
