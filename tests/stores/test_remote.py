"""Stores that are reached through the process that has them open."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.store import JobStore
from maggma.core.store import Sort
from maggma.stores import AliasingStore, MemoryStore

from hebe.exceptions import StoreError
from hebe.stores import Claims, SQLiteBlobStore, SQLiteStore, open_collection
from hebe.stores.claims import Owner
from hebe.stores.remote import Line, RemoteStore
from hebe.stores.service import must_stay, stand_in
from support.owner import connect, remote

if TYPE_CHECKING:
    from pathlib import Path

MANY = [{"uuid": f"{number:04d}", "n": number} for number in range(350)]


@pytest.fixture
def file(tmp_path: Path) -> SQLiteStore:
    return SQLiteStore(tmp_path / "store.db", mode="exclusive")


@pytest.fixture(params=["file", "memory"])
def owned(request: pytest.FixtureRequest, file: SQLiteStore) -> Any:
    yield file if request.param == "file" else MemoryStore(key="uuid")
    file.close()


def test_what_others_may_not_open_stays(tmp_path: Path, file: SQLiteStore) -> None:
    shared, memory = SQLiteStore(tmp_path / "shared.db"), MemoryStore()
    for store in (shared, memory, file):
        store.connect()
    assert stand_in("a", shared) is shared
    assert not must_stay(shared)
    assert must_stay(AliasingStore(memory, {"a": "b"}, key="uuid"))
    other = SQLiteStore(file.path, "others", mode="shared")
    other.connect()
    assert must_stay(other), "the file is owned, however it was opened here"
    told = stand_in("a", file)
    assert isinstance(told, RemoteStore)
    assert RemoteStore.from_dict(told.as_dict()) == told
    assert told.name == file.name
    file.close()


def test_pages_of_a_long_answer(owned: Any) -> None:
    store = remote(owned)
    store.update(MANY)
    assert [d["n"] for d in store.query(sort={"n": Sort.Descending})] == list(range(349, -1, -1))
    rows = store.query({}, ["uuid"], sort={"n": 1})
    assert next(rows)["uuid"] == "0000"
    store.update({"uuid": "9999", "n": -1})
    assert next(rows)["uuid"] == "0001", "the owner goes on where it was"
    assert isinstance(rows, Generator)
    rows.close()
    assert store.count() == 351
    assert len(list(store.query(limit=150))) == 150


def test_answers_find_who_asked(owned: Any) -> None:
    """Answers may come in another order than questions."""
    service = connect({"outputs": owned})
    owned.update(MANY)
    waiting: list[tuple[int, bytes]] = []
    enough = threading.Semaphore(0)

    def send(number: int, body: bytes) -> None:
        waiting.append((number, body))
        enough.release()

    line = Line(send)
    line.use()
    found: dict[int, int] = {}
    store = RemoteStore("outputs", "a")

    def ask(most: int) -> None:
        found[most] = store.count({"n": {"$lt": most}})

    threads = [threading.Thread(target=ask, args=(most,)) for most in (1, 20, 300)]
    for thread in threads:
        thread.start()
    for _ in threads:
        enough.acquire()
    for number, body in reversed(waiting):
        line.hear(number, service.answer(body))
    for thread in threads:
        thread.join()
    assert found == {1: 1, 20: 20, 300: 300}


def test_errors_arrive(file: SQLiteStore) -> None:
    store = remote(file)
    with pytest.raises(KeyError, match="uuid"):
        store.update({"a": 1})
    store.update({"uuid": "a", "n": 1})
    assert store.ensure_index("n", unique=True)
    with pytest.raises(StoreError, match="must be unique"):
        store.update({"uuid": "b", "n": 1})
    with pytest.raises(StoreError, match="nothing called 'close'"):
        store.ask("close")
    with pytest.raises(StoreError, match="only the methods of a store"):
        _ = store._collection
    assert [d["uuid"] for d in store.query()] == ["a"]
    file.close()


def test_error_that_cannot_be_built_again_is_told_by_name(owned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class TwoPartsError(Exception):
        def __init__(self, first: str, second: str) -> None:
            super().__init__(f"{first} {second}")

    def refuse(*_: Any, **__: Any) -> None:
        raise TwoPartsError("half", "done")

    store = remote(owned)
    monkeypatch.setattr(owned, "count", refuse)
    with pytest.raises(StoreError, match="TwoPartsError: half done"):
        store.count()


def test_writes_together_are_one_commit(file: SQLiteStore) -> None:
    blobs = SQLiteBlobStore(file.path, mode="exclusive")
    connect({"outputs": file, "data": blobs})
    documents, data = RemoteStore("outputs", "a"), RemoteStore("data", "b", "blob_uuid")
    with documents.transaction():
        documents.update({"uuid": "a"})
        data.update({"blob_uuid": "1", "data": [1, 2]})
        assert documents.count() == 0, "not before the end of the block"
    assert (documents.count(), data.query_one()) == (1, {"blob_uuid": "1", "data": [1, 2]})

    def write(second: dict[str, Any] | None) -> None:
        with documents.transaction():
            documents.update({"uuid": "b"})
            if second is None:
                raise ValueError("given up")
            data.update(second)

    with pytest.raises(KeyError):
        write({"data": "without a key"})
    assert documents.count() == 1, "the second write failed: nothing of the first one is there"
    with pytest.raises(ValueError, match="given up"):
        write(None)
    assert documents.count() == 1
    blobs.close()
    file.close()


def test_claims_are_those_of_the_owner(owned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    claims, here = Claims(remote(owned)), Owner.current()
    assert claims.acquire("k")
    assert claims.renew("k")
    assert Claims(owned).holder("k") == str(here)
    with monkeypatch.context() as patched:
        patched.setattr(Owner, "current", classmethod(lambda _: Owner("elsewhere", 1, "1")))
        assert not claims.acquire("k")
    claims.release("k")
    assert claims.holder("k") is None


def test_collection_beside_the_outputs(file: SQLiteStore) -> None:
    documents = remote(file)
    beside = open_collection(JobStore(documents), "candidates", "candidate_id")
    beside.update({"candidate_id": "c"})
    with SQLiteStore(file.path, "candidates", "candidate_id") as store:
        assert store.count({"candidate_id": "c"}) == 1
    file.close()
