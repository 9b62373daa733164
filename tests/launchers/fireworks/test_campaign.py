"""A campaign through ``hebe submit`` and ``hebe launch`` on Slurm gives the numbers of ``hebe run``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hebe.engines.vasp.results import read_text
from support.calibrated import EXACT, calibrated
from support.campaigns import SPRINGS, funnel, layered, rocksalt
from support.learning_loop import LOOP, SELECT
from support.vasp import use_mpirun, use_stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Project
    from support.slurm import Slurm

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.usefixtures("cluster")]


def hebe(folder: Path, *words: object) -> Any:
    """JSON that the command prints in a folder."""
    command = [sys.executable, "-m", "hebe", *map(str, words), "--json"]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("project", ["direct", "relay"], indirect=True)
def test_a_campaign_gives_the_numbers_of_hebe_run(project: Project, tmp_path: Path) -> None:
    project.driver.close()  # hebe launch is another process here
    campaign, here = layered(tmp_path), tmp_path / "local"
    here.mkdir()
    (here / "hebe.yaml").touch()  # a project of its own: that of a file in none
    planned = hebe(project.root, "submit", campaign, "--dry-run")
    added = hebe(project.root, "submit", campaign)
    assert added["workflows"] == planned["workflows"] == 2
    assert added["jobs"] == planned["jobs"] == sum(one["jobs"] for one in added["resources"])
    assert hebe(project.root, "submit", campaign)["jobs"] == 0
    report = hebe(project.root, "launch", "--interval", "1s")
    assert report["jobs"] == {"COMPLETED": added["jobs"]}
    local = hebe(here, "run", campaign, "--workers", 2)
    status = hebe(project.root, "status", campaign)
    assert status["status"] == "complete"
    for name in ("total", "completed", "failed"):
        assert status["jobs"][name] == local["jobs"][name]
    assert status["calculations"]["stored"] == local["calculations"]["computed"]
    assert status["calculations"]["computed"] == 0, "nothing is computed by asking"
    assert hebe(project.root, "results", campaign) == hebe(here, "results", campaign)
    assert hebe(project.root, "submit", campaign)["finished"] == status["jobs"]["total"]


def test_hebe_run_takes_the_queue_when_it_is_told_to(project: Project, tmp_path: Path) -> None:
    project.driver.close()
    campaign, here = rocksalt(tmp_path, "Mg: [2], Ni: [2]"), tmp_path / "local"
    here.mkdir()
    (here / "hebe.yaml").touch()  # a project of its own: that of a file in none
    queued = hebe(project.root, "run", tmp_path / campaign, "--launcher", "fireworks")
    local = hebe(here, "run", tmp_path / campaign, "--workers", 1)
    assert queued["status"] == local["status"] == "complete"
    for name in ("total", "completed", "failed"):
        assert queued["jobs"][name] == local["jobs"][name]
    file = project.root / "hebe.yaml"
    file.write_text(f"launcher: fireworks\n{file.read_text()}")
    again = hebe(project.root, "run", tmp_path / campaign)
    assert again["jobs"]["reused"] == again["jobs"]["total"]
    results = [hebe(folder, "results", tmp_path / campaign) for folder in (project.root, here)]
    assert results[0] == results[1]


def test_small_cells_of_a_calibration_are_computed_by_the_queue(project: Project, tmp_path: Path) -> None:
    project.driver.close()
    stage = f"calibrate: {{engine: {EXACT}, n: 2, illustration: 0, geometries: 1, sizes: 2}}"
    campaign, here = calibrated(tmp_path, stage, species="Mg: [2], Ni: [2], Zn: [2]"), tmp_path / "local"
    here.mkdir()
    (here / "hebe.yaml").touch()  # a project of its own: that of a file in none
    queued = hebe(project.root, "run", campaign, "--launcher", "fireworks")
    local = hebe(here, "run", campaign, "--workers", 1)
    assert queued["status"] == local["status"] == "complete"
    assert queued["calculations"]["computed"] == local["calculations"]["computed"]
    found = [hebe(folder, "results", campaign) for folder in (project.root, here)]
    assert {candidate["stage"] for candidate in found[0]["candidates"]} == {1}
    errors = [result["calibrations"][0]["errors"] for result in found]
    assert errors[0]["pairs"] == errors[1]["pairs"]
    assert errors[0]["mean"] == pytest.approx(errors[1]["mean"], abs=1e-6)


def test_a_loop_chooses_the_same_candidates_in_the_queue(project: Project, tmp_path: Path) -> None:
    project.driver.close()
    campaign, here = tmp_path / "loop.yaml", tmp_path / "local"
    campaign.write_text(LOOP.format(select=SELECT, engine=SPRINGS))
    here.mkdir()
    (here / "hebe.yaml").touch()  # a project of its own: that of a file in none
    queued = hebe(project.root, "run", campaign, "--launcher", "fireworks")
    local = hebe(here, "run", campaign, "--workers", 1)
    assert queued["status"] == local["status"] == "complete"
    found = [hebe(folder, "results", campaign) for folder in (project.root, here)]
    assert [len(one["rounds"]) for one in found] == [2, 2]
    assert found[0] == found[1]


def asked_for(cluster: Slurm) -> set[tuple[str, ...]]:
    """Wall time, cores and memory of the queue jobs that Slurm has had."""
    jobs = cluster.ask("scontrol", "show", "job", "--oneliner").splitlines()
    words = [dict(word.split("=", 1) for word in job.split() if "=" in word) for job in jobs]
    return {tuple(word[name] for name in ("TimeLimit", "NumCPUs", "MinMemoryNode")) for word in words}


@pytest.mark.vasp
def test_vasp_has_resources_of_its_own_and_several_processes(
    project: Project, cluster: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CHGNet, then VASP under mpirun, which starts as many processes as Slurm has given cores."""
    pytest.importorskip("chgnet", reason="needs the package chgnet")
    project.driver.close()
    campaign, here = funnel(tmp_path, first="chgnet"), tmp_path / "local"
    here.mkdir()
    (here / "hebe.yaml").touch()  # a project of its own: that of a file in none
    use_stand_in(tmp_path, monkeypatch)
    words = [sys.executable, "-m", "hebe", "run", str(campaign), "--workers", "1", "--json"]
    alone = subprocess.Popen(words, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    use_mpirun(tmp_path, monkeypatch, ("mpirun", "-n", "$SLURM_NTASKS"))
    project.set(slots=1)
    file = project.root / "hebe.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["cluster"]["max_jobs"] = 2
    settings["cluster"]["resources"]["vasp"] = {"cores": 2, "memory": "1500 MB", "walltime": "20 min"}
    settings["cluster"]["use"] = {"vasp": "vasp"}
    file.write_text(yaml.safe_dump(settings))
    hebe(project.root, "submit", campaign)
    report = hebe(project.root, "launch", "--interval", "1s")
    assert report["jobs"].keys() == {"COMPLETED"}, project.logs()
    assert ("00:20:00", "2", "1500M") in asked_for(cluster)
    outputs = [read_text(path.with_name("vasp.out")) for path in project.root.rglob("vasp.out*")]
    assert len(outputs) == 3
    assert all("running on 2 total cores" in output for output in outputs)
    assert alone.wait() == 0
    found = hebe(project.root, "results", campaign)
    assert found == hebe(here, "results", campaign)
    assert "vasp" in {candidate["engine"] for candidate in found["candidates"]}
