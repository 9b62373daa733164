"""A project on a cluster: submit a flow, drive the queue."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hebe.launchers.campaign_jobs import remember_submission
from hebe.launchers.fireworks.access import open_project
from hebe.launchers.fireworks.driver import Driver
from hebe.launchers.fireworks.queue import check, require_qtoolkit, scheduler_of
from hebe.launchers.fireworks.submission import submit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobflow.core.flow import Flow

    from hebe.launchers.fireworks.driver import Report


def submit_flow(flow: Flow, root: Path, *, dry_run: bool = False) -> dict[str, Any]:
    """Put a flow onto the LaunchPad of a project; putting it there again adds only what is new.

    Parameters
    ----------
    flow
        Any flow.
    root
        Project folder.
    dry_run
        Only say what would be added.

    Returns
    -------
    dict
        Fields of `Submission`.

    Raises
    ------
    hebe.exceptions.BadInputError
        If settings do not say where the LaunchPad is.
    hebe.exceptions.StoreError
        If the store or the LaunchPad cannot be reached.
    """
    access = open_project(root)
    try:
        found = submit(flow, access.launchpad, access.store.docs_store, access.records, access.cluster, dry_run=dry_run)
        if not dry_run:
            access.records.control(flow.name, None)
            remember_submission(access.records, flow)
    finally:
        access.close()
    found.cores = {name: one.cores_per_slot for name, one in access.cluster.resources.items()}
    return asdict(found)


def drive(
    root: Path, tell: Callable[[Report], None], *, interval_s: float = 5.0, idle_s: float = 10.0, stay: bool = False
) -> Report:
    """Keep the queue jobs of a project in flight until nothing is left to do.

    Parameters
    ----------
    root
        Project folder.
    tell
        Called with every report.
    interval_s
        Time between two looks at the queue, in seconds.
    idle_s
        How long a queue job without work waits for some, in seconds.
    stay
        Whether to wait for further submissions when nothing is left.

    Raises
    ------
    hebe.exceptions.BadInputError
        If resources ask for more than their queue allows.
    hebe.exceptions.LaunchError
        If another process does this for the project, or queue jobs cannot work.
    """
    require_qtoolkit()
    access = open_project(root)
    try:
        scheduler = scheduler_of(access.cluster)
        check(access.cluster, scheduler)
        return Driver(access, scheduler, idle_s).run(tell, interval_s=interval_s, stay=stay)
    finally:
        access.close()
