"""Scripts for queues and what their commands say, in the formats of their manuals."""

from __future__ import annotations

from pathlib import Path

import pytest

from hebe.config.cluster import Resources
from hebe.exceptions import BadInputError
from hebe.launchers.fireworks.queue import (
    Allowed,
    Listed,
    Pbs,
    Slurm,
    parse_qstat,
    parse_qstat_queue,
    parse_sinfo,
    parse_squeue,
)

ASKED = Resources(
    queue="main",
    account="proj",
    cores=4,
    slots=2,
    memory="4 GB",
    walltime="2 h",
    gpus=1,
    modules=["gcc/12"],
    before=["export A=1"],
)


def lines(text: str) -> set[str]:
    pytest.importorskip("qtoolkit", reason="needs the package qtoolkit")
    return set(text.splitlines())


def test_a_script_for_slurm() -> None:
    pytest.importorskip("qtoolkit", reason="needs the package qtoolkit")
    found = lines(Slurm().script("hebe-1", ASKED, ["exec work"], Path("/runs/log")))
    wanted = [
        "job-name=hebe-1",
        "partition=main",
        "account=proj",
        "ntasks-per-node=4",
        "nodes=1",
        "mem=4000M",
        "gpus=1",
    ]
    assert {f"#SBATCH --{word}" for word in [*wanted, "time=0-2:0:0", "output=/runs/log", "no-requeue"]} <= found
    assert {"module load gcc/12", "export A=1", "exec work"} <= found


def test_a_script_for_pbs() -> None:
    pytest.importorskip("qtoolkit", reason="needs the package qtoolkit")
    found = lines(Pbs().script("hebe-1", ASKED, ["exec work"], Path("/runs/log")))
    wanted = [
        "-N hebe-1",
        "-q main",
        "-A proj",
        "-l select=1:ncpus=4:mpiprocs=4:mem=4000mb:ngpus=1",
        "-l walltime=2:0:0",
        "-r n",
    ]
    assert {f"#PBS {word}" for word in [*wanted, "-j oe"]} <= found
    assert {"module load gcc/12", "export A=1", "exec work"} <= found


def test_jobs_that_are_over_do_not_count() -> None:
    text = "7|PENDING|hebe-a\n8|RUNNING|hebe-b\n9|COMPLETING|x|y\n10|NODE_FAIL|hebe-c\n11|TIMEOUT|hebe-d\n"
    assert parse_squeue(text) == [
        Listed("7", "hebe-a", runs=False),
        Listed("8", "hebe-b", runs=True),
        Listed("9", "x|y", runs=True),
    ]
    jobs = '{"Jobs": {"1.s": {"Job_Name": "hebe-a", "job_state": "Q"}, "2.s": {"Job_Name": "hebe-b", "job_state": "R"},'
    jobs += '"3.s": {"Job_Name": "hebe-c", "job_state": "F"}}}'
    assert parse_qstat(jobs) == [Listed("1.s", "hebe-a", runs=False), Listed("2.s", "hebe-b", runs=True)]
    assert parse_qstat("") == []


def test_limits_of_partitions() -> None:
    text = "main*|1:00:00|2|2000+\nlong|2-00:30:00|64|250000\nlong|2-00:30:00|128|500000\nopen|infinite|8|100\n"
    assert parse_sinfo(text, None) == Allowed(3600, 2, 2000)
    assert parse_sinfo(text, "long") == Allowed(2 * 86400 + 1800, 128, 500_000)
    assert parse_sinfo(text, "open") == Allowed(None, 8, 100)
    with pytest.raises(BadInputError, match=r"no queue is called 'lang' .queues: long, main, open"):
        parse_sinfo(text, "lang")


def test_limits_of_a_queue_of_pbs() -> None:
    text = '{"Queue": {"workq": {"resources_max": {"ncpus": 48, "walltime": "24:00:00", "mem": "96gb"}}}}'
    assert parse_qstat_queue(text, "workq") == Allowed(86400, 48, 96 * 1024)
    assert parse_qstat_queue('{"Queue": {"workq": {}}}', "workq") == Allowed()
