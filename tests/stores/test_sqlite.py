"""The embedded store as a file: many writers, crashes, other programs' files, jobflow and pickle."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from jobflow.core.flow import Flow
from jobflow.core.store import JobStore
from jobflow.managers.local import run_locally
from maggma.stores import MemoryStore
from monty.json import MontyDecoder
from monty.serialization import dumpfn

from hebe.exceptions import StoreError
from hebe.stores import SQLiteStore, find_project, open_store
from hebe.stores.database import APPLICATION_ID, SCHEMA_VERSION, connection
from support import launcher_jobs as jobs

WRITER = """
import sys
from hebe.stores import SQLiteStore
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with SQLiteStore(path) as store:
    for i in range(count):
        store.update({"uuid": f"{name}-{i}", "index": 1, "output": {"values": list(range(100)), "n": i}})
        print(i, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    made = SQLiteStore(tmp_path / "store.db")
    made.connect()
    return made


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    both = [writer(path, name, 500) for name in ("a", "b")]
    for process in both:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    with SQLiteStore(path) as store:
        assert store.count() == 1000
        assert set(store.distinct("uuid")) == {f"{name}-{i}" for name in "ab" for i in range(500)}


def test_kill_of_a_writer_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    process = writer(path, "a", 10_000)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    process.kill()
    acknowledged += [int(line) for line in process.communicate()[0].split() if line.isdigit()]
    with SQLiteStore(path) as store:
        found = {document["output"]["n"] for document in store.query()}
        assert set(acknowledged[:-1]) <= found
        assert connection(store.path).rows("PRAGMA integrity_check") == [("ok",)]
        store.update({"uuid": "after"})
        assert store.count() == len(found) + 1


def test_threads_share_a_store(store: SQLiteStore) -> None:
    def work(name: int) -> None:
        for number in range(50):
            store.update({"uuid": f"{name}-{number}"})
        assert store.count({"uuid": f"{name}-49"}) == 1

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 200


def test_fork(store: SQLiteStore) -> None:
    store.update({"uuid": "parent"})
    child = os.fork()
    if not child:
        code = 1
        try:
            store.update({"uuid": "child"})
            code = 0 if store.count() == 2 else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    store.update({"uuid": "again"})
    assert store.count() == 3


def test_pickle_and_dict_round_trips(store: SQLiteStore) -> None:
    store.update({"uuid": "a"})
    copies: list[Any] = [
        pickle.loads(pickle.dumps(store)),  # noqa: S301 - our own bytes
        MontyDecoder().process_decoded(orjson.loads(orjson.dumps(store.as_dict(), default=str))),
        SQLiteStore.from_dict(store.as_dict()),
    ]
    for copy in copies:
        assert copy == store
        assert copy.name == store.name
        with copy:
            assert copy.count() == 1
    assert store != MemoryStore()


def test_collections_are_apart(store: SQLiteStore) -> None:
    other = SQLiteStore(store.path, "others", key="name")
    other.connect()
    store.update({"uuid": "a", "x": 1})
    other.update([{"name": "b", "x": 1}, {"name": "c", "x": 2}])
    assert (store.count(), other.count(), other.count({"x": 1})) == (1, 2, 1)
    other.remove_docs({})
    assert store.count({"x": 1}) == 1


def test_must_be_connected(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db")
    with pytest.raises(StoreError, match="must be connected"):
        store.count()
    store.connect()
    store.close()
    with pytest.raises(StoreError, match="must be connected"):
        store.count()


def test_transaction_is_all_or_nothing(store: SQLiteStore) -> None:
    other = SQLiteStore(store.path, "others")
    other.connect()

    def both(last: dict[str, Any]) -> None:
        with store.transaction():
            store.update({"uuid": "a"})
            other.update({"uuid": "b"})
            other.update(last)

    with pytest.raises(KeyError):
        both({"no": "key"})
    assert store.count() == other.count() == 0
    both({"uuid": "c"})
    assert (store.count(), other.count()) == (1, 2)


def test_unique_index(store: SQLiteStore) -> None:
    long = "x" * 300
    store.update([{"uuid": "a", "name": long + "1"}, {"uuid": "b", "name": long + "2"}])
    assert store.ensure_index("name", unique=True)
    store.update({"uuid": "a", "name": long + "3"})
    with pytest.raises(StoreError, match="must be unique"):
        store.update({"uuid": "c", "name": long + "2"})
    assert store.count() == 2
    store.update([{"uuid": "d", "name": "d", "kind": 1}, {"uuid": "e", "name": "e", "kind": 1}])
    assert not store.ensure_index("kind", unique=True)


def test_indexed_query_reads_few_documents(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [{"uuid": str(i), "output": {"key": f"k{i % 500}", "status": "converged"}} for i in range(1000)]
    store.update(documents)
    store.ensure_index("output.key")
    store.ensure_index("output.status")
    decoded: list[int] = []
    original = store._collection.whole

    def whole(row: Any) -> Any:
        decoded.append(row.id)
        return original(row)

    monkeypatch.setattr(store._collection, "whole", whole)
    criteria = {"output.status": "converged", "output.key": "k7"}
    assert {d["uuid"] for d in store.query(criteria)} == {"7", "507"}
    assert len(decoded) == 2
    assert store.count(criteria) == 2
    assert store.count({"$or": [{"uuid": "3"}, {"output.key": "k7"}]}) == 3
    assert [d["uuid"] for d in store.query({"output.key": "k9"}, ["uuid"], sort={"uuid": -1})] == ["9", "509"]
    assert len(decoded) == 2


def test_files_are_compressed(store: SQLiteStore) -> None:
    from pymatgen.core import Lattice, Structure

    species = ["Na+", "Mn3+", "O2-", "O2-"] * 12
    documents = []
    for i in range(50):
        structure = Structure(Lattice.cubic(9.0 + i), species, [[n / 48, n * i / 50, n / 49] for n in range(48)])
        documents.append({"uuid": str(i), "output": {"structure": structure.as_dict()}})
    plain = sum(len(orjson.dumps(document)) for document in documents)
    store.update(documents)
    store.close()
    assert Path(store.path).stat().st_size < 0.45 * plain
    store.connect()
    assert orjson.dumps(store.query_one({"uuid": "7"})) == orjson.dumps(documents[7])


def test_every_mistake_in_criteria_is_a_store_error(store: SQLiteStore) -> None:
    store.update({"uuid": "a", "n": 1})
    wrong: list[Any] = [
        {"n": {"$gtt": 1}},
        {"n": {"$in": 3}},
        {"$what": [1]},
        {"$or": []},
        {"uuid": {"$regex": "("}},
        {"$where": "this.n == 1"},
        ["n"],
    ]
    empty = SQLiteStore(store.path, "empty")
    empty.connect()
    for criteria in wrong:
        with pytest.raises(StoreError):
            list(store.query(criteria))
        if "uuid" not in criteria:
            with pytest.raises(StoreError):
                list(empty.query(criteria))
    with pytest.raises(StoreError, match="at once"):
        list(store.query({}, {"a": 1, "b": 0}))


def test_files_that_are_no_store(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is not a database, but long enough to look at" * 50, encoding="utf-8")
    with pytest.raises(StoreError, match="not a store"):
        SQLiteStore(text).connect()
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        SQLiteStore(foreign).connect()
    with pytest.raises(StoreError, match=r"a\.db"):
        SQLiteStore(text / "a.db").connect()


def test_schema_version(store: SQLiteStore) -> None:
    assert connection(store.path).rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert connection(store.path).rows("PRAGMA application_id") == [(APPLICATION_ID,)]
    store.close()
    with sqlite3.connect(store.path) as other:
        other.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    other.close()
    with pytest.raises(StoreError, match="later version"):
        store.connect()


def test_removed_file_is_made_again(store: SQLiteStore) -> None:
    store.update({"uuid": "a"})
    shutil.rmtree(Path(store.path).parent)
    store.connect(force_reset=True)
    assert store.count() == 0


@pytest.mark.filterwarnings("ignore:Some jobs are not connected:UserWarning:jobflow")
@pytest.mark.filterwarnings("ignore:cd is deprecated:FutureWarning:jobflow")
def test_jobflow_settings_file_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {
        "docs_store": {"type": "SQLiteStore", "path": "docs.db"},
        "additional_stores": {"data": {"type": "SQLiteStore", "path": "docs.db", "collection_name": "blobs"}},
    }
    dumpfn(settings, "jobflow.yaml")
    store: Any = JobStore.from_file("jobflow.yaml")
    marks = tmp_path / "marks"
    marks.mkdir()
    first = jobs.combine("first", str(marks), [{"value": 3}])
    second = jobs.combine("second", str(marks), [first.output])
    first._kwargs = second._kwargs = {"data": "value"}
    run_locally(Flow([first, second]), store=store, log=False)
    assert store.get_output(second.uuid, load=True) == {"name": "second", "value": ((3 * 31 + 5) * 31 + 6) % 10007}
    assert set(store.get_output(second.uuid)["value"]) == {"@class", "@module", "blob_uuid", "store"}
    assert store.docs_store.count() == store.additional_stores["data"].count() == 2
    dumpfn(store, "whole.yaml")
    again = JobStore.from_file("whole.yaml")
    again.connect()
    assert again.count() == 2


def test_project_is_found_upwards(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) == deep
    open_store(tmp_path / "a").close()
    assert find_project(deep) == tmp_path / "a"
    assert (tmp_path / "a" / ".hebe" / "store.db").exists()
