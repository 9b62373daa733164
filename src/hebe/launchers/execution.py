"""One job, from its JSON to its stored output, in a folder of its own; the same in workers and in process."""

from __future__ import annotations

import os
import re
import time
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobflow import CURRENT_JOB
from jobflow.core.job import Job, Response
from jobflow.core.store import JobStore
from monty.json import MontyDecoder, jsanitize

from hebe.launchers.outcome import Digest, Failure, Outcome
from hebe.stores.claims import ClaimedElsewhere, release_held

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.launchers.records import Records

_FLOWS = ("replace", "detour", "addition")


class RecordingStore(JobStore):
    """A job store that notices the output of the running job and records the flows it asked for.

    Parameters
    ----------
    store
        The store that is written to.
    records
        Where flows are recorded, before the output and, in an embedded store, in the same commit.
    """

    def __init__(self, store: JobStore, records: Records) -> None:
        inner: Any = store
        super().__init__(inner.docs_store, inner.additional_stores, inner.save, inner.load)
        self.records = records
        self.outcome = Outcome("done")
        self._job: Job | None = None
        self._response: Response[Any] | None = None

    def watch(self, job: Job, folder: Path) -> None:
        """Prepare for the output of a job; its function is wrapped for one call, to see what it returns."""
        self._job, self._response, self.outcome = job, None, Outcome("done")
        wrapped = job.function

        def call(*args: Any, **kwargs: Any) -> Response[Any]:
            job.function = wrapped
            function, bound = getattr(wrapped, "original", wrapped), getattr(wrapped, "__self__", None)
            if bound is not None and not isinstance(bound, types.ModuleType):
                function = types.MethodType(function, bound)
            returned = function(*args, **kwargs)
            self._response = Response.from_job_returns(returned, job.output_schema, job_dir=folder)
            return self._response

        job.function = call

    def update(self, docs: Any, key: Any = None, save: Any = None) -> None:
        """Store documents; the output of the watched job goes with its record."""
        job, response = self._job, self._response
        if job is None or response is None or getattr(docs, "uuid", None) != job.uuid or docs.index != job.index:
            super().update(docs, key=key, save=save)
            return
        outcome = self.outcome
        outcome.digest = Digest.of({"output": docs.output, "completed_at": docs.completed_at})
        outcome.reused = isinstance(docs.output, dict) and docs.output.get("reused_from") is not None
        if outcome.digest.status == "failed":
            outcome.failure = Failure.of_output(docs.output)
        flows = {name: getattr(response, name) for name in _FLOWS}
        outcome.diversion = {name: jsanitize(flow.as_dict(), strict=True) for name, flow in flows.items() if flow}
        outcome.stop_children, outcome.stop_jobflow = response.stop_children, response.stop_jobflow
        with self.records.together_with(self.docs_store):
            if outcome.diversion or outcome.stop_children or outcome.stop_jobflow:
                self.records.divert(job, outcome)
            super().update(docs, key=key, save=save)


def decode(payload: dict[str, Any]) -> Job:
    """Turn the dictionary of a job into the job."""
    job: Job = MontyDecoder().process_decoded(payload)
    return job


def execute(
    payload: dict[str, Any], store: RecordingStore, folder: Path, build: Callable[[dict[str, Any]], Job] = decode
) -> Outcome:
    """Run a job and store its output.

    Parameters
    ----------
    payload
        Dictionary of the job.
    store
        Connected store.
    folder
        Where the folder of the job is made; it is removed again when the job succeeded and left it empty.
    build
        Turns the dictionary into the job.

    Returns
    -------
    Outcome
        Never raises for an error of the job: the failure is recorded and returned.
    """
    start, home = time.perf_counter(), Path.cwd()
    place = _make_folder(folder, payload)
    try:
        os.chdir(place)
        job = build(payload)
        store.watch(job, place)
        job.run(store, job_dir=place)
        outcome = store.outcome
    except ClaimedElsewhere:
        outcome = Outcome("claimed")
    except (Exception, SystemExit) as err:  # noqa: BLE001 - any error of a job is recorded
        outcome = Outcome("failed", failure=_failure(err, place))
    finally:
        os.chdir(home)
        CURRENT_JOB.reset()
        release_held()
    if outcome.kind == "failed" and outcome.failure is not None:
        identity = {name: payload[name] for name in ("uuid", "index", "name", "hosts")}
        store.records.fail(identity, outcome.failure)
    else:
        _remove_if_empty(place)
    outcome.seconds = time.perf_counter() - start
    return outcome


def _failure(err: BaseException, place: Path) -> Failure:
    text = "".join(traceback.format_exception(err))
    (place / "traceback.txt").write_text(text, encoding="utf-8")
    return Failure(type(err).__name__, str(err), text, str(place))


def _make_folder(folder: Path, payload: dict[str, Any]) -> Path:
    name = re.sub(r"[^\w.+-]+", "-", str(payload["name"]))[:60].strip(".-") or "job"
    base = f"{name}-{payload['uuid'][:8]}-{payload['index']}"
    for attempt in range(1, 1000):
        place = folder / (base if attempt == 1 else f"{base}-{attempt}")
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        return place
    raise FileExistsError(f"{folder / base} and its successors exist")


def _remove_if_empty(place: Path) -> None:
    try:
        place.rmdir()
    except OSError:
        return
