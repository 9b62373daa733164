"""What a job asks the store is asked in the process of the launcher, before the job goes to a worker without a store.

A job that asks (``expose_store``) begins here, until it has looked up what it needs: if that is there it ends here,
else what it claimed is held for it, and it begins anew in a worker, with the documents that it may need. A job that
asks for other things has nowhere else to run and ends here, too.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from hebe.launchers.execution import RecordingStore, execute, is_of_the_launcher
from hebe.launchers.graph import references
from hebe.launchers.lineage import Lineage
from hebe.launchers.outcome import Outcome
from hebe.launchers.protocol import decode_job
from hebe.stores.claims import Claims

if TYPE_CHECKING:
    from jobflow.core.job import Job
    from jobflow.core.store import JobStore

    from hebe.launchers.job_folders import JobFolders
    from hebe.launchers.limits import Limits
    from hebe.launchers.protocol import Task
    from hebe.launchers.records import Records

_CHUNK = 200


class WillComputeError(BaseException):
    """The result that a job looked up is not there: from here on it works. Nothing in between may catch it."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


class LookupStore(RecordingStore):
    """The store of the launcher for jobs that look something up; stops them when they begin to compute."""

    def will_compute(self, key: str) -> None:
        """Called by `hebe.stores.cache` when a result is not there.

        Raises
        ------
        WillComputeError
            Always.
        """
        raise WillComputeError(key)


class Lookup:
    """Answers of the store for jobs that will run without it.

    Parameters
    ----------
    store, records, limits
        Of the launch.
    folders
        Gives jobs that look something up a folder.
    """

    def __init__(self, store: JobStore, records: Records, limits: Limits, folders: JobFolders) -> None:
        self.keys: set[str] = set()
        """What jobs on their way will compute."""
        self._store = store
        self._lookups = LookupStore(store, records, limits)
        self._folders = folders
        self._claims = Claims.of(store)

    def ask(self, task: Task, job: Job) -> Outcome | str | None:
        """Let a job look up what it wants to.

        Returns
        -------
        Outcome, str or None
            How it ended, if it did; the key of what it will compute, for which the claim is held until `settle`, unless
            the key is one of `keys` already; None for a job that asks for nothing.

        Raises
        ------
        hebe.exceptions.StoreError
            If the store cannot be read or written.
        """
        if not job.config.expose_store:
            return None
        try:
            with redirect_stdout(sys.stderr):  # standard output belongs to the command
                return execute(
                    task.identity,
                    lambda: decode_job(task.body),
                    self._lookups,
                    self._folders,
                    spares=lambda err: isinstance(err, WillComputeError) or is_of_the_launcher(err),
                    keeps=self._is_held,
                )
        except WillComputeError as wanted:
            if wanted.key not in self.keys and self._claims is not None and not self._claims.acquire(wanted.key):
                return Outcome("claimed", name=(job.uuid, job.index))
            return wanted.key

    def settle(self, key: str) -> None:
        """Give up the claim for something that is in the store now, or failed."""
        self.keys.discard(key)
        if self._claims is not None:
            self._claims.release(key)

    def documents(self, job: Job, key: str | None) -> list[dict[str, Any]]:
        """Return the documents that a job reads, and what is unfinished of the calculation that it will do."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        wanted, seen = references((job.function_args, job.function_kwargs)), set[str]()
        while wanted:
            seen |= wanted
            new = self._of(sorted(wanted))
            found |= {(document["uuid"], document["index"]): document for document in new}
            wanted = set().union(*(_referred(document["output"]) for document in new)) - seen
        if key is not None:
            cut = self._store.query({"output.key": key, "output.status": "cut"}, load=True)
            found |= {(document["uuid"], document["index"]): document for document in cut}
        return [{name: value for name, value in one.items() if name != "_id"} for one in found.values()]

    def contents(self, job: Job) -> dict[str, str]:
        """Return the contents of the outputs that a job reads, for its note of what it was computed from."""
        return Lineage(self._store.docs_store).contents(references((job.function_args, job.function_kwargs)))

    def _of(self, uuids: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(uuids), _CHUNK):
            found += self._store.query({"uuid": {"$in": uuids[start : start + _CHUNK]}}, load=True)
        return found

    def _is_held(self, key: str) -> bool:
        return key in self.keys


def _referred(output: Any) -> set[str]:
    """The uuids of the outputs that a stored output refers to."""
    if isinstance(output, dict):
        if output.get("@class") == "OutputReference":
            return {str(output["uuid"])}
        return set().union(*map(_referred, output.values())) if output else set()
    return set().union(*map(_referred, output)) if isinstance(output, list) and output else set()
