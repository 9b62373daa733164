"""A job that cannot be turned into data is a failure with its reason, and what needs it is one beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobflow import Flow, JobStore, job

from hebe.launchers import inline
from hebe.stores import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path


def test_a_function_without_a_name_fails_by_name_and_is_no_circle(tmp_path: Path) -> None:
    @job
    def make(text: str) -> dict[str, str]:
        return {"hello": text}

    @job
    def capitalize(text: str) -> str:
        return text.upper()

    first = make("world")
    store = JobStore(SQLiteStore(tmp_path / "s.db"))
    store.connect()
    summary = inline.run(Flow([first, capitalize(first.output["hello"])]), store=store, progress=False, root=tmp_path)
    said = {group.error_class: group.message for group in summary.failures}
    assert "cannot be turned into data" in said["ValueError"]
    assert "a job that it needs has no output" in said["ParentFailed"]
    assert summary.jobs["failed"] == 2
    assert summary.jobs["waiting"] == 0
