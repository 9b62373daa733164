"""What a launcher remembers beside the outputs: failures without output, flows that jobs asked for, heartbeats."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from jobflow.core.flow import Flow

from hebe.config.trust import sign
from hebe.launchers.diversions import flows_of, signed_content
from hebe.launchers.graph import walk
from hebe.stores.database import connection
from hebe.stores.factory import open_collection
from hebe.stores.remote import RemoteStore
from hebe.stores.sqlite import Mode, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jobflow.core.job import Job
    from maggma.core.store import Store

    from hebe.launchers.outcome import Failure, Outcome

COLLECTION = "jobs"
_KEY = ["uuid", "index"]
_CHUNK = 500
_OF_JOBS = ["diverted", "failed", "retried"]
_CONTROL = "campaign "
_BEATS = "heartbeats"


class Records:
    """Records of one store.

    Parameters
    ----------
    store
        Their collection, in the SQLite file of an embedded store itself, for other stores in one beside the run
        folders; or what stands for it in a worker.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.store.connect()
        if isinstance(store, SQLiteStore) and store.mode != "snapshot":
            store.ensure_index("status")
        self._path = store.path if isinstance(store, SQLiteStore) else ""

    @staticmethod
    def of_file(path: str, mode: Mode = "auto") -> Records:
        """Return the records of a SQLite file, opened in a mode as of `SQLiteStore`."""
        return Records(SQLiteStore(path, COLLECTION, mode=mode))

    @staticmethod
    def beside(documents: Store, root: Path) -> Records:
        """Return the records that belong to a document store, for a project folder."""
        if isinstance(documents, SQLiteStore):
            return Records.of_file(documents.path)
        if can_share(documents):
            return SharedRecords(documents)
        return Records.of_file(str(root / ".hebe" / "launcher.db"))

    def close(self) -> None:
        """Give the file up, if nothing else of this process has it open."""
        self.store.close()

    def together_with(self, documents: Store) -> AbstractContextManager[Any]:
        """Commit a record and an output at once, if both are in one file or reached over one connection."""
        if isinstance(documents, RemoteStore):
            return documents.transaction()
        if isinstance(documents, SQLiteStore) and documents.path == self._path:
            return documents.transaction()
        return nullcontext()

    def note(self, job: Job, outcome: Outcome) -> None:
        """Remember which flows a job asked for, or forget those that it asked for before and does not now.

        Written before its output, so that no output lacks them.
        """
        if outcome.is_plain:
            self.settle(job.uuid, job.index)
            return
        record = {
            **_identity(job),
            "status": "diverted",
            "diversion": outcome.diversion,
            "signature": sign(signed_content(outcome.diversion)),
            "stop_children": outcome.stop_children,
            "stop_jobflow": outcome.stop_jobflow,
            "stored_data": outcome.stored_data,
        }
        self.store.update(record, key=_KEY)

    def fail(self, identity: dict[str, Any], failure: Failure, *, status: str = "failed") -> None:
        """Remember that a job ended without output."""
        before = self.store.query_one({"uuid": identity["uuid"], "index": identity["index"]}, ["attempts"]) or {}
        record = {
            **identity,
            "status": status,
            "error_class": failure.error_class,
            "message": failure.message,
            "traceback": failure.traceback,
            "run_dir": failure.run_dir,
            "attempts": int(before.get("attempts") or 0) + 1,
            "failed_at": datetime.now(UTC).isoformat(),
        }
        self.store.update(record, key=_KEY)

    def fail_output(self, document: dict[str, Any], failure: Failure) -> None:
        """Remember that the output of a job could not be stored."""
        self.fail({name: document[name] for name in ("uuid", "index", "name", "hosts")}, failure)

    def forget(self, uuid: str, index: int) -> None:
        """Forget the failure of a job that has an output now."""
        self.store.remove_docs({"uuid": uuid, "index": index, "status": {"$in": ["failed", "retried"]}})

    def settle(self, uuid: str, index: int) -> None:
        """Forget the flows that a job asked for, if there are any."""
        criteria = {"uuid": uuid, "index": index, "status": "diverted"}
        if self.store.query_one(criteria, ["uuid"]) is not None:
            self.store.remove_docs(criteria)

    def retry(self, identity: dict[str, Any], failure: Failure) -> None:
        """Remember that an attempt at a job was lost and that it is tried again."""
        self.fail(identity, failure, status="retried")

    def of(self, uuids: Iterable[str]) -> dict[tuple[str, int], dict[str, Any]]:
        """Return the records of some jobs by uuid and index."""
        if not self.store.count():
            return {}
        wanted, found = list(uuids), {}
        if len(wanted) > _CHUNK:  # few of many jobs have one
            known = {record["uuid"] for record in self.store.query({"status": {"$in": _OF_JOBS}}, ["uuid"])}
            wanted = [uuid for uuid in wanted if uuid in known]
        for start in range(0, len(wanted), _CHUNK):
            for record in self.store.query({"uuid": {"$in": wanted[start : start + _CHUNK]}}):
                found[record["uuid"], record["index"]] = record
        return found

    def asked(self, uuids: Iterable[str]) -> list[Flow]:
        """Return the flows that some jobs asked for when they ended, with those that the jobs in them asked for."""
        found: list[Flow] = []
        queue, seen = set(uuids), set[str]()
        while queue:
            seen |= queue
            flows = [flow for record in self.of(queue).values() for flow in flows_of(record).values()]
            flows = [flow if isinstance(flow, Flow) else Flow([flow]) for flow in flows]
            found += flows
            queue = {job.uuid for flow in flows for job, _ in walk(flow)} - seen
        return found

    def failed(self, uuids: Iterable[str] | None = None) -> dict[tuple[str, int], dict[str, Any]]:
        """Return the records of jobs without output, of all or of some."""
        if uuids is not None:
            return {key: record for key, record in self.of(uuids).items() if record["status"] == "failed"}
        return {(record["uuid"], record["index"]): record for record in self.store.query({"status": "failed"})}

    def control(self, campaign: str, status: str | None) -> None:
        """Have launchers pause or cancel a campaign: ``paused``, ``cancelled``, or None for neither."""
        if status is None:
            self.store.remove_docs({"uuid": _CONTROL + campaign})
        else:
            self.store.update({"uuid": _CONTROL + campaign, "index": 0, "status": status}, key=_KEY)

    def controls(self) -> dict[str, str]:
        """Return the campaigns that are paused or cancelled."""
        found = self.store.query({"status": {"$in": ["paused", "cancelled"]}, "index": 0})
        return {str(record["uuid"]).removeprefix(_CONTROL): record["status"] for record in found}

    def beat(self, launch: str, body: dict[str, Any]) -> None:
        """Say that a launch is alive and how far it is; survives ``kill -9``, not necessarily a power loss."""
        with connection(self._path).transaction(durable=False) as sql:
            row = (launch, time.time(), orjson.dumps(body).decode())
            sql.execute("INSERT OR REPLACE INTO launches VALUES (?, ?, ?)", row)

    def launches(self) -> list[tuple[str, float, dict[str, Any]]]:
        """Return id, time of the last heartbeat (s since 1970) and report of every launch, the latest first."""
        rows = connection(self._path).rows("SELECT id, heartbeat, body FROM launches ORDER BY heartbeat DESC")
        return [(name, beat, orjson.loads(body)) for name, beat, body in rows]

    def launch_count(self) -> int:
        """Return how many launches there have been."""
        return int(connection(self._path).rows("SELECT count(*) FROM launches")[0][0])


