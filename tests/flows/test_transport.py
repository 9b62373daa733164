"""How fast ions move, from end to end with CHGNet: one campaign with everything about it, killed in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hebe.campaigns.api import project_store, results
from support.processes import workers_of
from support.waiting import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "na-transport.yaml"
SMALL = {
    "Mn: [4]": "Mn: [3, 4]",
    "[NaNi1/2Mn1/2O2, NaNi1/3Fe1/3Mn1/3O2]": "[NaFe2/3Mn1/3O2, NaNi1/3Fe1/3Mn1/3O2]",
    "cations: 12, per_candidate: 1": "cations: 3, per_candidate: 1, starts: 1",
    "engine: chgnet": "engine: {name: chgnet, fmax: 0.1, check_minimum: false}",
    "site_energies: {n: 6}": "site_energies: {n: 2}",
    "barriers: {n: 4}": "barriers: {n: 4, images: 3, fmax: 0.2}",
    "- percolation": "- percolation: {sites: 2000, cells: 2}",
    "temperatures: [800, 1000, 1200], length: 50 ps, vacancies: 3": "temperatures: [900], length: 1 ps, vacancies: 1",
}
"""What makes the example small: 12 atoms, one picosecond."""
STEPS = 500

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small(folder: Path) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in SMALL.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "transport.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def command(path: Path) -> list[str]:
    return [sys.executable, "-m", "hebe", "run", str(path), "--workers", "1", "--launcher", "local", "--json"]


def outputs(folder: Path) -> dict[str, Any]:
    """Outputs in the store by the ids of their jobs."""
    if not (folder / ".hebe" / "store.db").exists():
        return {}
    with contextlib.closing(project_store(folder)) as store:
        return {one["uuid"]: one["output"] for one in store.docs_store.query({}, ["uuid", "output"])}


def frames(folder: Path) -> dict[Path, list[str]]:
    """Frames of each run of molecular dynamics on disk, whole lines."""
    found = (folder / ".hebe" / "runs").rglob("frames.jsonl")
    return {path: path.read_text(encoding="utf-8").split("\n")[1:-1] for path in found}


def strike(path: Path) -> tuple[Path, list[str]]:
    """Kill the launcher and its worker with -9 amid a run of molecular dynamics; where it is, and its frames."""
    folder = path.parent
    process = subprocess.Popen(command(path), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: any(len(lines) > 30 for lines in frames(folder).values()), "a run has frames", running=process)
    workers = workers_of(process.pid)
    process.kill()
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    process.wait()
    return next((run, lines) for run, lines in frames(folder).items() if len(lines) > 30)


def test_a_campaign_of_transport_goes_on_where_it_was_killed(project: Path) -> None:
    path = small(project)
    struck, before = strike(path)
    done = outputs(project)
    assert done, "cells as made had ended"
    assert not any(one.get("run_dir") == str(struck) for one in done.values()), "the run had not ended"
    again = subprocess.run(command(path), cwd=project, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    summary = json.loads(again.stdout)
    assert summary["status"] == "complete"
    assert summary["jobs"]["reused"] == len(done)
    now = outputs(project)
    assert {uuid: now[uuid] for uuid in done} == done, "nothing finished was computed again"
    runs = [one for one in now.values() if one.get("task") == "dynamics"]
    assert [one["status"] for one in runs] == ["converged"] * 2
    assert frames(project)[struck][: len(before)] == before
    (resumed,) = (one for one in runs if one["run_dir"] == str(struck.parent))
    (whole,) = (one for one in runs if one is not resumed)
    assert whole["n_steps"] == STEPS + 1
    assert resumed["n_steps"] <= STEPS + 1 - 2 * (len(before) - 1), "the steps before were not made again"
    for candidate in results(path).candidates:
        of = {name: found[0] for name, found in candidate["results"].items()}
        assert set(of) == {"site_energies", "barriers", "percolation", "diffusion"}
        assert len(of["site_energies"]["sites"]) == 2
        assert 1 <= len(of["barriers"]["hops"]) <= 4
        assert candidate["migration_barrier_eV"] > 0
        assert candidate["share_0tm"] == 0.0
        (one,) = of["diffusion"]["temperatures"]
        assert (one["temperature_K"], one["n_ions"]) == (900.0, 2)
        assert one["tracer_cm2_per_s"] is None
        assert any("tell no coefficient" in said for said in of["diffusion"]["warnings"])
