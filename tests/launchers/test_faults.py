"""``kill -9`` of the launcher and of workers, Ctrl-C, and what another process sees meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.flow import Flow

from hebe.launchers import local
from hebe.launchers.status import read_status
from hebe.stores import open_store
from hebe.stores.claims import process_start
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

SCRIPT = Path(jobs.__file__).with_name("launcher_script.py")


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return open_store(tmp_path)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def start(root: Path, size: int, workers: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, str(SCRIPT), str(root), str(size), str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def finished(root: Path) -> set[str]:
    store = open_store(root)
    return {document["name"] for document in (d["output"] for d in store.query({}, ["output"]))}


@pytest.mark.parametrize("seed", range(3))
def test_kill_of_the_launcher_loses_nothing(seed: int, tmp_path: Path) -> None:
    size, generator = 80, random.Random(seed)
    (tmp_path / "marks").mkdir()
    kept: set[str] = set()
    pids: set[int] = set()
    for _ in range(3):
        process = start(tmp_path, size, 2)
        stop_at = generator.randint(5, 40)
        for event in events(process):
            pids.add(event["pid"])
            stop_at -= event["kind"] == "completed"
            if stop_at <= 0:
                break
        process.kill()
        process.communicate()
        now = finished(tmp_path)
        assert kept <= now
        counts = jobs.executions(tmp_path / "marks")
        assert all(counts[name] == 1 for name in kept), "a finished job ran again"
        for name in now - kept:
            assert counts[name] >= 1
        _forget_unfinished(tmp_path / "marks", now)
        kept = now
    last = start(tmp_path, size, 2)
    output, errors = last.communicate()
    assert errors == ""
    summary = json.loads(output.splitlines()[-1])
    assert summary["status"] == "complete"
    assert summary["jobs"]["reused"] == len(kept)
    assert set(jobs.executions(tmp_path / "marks").values()) == {1}
    assert len(finished(tmp_path)) == size


def _forget_unfinished(folder: Path, done: set[str]) -> None:
    """Drop the marks of jobs that were running when they were killed: they may run again."""
    for path in folder.iterdir():
        if path.name.rpartition(".")[0] not in done:
            path.unlink()


def test_workers_die_with_the_launcher(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 40, 2)
    for event in events(process):
        if event["kind"] == "completed":
            break
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.communicate()
        pytest.skip("needs the kernel's list of children")
    workers = [int(pid) for pid in children.read_text(encoding="ascii").split()]
    assert workers
    handles = [os.pidfd_open(pid) for pid in workers]
    process.kill()
    process.communicate()
    import select

    for handle, pid in zip(handles, workers, strict=True):
        assert select.select([handle], [], [], 20.0)[0], f"worker {pid} outlived its launcher"
        os.close(handle)


def test_killed_worker_is_replaced_and_its_job_tried_once_more(store: JobStore, marks: Path) -> None:
    fragile = jobs.die(str(marks), 1)
    others = [jobs.note(str(number), str(marks), number) for number in range(5)]
    seen: list[str] = []
    summary = local.run(
        Flow([fragile, *others]), store=store, workers=2, progress=False, on_event=lambda e: seen.append(e["kind"])
    )
    assert summary.status == "complete"
    assert seen.count("retried") == 1
    assert store.get_output(fragile.uuid) == 1


def test_job_that_always_kills_its_worker_is_one_failure(store: JobStore, marks: Path) -> None:
    fatal = jobs.die(str(marks), 99)
    others = [jobs.note(str(number), str(marks), number) for number in range(5)]
    summary = local.run(Flow([fatal, *others]), store=store, workers=1, progress=False)
    assert summary.jobs["completed"] == 5
    assert [(f.error_class, f.count, f.job_ids) for f in summary.failures] == [("WorkerDied", 1, [fatal.uuid])]
    assert "signal 9" in summary.failures[0].message
    assert jobs.executions(marks)["die"] == 2


def test_interrupt_finishes_what_runs(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 60, 2)
    lines = []
    for event in events(process):
        lines.append(event)
        if sum(e["kind"] == "completed" for e in lines) == 5:
            process.send_signal(signal.SIGINT)
            break
    output, errors = process.communicate()
    assert "press Ctrl-C again" in errors
    assert "Traceback" not in errors
    summary = json.loads(output.splitlines()[-1])
    assert summary["status"] == "interrupted"
    assert summary["jobs"]["running"] == 0
    assert summary["jobs"]["completed"] == len(finished(tmp_path)) == len(jobs.executions(tmp_path / "marks"))
    assert summary["jobs"]["waiting"] == 60 - summary["jobs"]["completed"]


def test_status_from_another_process(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 60, 2)
    for event in events(process):
        if event["kind"] == "completed":
            break
    found = read_status(tmp_path / ".hebe" / "store.db")
    assert found["status"] == "running"
    assert found["jobs"]["total"] <= 60
    process.kill()
    process.communicate()
    assert process_start(process.pid) is None
    uuids = [f"{number:08d}" for number in range(60)]
    found = read_status(tmp_path / ".hebe" / "store.db", uuids)
    assert found["status"] == "interrupted"
    assert found["jobs"]["total"] == 60
    assert found["jobs"]["completed"] == len(finished(tmp_path))
    start(tmp_path, 60, 2).communicate()
    found = read_status(tmp_path / ".hebe" / "store.db", uuids)
    assert (found["status"], found["jobs"]["completed"], found["jobs"]["waiting"]) == ("complete", 60, 0)


def test_two_launchers_on_one_store_compute_a_key_once(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    both = [start(tmp_path, -30, 1), start(tmp_path, -31, 1)]
    for process in both:
        output, errors = process.communicate()
        assert errors == ""
        assert json.loads(output.splitlines()[-1])["status"] == "complete"
    assert set(jobs.executions(tmp_path / "marks").values()) == {1}
