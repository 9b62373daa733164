"""``kill -9`` of the launcher and of workers, Ctrl-C, and what another process sees meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
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
from hebe.stores.network import SIMULATION
from support import launcher_jobs as jobs
from support import launcher_script
from support.processes import kill_launcher, workers_of
from support.waiting import ended, handles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

NEEDS_CHILDREN = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="needs the kernel's list of children"
)
SCRIPT = Path(jobs.__file__).with_name("launcher_script.py")


@pytest.fixture(params=["shared", "exclusive"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobStore]:
    if request.param == "exclusive":
        monkeypatch.setenv(SIMULATION, str(tmp_path))
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def start(root: Path, size: int, workers: int, network: str = "") -> subprocess.Popen[str]:
    """Start a launcher; a folder ``network`` is taken for a network file system, the store in it is exclusive."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    environment[SIMULATION] = network
    command = [sys.executable, str(SCRIPT), str(root), str(size), str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def finished(root: Path) -> set[str]:
    return {output["name"] for output in outputs(root).values()}


def outputs(root: Path) -> dict[str, Any]:
    store = open_store(root)
    found = {document["uuid"]: document["output"] for document in store.query({}, ["uuid", "output"])}
    store.close()
    return found


@NEEDS_CHILDREN
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["shared", "exclusive"])
@pytest.mark.parametrize("seed", range(3))
def test_kill_of_the_launcher_loses_nothing(seed: int, kind: str, tmp_path: Path) -> None:
    size, generator, network = 80, random.Random(seed), str(tmp_path) if kind == "exclusive" else ""
    (tmp_path / "marks").mkdir()
    kept: set[str] = set()
    for _ in range(3):
        process = start(tmp_path, size, 2, network)
        stop_at = generator.randint(5, 40)
        for event in events(process):
            if "kind" not in event:  # the summary: it ended before it could be killed
                break
            stop_at -= event["kind"] == "completed"
            if stop_at <= 0:
                break
        kill_launcher(process)
        now = finished(tmp_path)
        assert kept <= now
        counts = jobs.executions(tmp_path / "marks")
        assert all(counts[name] == 1 for name in kept), "a finished job ran again"
        for name in now - kept:
            assert counts[name] >= 1
        _forget_unfinished(tmp_path / "marks", now)
        kept = now
    last = start(tmp_path, size, 2, network)
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


def strike(process: subprocess.Popen[str], target: str, generator: random.Random) -> bool:
    """Kill the launcher or one of its workers; False when there was no worker."""
    if target == "launcher":
        process.kill()
        return True
    alive = workers_of(process.pid)
    with contextlib.suppress(ProcessLookupError):
        if alive:
            os.kill(generator.choice(alive), signal.SIGKILL)
            return True
    return False


