"""A batch queue, through its own commands: submit, list, cancel, and what its queues allow."""

from __future__ import annotations

import getpass
import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hebe.exceptions import BadInputError, LaunchError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hebe.config.cluster import ClusterSettings, Resources

_TIMEOUT_S = 60
_UNLIMITED = {"infinite", "unlimited", "n/a", ""}


class QueueSilentError(LaunchError):
    """A command of the queue failed: nothing is known about its jobs now."""


@dataclass(frozen=True)
class Listed:
    """A queue job that waits or runs."""

    job_id: str
    name: str
    runs: bool


@dataclass(frozen=True)
class Allowed:
    """What a queue allows one job: wall time (s), cores and memory (MB) of a node; None: not limited or not known."""

    walltime_s: float | None = None
    cores: int | None = None
    memory_mb: float | None = None


class Scheduler(Protocol):
    """The commands of one kind of queue."""

    def script(self, name: str, resources: Resources, commands: Sequence[str], log: Path) -> str:
        """Return the script of a queue job."""

    def submit(self, script: Path) -> str:
        """Submit a script and return the id of the queue job."""

    def listed(self) -> list[Listed]:
        """Return the user's jobs that wait or run; a job that is not among them is over."""

    def cancel(self, job_id: str) -> None:
        """End a queue job."""

    def allowed(self, queue: str | None) -> Allowed:
        """Ask what a queue allows."""


class Slurm:
    """Slurm's commands."""

    def script(self, name: str, resources: Resources, commands: Sequence[str], log: Path) -> str:
        """Return the script of a queue job."""
        from qtoolkit.io.slurm import SlurmIO

        lines = ["--no-requeue", *([f"--gpus={resources.gpus}"] if resources.gpus else []), *resources.options]
        more: dict[str, Any] = {"qverbatim": "\n".join(f"#SBATCH {line}" for line in lines)}
        if resources.memory is not None:
            more["mem"] = f"{resources.memory:.0f}M"
        return _script(SlurmIO(), name, resources, commands, log, more)

    def submit(self, script: Path) -> str:
        """Submit a script and return the id of the queue job."""
        return _run("sbatch", "--parsable", str(script)).strip().partition(";")[0]

    def listed(self) -> list[Listed]:
        """Return the user's jobs that wait or run."""
        return parse_squeue(_run("squeue", "-h", "-u", getpass.getuser(), "-o", "%i|%T|%j"))

    def cancel(self, job_id: str) -> None:
        """End a queue job."""
        _run("scancel", job_id)

    def allowed(self, queue: str | None) -> Allowed:
        """Ask what a partition allows, the default one when none is named."""
        return parse_sinfo(_run("sinfo", "-h", "-e", "-o", "%P|%l|%c|%m"), queue)


class Pbs:
    """The commands of PBS."""

    def script(self, name: str, resources: Resources, commands: Sequence[str], log: Path) -> str:
        """Return the script of a queue job."""
        from qtoolkit.io.pbs import PBSIO

        select = f"select=1:ncpus={resources.cores}:mpiprocs={resources.cores}"
        if resources.memory is not None:
            select += f":mem={resources.memory:.0f}mb"
        if resources.gpus:
            select += f":ngpus={resources.gpus}"
        lines = ["-j oe", "-r n", "-V", *([f"-W qos={resources.qos}"] if resources.qos else []), *resources.options]
        more = {"select": select, "qverbatim": "\n".join(f"#PBS {line}" for line in lines)}
        return _script(PBSIO(), name, resources, commands, log, more)

    def submit(self, script: Path) -> str:
        """Submit a script and return the id of the queue job."""
        return _run("qsub", str(script)).strip()

    def listed(self) -> list[Listed]:
        """Return the user's jobs that wait or run."""
        ids = _run("qselect", "-u", getpass.getuser()).split()
        return parse_qstat(_run("qstat", "-f", "-F", "json", *ids, ok=(0, 35, 153))) if ids else []

    def cancel(self, job_id: str) -> None:
        """End a queue job."""
        _run("qdel", job_id)

    def allowed(self, queue: str | None) -> Allowed:
        """Ask what a queue allows; nothing is known of the default one."""
        return Allowed() if queue is None else parse_qstat_queue(_run("qstat", "-Q", "-f", "-F", "json", queue), queue)


def scheduler_of(cluster: ClusterSettings) -> Scheduler:
    """Return the commands of the queue that settings name."""
    return Slurm() if cluster.scheduler == "slurm" else Pbs()


def check(cluster: ClusterSettings, scheduler: Scheduler) -> None:
    """Compare what resources ask for with what their queues allow: a queue would let too large a job wait for ever.

    Raises
    ------
    hebe.exceptions.BadInputError
        If a request is over a limit, or a queue does not exist.
    """
    for name, wanted in cluster.resources.items():
        allowed, where = scheduler.allowed(wanted.queue), wanted.queue or "the default queue"
        pairs = [
            ("walltime", wanted.walltime, allowed.walltime_s, "s"),
            ("cores", wanted.cores, allowed.cores, "cores"),
            ("memory", wanted.memory, allowed.memory_mb, "MB"),
        ]
        for key, asked, most, unit in pairs:
            if asked is not None and most is not None and asked > most:
                raise BadInputError(
                    f"{asked:.0f} {unit} is more than the {most:.0f} {unit} that {where} allows",
                    key=f"cluster.resources.{name}.{key}",
                    suggestion=f"{key}: {most:.0f}",
                )


