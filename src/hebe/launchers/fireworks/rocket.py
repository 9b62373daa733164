"""A job of a project in the hands of ``rlaunch`` or ``qlaunch``: the output goes where `hebe launch` puts it.

Whoever runs it must be below the folder of the project, whose settings say where the outputs are; nothing of that
stands on the LaunchPad.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fireworks import FWAction
from jobflow.managers.fireworks import JobFiretask
from monty.json import MontyDecoder

from hebe.exceptions import LaunchError
from hebe.launchers.fireworks.access import open_project
from hebe.launchers.fireworks.orphans import release_held
from hebe.launchers.fireworks.submission import workflows_of
from hebe.launchers.fireworks.worker import Worker
from hebe.launchers.fireworks.workflows import TASK
from hebe.stores.factory import find_project

if TYPE_CHECKING:
    from hebe.launchers.fireworks.access import Access
    from hebe.launchers.fireworks.claimed_job import ClaimedJob
    from hebe.launchers.outcome import Outcome

_CLAIMED_S = 5.0
_STATES = {"replace": "detours", "detour": "detours", "addition": "additions"}


class ProjectJob(JobFiretask):
    """What FireWorks runs for a job of `hebe submit`; Hebe's workers read the job and leave the task alone."""

    _fw_name = TASK

    def run_task(self, fw_spec: dict[str, Any]) -> FWAction:
        """Run the job as a worker of Hebe would.

        Raises
        ------
        LaunchError
            If this is not below the folder of the project that the job belongs to, or the job has failed: FireWorks
            then shows it as such.
        """
        root = find_project(Path.cwd())
        access = open_project(root)
        try:
            claimed = access.launchpad.running(getattr(self, "fw_id", -1))
            if claimed is None or claimed.facts["uuid"] != fw_spec["hebe"]["uuid"]:
                raise LaunchError(f"this job is none of {root}: run rlaunch and qlaunch in the folder of its project")
            return _run(access, claimed)
        finally:
            access.close()


def _run(access: Access, claimed: ClaimedJob) -> FWAction:
    release_held(access)
    now = access.launchpad.running(claimed.fw_id) or claimed
    if now.facts["held"]:
        access.launchpad.wait_again(claimed)
        return FWAction()
    worker = Worker(access, f"rlaunch-{claimed.launch_id}/0", claimed.spec["_category"], Path.cwd(), idle_s=0.0)
    outcome = worker.result(claimed)
    if outcome.kind == "claimed":
        access.launchpad.put_back(claimed, _CLAIMED_S)
        time.sleep(_CLAIMED_S)
        return FWAction()
    return _action(access, claimed, outcome)


def _action(access: Access, claimed: ClaimedJob, outcome: Outcome) -> FWAction:
    """Tell FireWorks how a job ended; what waits for it in other workflows may run from now on."""
    if outcome.kind == "failed":
        access.launchpad.complete(claimed, failed=True)
        release_held(access)
        failure = outcome.failure
        raise LaunchError(f"{failure.error_class}: {failure.message}" if failure else "the job has failed")
    asked: dict[str, list[Any]] = {"detours": [], "additions": []}
    for kind, flow in outcome.diversion.items():
        asked[_STATES[kind]] += workflows_of(MontyDecoder().process_decoded(flow), access.cluster)
    if outcome.stop_children or outcome.stop_jobflow:
        access.launchpad.defuse(claimed, everything=outcome.stop_jobflow)
    if not any(asked.values()):
        access.launchpad.complete(claimed, keep=outcome.stored_data)
        release_held(access)
    return FWAction(stored_data=outcome.stored_data, **asked)