def disturbed(root: Path, candidates: int, moments: int, seed: int, network: str) -> dict[str, int]:
    """Run something like a campaign to the end while launchers and workers are killed; return how often each was."""
    generator, most = random.Random(seed), max(2, 20 * candidates // moments)
    targets = [generator.choice(["launcher", "worker"]) for _ in range(moments)]
    kept: dict[str, int] = {}
    kills = {"launcher": 0, "worker": 0}
    while True:
        process = start(root, candidates * launcher_script.CAMPAIGN, 2, network)
        stop_at, completed = generator.randint(1, most), set()
        for event in events(process):
            assert event.get("kind") != "started" or event["uuid"] not in completed, "a finished job ran again"
            if event.get("kind") == "completed":
                completed.add(event["uuid"])
                stop_at -= 1
            if stop_at > 0 or not targets:
                continue
            target, stop_at = targets.pop(), generator.randint(1, most)
            kills[target] += strike(process, target, generator)
            if target == "launcher":
                break
        _, errors = process.communicate()
        assert errors == ""
        now, counts = finished(root), jobs.executions(root / "marks")
        assert set(kept) <= now, "a finished job was lost"
        assert {name: counts[name] for name in kept} == kept, "a finished job ran again"
        kept = {name: counts[name] for name in now}
        if process.returncode == 0:
            return kills


@NEEDS_CHILDREN
@pytest.mark.parametrize(
    ("kind", "candidates", "moments"),
    [
        ("shared", 6, 4),
        ("exclusive", 3, 3),
        pytest.param("shared", 20, 30, marks=pytest.mark.slow),
        pytest.param("exclusive", 20, 30, marks=pytest.mark.slow),
    ],
)
def test_kill_at_random_moments_of_a_campaign(kind: str, candidates: int, moments: int, tmp_path: Path) -> None:
    root, quiet = tmp_path / "disturbed", tmp_path / "quiet"
    for folder in (root, quiet):
        (folder / "marks").mkdir(parents=True)
    kills = disturbed(root, candidates, moments, seed=moments, network=str(root) if kind == "exclusive" else "")
    assert sum(kills.values()) >= moments // 2
    flow = jobs.campaign_like(candidates, str(quiet / "marks"))
    assert local.run(flow, store=open_store(quiet), workers=2, progress=False).status == "complete"
    assert outputs(root) == outputs(quiet)
    assert len(outputs(root)) == len(flow.jobs)
    long = {n: c for n, c in jobs.executions(root / "marks").items() if "state" in n or "made" in n or n == "shared"}
    assert sum(long.values()) - len(long) <= kills["worker"] + 2 * kills["launcher"], "more was lost than what ran"
    connection = sqlite3.connect(root / ".hebe" / "store.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@NEEDS_CHILDREN
def test_workers_die_with_the_launcher(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 40, 2)
    for event in events(process):
        if event["kind"] == "completed":
            break
    assert kill_launcher(process) == 2


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


def test_second_interrupt_ends_what_runs(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 3 * launcher_script.CAMPAIGN, 2)
    for event in events(process):
        if event["kind"] == "completed":
            break
    alive = handles_of(workers_of(process.pid))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "press Ctrl-C again" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode in {0, 130}
    assert "Traceback" not in errors
    ended(alive)
    kept = finished(tmp_path)
    start(tmp_path, 3 * launcher_script.CAMPAIGN, 2).communicate()
    assert kept <= finished(tmp_path)
    counts = jobs.executions(tmp_path / "marks")
    assert {counts[name] for name in kept} == {1}


FULL = (
    "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY));"
    "import runpy; runpy.run_path({script!r}, run_name='__main__')"
)


@pytest.mark.parametrize("kind", ["shared", pytest.param("exclusive", marks=pytest.mark.slow)])
def test_full_disk_is_one_message_and_the_store_is_sound(kind: str, tmp_path: Path) -> None:
    """No file may grow beyond a size, which SQLite meets as it meets a full disk."""
    (tmp_path / "marks").mkdir()
    open_store(tmp_path).close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    environment[SIMULATION] = str(tmp_path) if kind == "exclusive" else ""
    command = [sys.executable, "-c", FULL.format(script=str(SCRIPT)), str(tmp_path), "400", "2", "300000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "full" in done.stderr
    assert done.stderr.count("\n") == 1
    told = {json.loads(line)["uuid"] for line in done.stdout.splitlines() if '"completed"' in line}
    assert told
    assert told <= set(outputs(tmp_path)), "what was told to be completed is there"
    connection = sqlite3.connect(tmp_path / ".hebe" / "store.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    output, errors = start(tmp_path, 400, 2).communicate()
    assert errors == ""
    assert json.loads(output.splitlines()[-1])["status"] == "complete"


def test_read_only_store_is_one_message(tmp_path: Path) -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("everything is writable for root")
    (tmp_path / "marks").mkdir()
    start(tmp_path, 5, 1).communicate()
    before = outputs(tmp_path)
    folders = [tmp_path / ".hebe", *(tmp_path / ".hebe").iterdir()]
    for place in folders:
        place.chmod(0o555 if place.is_dir() else 0o444)
    without = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    prefix = without if os.geteuid() == 0 else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [*prefix, sys.executable, str(SCRIPT), str(tmp_path), "20", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "read-only" in done.stderr or "cannot be opened" in done.stderr or "ermission denied" in done.stderr
    assert done.stderr.count("\n") == 1
    for place in folders:
        place.chmod(0o755 if place.is_dir() else 0o644)
    assert outputs(tmp_path) == before


def test_status_from_another_process(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    process = start(tmp_path, 60, 2)
    for event in events(process):
        if event["kind"] == "completed":
            break
    found = read_status(tmp_path / ".hebe" / "store.db")
    assert found["status"] == "running"
    assert found["jobs"]["total"] <= 60
    assert {"rate_per_s", "time_left_s", "running"} <= set(found)
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
