"""Moving a campaign, or everything, from one store to another, and proving that all of it arrived."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from hebe.config.reading.wording import shown
from hebe.config.settings import StoreSettings
from hebe.exceptions import BadInputError, StoreError
from hebe.stores.codec import normalize
from hebe.stores.collection import mark
from hebe.stores.factory import connect, embedded_path, open_collection, open_store, prepare, store_of_file
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jobflow.core.store import JobStore
    from maggma.core.store import Store

RECORDS = "jobs"
"""Collection in which launchers keep what they remember of jobs."""

PRIOR: Final = "prior of "
"""Records there of what the loop of a campaign started from, before the name of the campaign."""

_BATCH = 200
_KEY = ["uuid", "index"]


@dataclass
class Copied:
    """What was copied and verified: outputs, records of launchers, and blobs by additional store."""

    source: str
    target: str
    campaign: str | None
    outputs: int = 0
    records: int = 0
    blobs: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def open_place(place: str | Path, *, must_exist: bool = False) -> JobStore:
    """Open the store that a word of the command line names.

    Parameters
    ----------
    place
        A project folder (its settings count), an embedded store (``.db``), a description as in ``jobflow.yaml``
        (``.yaml``, ``.json``), or a URI of MongoDB.
    must_exist
        Whether an embedded store must be there already.

    Raises
    ------
    hebe.exceptions.BadInputError
        If it names nothing that could be a store.
    hebe.exceptions.StoreError
        If the store cannot be opened.
    """
    text, path = str(place), Path(place).expanduser()
    if text.startswith(("mongodb://", "mongodb+srv://")):
        return open_store(Path.cwd(), StoreSettings(kind="mongodb", uri=SecretStr(text)))
    if path.suffix in {".yaml", ".yml", ".json"}:
        store = store_of_file(path)
        connect(store)
        prepare(store.docs_store)
        return store
    if path.suffix not in {".db", ".sqlite"} and not path.is_dir():
        hint = "give a project folder, a .db file, a jobflow.yaml or a mongodb:// URI"
        raise BadInputError(f"{shown(text)} names no store", suggestion=hint)
    file = embedded_path(path) if path.is_dir() else path.absolute()
    if must_exist and file is not None and not file.is_file():
        raise BadInputError("there is no such store", file=file)
    return open_store(path) if path.is_dir() else open_store(Path.cwd(), StoreSettings(path=file))


def copy(source: JobStore, target: JobStore, campaign: str | None = None) -> Copied:
    """Copy outputs with their large parts, then read all of them again from the target and compare.

    Parameters
    ----------
    source, target
        Connected stores; what the target has already under the same job is replaced.
    campaign
        Only jobs of this campaign, and those that their outputs refer to; everything without one.

    Raises
    ------
    hebe.exceptions.StoreError
        If both are the same store, the source has no such campaign, the target has no place for the large parts, or
        something did not arrive.
    """
    if source.docs_store.name == target.docs_store.name:
        raise StoreError(f"{source.docs_store.name} cannot be copied onto itself")
    done = Copied(source.docs_store.name, target.docs_store.name, campaign)
    wanted = None if campaign is None else belonging(source, campaign)
    if wanted is not None and not wanted:
        raise StoreError(f"{done.source} has no job of a campaign called {campaign!r}")
    blobs: dict[str, set[str]] = {}
    digests: dict[tuple[str, int], bytes] = {}
    for batch in outputs_of(source, wanted):
        target.docs_store.update(batch, key=_KEY)
        for document in batch:
            digests[document["uuid"], document["index"]] = _digest(document)
            _gather_blobs(document.get("output"), blobs)
    done.outputs = len(digests)
    _verify(digests, outputs_of(target, {uuid for uuid, _ in digests}), done.target)
    named = {uuid for uuid, _ in digests} | {f"{PRIOR}{campaign}"}
    done.records = _copy_records(source, target, named if campaign else None)
    for name, keys in blobs.items():
        done.blobs[name] = _copy_blobs(source, target, name, keys)
    return done


def outputs_of(store: JobStore, uuids: set[str] | None) -> Iterator[list[dict[str, Any]]]:
    """Documents of some jobs, or of all, many at a time, in the order of their ids."""
    documents = store.docs_store
    chosen = sorted(documents.distinct("uuid") if uuids is None else uuids)
    for start in range(0, len(chosen), _BATCH):
        yield [_plain(doc) for doc in documents.query({"uuid": {"$in": chosen[start : start + _BATCH]}})]


def belonging(store: JobStore, campaign: str) -> set[str]:
    """Jobs of a campaign, those that its loop started from, and all that their outputs refer to."""
    documents = store.docs_store
    found = {doc["uuid"] for doc in documents.query({"metadata.campaign": campaign}, ["uuid"])}
    if found and isinstance(documents, SQLiteStore):
        lists = open_collection(store, RECORDS, "uuid").query({"uuid": PRIOR + campaign})
        asked = _parts({uuid for prior in lists for uuid in prior["jobs"]})
        found |= {doc["uuid"] for part in asked for doc in documents.query(part, ["uuid"])}
    fresh = found
    while fresh:
        referred: set[str] = set()
        for batch in outputs_of(store, fresh):
            for document in batch:
                _gather_references(document.get("output"), referred)
        fresh = {doc["uuid"] for part in _parts(referred - found) for doc in documents.query(part, ["uuid"])}
        found = found | fresh
    return found


def _copy_records(source: JobStore, target: JobStore, uuids: set[str] | None) -> int:
    """Copy what launchers remember of jobs (failures, flows that they asked for), between embedded stores."""
    if not isinstance(source.docs_store, SQLiteStore) or not isinstance(target.docs_store, SQLiteStore):
        return 0
    here, there = (open_collection(store, RECORDS, "uuid") for store in (source, target))
    parts: Iterable[dict[str, Any]] = [{}] if uuids is None else _parts(uuids)
    records = [_plain(record) for part in parts for record in here.query(part)]
    there.update(records, key=_KEY)
    digests = {(record["uuid"], record["index"]): _digest(record) for record in records}
    _verify(digests, iter([[_plain(record) for record in there.query()]]), there.name)
    return len(records)


def _parts(uuids: Iterable[str]) -> Iterator[dict[str, Any]]:
    chosen = sorted(uuids)
    for start in range(0, len(chosen), _BATCH):
        yield {"uuid": {"$in": chosen[start : start + _BATCH]}}


def _gather_references(value: Any, found: set[str]) -> None:
    if isinstance(value, dict):
        if value.get("@class") == "OutputReference":
            found.add(str(value["uuid"]))
        for inner in value.values():
            _gather_references(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _gather_references(inner, found)


def _gather_blobs(value: Any, found: dict[str, set[str]]) -> None:
    """Large parts that were put elsewhere, by additional store; jobflow leaves their key in their place."""
    if isinstance(value, dict):
        if "blob_uuid" in value and "store" in value:
            found.setdefault(str(value["store"]), set()).add(str(value["blob_uuid"]))
            return
        for inner in value.values():
            _gather_blobs(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _gather_blobs(inner, found)


def _copy_blobs(source: JobStore, target: JobStore, name: str, keys: set[str]) -> int:
    stores = (_additional(source, name), _additional(target, name))
    if stores[0] is None or stores[1] is None:
        lacking = target if stores[0] is not None else source
        raise StoreError(
            f"{lacking.docs_store.name} has no additional store called {name!r} for large parts of outputs"
        )
    for key in sorted(keys):
        document = _blob(stores[0], key)
        if document is None:
            raise StoreError(f"{source.docs_store.name} lacks the blob {key} of {name!r}")
        stores[1].update([document], key="blob_uuid")
        arrived = _blob(stores[1], key)
        if arrived is None or _digest({"data": arrived["data"]}) != _digest({"data": document["data"]}):
            raise StoreError(f"the blob {key} did not arrive in {target.docs_store.name} as it was")
    return len(keys)


def _additional(store: JobStore, name: str) -> Store | None:
    found: Store | None = getattr(store, "additional_stores").get(name)  # noqa: B009 - jobflow leaves it untyped
    return found


def _blob(store: Store, key: str) -> dict[str, Any] | None:
    found = store.query_one({"blob_uuid": key})
    return None if found is None else {name: value for name, value in _plain(found).items() if name in _BLOB}


_BLOB = ("blob_uuid", "data", "job_uuid", "job_index", "@module", "@class")


def _verify(digests: dict[tuple[str, int], bytes], batches: Iterator[list[dict[str, Any]]], name: str) -> None:
    missing = dict(digests)
    for batch in batches:
        for document in batch:
            expected = missing.pop((document["uuid"], document["index"]), None)
            if expected is not None and expected != _digest(document):
                raise StoreError(f"the output of job {document['uuid']} did not arrive in {name} as it was")
    if missing:
        raise StoreError(f"{len(missing)} of {len(digests)} outputs did not arrive in {name}")


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without MongoDB's own identifier."""
    return {key: value for key, value in document.items() if key != "_id"}


def _digest(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(mark(normalize(document))).digest()
