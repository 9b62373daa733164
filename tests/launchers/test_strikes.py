"""Kills of launchers and workers, one after the other: nothing lost, nothing wrong, nothing computed twice.

A few kills here; thirty with one, two and four launchers in ``make endurance`` (``STRIKES=30``).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from jobflow.managers.local import run_locally

from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.strikes import Siege

STRIKES = int(os.environ.get("STRIKES", "6"))
CASES = [("calculations", 2)]
if STRIKES > 6:
    CASES = [(kind, launchers) for kind in ("jobs", "calculations") for launchers in (1, 2, 4)]

pytestmark = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="needs the kernel's list of children"
)


def expected(kind: str, size: int, folder: Path) -> dict[str, int]:
    """Values that nobody has disturbed."""
    if kind == "calculations":
        return {f"key-{place}": jobs.calculated(f"key-{place}") for place in range((size + 1) // 2)}
    folder.mkdir()
    responses = run_locally(jobs.campaign_like(size, str(folder)), log=False, ensure_success=True)
    outputs = [found.output for one in responses.values() for found in one.values()]
    return {output["name"]: output["value"] for output in outputs}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "launchers"), CASES)
def test_kills_cost_nothing_that_was_done(kind: str, launchers: int, tmp_path: Path) -> None:
    siege = Siege(tmp_path / "project", kind, launchers, seed=launchers)
    siege.hold_out(STRIKES)
    kills = siege.kills["launcher"] + siege.kills["worker"]
    assert kills >= STRIKES
    assert siege.values() == expected(kind, siege.size, tmp_path / "quiet")
    counts = jobs.executions(siege.marks)
    assert max(counts.values()) <= 1 + kills
    if kind == "calculations":
        lost = 2 * siege.kills["launcher"] + siege.kills["worker"]
        assert sum(counts.values()) - len(counts) <= lost, "more was computed twice than what ran when it was killed"
        store = open_store(tmp_path / "project")
        assert store.count() == siege.size
        store.close()
    connection = sqlite3.connect(tmp_path / "project" / ".hebe" / "store.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
