"""Outputs that could not be stored wait in a file beside the run folder until somebody collects them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bson import json_util
from monty.json import jsanitize
from pymongo.errors import ConnectionFailure

from hebe.engines.deadline import DEADLINE
from hebe.exceptions import HebeError
from hebe.launchers.execution import RecordingStore
from hebe.launchers.fireworks.claimed_job import ClaimedJob
from hebe.launchers.outcome import Digest

if TYPE_CHECKING:
    from jobflow.core.job import Job
    from jobflow.core.store import JobStore

    from hebe.launchers.fireworks.launchpad import Launchpad
    from hebe.launchers.records import Records

_ENDING = ".result.json"
_RETRY_S = 1.0


class TakenAwayError(HebeError):
    """The job of this worker was given to another one."""


class PatientStore(RecordingStore):
    """A job store that outlives an absent database: the output waits in a file, and is stored when it is back.

    The output of a job that was given to another worker meanwhile is not stored.

    Parameters
    ----------
    store, records
        As in `RecordingStore`.
    launchpad
        The jobs.
    """

    def __init__(self, store: JobStore, records: Records, launchpad: Launchpad) -> None:
        super().__init__(store, records)
        self.claimed: ClaimedJob | None = None
        self._launchpad = launchpad
        self._folder = Path()

    def watch(self, job: Job, folder: Path) -> None:
        """Prepare for the output of a job, which is kept beside its folder while the database is away."""
        self._folder = folder
        super().watch(job, folder)

    def update(self, docs: Any, key: Any = None, save: Any = None) -> None:
        """Store documents, however long the database is away, until this process must end."""
        kept: Path | None = None
        while True:
            try:
                if self.claimed is not None and not self._launchpad.owns(self.claimed):
                    raise TakenAwayError(self.claimed.name)
                super().update(docs, key=key, save=save)
            except ConnectionFailure:
                kept = kept or self._keep(docs, save)
                if DEADLINE.passed:
                    raise
                time.sleep(_RETRY_S)
            else:
                break
        if kept is not None:
            kept.unlink()

    def _keep(self, docs: Any, save: Any) -> Path:
        """Write an output beside the folder that its job runs in."""
        assert self.claimed is not None  # noqa: S101 - set before every job
        path = self._folder.with_name(self._folder.name + _ENDING)
        claimed = {"fw_id": self.claimed.fw_id, "launch_id": self.claimed.launch_id, "name": self.claimed.name}
        body = {
            "taken": {**claimed, "hebe": self.claimed.facts},
            "document": jsanitize(self.described(docs), strict=True, allow_bson=True),
            "save": save,
            "diversion": self.outcome.diversion,
        }
        new = path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as stream:
            stream.write(json_util.dumps(body))
            stream.flush()
            os.fsync(stream.fileno())
        new.rename(path)
        return path


def collect(folder: Path, store: JobStore, launchpad: Launchpad) -> list[ClaimedJob]:
    """Store the outputs that dead workers left in files; the first result of a job counts.

    Parameters
    ----------
    folder
        Where a queue job ran.
    store
        Connected store of outputs.
    launchpad
        The jobs, of which those still in the hands of the dead worker are completed.

    Returns
    -------
    list
        The jobs whose output was stored.
    """
    found = []
    for path in sorted(folder.rglob(f"*{_ENDING}")):
        body = json_util.loads(path.read_text(encoding="utf-8"))
        facts = body["taken"]
        claimed = ClaimedJob(facts["fw_id"], facts["launch_id"], {"hebe": facts["hebe"]}, facts["name"])
        document = body["document"]
        if not body["diversion"] and not _is_there(store, document):
            store.update(document, key=["uuid", "index"], save=body["save"] or None)
            if Digest.of(document).status != "cut":
                launchpad.complete(claimed)
            found.append(claimed)
        path.rename(path.with_suffix(".collected"))
    return found


def _is_there(store: JobStore, document: dict[str, Any]) -> bool:
    """Whether an output of the job is stored that is not cut."""
    there = store.query_one({"uuid": document["uuid"], "index": document["index"]}, ["output.status"])
    return there is not None and Digest.of(there).status != "cut"
