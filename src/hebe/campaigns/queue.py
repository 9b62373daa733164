"""Campaigns on a batch queue, and control of whatever runs a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.campaigns.api import as_campaign, campaign_flow, existing_store, plan, project_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.launchers.fireworks.driver import Report

__all__ = ["control", "launch", "submit"]


def submit(campaign: Campaign | str | Path, *, dry_run: bool = False, start: Path | None = None) -> dict[str, Any]:
    """Put a campaign onto the LaunchPad of the project; `launch` runs it. Again: adds only what is new."""
    from hebe.launchers.fireworks.project import submit_flow

    chosen = as_campaign(campaign)
    planned = plan(chosen, start=start)
    found = submit_flow(campaign_flow(chosen), project_root(start), dry_run=dry_run)
    hours = planned["cpu_hours_estimate"] / max(planned["calculations_to_run"], 1)
    numbers, jobs, cores = found.pop("calculations"), found.pop("resources"), found.pop("cores")
    resources = [
        {
            "name": name,
            "jobs": count,
            "calculations": numbers.get(name, 0),
            "cores": cores[name],
            "core_hours_estimate": hours * numbers.get(name, 0) * cores[name],
        }
        for name, count in sorted(jobs.items())
    ]
    return {"campaign": chosen.name, "dry_run": dry_run, **found, "resources": resources}


def launch(
    tell: Callable[[Report], None],
    *,
    interval_s: float = 5.0,
    idle_s: float = 10.0,
    stay: bool = False,
    start: Path | None = None,
) -> Report:
    """Keep queue jobs in flight until nothing on the project's LaunchPad is left to do."""
    from hebe.launchers.fireworks.project import drive

    return drive(project_root(start), tell, interval_s=interval_s, idle_s=idle_s, stay=stay)


def control(campaign: Campaign | str | Path, status: str | None, *, start: Path | None = None) -> dict[str, Any]:
    """Have whatever runs a campaign pause (``paused``), end (``cancelled``) or go on (None)."""
    from hebe.launchers.records import Records

    chosen, store = as_campaign(campaign), existing_store(start)
    try:
        Records.beside(store.docs_store, project_root(start)).control(chosen.name, status)
    finally:
        store.close()
    return {"campaign": chosen.name, "control": status}
