"""The launcher on a simulated network file system: one owner, others read a copy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.launchers import local
from hebe.launchers.status import read_status
from hebe.stores.factory import open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from pathlib import Path


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
    for _ in range(100):  # the owner writes its copy every few seconds
        after = subprocess.run(command, capture_output=True, text=True, check=False)
        assert after.returncode == 0, after.stderr
        if json.loads(after.stdout)["completed"] == 1:
            break
    else:
        pytest.fail("the copy never showed the finished job")
    store.close()
