"""executorlib's executor for Slurm: one queue job per job, files in between, no store on the nodes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from jobflow import Flow

from hebe.launchers.launcher import Project, Wishes
from hebe.launchers.registry import get_launcher
from hebe.launchers.running import run_flow
from hebe.stores import open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from pathlib import Path

    from support.slurm import Slurm

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(find_spec, ("executorlib", "pysqa", "h5py"))), reason="needs executorlib, pysqa and h5py"
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:executorlib"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pysqa"),
]

SETTINGS = """
launcher:
  executor: executorlib:SlurmClusterExecutor
  workers: 3
  arguments:
    cache_directory: {root}/.hebe/executorlib
    resource_dict:
      cores: 1
      run_time_max: 300
      submission_template: |
        #!/bin/bash
        #SBATCH --output=queue.log
        #SBATCH --job-name={{{{job_name}}}}
        #SBATCH --chdir={{{{working_directory}}}}
        #SBATCH --partition=main
        #SBATCH --ntasks={{{{cores}}}}
        {{{{command}}}}
"""


def test_jobs_run_as_queue_jobs_and_are_found_again(cluster: Slurm, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "hebe.yaml").write_text(SETTINGS.format(root=tmp_path))
    first = jobs.combine("first", str(marks), [{"value": 2}])
    others = [jobs.combine(f"other-{number}", str(marks), [first.output]) for number in range(2)]
    equal = [jobs.compute_once(str(marks), "equal") for _ in range(2)]
    flow, store = Flow([first, *others, *equal]), open_store(tmp_path)
    launcher = get_launcher(None, Project(tmp_path, store))
    summary = run_flow(launcher, flow, Wishes(progress=False))
    assert summary.failures == []
    assert summary.jobs["completed"] == 5
    assert set(jobs.executions(marks).values()) == {1}
    assert "executor" in cluster.ask("squeue", "-h", "-t", "all"), "there were queue jobs"
    assert run_flow(launcher, flow, Wishes(progress=False)).jobs["reused"] == 5
    store.close()
