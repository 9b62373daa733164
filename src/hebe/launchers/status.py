"""What a store says about its jobs, read from another process while a launcher works or after it ended."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.exceptions import StoreError
from hebe.launchers.graph import walk
from hebe.launchers.outcome import DIGESTED, TOLD, Digest, Failure
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

_SILENT_S = 30.0
_ROUNDING_S = 0.1
_CHUNK = 500
_NAMED: Final = ("metadata.campaign", "metadata.label")
_RENAMED: Final = {"strain": "volume_strain"}
"""Ends of labels as they once were, and as they are now."""


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
        ``heartbeat_age_s`` (None when there was no launcher) and ``controls``, the campaigns that are paused or
        cancelled.
        ``calculations.computed`` counts those that the store has, ``reused`` the references to them.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file does not exist or is no store.
    """
    documents, records = _opened(where, root)
    wanted = None if flow_uuids is None else set(flow_uuids)
    if wanted is not None:
        wanted |= {job.uuid for flow in records.asked(wanted) for job, _ in walk(flow)}
    digests = _latest(documents, wanted)
    reports = records.launches()
    beats = [(report, beat) for _, beat, report in reports if is_alive(report, beat)]
    alive = [report for report, _ in beats]
    running = [
        job
        for report, beat in beats
        for job in report["running"]
        if (wanted is None or job["uuid"] in wanted) and not _has_ended(job, beat, digests)
    ]
    failures = _failures(documents, records, digests, wanted)
    busy = {job["uuid"] for job in running}
    jobs = _counts(set(digests), set(failures), busy, wanted)
    if wanted is None and alive:
        jobs["waiting"] = max(report["jobs"]["waiting"] for report in alive)
        if len(beats) == 1:
            jobs["waiting"] = min(jobs["waiting"], _left(*beats[0], digests))
    jobs["total"] = sum(jobs[name] for name in ("completed", "failed", "running", "waiting"))
    return {
        "status": _state(jobs, alive=bool(alive)),
        "jobs": jobs,
        "calculations": _calculations(digests),
        "failures": [asdict(item) for item in group((u, f) for u, f in failures.items() if u not in busy)],
        "elapsed_s": float(reports[0][2]["elapsed_s"]) if reports else 0.0,
        "running": running,
        **_speed(alive),
        "heartbeat_age_s": max(0.0, time.time() - reports[0][1]) if reports else None,
        "controls": records.controls(),
    }


def project_status(root: Path, flow_uuids: Collection[str] | None = None) -> dict[str, Any]:
    """Read how far the jobs of a project are; see `read_status`."""
    return read_status(embedded_path(root) or open_store(root), flow_uuids, root=root)


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


def _has_ended(job: dict[str, Any], beat: float, digests: dict[str, Digest]) -> bool:
    """Whether a job that ran at the last heartbeat has an output that it has left since it began."""
    digest = digests.get(job["uuid"])
    begun = datetime.fromtimestamp(beat - job["seconds"] - _ROUNDING_S).isoformat()  # noqa: DTZ006 - as jobflow's
    return digest is not None and digest.completed_at >= begun


def _left(report: dict[str, Any], beat: float, digests: dict[str, Digest]) -> int:
    """Jobs of the only launch that is alive which neither run nor have an output.

    Its heartbeat may be older than the outputs: what it calls waiting may have ended since.
    """
    begun = datetime.fromtimestamp(beat - report["elapsed_s"] - _ROUNDING_S).isoformat()  # noqa: DTZ006 - as jobflow's
    ended = sum(digest.completed_at >= begun for digest in digests.values())
    running = sum(job["uuid"] not in digests for job in report["running"])
    return max(0, int(report["jobs"]["total"]) - int(report["jobs"]["reused"]) - ended - running)


def _speed(alive: list[dict[str, Any]]) -> dict[str, float | None]:
    """Rate and time left of the launches that are alive."""
    rate, left = 0.0, 0
    for report in alive:
        jobs = report["jobs"]
        fresh = jobs["completed"] + jobs["failed"] - jobs["reused"]
        rate += fresh / report["elapsed_s"] if report["elapsed_s"] else 0.0
        left = max(left, jobs["waiting"] + jobs["running"])
    return {"rate_per_s": rate or None, "time_left_s": left / rate if rate else None}