def parse_squeue(text: str) -> list[Listed]:
    """Read ``id|state|name`` lines; jobs that are over may be listed for a while."""
    found = []
    for line in text.splitlines():
        job_id, state, name = line.split("|", 2)
        if state in _SLURM_WAITS or state in _SLURM_RUNS:
            found.append(Listed(job_id, name, state in _SLURM_RUNS))
    return found


_SLURM_WAITS = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
_SLURM_RUNS = {"RUNNING", "CONFIGURING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}


def parse_sinfo(text: str, queue: str | None) -> Allowed:
    """Read ``partition|time|cores|memory`` lines; of nodes that differ, the largest counts."""
    rows = [line.strip().split("|") for line in text.splitlines() if line.strip()]
    mine = [row for row in rows if (row[0].endswith("*") if queue is None else row[0].rstrip("*") == queue)]
    if not mine and queue is not None:
        names = ", ".join(sorted({row[0].rstrip("*") for row in rows}))
        raise BadInputError(f"no queue is called {queue!r}", key="cluster.resources", suggestion=f"queues: {names}")
    if not mine:
        return Allowed()
    times = [_slurm_seconds(row[1]) for row in mine]
    walltime = None if None in times else max(time for time in times if time is not None)
    return Allowed(walltime, max(_digits(row[2]) for row in mine), float(max(_digits(row[3]) for row in mine)))


def parse_qstat(text: str) -> list[Listed]:
    """Read ``qstat -f -F json``."""
    jobs = json.loads(text or "{}").get("Jobs") or {}
    return [
        Listed(job_id, str(job["Job_Name"]), job["job_state"] not in "QHWT")
        for job_id, job in jobs.items()
        if job["job_state"] not in "FX"
    ]


def parse_qstat_queue(text: str, queue: str) -> Allowed:
    """Read ``qstat -Q -f -F json``."""
    limits = (json.loads(text).get("Queue") or {}).get(queue, {}).get("resources_max") or {}
    hours = [int(part) for part in str(limits.get("walltime", "")).split(":") if part]
    walltime = _seconds(hours) if hours else None
    cores, memory = limits.get("ncpus"), re.fullmatch(r"(\d+)([kmgt]?)b", str(limits.get("mem", "")).lower())
    sizes = {"": 2**-20, "k": 2**-10, "m": 1, "g": 2**10, "t": 2**20}
    return Allowed(walltime, int(cores) if cores else None, int(memory[1]) * sizes[memory[2]] if memory else None)


def _script(io: Any, name: str, resources: Resources, commands: Sequence[str], log: Path, more: dict[str, Any]) -> str:
    from qtoolkit.core.data_objects import ProcessPlacement, QResources

    slurm = "select" not in more
    asked = QResources(
        job_name=name,
        queue_name=resources.queue,
        account=resources.account,
        qos=resources.qos if slurm else None,
        time_limit=round(resources.walltime),
        output_filepath=str(log),
        process_placement=ProcessPlacement("EVENLY_DISTRIBUTED"),
        nodes=1,
        processes_per_node=resources.cores,  # so many processes may mpirun and srun start for a DFT code
        threads_per_process=1,
        scheduler_kwargs=more,
    )
    loads = [f"module load {shlex.quote(module)}" for module in resources.modules]
    text: str = io.get_submission_script([*loads, *resources.before, *commands], asked)
    return text + "\n"


def _run(*words: str, ok: tuple[int, ...] = (0,)) -> str:
    """Run a command of the queue and return what it says.

    Raises
    ------
    hebe.exceptions.LaunchError
        If it fails: then nothing is known about the queue.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - commands of the queue, our own words
    except FileNotFoundError as err:
        raise LaunchError(f"{words[0]} is not installed here: hebe launch runs where queue jobs are submitted") from err
    except subprocess.TimeoutExpired as err:
        raise QueueSilentError(f"{words[0]} did not answer within {_TIMEOUT_S} s") from err
    if done.returncode not in ok:
        raise QueueSilentError(f"{words[0]}: {' '.join((done.stderr or done.stdout).split())[:300]}")
    return done.stdout


def require_qtoolkit() -> None:
    """Say how to get what writes the scripts.

    Raises
    ------
    hebe.exceptions.MissingDependencyError
        If it is missing.
    """
    try:
        import qtoolkit  # noqa: F401
    except ImportError as err:
        raise MissingDependencyError("qtoolkit", "hebe launch", "cluster") from err


def _slurm_seconds(text: str) -> float | None:
    if text.strip().lower() in _UNLIMITED:
        return None
    days, _, clock = text.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    return float(days or 0) * 86400 + _seconds(parts)


def _seconds(parts: list[int]) -> float:
    """Seconds of hours, minutes and seconds, of which the first may be missing."""
    return float(sum(part * int(60**power) for power, part in enumerate(reversed(parts))))


def _digits(text: str) -> int:
    return int(re.match(r"\d+", text.strip() or "0")[0])  # type: ignore[index]
