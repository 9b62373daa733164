"""One job, from its data to its output, in a folder of its own."""

from __future__ import annotations

import os
import time
import types
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from jobflow import CURRENT_JOB
from jobflow.core.job import Job, Response
from jobflow.core.reference import OnMissing, OutputReference
from jobflow.core.store import JobStore
from monty.json import jsanitize

from hebe.config.decoding import require_data
from hebe.exceptions import HebeError
from hebe.launchers.copies import end_copy
from hebe.launchers.failing import failure_of
from hebe.launchers.graph import references
from hebe.launchers.inputs import Inputs
from hebe.launchers.limits import Limits
from hebe.launchers.lineage import Lineage, made_from
from hebe.launchers.outcome import Digest, Failure, Outcome
from hebe.launchers.outputs import OutputError, check, fault_of, is_whole
from hebe.launchers.workers import EndAtOnceError
from hebe.stores.cache import Hit
from hebe.stores.claims import ClaimedElsewhere, release_held, still_held
from hebe.stores.codec import is_finite
from hebe.stores.content import content_of
from hebe.stores.database import UnusableFileError
from hebe.stores.remote import RemoteStore
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hebe.launchers.commit_group import CommitGroup
    from hebe.launchers.job_folders import JobFolders
    from hebe.launchers.records import Records

_FLOWS = ("replace", "detour", "addition")
_LEAVES = (int, float, str, bool, type(None))
_FRESH = 512
_FRESH_BYTES = 1 << 16


class OutputTooLargeError(HebeError):
    """A job returned more than the launcher stores in one document."""