def _counts(stored: set[str], failed: set[str], busy: set[str], wanted: set[str] | None) -> dict[str, int]:
    failed = failed - busy
    completed = stored - failed - busy
    waiting = set() if wanted is None else wanted - completed - failed - busy
    return {
        "total": 0,
        "completed": len(completed),
        "failed": len(failed),
        "running": len(busy),
        "waiting": len(waiting),
        "reused": len(completed),
    }


def _state(jobs: dict[str, int], *, alive: bool) -> str:
    if alive:
        return "running"
    if jobs["waiting"]:
        return "interrupted"
    return "failed" if jobs["failed"] else "complete"


def _calculations(digests: dict[str, Digest]) -> dict[str, int]:
    own = [digest for digest in digests.values() if digest.is_calculation]
    failed = sum(digest.status == "failed" for digest in own)
    references = sum(digest.is_reference for digest in digests.values())
    return {"computed": len(own) - failed, "reused": references, "failed": failed}


def is_alive(report: dict[str, Any], beat: float) -> bool:
    """Whether a launch that reported so at a time (s since 1970) still runs."""
    owner = Owner(report["host"], report["pid"], report["started"])
    return report["status"] == "running" and not owner.is_dead and time.time() - beat < _SILENT_S


def _latest(documents: Store, uuids: Collection[str] | None) -> dict[str, Digest]:
    """Digest of the latest output of each job.

    Where no jobs are named, those that were superseded are left out: a later job of the same campaign has their label.
    """
    wanted = None if uuids is None else list(uuids)
    starts = [0] if wanted is None else range(0, len(wanted), _CHUNK)
    found: dict[str, tuple[int, Digest]] = {}
    named: dict[str, tuple[str, str]] = {}
    for start in starts:
        criteria = None if wanted is None else {"uuid": {"$in": wanted[start : start + _CHUNK]}}
        for document in documents.query(criteria, [*DIGESTED, *([] if wanted else _NAMED)]):
            if document["index"] >= found.get(document["uuid"], (0, None))[0]:
                found[document["uuid"]] = (document["index"], Digest.of(document))
                named[document["uuid"]] = _name(document.get("metadata") or {})
    latest = {uuid: digest for uuid, (_, digest) in found.items()}
    gone = set[str]() if wanted is not None else _superseded(latest, named)
    return {uuid: digest for uuid, digest in latest.items() if uuid not in gone}


def _name(metadata: dict[str, Any]) -> tuple[str, str]:
    """Campaign and label of a job, empty without."""
    label = str(metadata.get("label") or "")
    head, _, tail = label.rpartition("/")
    return str(metadata.get("campaign") or ""), f"{head}/{_RENAMED[tail]}" if tail in _RENAMED else label


def _superseded(latest: dict[str, Digest], named: dict[str, tuple[str, str]]) -> set[str]:
    """Jobs whose campaign and label a later job has too."""
    newest: dict[tuple[str, str], str] = {}
    for uuid in sorted(latest, key=lambda uuid: latest[uuid].completed_at):
        newest[named[uuid]] = uuid
    return {uuid for uuid in latest if named[uuid][1] and newest[named[uuid]] != uuid}


def _failures(
    documents: Store, records: Records, digests: dict[str, Digest], wanted: set[str] | None
) -> dict[str, Failure]:
    found = {
        uuid: Failure(record["error_class"], record["message"], run_dir=record["run_dir"])
        for (uuid, _), record in records.failed(wanted).items()
        if uuid not in digests
    }
    for uuid in [uuid for uuid, digest in digests.items() if digest.status == "failed"]:
        document = documents.query_one({"uuid": uuid}, list(TOLD), sort={"index": -1}) or {}
        found[uuid] = Failure.of_output(document.get("output"))
    return found
