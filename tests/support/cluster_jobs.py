"""Jobs for the tests of queue jobs; each execution leaves a file when it begins and one when it ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from ase.calculators.calculator import all_changes
from jobflow import Flow, Job, JobConfig, OnMissing, Response, job

from support.launcher_jobs import executions, mark
from support.spring_crystal import SpringCrystal


@job
def nap(folder: str, name: str, seconds: float = 0.0, after: Any = None) -> str:  # noqa: ARG001 - only an edge
    """Take some time."""
    mark(folder, f"{name}-begun")
    time.sleep(seconds)
    mark(folder, name)
    return name


@job
def wait_for(folder: str, name: str, flag: str) -> str:
    """Run until a file is there."""
    mark(folder, f"{name}-begun")
    while not Path(flag).exists():
        time.sleep(0.05)
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


class SlowCrystal(SpringCrystal):
    """A crystal of springs whose evaluations take a while."""

    def __init__(self, folder: str, seconds: float) -> None:
        super().__init__(2.0, 2.25)
        self.folder, self.seconds = folder, seconds

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate, and leave a file."""
        time.sleep(self.seconds)
        mark(self.folder, "evaluation")
        super().calculate(atoms, properties, system_changes)


def slow(folder: str, seconds: float) -> SlowCrystal:
    """Factory for an engine block."""
    return SlowCrystal(folder, seconds)


__all__ = ["executions", "fail_without", "mark", "nap", "poison", "promote", "slow", "wait_for", "write_much"]
