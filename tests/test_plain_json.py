"""Whatever can be described as data passes through JSON text and back: FireWorks, queues and databases keep text."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, JobStore
from maggma.stores import MemoryStore
from monty.json import MontyDecoder, MontyEncoder, MSONable

import hebe
from hebe.launchers.execution import RecordingStore
from hebe.launchers.records import Records
from hebe.stores import SQLiteBlobStore, SQLiteStore
from hebe.stores.mongodb import BorrowedCollection, mongo_blobs, mongo_outputs
from hebe.stores.remote import RemoteStore
from support.launcher_jobs import add

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPTIONAL = {"custodian", "fireworks", "atomate2", "qtoolkit"}
ARGUMENTS: dict[str, dict[str, Any]] = {"VolumeHandler": {"volume": 10.0}}
ELSEWHERE = {"_Handler", "CalculationMaker", "RecordingStore", "LookupStore", "PatientStore", "BorrowedCollection"} | {
    f"{name}Builder" for name in ("Candidate", "Mixing", "Electrode", "Phase")
}
"""Bases without instances, and what is made from an open store, which has tests of its own below."""


def described_classes() -> dict[str, type[MSONable]]:
    """Classes of Hebe that say ``as_dict``."""
    for module in pkgutil.walk_packages(hebe.__path__, "hebe."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError as err:
                if (err.name or "").partition(".")[0] not in OPTIONAL:
                    raise
    found, waiting = {}, [MSONable]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.startswith("hebe."):
                found[one.__name__] = one
    return found


def through_text(thing: Any) -> Any:
    """Plain JSON of ``json`` itself, which knows nothing of monty, and back."""
    text = json.dumps(thing.as_dict(), allow_nan=False)
    return MontyDecoder().process_decoded(json.loads(text))


def made(name: str, kind: type[MSONable], folder: Path) -> Any:
    if name in {"SQLiteStore", "SQLiteBlobStore"}:
        return kind(folder / "store.db")  # type: ignore[call-arg]
    if name == "MongoOutputs":
        return mongo_outputs("mongodb://localhost/x", "outputs", "x")
    if name == "MongoBlobs":
        return mongo_blobs("mongodb://localhost/x", "blobs", "x")
    if name == "RemoteStore":
        return RemoteStore("place", "title", last_updated_type="isoformat")
    return kind(**ARGUMENTS.get(name, {}))


def test_every_class_passes_through_text(tmp_path: Path) -> None:
    found = described_classes()
    assert {"SQLiteStore", "RelaxMaker", "StageFlowMaker", "RemoteStore"} <= found.keys()
    for name, kind in sorted(found.items()):
        if name not in ELSEWHERE:
            thing = made(name, kind, tmp_path)
            back = through_text(thing)
            assert type(back) is kind, name
            assert back.as_dict() == thing.as_dict(), name


@pytest.mark.parametrize("last_updated_type", ["datetime", "isoformat"])
def test_a_store_keeps_its_settings(tmp_path: Path, last_updated_type: str) -> None:
    store = SQLiteStore(tmp_path / "s.db", "a", "k", "when", last_updated_type, compression_level=3, mode="shared")
    back = through_text(store)
    assert back == store
    assert back.last_updated_type is store.last_updated_type
    assert (back.compression_level, back.mode) == (3, "shared")


@pytest.fixture
def job_store(tmp_path: Path) -> Iterator[JobStore]:
    path = tmp_path / "store.db"
    store = JobStore(SQLiteStore(path), additional_stores={"data": SQLiteBlobStore(path)})
    store.connect()
    yield store
    store.close()


def test_a_job_store_and_what_a_worker_makes_of_it(job_store: JobStore, tmp_path: Path) -> None:
    watched = RecordingStore(job_store, Records.of_file(str(tmp_path / "store.db")))
    for one in (job_store, watched):
        back = through_text(one)
        assert type(back) is JobStore
        assert back.as_dict() == job_store.as_dict()
        assert back.docs_store == job_store.docs_store


def test_a_borrowed_collection_is_described_by_its_lender() -> None:
    lender = MemoryStore("lender")
    lender.connect()
    back = through_text(BorrowedCollection(lender, "beside", "k"))
    assert (type(back), back.collection_name, back.key) == (MemoryStore, "beside", "k")


def test_a_firework_with_such_a_store_is_kept_and_runs(job_store: JobStore) -> None:
    """FireWorks writes its documents with ``json`` after its own serializer."""
    pytest.importorskip("fireworks", reason="needs the package fireworks")
    from fireworks import Firework
    from jobflow.managers.fireworks import flow_to_workflow

    first = add(1, 2)
    workflow = flow_to_workflow(Flow([first]), job_store)
    (firework,) = workflow.fws
    text = json.dumps(firework.to_dict(), default=str)
    again = Firework.from_dict(json.loads(text))
    again.tasks[0].run_task({})
    assert job_store.get_output(first.uuid) == 3


def test_encoders_agree(job_store: JobStore) -> None:
    assert json.loads(json.dumps(job_store, cls=MontyEncoder))["docs_store"] == job_store.docs_store.as_dict()
