"""A campaign through ``hebe submit`` and ``hebe launch`` on Slurm gives the numbers of ``hebe run``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.campaigns import layered

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Project

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
    assert status["calculations"]["computed"] == local["calculations"]["computed"]
    assert hebe(project.root, "results", campaign) == hebe(here, "results", campaign)
    assert hebe(project.root, "submit", campaign)["finished"] == status["jobs"]["total"]
