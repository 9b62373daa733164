"""Jobs of a LaunchPad: what this user submitted runs, of what others put there makers of Hebe alone."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Job
from monty.json import jsanitize

from hebe.launchers.fireworks.worker import Worker
from hebe.makers import RelaxMaker

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.launchers.outcome import Outcome
    from support.cluster import Project


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has trusted nothing."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HEBE_TRUST")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(project: Project, change: dict[str, Any] | None = None, job: Job | None = None) -> Outcome:
    """What a worker makes of a job whose document somebody has changed in the database."""
    job = job or Job(abs, function_args=(-3,))
    project.submit(job)
    if change:
        jobs = project.access.launchpad.pad.fireworks
        jobs.update_one({"spec.hebe.uuid": job.uuid}, {"$set": change})
    claimed = project.access.launchpad.take("default", "w/0", "host")
    assert claimed is not None
    return Worker(project.access, "w/0", "default", project.root / "runs", idle_s=0.0).result(claimed)


def test_what_this_user_has_submitted_runs(project: Project) -> None:
    assert outcome(project).kind == "done"


def forged() -> list[dict[str, Any]]:
    call = jsanitize(Job(os.system, function_args=("touch PWNED",)).as_dict(), strict=True)
    return [
        {"spec._tasks.0.job": call},
        {"spec._tasks.0.job": call, "spec.hebe.signature": "0" * 64},
        {"spec._tasks.0.job": call, "spec.hebe.signature": None},
        {"spec._tasks.0.job.function": {"@module": "evil", "@callable": "make", "@version": None}},
        {"spec._tasks.0.job.function_args": [{"@module": "evil", "@class": "Evil"}]},
        {"spec._tasks.0.job.metadata": {"x": [{"@module": "evil", "@class": "Evil"}]}},
    ]


@pytest.mark.parametrize("number", range(6))
def test_what_somebody_else_has_put_there_does_not(
    number: int, project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "evil.py").write_text("open('PWNED', 'w')\ndef make(): ...\nclass Evil: ...\n")
    monkeypatch.syspath_prepend(str(folder))
    found = outcome(project, forged()[number])
    assert found.kind == "failed"
    assert found.failure is not None
    assert found.failure.error_class == "UntrustedError"
    assert "hebe trust" in found.failure.message
    assert not list(folder.rglob("PWNED"))
    assert "evil" not in sys.modules


def test_makers_of_hebe_run_whoever_put_them_there(project: Project) -> None:
    job = RelaxMaker(engine={"ase": "ase.calculators.emt:EMT", "energy_scale": "x"}).make(None)
    found = outcome(project, {"spec.hebe.signature": None}, job)
    assert found.failure is None or found.failure.error_class != "UntrustedError"
