"""A plugin of pytest that puts Hebe's store and launcher in place of maggma's stores and jobflow's run_locally.

MemoryStore and MongoStore are replaced, the latter also to compare: by MemoryStore, as no server is asked for.

``PEERS_USE`` says what is put in place: ``ours`` or, to compare, ``theirs``. ``PEERS_RECORD`` is a file to which the
outcome of each test goes, whether it used what is replaced, and why it failed.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import jobflow
import maggma.stores

from hebe.launchers import inline
from hebe.stores import SQLiteStore

if TYPE_CHECKING:
    import pytest

_OURS = os.environ.get("PEERS_USE", "ours") == "ours"
_FOLDER = Path(tempfile.mkdtemp(prefix="hebe-peers-"))
_NUMBERS = itertools.count()
_KEPT = ("key", "last_updated_field", "last_updated_type", "validator")
_used = False
_records: dict[str, dict[str, Any]] = {}
_their_run = jobflow.run_locally


def _seen() -> None:
    global _used  # noqa: PLW0603 - a test runs alone
    _used = True


class Embedded(SQLiteStore):
    """Hebe's store with the signature of maggma's MemoryStore: a file of its own."""

    def __init__(self, collection_name: str = "memory_db", key: str = "task_id", **options: Any) -> None:
        _seen()
        path = options.pop("path", _FOLDER / f"{next(_NUMBERS)}.db")
        super().__init__(path, collection_name=collection_name, key=key, **options)


class Theirs(maggma.stores.MemoryStore):
    """maggma's MemoryStore; says that a test used it."""

    def __init__(self, *words: Any, **options: Any) -> None:
        _seen()
        super().__init__(*words, **options)


def _of_mongo(kind: type[Any]) -> type[Any]:
    """A class of stores with the signature of MongoStore, which names a database and a collection."""

    class Mongo(kind):  # type: ignore[misc]
        def __init__(self, database: str, collection_name: str, **options: Any) -> None:
            kept = {name: value for name, value in options.items() if name in _KEPT}
            super().__init__(f"{database}-{collection_name}", **kept)

    return Mongo


def run_ours(
    flow: Any,
    log: Any = True,  # noqa: ARG001, FBT002 - the signature of run_locally
    store: Any = None,
    create_folders: bool = False,  # noqa: ARG001, FBT001, FBT002
    root_dir: Any = None,
    ensure_success: bool = False,  # noqa: FBT001, FBT002
    allow_external_references: bool = False,  # noqa: ARG001, FBT001, FBT002
    raise_immediately: bool = False,  # noqa: FBT001, FBT002
) -> dict[str, dict[int, Any]]:
    """Run a flow with Hebe's launcher, in this process, as the jobs of the tests are closures."""
    _seen()
    if store is None:
        store = jobflow.JobStore(Embedded())
        store.connect()
    root = _FOLDER / f"run-{next(_NUMBERS)}" if root_dir is None else Path(root_dir)
    root.mkdir(parents=True, exist_ok=True)
    responses: dict[str, dict[int, Any]] = {}
    run_job = jobflow.Job.run

    def run_and_keep(job: Any, *words: Any, **options: Any) -> Any:
        response = run_job(job, *words, **options)
        response.job_dir = Path.cwd()
        responses.setdefault(job.uuid, {})[job.index] = response
        return response

    with mock.patch.object(jobflow.Job, "run", run_and_keep):
        summary = inline.run(flow, store=store, progress=False, root=root)
    if (ensure_success or raise_immediately) and summary.jobs["failed"]:
        reasons = "; ".join(f"{group.error_class}: {group.message}" for group in summary.failures)
        raise RuntimeError(f"Flow did not finish running successfully: {reasons}")
    return responses


def run_theirs(*words: Any, **options: Any) -> Any:
    """Run a flow with jobflow's own manager; says that a test used it."""
    _seen()
    return _their_run(*words, **options)


def pytest_configure() -> None:
    """Put it in place before the tests are imported."""
    store: type[Any] = Embedded if _OURS else Theirs
    vars(maggma.stores).update(MemoryStore=store, MongoStore=_of_mongo(store))
    vars(jobflow)["run_locally"] = run_ours if _OURS else run_theirs


def pytest_runtest_setup() -> None:
    """Forget what the test before used."""
    global _used  # noqa: PLW0603
    _used = False


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
    """Record how a test ends; how it is cleared away is its own affair."""
    if call.when == "teardown":
        return
    name = f"{item.path.parent.name}/{item.path.name}::{item.name}"
    record = _records.setdefault(name, {"passed": True, "used": False, "why": ""})
    record["used"] = record["used"] or _used
    if call.excinfo is not None and record["passed"]:
        record["passed"] = False
        said = f"{call.excinfo.typename}: {call.excinfo.value}"
        record["why"] = " ".join(said.split())[:300]


def pytest_unconfigure() -> None:
    """Write the records."""
    Path(os.environ["PEERS_RECORD"]).write_text(json.dumps(_records))
    shutil.rmtree(_FOLDER, ignore_errors=True)
