"""Exit codes and counts of a run; that runs themselves work is tested with the launcher."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.cli.running import exit_code, print_counts

Captured = pytest.CaptureFixture[str]


def document(status: str = "complete", *, jobs: int = 0, calculations: int = 0) -> dict[str, Any]:
    failures = [{"error_class": "EngineError", "message": "it exploded", "count": 2, "job_ids": ["abc", "def"]}]
    return {
        "campaign": "na-o3",
        "status": status,
        "jobs": {"total": 211, "completed": 200, "failed": jobs, "running": 0, "waiting": 11, "reused": 150},
        "calculations": {"computed": 40, "reused": 1200, "failed": calculations},
        "failures": failures if jobs or calculations else [],
        "elapsed_s": 12.34,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (document(), 0),
        (document("failed"), 1),
        (document(calculations=1), 1),
        (document(jobs=1), 1),
        (document("interrupted"), 130),
        (document("interrupted", calculations=3), 130),
    ],
)
def test_exit_codes(given: dict[str, Any], code: int) -> None:
    assert exit_code(given) == code


def test_counts(capsys: Captured) -> None:
    print_counts(document("failed", jobs=2))
    out = capsys.readouterr().out
    for shown in ("na-o3: failed after 12.3 s", "211 total", "150 reused", "40 computed, 1,200 reused"):
        assert shown in out
    for shown in ("EngineError", "it exploded", "hebe show abc"):
        assert shown in out


def test_a_status_without_time(capsys: Captured) -> None:
    print_counts({**document(), "elapsed_s": None, "campaign": None})
    assert capsys.readouterr().out.startswith("all campaigns: complete\n")
