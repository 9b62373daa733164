"""``hebe launch``: keeps queue jobs in flight as long as there are jobs to run, and takes care of what goes wrong."""

from __future__ import annotations

import math
import shlex
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pymongo.errors import ConnectionFailure

from hebe.exceptions import LaunchError
from hebe.launchers.fireworks.access import Access
from hebe.launchers.fireworks.orphans import Silence, bury, deleted, release_held
from hebe.launchers.fireworks.pilot import EXITED, FILE, Pilot
from hebe.launchers.fireworks.queue import Listed, QueueSilentError, Scheduler
from hebe.launchers.fireworks.relay import Relay
from hebe.stores.claims import Claims, Owner
from hebe.stores.modes import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PREFIX = "hebe-"
_ENDED = "ended"
_QUEUE_ID = "queue_id"
_LOG = "queue.log"
_YOUNG_S = 15.0
_MEND_S = 30.0
_FRUITLESS = 3


@dataclass(frozen=True)
class Report:
    """What ``hebe launch`` sees: jobs by state, queue jobs that run and wait, jobs taken back from dead workers.

    ``unknown`` are resources that ready jobs ask for and settings do not name, ``note`` says why nothing could be seen,
    ``stopped`` counts the defused jobs that other jobs have stopped, ``deleted`` those that were submitted, have no
    output and are on the LaunchPad no more.
    """

    jobs: dict[str, int]
    running: int
    waiting: int
    lost: int = 0
    unknown: tuple[str, ...] = ()
    note: str = ""
    stopped: int = 0
    deleted: int = 0

    @property
    def left(self) -> int:
        """Jobs that were submitted and are not done."""
        done = ("COMPLETED", "FIZZLED", "ARCHIVED")
        return sum(count for state, count in self.jobs.items() if state not in done) - self.stopped + self.deleted

    @property
    def status(self) -> str:
        """How things stand: ``failed`` when a job is, ``interrupted`` when some are left."""
        return "failed" if self.jobs.get("FIZZLED") else "interrupted" if self.left else "complete"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data: jobs by state, queue jobs that run and wait."""
        found = {"jobs": self.jobs, "running": self.running, "waiting": self.waiting}
        return {"status": self.status, **found, "left": self.left, "deleted": self.deleted}

    @property
    def text(self) -> str:
        """One line."""
        names = {
            "READY": "ready",
            "RUNNING": "running",
            "WAITING": "waiting",
            "COMPLETED": "completed",
            "FIZZLED": "failed",
            "PAUSED": "paused with lpad (lpad resume_fws lets them go on)",
            "DEFUSED": "defused",
            "ARCHIVED": "archived",
        }
        counts = ", ".join(f"{self.jobs[state]:,} {name}" for state, name in names.items() if self.jobs.get(state))
        if self.deleted:
            counts += f", {self.deleted:,} not on the LaunchPad any more (hebe submit puts them there)"
        lost = f"; {self.lost} taken back from dead workers" if self.lost else ""
        strange = f"; no resources are called {', '.join(self.unknown)}, jobs wait for them" if self.unknown else ""
        return f"jobs: {counts or 'none'}; queue jobs: {self.running} running, {self.waiting} waiting{lost}{strange}"


@dataclass
class Driver:
    """Keeps the queue jobs of a project in flight.

    Parameters
    ----------
    access
        The project.
    scheduler
        The queue.
    idle_s
        How long a worker waits for a job that becomes ready before it ends.
    """

    access: Access
    scheduler: Scheduler
    idle_s: float = 10.0
    _silence: Silence = field(default_factory=Silence)
    _mended: float = -math.inf
    _fruitless: int = 0
    _began: float = field(default_factory=time.monotonic)
    _relay: Relay | None = None

    @property
    def _lease(self) -> str:
        return f"hebe launch {self.access.root}"

    def run(self, tell: Callable[[Report], None], *, interval_s: float = 5.0, stay: bool = False) -> Report:
        """Work until nothing is left to do.

        Parameters
        ----------
        tell
            Called with every report.
        interval_s
            Time between two looks at the queue.
        stay
            Whether to wait for further submissions when nothing is left.

        Raises
        ------
        hebe.exceptions.LaunchError
            If another process does this for the project, or queue jobs end again and again without doing anything.
        """
        claims = Claims(self.access.store)
        if not claims.acquire(self._lease):
            raise LaunchError(f"hebe launch runs already for {self.access.root}: {claims.holder(self._lease)}")
        idle = 0
        try:
            self.access.launchpad.prepare()
            self.serve()
            while True:
                report = self.look()
                tell(report)
                self._beat(report, "running")
                idle = idle + 1 if self._is_done(report) else 0
                if idle > 1 and not stay:
                    self._beat(report, "ended")
                    return self._last(report, tell)
                time.sleep(interval_s)
                self._check_lease(claims)
        finally:
            self.close()
            self._insist_release(claims)

    def _last(self, report: Report, tell: Callable[[Report], None]) -> Report:
        """The last report, which says what was submitted and is not there any more."""
        gone = len(deleted(self.access))
        if gone:
            report = replace(report, deleted=gone)
            tell(report)
        return report

    def serve(self) -> None:
        """Answer compute nodes that do not reach the database, if there are such."""
        if self.access.cluster.relay:
            self._relay = Relay(self.access)
            self._relay.start()

    def close(self) -> None:
        """Answer compute nodes no more."""
        if self._relay is not None:
            self._relay.stop()
            self._relay = None

    def tick(self) -> Report:
        """Look once at queue and LaunchPad, and do what is to be done."""
        listed = {job.name: job for job in self.scheduler.listed() if job.name.startswith(_PREFIX)}
        lost = self._bury(set(listed))
        self._end_silent(listed)
        release_held(self.access)
        if time.monotonic() - self._mended > _MEND_S:
            for fw_id in self.access.launchpad.unfinished():
                self.access.launchpad.mend(fw_id)
            self._mended = time.monotonic()
        alive = [listed[name] for name in self._pilots() if name in listed]
        self._keep_in_flight(alive)
        running = sum(job.runs for job in alive)
        unknown = tuple(sorted(self.access.launchpad.wanted() - self.access.cluster.resources.keys()))
        stopped = self.access.launchpad.stopped()
        return Report(self.access.launchpad.states(), running, len(alive) - running, lost, unknown, stopped=stopped)

    def look(self) -> Report:
        """Do a `tick`, or nothing when the database or the queue does not answer."""
        try:
            return self.tick()
        except ConnectionFailure:
            self._silence.forget()
            return Report({}, 0, 0, note="the database does not answer; waiting for it")
        except QueueSilentError as err:
            return Report({}, 0, 0, note=f"the queue does not answer: {err}")
        except OSError as err:
            return Report(
                {}, 0, 0, note=f"{err.filename or self.access.runs}: {err.strerror or err}; nothing is submitted"
            )

    def _is_done(self, report: Report) -> bool:
        if report.note or report.running or report.waiting or report.jobs.get("RUNNING"):
            return False
        paused = self.access.records.controls()
        return not any(self.access.launchpad.ready(category, paused) for category in self.access.cluster.resources)

    def _pilots(self) -> dict[str, Path]:
        """Folders of the queue jobs of this project that were not found ended."""
        found = self.access.runs.glob(f"{_PREFIX}*/pilot.json")
        return {path.parent.name: path.parent for path in found if not (path.parent / _ENDED).exists()}

    def _bury(self, alive: set[str]) -> int:
        """Take back what queue jobs had that are over."""
        lost, attempts = 0, self.access.cluster.attempts
        for name, folder in self._pilots().items():
            if name in alive or _may_appear(folder):
                continue
            if self._relay is not None:
                self._relay.drop(folder)
            lost += bury(self.access, name, folder, attempts)
            self._judge(name, folder)
            (folder / _ENDED).touch()
        return lost

    def _judge(self, name: str, folder: Path) -> None:
        """Stop when queue jobs start and end again without ever having worked."""
        worked = any(launch.startswith(f"{name}/") for launch, _, _ in self.access.records.launches())
        log = folder / _LOG
        if worked or not log.exists():
            self._fruitless = 0 if worked else self._fruitless
            return
        self._fruitless += 1
        if self._fruitless >= _FRUITLESS:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise LaunchError(f"{_FRUITLESS} queue jobs ended before they could work: {last[0][:200]} ({log})")

    def _end_silent(self, listed: dict[str, Listed]) -> None:
        """End queue jobs whose workers have not been heard of for long; a later look finds them over."""
        mine = self._pilots()
        workers = {worker for worker in self.access.launchpad.workers() if worker.partition("/")[0] in mine}
        for name in {worker.partition("/")[0] for worker in self._silence.of(self.access, workers)}:
            if name in listed and listed[name].runs:
                self.scheduler.cancel(listed[name].job_id)
                bury(self.access, name, mine[name], self.access.cluster.attempts)

    def _keep_in_flight(self, alive: list[Listed]) -> None:
        """Submit queue jobs for what is ready, and take back waiting ones when nothing is."""
        launchpad, cluster, paused = self.access.launchpad, self.access.cluster, self.access.records.controls()
        busy, names = dict[str, int](), {job.name for job in alive}
        for worker in launchpad.workers():
            busy[worker.partition("/")[0]] = busy.get(worker.partition("/")[0], 0) + 1
        folders = {name: folder for name, folder in self._pilots().items() if name in names or _may_appear(folder)}
        kinds = {name: Pilot.read(folder).category for name, folder in folders.items()}
        room = cluster.max_jobs - len(folders)
        for category, resources in cluster.resources.items():
            mine = [job for job in alive if kinds[job.name] == category]
            ready = launchpad.ready(category, paused)
            free = sum(resources.at_a_time - busy.get(name, 0) for name, kind in kinds.items() if kind == category)
            wanted = min(math.ceil((ready - free) / resources.at_a_time), room)
            for _ in range(wanted):
                self._submit(category)
                room -= 1
            if not ready and not any(busy.values()):
                for job in mine:
                    if not job.runs:
                        self.scheduler.cancel(job.job_id)

    def _submit(self, category: str) -> None:
        cluster, resources = self.access.cluster, self.access.cluster.resources[category]
        name = f"{_PREFIX}{uuid.uuid4().hex[:8]}"
        folder = self.access.runs / name
        make_private_folder(self.access.runs.parent)
        folder.mkdir(parents=True)
        pilot = Pilot(
            name=name,
            root=str(self.access.root),
            category=category,
            slots=resources.at_a_time,
            batch=resources.batch,
            walltime_s=resources.walltime,
            grace_s=cluster.grace,
            attempts=cluster.attempts,
            idle_s=self.idle_s,
            relay=cluster.relay,
        )
        threads = " ".join(
            f"{variable}={resources.cores_per_slot}" for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
        )
        python = shlex.quote(cluster.python or sys.executable)
        commands = [
            f"export {threads}",
            f"cd {shlex.quote(str(self.access.root))}",
            f"exec {python} -P -m hebe.launchers.fireworks.pilot {shlex.quote(str(folder))}",
        ]
        script = folder / "job.sh"
        script.write_text(self.scheduler.script(name, resources, commands, folder / _LOG), encoding="utf-8")
        pilot.write(folder)
        try:
            (folder / _QUEUE_ID).write_text(self.scheduler.submit(script), encoding="utf-8")
        except QueueSilentError:
            (folder / _ENDED).touch()
            raise

    def _beat(self, report: Report, status: str) -> None:
        """Tell `hebe status` that somebody takes care of the queue."""
        if report.note:
            return
        owner, waiting = Owner.current(), report.jobs.get("READY", 0) + report.jobs.get("WAITING", 0)
        body = {
            "status": status,
            "host": owner.host,
            "pid": owner.pid,
            "started": owner.started,
            "jobs": {"total": 0, "completed": 0, "failed": 0, "running": 0, "waiting": waiting, "reused": 0},
            "calculations": {},
            "running": [],
            "elapsed_s": round(time.monotonic() - self._began, 1),
        }
        with suppress(ConnectionFailure):
            self.access.records.beat(self._lease, body)

    def _check_lease(self, claims: Claims) -> None:
        try:
            if not claims.renew(self._lease) and not claims.acquire(self._lease):
                raise LaunchError(f"another hebe launch took over: {claims.holder(self._lease)}")
        except ConnectionFailure:
            return

    def _insist_release(self, claims: Claims) -> None:
        with suppress(ConnectionFailure):
            claims.release(self._lease)


def _may_appear(folder: Path) -> bool:
    """Whether a queue job that is not listed may be so new that the queue does not show it yet."""
    return not (folder / EXITED).exists() and time.time() - (folder / FILE).stat().st_mtime < _YOUNG_S
