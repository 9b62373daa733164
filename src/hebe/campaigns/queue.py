"""Campaigns that are handed over to a launcher, and control of whatever runs a campaign."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hebe.campaigns.api import as_campaign, campaign_flow, existing_store, plan, project_store
from hebe.campaigns.api import status as api_status
from hebe.campaigns.edited import remember
from hebe.campaigns.place import project_root, start_of
from hebe.campaigns.selection import with_selection
from hebe.launchers.launcher import Project, Wishes
from hebe.launchers.records import Records
from hebe.launchers.registry import keeping_launcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobflow import Flow

    from hebe.config.campaign import Campaign
    from hebe.launchers.launcher import Report

__all__ = ["control", "launch", "submit"]


def submit(
    campaign: Campaign | str | Path,
    *,
    launcher: str | None = None,
    dry_run: bool = False,
    start: Path | None = None,
) -> dict[str, Any]:
    """Hand a campaign over to a launcher that keeps it; `launch` runs it. Again: adds only what is new.

    Parameters
    ----------
    campaign
        A campaign or the path of its file.
    launcher
        Name of a launcher; that of the settings by default, or the one that they prepare.
    dry_run
        Only say what would be added.
    start
        Folder from which the project is searched.
    """
    chosen = as_campaign(campaign)
    start = start_of(chosen, start)
    chosen = with_selection(chosen, start, writes=not dry_run)
    name, taker = keeping_launcher(launcher, Project(project_root(start)))
    planned = plan(chosen, start=start)
    flow = campaign_flow(chosen)
    found = asdict(taker.submit(flow, dry_run=dry_run))
    if not dry_run:
        _remember(chosen, flow, start)
    hours = planned["cpu_hours_estimate"] / max(planned["calculations_to_run"], 1)
    numbers, jobs, cores = found.pop("calculations"), found.pop("resources"), found.pop("cores")
    resources = [
        {
            "name": name,
            "jobs": count,
            "calculations": numbers.get(name, 0),
            "cores": cores.get(name, 1),
            "core_hours_estimate": hours * numbers.get(name, 0) * cores.get(name, 1),
        }
        for name, count in sorted(jobs.items())
    ]
    told = {"launcher": name, "goes_on": taker.goes_on}
    return {"campaign": chosen.name, "dry_run": dry_run, **found, "resources": resources, **told}


def _remember(campaign: Campaign, flow: Flow, start: Path | None) -> None:
    """Write down what was handed over; results and status of the campaign are of that from now on."""
    store = project_store(start)
    try:
        with closing(Records.beside(store.docs_store, project_root(start))) as records:
            remember(records, campaign, flow)
    finally:
        store.close()


def launch(
    tell: Callable[[str], None],
    *,
    launcher: str | None = None,
    interval_s: float = 5.0,
    idle_s: float = 10.0,
    stay: bool = False,
    start: Path | None = None,
) -> Report:
    """Run what was handed over until nothing is left to do."""
    _, driver = keeping_launcher(launcher, Project(project_root(start)))
    return driver.drive(Wishes(interval_s=interval_s, idle_s=idle_s, stay=stay, tell=tell))


def control(campaign: Campaign | str | Path, status: str | None, *, start: Path | None = None) -> dict[str, Any]:
    """Have whatever runs a campaign pause (``paused``), end (``cancelled``) or go on (None)."""
    chosen = as_campaign(campaign)
    start = start_of(chosen, start)
    store = existing_store(start)
    try:
        Records.beside(store.docs_store, project_root(start)).control(chosen.name, status)
    finally:
        store.close()
    found: dict[str, Any] = {"campaign": chosen.name, "control": status}
    if status is None:
        lpad = api_status(chosen, start=start).get("lpad") or {}
        if any(lpad.values()):
            found["lpad"] = lpad
    return found