class RecordingStore(JobStore):
    """A job store that notices the output of the running job and records the flows it asked for.

    Parameters
    ----------
    store
        The store that is written to.
    records
        Where flows are recorded, before the output and, in an embedded store, in the same commit.
    limits
        Limits of jobs that bring none of their own.
    """

    def __init__(self, store: JobStore, records: Records, limits: Limits | None = None) -> None:
        inner: Any = store
        super().__init__(inner.docs_store, inner.additional_stores, inner.save, inner.load)
        if isinstance(self.docs_store, SQLiteStore):
            self.docs_store.keep_to_file()
        self.records = records
        self.group: CommitGroup | None = None
        self.is_brief = False
        self.recomputes = False
        """Whether the job is to compute what is there, because a person wants it to."""
        self._in_group = False
        self.contents: dict[str, str] = {}
        """Contents of outputs where this store is none that could tell."""
        self.outcome = Outcome("done")
        self._limits = limits or Limits()
        self._plain = isinstance(self.docs_store, (SQLiteStore, RemoteStore)) and not inner.save
        self._job: Job | None = None
        self._response: Response[Any] | None = None
        self._fresh: dict[str, tuple[int, Any]] = {}
        self._read: dict[str, dict[str, Any] | None] | None = None
        self._inputs = Inputs(partial(self.get_output, load=True))
        self._process = os.getpid()
        self.restore: Callable[[], None] = lambda: None
        """Called when the function of a job has ended: puts the process back that it has changed."""
        self._made_from: dict[str, Any] = {}
        self._own: Hit | None = None

    def watch(self, job: Job, folder: Path) -> None:
        """Prepare for the output of a job; its function is wrapped for one call, to see what it returns."""
        self._job, self._response, self._process, self._own = job, None, os.getpid(), None
        self._in_group = self.is_brief and self._plain and self.group is not None and not job.config.expose_store
        if not self._in_group:
            self._settle()
        self.outcome = Outcome("done", name=(job.uuid, job.index))
        inputs = references((job.function_args, job.function_kwargs))
        contents = self._contents(inputs)
        self._made_from, self._read = made_from(contents), {}
        if job.config.resolve_references is True:
            job.config.resolve_references = not self._resolve(job, inputs, contents)
        wrapped = job.function

        def call(*args: Any, **kwargs: Any) -> Response[Any]:
            job.function, self._read = wrapped, None
            function, bound = getattr(wrapped, "original", wrapped), getattr(wrapped, "__self__", None)
            if bound is not None and not isinstance(bound, types.ModuleType):
                function = types.MethodType(function, bound)
            returned = function(*args, **kwargs)
            end_copy(self._process)
            self.restore()
            self._response = Response.from_job_returns(returned, job.output_schema, job_dir=folder)
            return self._response

        job.function = call

    def _resolve(self, job: Job, inputs: set[str], contents: dict[str, str]) -> bool:
        """Put what a job reads into its arguments; whether nothing is left for jobflow to do."""
        if self._fresh:
            job.function_args = tuple(map(self._at_hand, job.function_args))
            job.function_kwargs = {name: self._at_hand(value) for name, value in job.function_kwargs.items()}
            inputs = inputs and references((job.function_args, job.function_kwargs))
        if inputs:
            self._read_at_once(self._inputs.missing({uuid: contents[uuid] for uuid in inputs}))
        return not inputs or self._inputs.put_into(job, contents)

    def _read_at_once(self, uuids: list[str]) -> None:
        """Read the latest documents of some jobs that the watched one reads."""
        if len(uuids) < 2 or self._read is None:
            return
        self._settle()
        found = self.docs_store.query({"uuid": {"$in": uuids}}, ["uuid", "index", "output"])
        for document in sorted(found, key=lambda one: one["index"]):
            self._read[document["uuid"]] = document

    def as_dict(self) -> dict[str, Any]:
        """Describe the store of outputs alone, for another process."""
        mine: Any = self
        described: dict[str, Any] = JobStore(mine.docs_store, mine.additional_stores, mine.save, mine.load).as_dict()
        return described

    def update(self, docs: Any, key: Any = None, save: Any = None) -> None:
        """Store documents; the output of the watched job goes with its record, a brief job's with its group."""
        job, response = self._job, self._response
        if job is None or response is None or getattr(docs, "uuid", None) != job.uuid or docs.index != job.index:
            self._settle()
            super().update(docs, key=key, save=save)
            return
        if _is_reference_to(docs.output, job.uuid):
            docs.output = self._own_output(job)
        size = self._measure(job, docs.output)
        outcome = self._describe(docs, response)
        is_calculation = outcome.digest is not None and outcome.digest.is_calculation
        if is_calculation:
            still_held()
        if self._in_group and self.group is not None and outcome.is_plain and not (is_calculation or save):
            self.group.output(self.described(docs), size)
            self._remember(job.uuid, docs.index, docs.output, size)
            return
        self._settle()
        with self.records.together_with(self.docs_store):
            self.records.note(job, outcome)
            super().update(self.described(docs), key=key, save=False if self._keeps_original(docs) else save)

    def found_own(self, hit: Hit) -> None:
        """The watched job has found its own result: its document stays, whatever the job returns."""
        self._own = hit

    def _own_output(self, job: Job) -> Any:
        """What is stored of the watched job, which has returned a reference to its own output: somebody made it too."""
        latest = self.docs_store.query({"uuid": job.uuid}, ["index", "output"], sort={"index": -1})
        for document in latest:
            if not _is_reference_to(document["output"], job.uuid):
                self.found_own(Hit(job.uuid, document["index"], document["output"]))
                return document["output"]
        raise OutputError("output refers to the job itself, of which nothing is stored")

    def described(self, docs: Any) -> dict[str, Any]:
        """The document of the watched job, with a note of what it was computed from."""
        document: dict[str, Any] = jsanitize(docs.model_copy(update={"output": None}), strict=True, allow_bson=True)
        if self._keeps_original(docs):
            document = self.docs_store.query_one({"uuid": docs.uuid, "index": docs.index}) or {}
            return {**{key: value for key, value in document.items() if key != "_id"}, "made_from": self._made_from}
        return {**document, "output": docs.output, "made_from": self._made_from}

    def _keeps_original(self, docs: Any) -> bool:
        return self._own is not None and self._own.index == docs.index

    def _contents(self, uuids: set[str]) -> dict[str, str]:
        """Content of each output that the watched job is about to read."""
        found = {uuid: self.contents[uuid] for uuid in uuids if uuid in self.contents}
        found |= {uuid: content_of(self._fresh[uuid][1]) for uuid in uuids - found.keys() if uuid in self._fresh}
        others = uuids - found.keys()
        if others:
            self._settle()
            found |= Lineage(self.docs_store).contents(others)
        return found

    def query(self, *args: Any, **kwargs: Any) -> Any:
        """Find documents, those of the group among them; what jobs would make objects of is looked at before."""
        self._settle()
        return map(_looked_at, super().query(*args, **kwargs))

    def query_one(self, criteria: Any = None, properties: Any = None, sort: Any = None, load: Any = None) -> Any:
        """Find one document; the index of an output that was just made, or read for the watched job, is known."""
        if isinstance(criteria, dict) and len(criteria) == 1 and properties == ["index"]:
            uuid = criteria.get("uuid", "")
            found = self._fresh.get(uuid)
            if found is not None:
                return {"uuid": uuid, "index": found[0]}
            document = self._input(uuid)
            if document is not None:
                return {"uuid": uuid, "index": document["index"]}
        return super().query_one(criteria, properties, sort, load)

    def get_output(
        self,
        uuid: str,
        which: Any = "last",
        load: Any = False,  # noqa: FBT002 - jobflow's signature
        cache: Any = None,
        on_missing: OnMissing = OnMissing.ERROR,
    ) -> Any:
        """Return an output; one that was just made is at hand."""
        if which == "last":
            found = self._fresh.get(uuid)
            if found is not None:
                return found[1]
            document = self._input(uuid)
            if document is not None and is_whole(document["output"]):
                return _looked_at(document)["output"]
        return super().get_output(uuid, which=which, load=load, cache=cache, on_missing=on_missing)

    def _input(self, uuid: str) -> dict[str, Any] | None:
        """Latest document of a job that the watched one reads, as it is stored; None without, and once that runs."""
        if self._read is None:
            return None
        if uuid not in self._read:
            self._settle()
            found = self.docs_store.query({"uuid": uuid}, ["index", "output"], {"index": -1}, limit=1)
            self._read[uuid] = next(iter(found), None)
        return self._read[uuid]

    def _remember(self, uuid: str, index: int, output: Any, size: int) -> None:
        """Keep a small output for the jobs that follow; within a launch nobody makes a later one of a plain job."""
        if size < _FRESH_BYTES and _is_simple(output):
            self._fresh[uuid] = index, output
            if len(self._fresh) > _FRESH:
                del self._fresh[next(iter(self._fresh))]

    def _at_hand(self, value: Any) -> Any:
        """Return what a reference refers to if that was just made, else the value itself."""
        if type(value) is not OutputReference or value.uuid not in self._fresh:
            return value
        found = self._fresh[value.uuid][1]
        try:
            for _, name in value.attributes:
                found = found[name]
        except (TypeError, KeyError, IndexError):
            return value
        return found if isinstance(found, _LEAVES) else deepcopy(found)

    def _settle(self) -> None:
        if self.group is not None:
            self.group.flush()

    def failure(self, err: BaseException, folder: Path) -> Failure:
        """Say why the watched job has failed, and where in its output, if it is that which cannot be stored."""
        if self._response is None or isinstance(err, OutputTooLargeError):
            return failure_of(err, folder)
        found = fault_of(self._response.output)
        if found is None:
            return failure_of(err, folder, "the output cannot be stored: ")
        return replace(failure_of(OutputError(found), folder), traceback=failure_of(err, folder).traceback)

    def _measure(self, job: Job, output: Any) -> int:
        """Return about how many bytes an output has, which is looked at, whether a document can hold it."""
        try:
            raw = orjson.dumps(output)
        except (TypeError, ValueError):
            check(output)
            return _FRESH_BYTES
        size = len(raw)
        if b"null" in raw and not is_finite(output):
            check(output)
        most = self._limits.of(job.config.manager_config).output_mb
        if size > most * 1e6:
            raise OutputTooLargeError(
                f"the output has {size / 1e6:.0f} MB, more than the limit of {most:g} MB:"
                " save large data in an additional store, or raise output_mb"
            )
        return size

    def _describe(self, docs: Any, response: Response[Any]) -> Outcome:
        outcome = self.outcome
        outcome.digest = Digest.of({"output": docs.output})
        taken_over = isinstance(docs.output, dict) and docs.output.get("reused_from") is not None
        outcome.reused = self._own is not None or taken_over
        if outcome.digest.status == "failed":
            outcome.failure = Failure.of_output(docs.output)
        flows = {name: getattr(response, name) for name in _FLOWS}
        outcome.diversion = {name: jsanitize(flow.as_dict(), strict=True) for name, flow in flows.items() if flow}
        outcome.stop_children, outcome.stop_jobflow = response.stop_children, response.stop_jobflow
        if response.stored_data is not None:
            outcome.stored_data = jsanitize(response.stored_data, strict=True, allow_bson=True)
        return outcome


