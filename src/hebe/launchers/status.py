"""What a store says about its jobs, read from another process while a launcher works or after it ended."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.exceptions import StoreError
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.graph import walk
from hebe.launchers.latest import latest
from hebe.launchers.lineage import read_digests
from hebe.launchers.records import Records
from hebe.launchers.summary import group
from hebe.stores.claims import Owner
from hebe.stores.factory import embedded_path, open_store
from hebe.stores.network import live_owner
from hebe.stores.sqlite import Mode, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from jobflow.core.store import JobStore
    from maggma.core.store import Store

    from hebe.launchers.outcome import Digest, Failure

_SILENT_S = 30.0


def read_status(
    where: str | Path | JobStore, flow_uuids: Collection[str] | None = None, *, root: Path | None = None
) -> dict[str, Any]:
    """Read how far the jobs of a store are, whatever launcher they run on.

    Parameters
    ----------
    where
        The embedded store's file, or a connected store of another kind.
    flow_uuids
        Uuids of the jobs of a flow, those that they asked for are added; None asks for every job that has an output
        or has failed.
    root
        Project folder, for the records of stores that hold none.

    Returns
    -------
    dict
        ``status`` (``running`` while a launcher is alive, else ``complete``, ``failed`` or ``interrupted``), ``jobs``
        and ``calculations`` as in :class:`~hebe.launchers.summary.RunSummary`, ``failures`` by reason, ``elapsed_s``
        of the last launch, ``rate_per_s`` (jobs of the running launchers per second) and ``time_left_s`` (None when
        nothing runs or nothing has ended yet), ``running`` (jobs that run now, with ``seconds``),
        ``heartbeat_age_s`` (None when there was no launcher), ``controls``, the campaigns that are paused or
        cancelled, ``launches`` (who runs something now) and, where no jobs are named, ``campaigns`` with the counts
        of each as it ran last.
        What the launches that run now have computed is ``computed``, what existed before them ``reused``, as in a
        summary; ``calculations.stored`` are those that the store has, without references to them.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file does not exist or is no store.
    """
    documents, records = _opened(where, root)
    wanted = None if flow_uuids is None else set(flow_uuids)
    if wanted is not None:
        wanted |= {job.uuid for flow in records.asked(wanted) for job, _ in walk(flow)}
    current = jobs_of_campaigns(records) if wanted is None else {}
    digests, failures = latest(documents, records, wanted, set().union(*current.values()))
    reports = sorted(records.launches(), key=lambda one: not is_alive(one[2], one[1]))
    beats = [(report, beat) for _, beat, report in reports if is_alive(report, beat)]
    alive = [report for report, _ in beats]
    running = _running(documents, alive, digests, wanted)
    busy = {job["uuid"] for job in running}
    jobs = _counts(set(digests), set(failures), busy, wanted, alive)
    if wanted is None and alive:
        jobs["waiting"] = max(report["jobs"]["waiting"] for report in alive)
        if len(alive) == 1:
            jobs["waiting"] = min(jobs["waiting"], _left(alive[0], digests))
    jobs["total"] = sum(jobs[name] for name in ("completed", "failed", "running", "waiting"))
    return {
        "status": _state(jobs, alive=bool(alive)),
        "jobs": jobs,
        "calculations": _calculations(digests, alive),
        "failures": [asdict(item) for item in group((u, f) for u, f in failures.items() if u not in busy)],
        "elapsed_s": float(reports[0][2]["elapsed_s"]) if reports else 0.0,
        "running": running,
        **_speed(alive),
        "heartbeat_age_s": max(0.0, time.time() - reports[0][1]) if reports else None,
        "controls": records.controls(),
        "launches": [_launch(report, beat) for report, beat in beats],
        **({"campaigns": _campaigns(current, digests, failures, busy)} if wanted is None else {}),
    }


def project_status(root: Path, flow_uuids: Collection[str] | None = None) -> dict[str, Any]:
    """Read how far the jobs of a project are; see `read_status`."""
    path = embedded_path(root)
    if path is not None:
        return read_status(path, flow_uuids, root=root)
    with closing(open_store(root)) as store:
        return read_status(store, flow_uuids, root=root)


def _opened(where: str | Path | JobStore, root: Path | None) -> tuple[Store, Records]:
    if not isinstance(where, (str, Path)):
        return where.docs_store, Records.beside(where.docs_store, root or Path.cwd())
    owned = live_owner(str(Path(where).absolute()))
    mode: Mode = "auto" if owned is None else "snapshot"
    documents = SQLiteStore(where, mode=mode)
    if not Path(documents.path).is_file():
        raise StoreError(f"{documents.path} does not exist")
    documents.connect()
    return documents, Records.of_file(documents.path, mode)


def _running(
    documents: Store, alive: list[dict[str, Any]], digests: dict[str, Digest], wanted: set[str] | None
) -> list[dict[str, Any]]:
    """Jobs that ran at the last heartbeats, without those whose output is another one than when they began."""
    told = [job for report in alive for job in report["running"] if wanted is None or job["uuid"] in wanted]
    again = read_digests(documents, {job["uuid"] for job in told if job.get("had") is not None})
    contents = {uuid: digest.content for (uuid, _), digest in sorted(again.items())}
    ended = {
        job["uuid"]
        for job in told
        if job["uuid"] in digests and (job.get("had") is None or contents.get(job["uuid"]) != job["had"])
    }
    return [{key: v for key, v in job.items() if key != "had"} for job in told if job["uuid"] not in ended]


def _left(report: dict[str, Any], digests: dict[str, Digest]) -> int:
    """Jobs of the only launch that is alive which neither run nor have an output.

    Its heartbeat may be older than the outputs: what it calls waiting may have ended since. It says how many outputs
    there were when it began.
    """
    ended = max(0, len(digests) - int(report.get("outputs_before", len(digests))))
    running = sum(job["uuid"] not in digests for job in report["running"])
    return max(0, int(report["jobs"]["total"]) - int(report["jobs"]["reused"]) - ended - running)


def _launch(report: dict[str, Any], beat: float) -> dict[str, Any]:
    """Who runs something now, and since how many seconds."""
    since = round(max(0.0, time.time() - beat) + report["elapsed_s"], 1)
    return {"host": report["host"], "pid": report["pid"], "since_s": since}


def _campaigns(
    current: dict[str, set[str]], digests: dict[str, Digest], failures: dict[str, Failure], busy: set[str]
) -> list[dict[str, Any]]:
    """Jobs of each campaign as it ran last, by status."""
    found = []
    for name, uuids in sorted(current.items()):
        jobs = _counts(uuids & digests.keys(), uuids & failures.keys(), uuids & busy, uuids, [])
        jobs["total"] = len(uuids)
        own = {uuid: digest for uuid, digest in digests.items() if uuid in uuids}
        state = "running" if jobs["running"] else _state(jobs, alive=False)
        calculations = _calculations(own, [])
        found.append({"campaign": name, "status": state, "jobs": jobs, "calculations": calculations})
    return found


def _speed(alive: list[dict[str, Any]]) -> dict[str, float | None]:
    """Rate and time left of the launches that are alive."""
    rate, left, told = 0.0, 0, [report["left_s"] for report in alive if report.get("left_s") is not None]
    for report in alive:
        jobs = report["jobs"]
        fresh = jobs["completed"] + jobs["failed"] - jobs["reused"]
        rate += fresh / report["elapsed_s"] if report["elapsed_s"] else 0.0
        left = max(left, jobs["waiting"] + jobs["running"])
    counted = left / rate if rate and not any("left_s" in report for report in alive) else None
    return {"rate_per_s": rate or None, "time_left_s": max(told, default=counted)}


def _counts(
    stored: set[str], failed: set[str], busy: set[str], wanted: set[str] | None, alive: list[dict[str, Any]]
) -> dict[str, int]:
    failed = failed - busy
    completed = stored - failed - busy
    waiting = set() if wanted is None else wanted - completed - failed - busy
    fresh = sum(report["jobs"]["completed"] - report["jobs"]["reused"] for report in alive)
    return {
        "total": 0,
        "completed": len(completed),
        "failed": len(failed),
        "running": len(busy),
        "waiting": len(waiting),
        "reused": max(0, len(completed) - fresh),
    }


def _state(jobs: dict[str, int], *, alive: bool) -> str:
    if alive:
        return "running"
    if jobs["waiting"]:
        return "interrupted"
    return "failed" if jobs["failed"] else "complete"


def _calculations(digests: dict[str, Digest], alive: list[dict[str, Any]]) -> dict[str, int]:
    own = [digest for digest in digests.values() if digest.is_calculation]
    failed = sum(digest.status == "failed" for digest in own)
    references = sum(digest.is_reference for digest in digests.values())
    stored = len(own) - failed
    computed = min(stored, sum(report["calculations"].get("computed", 0) for report in alive))
    return {"computed": computed, "reused": stored + references - computed, "failed": failed, "stored": stored}


def is_alive(report: dict[str, Any], beat: float) -> bool:
    """Whether a launch that reported so at a time (s since 1970) still runs."""
    owner = Owner(report["host"], report["pid"], report["started"])
    if report["status"] != "running":
        return False
    return not owner.is_dead if owner.is_here else time.time() - beat < _SILENT_S
