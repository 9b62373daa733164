"""Nothing is lost and nothing is computed twice, whatever dies: on a real Slurm with four emulated nodes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hebe.doctor.health import examine
from hebe.exceptions import LaunchError
from hebe.launchers.fireworks.driver import Driver
from hebe.launchers.fireworks.queue import Slurm as SlurmCommands
from hebe.launchers.fireworks.queue import check
from support import cluster_jobs as jobs
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster import Project
    from support.slurm import Slurm

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


def naps(project: Project, number: int) -> list[object]:
    return [jobs.nap(str(project.marks), f"nap{index}") for index in range(number)]


def held(project: Project, number: int) -> tuple[list[object], Path]:
    """Jobs that end when a file is there, and the file."""
    flag = project.root / "flag"
    return [jobs.wait_for(str(project.marks), f"nap{index}", str(flag)) for index in range(number)], flag


def once(number: int) -> dict[str, int]:
    return {f"nap{index}": 1 for index in range(number)}


def pids(project: Project) -> list[int]:
    """Workers that have a job."""
    return [report["pid"] for _, _, report in project.access.records.launches() if report["running"]]


def test_a_node_is_killed(project: Project, cluster: Slurm) -> None:
    made, flag = held(project, 12)
    project.submit(*made)
    project.drive(lambda: len(pids(project)) == 8, "eight workers work")
    cluster.kill_node("n1")
    flag.touch()
    assert project.finish() == {"COMPLETED": 12}
    assert project.done() == once(12)
    assert sum(project.begun(f"nap{index}") for index in range(12)) > 12
    cluster.start_node("n1")
    until(lambda: "down" not in cluster.ask("sinfo", "-h", "-N", "-o", "%T"), "the node is back")


@pytest.mark.usefixtures("cluster")
def test_a_worker_is_killed(project: Project) -> None:
    project.set(max_jobs=1)
    project.reopen()
    made, flag = held(project, 4)
    project.submit(*made)
    project.drive(lambda: len(pids(project)) == 2, "two workers work")
    os.kill(pids(project)[0], signal.SIGKILL)
    flag.touch()
    assert project.finish() == {"COMPLETED": 4}
    assert project.done() == once(4)
    assert sum(project.begun(f"nap{index}") for index in range(4)) == 5


def test_queue_jobs_are_cancelled_while_waiting_and_while_running(project: Project, cluster: Slurm) -> None:
    blockers = [cluster.ask("sbatch", "--parsable", "-N4", "--exclusive", "--wrap", "sleep 300").strip()]
    made, flag = held(project, 10)
    project.submit(*made)
    project.drive(lambda: "hebe-" in cluster.ask("squeue", "-h", "-t", "PD", "-o", "%j"), "queue jobs wait")
    waiting = cluster.ask("squeue", "-h", "-t", "PD", "-o", "%i").split()
    cluster.ask("scancel", waiting[0])
    cluster.ask("scancel", *blockers)
    project.drive(lambda: len(pids(project)) >= 1, "a worker works")
    running = cluster.ask("squeue", "-h", "-t", "R", "-o", "%i|%j").split()
    cluster.ask("scancel", next(line.partition("|")[0] for line in running if "|hebe-" in line))
    flag.touch()
    assert project.finish() == {"COMPLETED": 10}
    assert project.done() == once(10)


def test_the_queue_ends_a_job_at_its_walltime(project: Project, cluster: Slurm, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    project.set(max_jobs=1, walltime=60)
    project.reopen()
    endless = jobs.wait_for(str(project.marks), "endless", str(flag))
    project.submit(endless)
    project.drive(lambda: project.begun("endless") >= 2, "it has begun again")
    assert "TIMEOUT" in cluster.ask("squeue", "-h", "-t", "all", "-o", "%T"), "Slurm has ended the first"
    flag.touch()
    assert project.finish() == {"COMPLETED": 1}
    assert project.done() == {"endless": 1}


@pytest.mark.usefixtures("cluster")
def test_a_poisoned_job_is_quarantined(project: Project) -> None:
    project.set(max_jobs=1)
    project.reopen()
    poison = jobs.poison(str(project.marks))
    project.submit(poison, *naps(project, 4))
    assert project.finish() == {"COMPLETED": 4, "FIZZLED": 1}
    assert project.done() == {**once(4), "poison": 3}
    record = project.access.records.failed()[poison.uuid, 1]
    assert record["error_class"] == "WorkerDied"
    assert "signal 9" in record["message"]


@pytest.mark.usefixtures("cluster")
def test_the_database_is_away_for_a_minute_and_its_process_restarted(project: Project) -> None:
    if project.server is None:
        pytest.skip("a real server is not ours to stop")
    made, flag = held(project, 16)
    project.submit(*made)
    project.drive(lambda: len(pids(project)) == 8, "eight workers work")
    project.server.kill()
    flag.touch()
    project.drive_for(60.0)
    project.server.start()
    assert project.finish() == {"COMPLETED": 16}
    assert project.done() == once(16)
    assert all(project.begun(f"nap{index}") == 1 for index in range(16))
    assert "open-sesame" not in project.logs()


def test_a_full_run_folder_fails_no_job(project: Project, cluster: Slurm) -> None:
    runs = project.root / ".hebe" / "runs"
    runs.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", runs], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may make a small file system")
    try:
        project.set(max_jobs=1)
        project.reopen()
        project.submit(*[jobs.write_much(str(project.marks), f"nap{index}", 8) for index in range(2)])
        project.drive(lambda: project.begun("nap0") >= 1, "a job met the full folder")
        subprocess.run(["mount", "-o", "remount,size=64m", runs], check=True)
        assert project.finish() == {"COMPLETED": 2}
        assert project.done() == once(2)
        assert not project.access.records.failed()
    finally:
        cluster.cancel_all()
        subprocess.run(["umount", "-l", runs], check=True)


@pytest.mark.usefixtures("cluster")
def test_one_hebe_launch_per_project(project: Project) -> None:
    second = Driver(project.access, SlurmCommands())
    script = (
        "import sys, pathlib; from hebe.launchers.fireworks.access import open_project;"
        "from hebe.stores.claims import Claims; a = open_project(pathlib.Path(sys.argv[1]));"
        "assert Claims(a.store).acquire(f'hebe launch {a.root}'); print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", script, str(project.root)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(LaunchError, match=f"runs already .* process {first.pid}"):
            second.run(lambda _report: None)
        first.kill()
    project.submit(*naps(project, 1))
    seen: list[str] = []
    report = second.run(lambda one: seen.append(one.text), interval_s=0.5)
    assert report.jobs == {"COMPLETED": 1}
    assert project.done() == once(1)


@pytest.mark.usefixtures("cluster")
def test_queue_jobs_that_cannot_work_are_not_submitted_for_ever(project: Project) -> None:
    project.set(python="/nowhere/python")
    project.reopen()
    project.submit(*naps(project, 1))
    with pytest.raises(LaunchError, match=r"3 queue jobs ended before they could work: .*/nowhere/python"):
        project.drive(lambda: False, "queue jobs are no longer submitted")
    assert len(list(project.access.runs.glob("hebe-*"))) < 40


@pytest.mark.usefixtures("cluster")
def test_doctor_finds_queue_and_launchpad(project: Project) -> None:
    project.submit(*naps(project, 2))
    found = {check.name: check for check in examine(start=project.root)}
    assert found["slurm"].status == found["LaunchPad"].status == found["store"].status == "ok"
    assert found["LaunchPad"].detail == "jobs: 2 ready"
    assert (found["hebe launch"].status, found["hebe launch"].needed) == ("absent", False)
    project.set(walltime=7200)
    found = {check.name: check for check in examine(start=project.root)}
    assert "7200 s is more than the 3600 s that main allows" in found["slurm"].detail


@pytest.mark.usefixtures("cluster")
def test_a_request_over_a_limit_is_refused_before_it_waits_for_ever(project: Project) -> None:
    from hebe.exceptions import BadInputError

    project.set(walltime=7200)
    project.reopen()
    with pytest.raises(BadInputError, match=r"walltime: 7200 s is more than the 3600 s that main allows"):
        check(project.access.cluster, SlurmCommands())
    project.set(slots=3)
    project.reopen()
    with pytest.raises(BadInputError, match=r"cores: 3 cores is more than the 2 cores"):
        check(project.access.cluster, SlurmCommands())
