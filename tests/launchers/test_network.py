"""The launcher on a simulated network file system: one owner, others read a copy."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow
from jobflow.core.store import JobStore
from maggma.stores import MemoryStore

from hebe.launchers import local
from hebe.launchers.status import read_status
from hebe.stores.database import connection
from hebe.stores.factory import open_store
from support import launcher_jobs as jobs
from support.processes import workers_of
from support.waiting import LIMIT_S, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["exclusive", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobStore]:
    """A store that the launcher alone may open."""
    if request.param == "exclusive":
        monkeypatch.setenv("HEBE_TEST_NETWORK_PATH", str(tmp_path))
        store = open_store(tmp_path)
    else:
        store = JobStore(MemoryStore(), additional_stores={"data": MemoryStore(key="blob_uuid")})
        store.connect()
    yield store
    store.close()


def open_files(pid: int) -> list[str]:
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found.append(str(file.readlink()))
    return found


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs the kernel's list of children")
def test_two_jobs_that_wait_for_each_other_end(store: JobStore, tmp_path: Path) -> None:
    pipes = [str(tmp_path / name) for name in ("one", "two", "gate")]
    for pipe in pipes:
        os.mkfifo(pipe)
    one, two, gate = pipes
    before = jobs.add(1, 2)
    pair = [
        jobs.meet(one, two, gate, writes_first=True, after=before.output),
        jobs.meet(two, one, gate, writes_first=False, after=before.output),
    ]
    for job in pair:
        job.config.manager_config["timeout_s"] = LIMIT_S
    file = tmp_path / ".hebe" / "store.db"
    waiting, seen, held = {job.uuid for job in pair}, [], []

    def look(event: dict[str, Any]) -> None:
        """When both run: look at the workers and at what another process is told, then open the gate."""
        if event["kind"] != "started" or event["uuid"] not in waiting:
            return
        waiting.remove(event["uuid"])
        if waiting:
            return
        for pid in workers_of(os.getpid()):
            seen.append(pid)
            assert not [name for name in open_files(pid) if name.startswith(str(file))]
        if file.exists():
            assert any(name == str(file) for name in open_files(os.getpid()))
            connection(str(file)).snapshot()  # type: ignore[attr-defined]
            command = [sys.executable, "-m", "hebe", "status", "--json"]
            told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
            assert json.loads(told.stdout)["status"] == "running"
            assert json.loads(told.stdout)["jobs"]["completed"] == 1
        held.append(os.open(gate, os.O_RDWR))

    summary = local.run(Flow([before, *pair]), store=store, workers=2, progress=False, on_event=look, root=tmp_path)
    os.close(*held)
    assert summary.failures == []
    assert {store.get_output(job.uuid) for job in pair} == set(seen), "each in a worker of its own"
    assert len(set(seen)) == 2
    assert os.getpid() not in seen


def test_all_that_a_job_may_want_of_a_store(store: JobStore, tmp_path: Path) -> None:
    """Inputs, claims, look-ups, additional stores, diversions and failures pass through the owner."""
    marks = tmp_path / "marks"
    marks.mkdir()
    table = jobs.tabulate(2000)
    tables = [table, *(jobs.tabulate(number, table.output["table"]) for number in range(30))]
    others = [jobs.compute_once(str(marks), f"key-{number % 3}") for number in range(9)]
    others += [jobs.replaced(2, str(marks)), jobs.detoured(str(marks)), jobs.explode("boom")]
    flow = Flow([*tables, *others])
    first, second = (local.run(flow, store=store, workers=2, progress=False, root=tmp_path) for _ in range(2))
    assert first.calculations == {"computed": 3, "reused": 6 + 2, "failed": 0}, "two were replaced"
    assert [failure.message for failure in first.failures] == ["boom"]
    assert second.jobs["reused"] == second.jobs["total"] - 1
    assert set(jobs.executions(marks).values()) == {1}
    assert store.get_output(table.uuid, load=True)["table"] == list(range(2000))
    kept = store.query_one({"uuid": table.uuid}, load=False) or {}
    assert "blob_uuid" in kept["output"]["table"]
    additional: dict[str, Any] = vars(store)["additional_stores"]
    assert additional["data"].count() == len(tables)


STATUS = (
    "import json, sys; from hebe.launchers.status import read_status;"
    "print(json.dumps(read_status(sys.argv[1])['jobs']))"
)


def test_one_owner_runs_all_jobs_and_others_read_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_TEST_NETWORK_PATH", str(tmp_path))
    store = open_store(tmp_path)
    made: list[Any] = [jobs.add(number, 1) for number in range(20)]
    summary = local.run(Flow(made), store=store, workers=2, progress=False)
    assert summary.status == "complete"
    assert [store.get_output(job.uuid) for job in made] == [number + 1 for number in range(20)]
    store.close()
    assert not (tmp_path / ".hebe" / "store.db-owner").exists(), "another process may have it"
    found = read_status(tmp_path / ".hebe" / "store.db")
    assert found["jobs"]["completed"] == 20


def test_a_second_process_is_told_who_owns_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_TEST_NETWORK_PATH", str(tmp_path))
    store = open_store(tmp_path)
    local.run(jobs.add(1, 2), store=store, progress=False)
    opening = "import sys; from pathlib import Path; from hebe.stores import open_store; open_store(Path(sys.argv[1]))"
    refused = subprocess.run(
        [sys.executable, "-c", opening, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "one process alone may open a store" in refused.stderr
    command = [sys.executable, "-c", STATUS, str(tmp_path / ".hebe" / "store.db")]

    def shown() -> bool:
        after = subprocess.run(command, capture_output=True, text=True, check=False)
        assert after.returncode == 0, after.stderr
        return bool(json.loads(after.stdout)["completed"] == 1)

    until(shown, "the copy, which the owner writes every few seconds, shows the finished job")
    store.close()
