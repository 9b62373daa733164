"""One slot of a queue job: takes a job, runs it, takes the next, until nothing is ready or the time is up."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monty.json import MontyDecoder
from pymongo.errors import ConnectionFailure

from hebe.engines.deadline import DEADLINE
from hebe.exceptions import BadInputError, UntrustedError
from hebe.launchers.condition import Condition
from hebe.launchers.diversions import require_trust
from hebe.launchers.execution import execute
from hebe.launchers.fireworks.results import PatientStore, TakenAwayError
from hebe.launchers.fireworks.submission import add_workflows, workflows_of
from hebe.launchers.graph import references
from hebe.launchers.job_claims import job_key
from hebe.launchers.job_folders import JobFolders
from hebe.launchers.leftovers import adopt, end_children
from hebe.launchers.lineage import Lineage, read_digests
from hebe.launchers.outcome import Failure, Outcome
from hebe.stores.claims import Claims, Owner

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow.core.job import Job

    from hebe.launchers.fireworks.access import Access
    from hebe.launchers.fireworks.claimed_job import ClaimedJob

TAKEN_AWAY = 75
"""Exit code of a worker whose job was given to another, or cancelled."""

FULL = 74
"""Exit code of a worker that cannot write its folder."""

SPOILT = 76
"""Exit code of a worker whose process a job has spoilt; another one goes on in its place."""

_BEAT_S = 5.0
_NAP_S = 0.5
_CLAIMED_S = 5.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def not_its_fault(err: BaseException) -> bool:
    """Whether an error comes from the machine or from who watches it, and not from the job."""
    return isinstance(err, (ConnectionFailure, TakenAwayError, KeyboardInterrupt)) or (
        isinstance(err, OSError) and err.errno in _NO_ROOM
    )


@dataclass
class Count:
    """What a worker has done, as its heartbeat tells."""

    completed: int = 0
    failed: int = 0
    reused: int = 0
    started: float = field(default_factory=time.monotonic)
    longest_s: float = 0.0


class Worker:
    """Takes jobs one after the other.

    Parameters
    ----------
    access
        The project.
    name
        Name of the worker, ``queue job/slot``.
    category
        Resources that it offers.
    folder
        Where its job folders are made.
    idle_s
        How long it waits for a job that becomes ready before it ends.
    """

    def __init__(self, access: Access, name: str, category: str, folder: Path, *, idle_s: float) -> None:
        self._access, self._launchpad, self._records = access, access.launchpad, access.records
        self._name, self._category, self._idle_s = name, category, idle_s
        self._store = PatientStore(access.store, access.records, access.launchpad)
        self._claims = Claims(access.store)
        self._folders = JobFolders(folder)
        self._host = socket.gethostname()
        self._current: tuple[ClaimedJob, float] | None = None
        self._count = Count()
        self._life = access.cluster.resources[category].walltime

    def work(self) -> None:
        """Work until nothing is ready or the time is up.

        Raises
        ------
        SystemExit
            With `SPOILT` if a job has left the process in a state that no other job should meet.
        """
        adopt()
        condition = Condition()
        self._store.restore = condition.restore
        self._beat("running")
        threading.Thread(target=self._keep_beating, daemon=True, name="heartbeat").start()
        idle_since = time.monotonic()
        while self._has_time() and time.monotonic() - idle_since < self._idle_s:
            claimed = self._next()
            if claimed is None:
                time.sleep(_NAP_S)
                continue
            self._current = (claimed, time.monotonic())
            self._run(claimed)
            end_children()
            self._current, idle_since = None, time.monotonic()
            if not condition.is_sound:
                raise SystemExit(SPOILT)
        self._folders.close()
        self._beat("ended")

    def result(self, claimed: ClaimedJob) -> Outcome:
        """Run a job that somebody else has taken and will end; ``claimed`` when another process is at it."""
        key = job_key(claimed.facts["uuid"], claimed.facts["index"])
        if not self._claims.acquire(key):
            return Outcome("claimed")
        try:
            outcome = self._outcome(claimed)
        finally:
            self._insist(lambda: self._claims.release(key))
        if outcome.kind == "done":
            self._records.forget(claimed.facts["uuid"], claimed.facts["index"])
        return outcome

    def _has_time(self) -> bool:
        """Whether the rest of the queue job is as long as the longest job so far, within reason."""
        return DEADLINE.left_s > min(self._count.longest_s, self._life / 2) and not DEADLINE.passed

    def _next(self) -> ClaimedJob | None:
        try:
            return self._launchpad.take(self._category, self._name, self._host, self._records.controls())
        except ConnectionFailure:
            return None

    def _run(self, claimed: ClaimedJob) -> None:
        """Run a job; whatever happens to the database meanwhile, it ends in one of its states."""
        began = time.monotonic()
        key = job_key(claimed.facts["uuid"], claimed.facts["index"])
        try:
            if not self._claims.acquire(key):
                self._let_go(lambda: self._launchpad.put_back(claimed, _CLAIMED_S))
                return
            self._settle(claimed, self._outcome(claimed))
        except ConnectionFailure:
            self._let_go(lambda: self._launchpad.put_back(claimed))
        except TakenAwayError as err:
            raise SystemExit(TAKEN_AWAY) from err
        except OSError as err:
            if not not_its_fault(err):
                raise
            self._let_go(lambda: self._launchpad.put_back(claimed))
            raise SystemExit(FULL) from err
        finally:
            self._insist(lambda: self._claims.release(key))
        self._count.longest_s = max(self._count.longest_s, time.monotonic() - began)

    def _outcome(self, claimed: ClaimedJob) -> Outcome:
        """What an earlier run left if that is still good, else what a run gives."""
        try:
            require_trust(claimed.spec["_tasks"], claimed.facts.get("signature"))
            job: Job = MontyDecoder().process_decoded(claimed.spec["_tasks"][0]["job"])
        except (ImportError, AttributeError, TypeError, ValueError, KeyError, BadInputError) as err:
            return self._refused(claimed, Failure(type(err).__name__, f"the job cannot be read: {err}"))
        try:
            left = None if claimed.facts.get("forced") else self._stored(claimed, job)
            return left or self._executed(claimed, job)
        except UntrustedError as err:
            return self._refused(claimed, Failure(type(err).__name__, str(err)))

    def _refused(self, claimed: ClaimedJob, failure: Failure) -> Outcome:
        self._records.fail(claimed.identity, failure)
        return Outcome("failed", failure=failure)

    def _executed(self, claimed: ClaimedJob, job: Job) -> Outcome:
        self._store.claimed, self._store.recomputes = claimed, bool(claimed.facts.get("forced"))
        return execute(claimed.identity, lambda: job, self._store, self._folders, spares=not_its_fault)

    def _stored(self, claimed: ClaimedJob, job: Job) -> Outcome | None:
        """What an earlier run left, if it is still good: not cut, and made from what is there."""
        documents, name = self._access.store.docs_store, (job.uuid, job.index)
        mine = read_digests(documents, [job.uuid]).get(name)
        if mine is None or mine.status == "cut":
            return None
        inputs = references((job.function_args, job.function_kwargs)) - {job.uuid}
        if Lineage(documents).is_stale(name, mine, inputs):
            return None
        record = self._records.of([job.uuid]).get((job.uuid, job.index)) or {}
        diverted = record if record.get("status") == "diverted" else {}
        require_trust(diverted.get("diversion") or {}, diverted.get("signature"))
        return Outcome(
            "done",
            digest=mine,
            reused=True,
            diversion=diverted.get("diversion") or {},
            stop_children=bool(diverted.get("stop_children")),
            stop_jobflow=bool(diverted.get("stop_jobflow")),
            stored_data=diverted.get("stored_data"),
            name=(claimed.facts["uuid"], claimed.facts["index"]),
        )

    def _settle(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        """Tell the LaunchPad how a job ended."""
        if outcome.kind == "claimed":
            self._let_go(lambda: self._launchpad.put_back(claimed, _CLAIMED_S))
            return
        if outcome.kind == "failed":
            self._count.failed += 1
            self._let_go(lambda: self._launchpad.complete(claimed, failed=True))
            return
        if outcome.digest is not None and outcome.digest.status == "cut" and DEADLINE.passed:
            self._let_go(lambda: self._launchpad.put_back(claimed))
            return
        self._count.completed += 1
        self._count.reused += outcome.reused
        self._records.forget(claimed.facts["uuid"], claimed.facts["index"])
        self._divert(claimed, outcome)
        self._let_go(lambda: self._launchpad.complete(claimed, keep=outcome.stored_data))

    def _divert(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        """Put the flows that a job asked for onto the LaunchPad; what follows from the job waits for them."""
        for kind, flow in outcome.diversion.items():
            new = workflows_of(MontyDecoder().process_decoded(flow), self._access.cluster)
            uuids = {firework.spec["hebe"]["uuid"] for workflow in new for firework in workflow.fws}
            there = {(job["spec"]["hebe"]["uuid"], job["spec"]["hebe"]["index"]) for job in self._launchpad.of(uuids)}
            missing = [
                workflow
                for workflow in new
                if any((one.spec["hebe"]["uuid"], one.spec["hebe"]["index"]) not in there for one in workflow.fws)
            ]
            if kind != "addition":
                self._launchpad.hold(claimed, uuids)
            add_workflows(self._launchpad, missing)
        if outcome.stop_children or outcome.stop_jobflow:
            self._launchpad.defuse(claimed, everything=outcome.stop_jobflow)

    def _let_go(self, change: Any) -> None:
        """Give a job back or end it: from now on nobody can take it away."""
        self._current = None
        self._insist(change)

    def _insist(self, change: Any) -> None:
        """Make a change, however long the database is away, until this process must end."""
        while True:
            try:
                change()
            except ConnectionFailure:
                if DEADLINE.passed:
                    raise
                time.sleep(_NAP_S)
            else:
                return

    def _keep_beating(self) -> None:
        """Tell that this worker is alive; end it when its job was taken away or its campaign cancelled."""
        while True:
            time.sleep(_BEAT_S)
            current = self._current
            try:
                self._beat("running")
                if current is None:
                    continue
                cancelled = self._records.controls().get(current[0].facts["campaign"]) == "cancelled"
                if cancelled:
                    self._launchpad.put_back(current[0])
                if not self._launchpad.beat(current[0]) and self._current is current:
                    os._exit(TAKEN_AWAY)
            except ConnectionFailure:
                continue

    def _beat(self, status: str) -> None:
        owner, count, current = Owner.current(), self._count, self._current
        elapsed = time.monotonic() - count.started
        running = []
        if current is not None:
            running = [{**current[0].identity, "seconds": round(time.monotonic() - current[1], 1)}]
        body = {
            "status": status,
            "host": self._host,
            "pid": owner.pid,
            "started": owner.started,
            "jobs": {
                "total": count.completed + count.failed + len(running),
                "completed": count.completed,
                "failed": count.failed,
                "running": len(running),
                "waiting": 0,
                "reused": count.reused,
            },
            "calculations": {},
            "running": running,
            "elapsed_s": round(elapsed, 1),
        }
        self._records.beat(self._name, body)