def can_share(documents: Store) -> bool:
    """Whether a document store is in a database that other machines reach."""
    from maggma.stores import MemoryStore, MongoStore, MontyStore

    return isinstance(documents, MongoStore) and not isinstance(documents, (MemoryStore, MontyStore))


class SharedRecords(Records):
    """Records in the database of the outputs, for launchers and workers on many machines.

    Parameters
    ----------
    documents
        Connected document store of MongoDB's kind.
    """

    def __init__(self, documents: Store) -> None:
        super().__init__(open_collection(documents, COLLECTION, "uuid"))
        self._beats = open_collection(documents, _BEATS, "id")
        for path in ("uuid", "status"):
            self.store.ensure_index(path)

    def beat(self, launch: str, body: dict[str, Any]) -> None:
        """Say that a launch is alive and how far it is."""
        self._beats.update({"id": launch, "heartbeat": time.time(), "body": body}, key="id")

    def launches(self) -> list[tuple[str, float, dict[str, Any]]]:
        """Return id, time of the last heartbeat (s since 1970) and report of every launch, the latest first."""
        found = self._beats.query(sort={"heartbeat": -1})
        return [(beat["id"], beat["heartbeat"], beat["body"]) for beat in found]

    def launch_count(self) -> int:
        """Return how many launches there have been."""
        return int(self._beats.count())


def launch_id() -> str:
    """Return a name for a launch that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}"


def _identity(job: Job) -> dict[str, Any]:
    return {"uuid": job.uuid, "index": job.index, "name": job.name, "hosts": list(job.hosts)}
