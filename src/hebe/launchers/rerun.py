"""Failed jobs that a person wants to run again: found by error, candidate and age; what follows from them runs too."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hebe.launchers.graph import references, walk
from hebe.launchers.outcome import TOLD, Failure
from hebe.launchers.records import Records
from hebe.launchers.searching import search
from hebe.launchers.summary import group

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jobflow.core.flow import Flow
    from jobflow.core.store import JobStore

_CHUNK = 500


@dataclass(frozen=True)
class Choice:
    """Which failed jobs are meant; None means no condition.

    Parameters
    ----------
    error
        Searched in ``class: message`` of the error.
    candidate
        Id of the candidate that the job works for.
    older_than_s, within_s
        The failure is at least, at most this old, in seconds.
    """

    error: re.Pattern[str] | None = None
    candidate: str | None = None
    older_than_s: float | None = None
    within_s: float | None = None

    def takes(self, job: FailedJob) -> bool:
        """Whether a failed job is meant, its error aside."""
        if self.candidate is not None and job.candidate != self.candidate and self.candidate not in job.name:
            return False
        if self.within_s is not None and job.age_s > self.within_s:
            return False
        return self.older_than_s is None or job.age_s >= self.older_than_s

    def of(self, jobs: list[FailedJob]) -> list[FailedJob]:
        """Those that are meant.

        Raises
        ------
        hebe.exceptions.BadInputError
            If the search for the error takes too long.
        """
        chosen = [job for job in jobs if self.takes(job)]
        if self.error is None:
            return chosen
        found = search(self.error, [f"{job.error_class}: {job.message}" for job in chosen])
        return [job for job, fits in zip(chosen, found, strict=True) if fits]


@dataclass(frozen=True)
class FailedJob:
    """A job whose output says that it failed, or that has no output."""

    uuid: str
    index: int
    name: str
    candidate: str | None
    error_class: str
    message: str
    failed_at: str
    has_output: bool

    @property
    def age_s(self) -> float:
        """Seconds since it failed; without a readable time it counts as old."""
        try:
            when = datetime.fromisoformat(self.failed_at)
        except ValueError:
            return float("inf")
        return (datetime.now(UTC) - when.astimezone(UTC)) / timedelta(seconds=1)


def failed_jobs(store: JobStore, records: Records, uuids: Iterable[str] | None = None) -> list[FailedJob]:
    """List the failed jobs of a store.

    Parameters
    ----------
    store
        Connected store of outputs.
    records
        Its records, for jobs without output.
    uuids
        Jobs to look at; all when None.
    """
    wanted = None if uuids is None else set(uuids)
    found = []
    names = ["uuid", "index", "name", "completed_at", "metadata.candidate", *TOLD]
    for document in store.docs_store.query({"output.status": "failed"}, names):
        if wanted is None or document["uuid"] in wanted:
            failure = Failure.of_output(document.get("output"))
            candidate = (document.get("metadata") or {}).get("candidate")
            found.append(_failed_job(document, candidate, failure, "completed_at", has_output=True))
    known = {(job.uuid, job.index) for job in found}
    for key, record in records.failed(wanted).items():
        if key not in known:
            failure = Failure(record["error_class"], record["message"])
            found.append(_failed_job(record, None, failure, "failed_at", has_output=False))
    return found


def rerun(
    store: JobStore, root: Path, choice: Choice, *, flow: Flow | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Have failed jobs run again at the next launch: what they left is removed from the store.

    Jobs that read from them run again as well where another output comes of it. Those that a launcher in use keeps are
    ready there at once.

    Parameters
    ----------
    store
        Connected store of outputs.
    root
        Project folder, for the records of stores that hold none.
    choice
        Which failed jobs.
    flow
        Only jobs of this flow and of those that its jobs asked for; their descendants can then be counted.
    dry_run
        Only say what would be done.

    Returns
    -------
    dict
        ``jobs`` that were chosen, ``failures`` grouped by error, ``descendants`` (None without a flow), ``kept``
        (failed jobs that were not chosen), ``launcher`` (the one that had any of them, else that of the settings),
        ``goes_on`` (the command that runs them), ``dry_run``.

    Raises
    ------
    hebe.exceptions.BadInputError
        If the search for the error takes too long.
    hebe.exceptions.StoreError
        If the store cannot be read or written.
    """
    records = Records.beside(store.docs_store, root)
    flows = [] if flow is None else [flow, *records.asked(job.uuid for job, _ in walk(flow))]
    uuids = None if flow is None else [job.uuid for part in flows for job, _ in walk(part)]
    everything = failed_jobs(store, records, uuids)
    chosen = choice.of(everything)
    if not dry_run:
        with records.together_with(store.docs_store):
            _remove(store, records, chosen)
    launcher, goes_on = _ready_again(store, root, {job.uuid for job in chosen}, dry_run=dry_run)
    groups = group((job.uuid, Failure(job.error_class, job.message)) for job in chosen)
    return {
        "jobs": [asdict(job) for job in chosen],
        "failures": [asdict(item) for item in groups],
        "descendants": None if flow is None else len(descendants(flows, {job.uuid for job in chosen})),
        "kept": len(everything) - len(chosen),
        "launcher": launcher,
        "goes_on": goes_on,
        "dry_run": dry_run,
    }


def descendants(flows: Iterable[Flow], uuids: set[str]) -> set[str]:
    """Return the uuids of the jobs of flows that read, directly or not, outputs of some of them."""
    children: dict[str, set[str]] = {}
    for job, after in (item for flow in flows for item in walk(flow)):
        for parent in references((job.function_args, job.function_kwargs)) | after:
            children.setdefault(parent, set()).add(job.uuid)
    found: set[str] = set()
    queue = list(uuids)
    while queue:
        new = children.get(queue.pop(), set()) - found - uuids
        found |= new
        queue.extend(new)
    return found


def _failed_job(
    document: dict[str, Any], candidate: str | None, failure: Failure, when: str, *, has_output: bool
) -> FailedJob:
    identity = document["uuid"], document["index"], str(document.get("name") or "")
    told = failure.error_class, failure.message
    return FailedJob(*identity, candidate, *told, str(document.get(when) or ""), has_output)


def _ready_again(store: JobStore, root: Path, uuids: set[str], *, dry_run: bool) -> tuple[str, str]:
    """Have launchers that keep jobs make these ready again; name and command of the one that runs them."""
    from hebe.launchers.launcher import Project
    from hebe.launchers.registry import launchers_in_use

    found = launchers_in_use(Project(root, store))
    for name, launcher in found.items():
        if uuids and launcher.rerun(uuids, dry_run=dry_run):
            return name, launcher.goes_on
    name, launcher = next(iter(found.items()))
    return name, launcher.goes_on


def _remove(store: JobStore, records: Records, chosen: list[FailedJob]) -> None:
    for job in chosen:
        records.forget(job.uuid, job.index)
    stored = [job.uuid for job in chosen if job.has_output]
    for start in range(0, len(stored), _CHUNK):
        part = stored[start : start + _CHUNK]
        store.docs_store.remove_docs({"uuid": {"$in": part}, "output.status": "failed"})
