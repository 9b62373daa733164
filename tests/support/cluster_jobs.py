"""Jobs for the tests of queue jobs; each execution leaves a file when it begins and one when it ends."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from ase.calculators.calculator import all_changes
from jobflow import Flow, Job, JobConfig, OnMissing, Response, job

from hebe.engines.deadline import DEADLINE
from support.launcher_jobs import executions, mark
from support.spring_crystal import SpringCrystal
from support.waiting import until


@job
def nap(folder: str, name: str, after: Any = None) -> str:  # noqa: ARG001 - only an edge
    """Begin and end."""
    mark(folder, f"{name}-begun")
    mark(folder, name)
    return name


@job
def last(folder: str, name: str, seconds: float) -> str:
    """Take so long: for benchmarks, whose subject that is."""
    mark(folder, f"{name}-begun")
    threading.Event().wait(seconds)
    mark(folder, name)
    return name


@job
def wait_for(folder: str, name: str, flag: str) -> str:
    """Run until a file is there."""
    mark(folder, f"{name}-begun")
    until(Path(flag).exists, f"{flag} is there")
    mark(folder, name)
    return name


@job
def poison(folder: str) -> None:
    """Kill the worker."""
    mark(folder, "poison")
    os.kill(os.getpid(), signal.SIGKILL)


@job
def fail_without(folder: str, name: str, flag: str) -> str:
    """Fail as long as a file is missing."""
    mark(folder, f"{name}-begun")
    if not Path(flag).exists():
        raise RuntimeError(f"the flag of {name[:4]} is missing")
    mark(folder, name)
    return name


@job
def write_much(folder: str, name: str, megabytes: int) -> str:
    """Fill the run folder."""
    mark(folder, f"{name}-begun")
    Path("large").write_bytes(b"x" * megabytes * 2**20)
    Path("large").unlink()
    mark(folder, name)
    return name


@job(config=JobConfig(on_missing_references=OnMissing.NONE))
def promote(results: list[str | None], folder: str) -> Response[Any]:
    """A stage border: replaced by one job for each candidate that has a result."""
    mark(folder, "border")
    jobs: list[Flow | Job] = []
    for name in results:
        if name is not None:
            new = nap(folder, f"{name}-2")
            new.metadata["candidate"] = name
            jobs.append(new)
    return Response(replace=Flow(jobs))


class PatientCrystal(SpringCrystal):
    """A crystal of springs whose fourth evaluation, once, lasts until its process must stop."""

    def __init__(self, folder: str) -> None:
        super().__init__(2.0, 2.25)
        self.folder = folder

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate, and leave a file; the one that lasts leaves one with the seconds that were left to its process."""
        mark(self.folder, "evaluation")
        left = Path(self.folder).parent / "seconds-left"
        if executions(Path(self.folder))["evaluation"] == 4 and not left.exists():
            left.write_text(str(DEADLINE.left_s))
            until(lambda: DEADLINE.passed, "the process must stop")
        super().calculate(atoms, properties, system_changes)


def patient(folder: str) -> PatientCrystal:
    """Factory for an engine block."""
    return PatientCrystal(folder)


__all__ = [
    "executions",
    "fail_without",
    "last",
    "mark",
    "nap",
    "patient",
    "poison",
    "promote",
    "wait_for",
    "write_much",
]
