"""Whether a batch queue and a LaunchPad can be worked with: reachable, requests within limits, secrets kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hebe.exceptions import HebeError
from hebe.launchers.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.config.cluster import ClusterSettings

_SILENT_S = 120.0


def examine_cluster(root: Path) -> Iterator[Check]:
    """Look at everything that ``hebe submit`` and ``hebe launch`` need, if settings name a cluster.

    Parameters
    ----------
    root
        Project folder.
    """
    from hebe.config.settings import get_settings

    cluster = get_settings(root).cluster
    if cluster is not None:
        yield from _launchpad(root)
        yield from _queue(cluster)
        yield from _secrets(root)


def _launchpad(root: Path) -> Iterator[Check]:
    from hebe.launchers.fireworks.access import open_project

    try:
        access = open_project(root)
    except HebeError as err:
        yield Check("LaunchPad", "failed", str(err), "correct store.uri or cluster.uri in hebe.yaml, or start MongoDB")
        return
    try:
        states = access.launchpad.states()
        count = ", ".join(f"{number:,} {state.lower()}" for state, number in sorted(states.items()))
        yield Check("LaunchPad", "ok", f"jobs: {count or 'none'}")
        unknown = sorted(access.launchpad.wanted() - access.cluster.resources.keys())
        if unknown:
            advice = "name them in cluster.resources again: no queue job takes jobs that ask for them"
            yield Check("resources", "failed", f"jobs ask for {', '.join(unknown)}", advice)
        launches = [(name, beat) for name, beat, body in access.records.launches() if body["status"] == "running"]
        is_driven = any(name.startswith("hebe launch") and time.time() - beat < _SILENT_S for name, beat in launches)
        idle = not is_driven and {"READY", "RUNNING"} & states.keys()
        detail = "is running" if is_driven else "is not running"
        yield Check("hebe launch", "absent" if idle else "ok", detail, "start it: jobs are ready", needed=False)
    finally:
        access.close()


def _queue(cluster: ClusterSettings) -> Iterator[Check]:
    from hebe.launchers.fireworks.queue import check, scheduler_of

    try:
        listed = scheduler_of(cluster).listed()
        check(cluster, scheduler_of(cluster))
    except HebeError as err:
        advice = "log in where queue jobs are submitted, and ask for no more than the queue allows"
        yield Check(cluster.scheduler, "failed", str(err), advice)
        return
    running = sum(job.runs for job in listed)
    detail = f"requests are within limits; your jobs: {running} running, {len(listed) - running} waiting"
    yield Check(cluster.scheduler, "ok", detail)


def _secrets(root: Path) -> Iterator[Check]:
    """Warn when others may read a URI that holds a password."""
    path = root / "hebe.yaml"
    if path.exists() and "@" in path.read_text(encoding="utf-8") and path.stat().st_mode & 0o077:
        advice = f"chmod 600 {path}"
        yield Check("hebe.yaml", "failed", "others can read it, and it may hold a password", advice, needed=False)