def is_of_the_launcher(err: BaseException) -> bool:
    """Whether an error is the word of the launcher, in whose process the job runs, and not an error of the job."""
    return isinstance(err, EndAtOnceError)


def execute(
    identity: dict[str, Any],
    build: Callable[[], Job],
    store: RecordingStore,
    folders: JobFolders,
    *,
    spares: Callable[[BaseException], bool] = is_of_the_launcher,
    keeps: Callable[[str], bool] = lambda _key: False,
) -> Outcome:
    """Run a job; its output is stored or, if it is brief, put into the group.

    Parameters
    ----------
    identity
        Uuid, index, name and hosts of the job.
    build
        Makes the job.
    store
        Connected store.
    folders
        Gives the job its folder, kept when the job failed or left something in it.
    spares
        Says which errors are not the job's fault; they are raised, as is a store that cannot be written.
    keeps
        Says which claims of this process are not the job's; they are held on.

    Returns
    -------
    Outcome
        An error of the job is not raised: the failure is recorded and returned.

    Raises
    ------
    hebe.exceptions.StoreError
        If the store cannot be written.
    """
    start, process, home = time.perf_counter(), os.getpid(), folders.home()
    folder = folders.enter(str(identity["name"]), identity["uuid"], identity["index"])
    try:
        job = build()
        store.watch(job, folder)
        job.run(store, job_dir=folder)
        outcome = store.outcome
    except BaseException as err:  # whatever a job raises is its failure, and nobody else's
        end_copy(process, err)
        store.restore()
        if isinstance(err, UnusableFileError) or spares(err):
            raise
        claimed = isinstance(err, ClaimedElsewhere)
        outcome = Outcome("claimed") if claimed else Outcome("failed", failure=store.failure(err, folder))
    finally:
        CURRENT_JOB.reset()
        folders.leave(folder, home, keep=False)
        release_held(keeps)
    outcome.name = identity["uuid"], identity["index"]
    if outcome.kind == "failed" and outcome.failure is not None:
        store.records.fail(identity, outcome.failure)
    outcome.seconds = time.perf_counter() - start
    return outcome


def _looked_at(document: dict[str, Any]) -> dict[str, Any]:
    """The document itself, if nothing speaks against making objects of its output."""
    output = document.get("output")
    if isinstance(output, (dict, list)):
        require_data(output, "the output of a job in the store")
    return document


def _is_reference_to(output: Any, uuid: str) -> bool:
    """Whether an output is nothing but a reference to the output of a job."""
    return isinstance(output, dict) and output.get("@class") == "OutputReference" and output.get("uuid") == uuid


def _is_simple(output: Any) -> bool:
    """Whether an output holds no object that would be built anew when it is read."""
    if isinstance(output, dict):
        return "@class" not in output and "@module" not in output and all(map(_is_simple, output.values()))
    return all(map(_is_simple, output)) if isinstance(output, list) else isinstance(output, _LEAVES)
