"""What is said about a launch from outside adds up, whenever its last heartbeat was."""

from __future__ import annotations

import socket
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from hebe.launchers.records import Records
from hebe.launchers.status import read_status
from hebe.stores.claims import Owner
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_THE_BEAT = {"total": 5, "completed": 0, "failed": 0, "running": 1, "waiting": 4, "reused": 0}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(str(tmp_path / "store.db"))
    made.connect()
    yield made
    made.close()


def beat(store: SQLiteStore, launch: str = "launch", **jobs: int) -> None:
    """Heartbeat of a launch of this process that began ten seconds ago and runs job 0."""
    body: dict[str, Any] = {
        "status": "running",
        "host": socket.gethostname(),
        "pid": Owner.current().pid,
        "started": Owner.current().started,
        "jobs": {**AT_THE_BEAT, **jobs},
        "calculations": {},
        "running": [{"uuid": "0", "name": "job", "seconds": 1.0}],
        "elapsed_s": 10.0,
        "outputs_before": store.count(),
    }
    records = Records.of_file(store.path)
    records.beat(launch, body)
    records.close()


def ended(store: SQLiteStore, *uuids: str, seconds_ago: float = 0.0) -> None:
    at = datetime.fromtimestamp(time.time() - seconds_ago).isoformat()  # noqa: DTZ006 - as jobflow writes it
    store.update([{"uuid": u, "index": 1, "output": 1, "completed_at": at} for u in uuids], key=["uuid", "index"])


@pytest.mark.parametrize("since", [(), ("0",), ("1",), ("0", "1", "2"), ("0", "1", "2", "3", "4")])
def test_jobs_that_ended_since_the_heartbeat_are_counted_once(store: SQLiteStore, since: tuple[str, ...]) -> None:
    ended(store, "of a launch before", seconds_ago=100.0)
    beat(store)
    ended(store, *since)
    jobs = read_status(store.path)["jobs"]
    assert jobs["total"] == 6, "five of this launch, one of a launch before"
    assert jobs["waiting"] == 4 - len(set(since) - {"0"})


def test_outputs_that_were_there_are_not_taken_for_ended_jobs(store: SQLiteStore) -> None:
    ended(store, "3", "4", seconds_ago=100.0)
    beat(store, completed=2, reused=2, waiting=2)
    jobs = read_status(store.path)["jobs"]
    assert (jobs["total"], jobs["waiting"], jobs["completed"]) == (5, 2, 2)
