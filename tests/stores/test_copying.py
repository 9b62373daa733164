"""Campaigns moved between stores: with their large parts, what they refer to, and proof that all arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.reference import OutputReference
from jobflow.core.store import JobStore
from maggma.stores import MemoryStore

from hebe.exceptions import BadInputError, StoreError
from hebe.stores import open_collection
from hebe.stores.copying import RECORDS, copy, open_place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    store = open_place(tmp_path / "a.db")
    put(store, "own", {"key": "k1", "big": {"values": list(range(5000))}}, "mine")
    put(store, "refers", OutputReference("shared").as_dict(), "mine")
    put(store, "shared", {"key": "k2", "from": OutputReference("deep").as_dict()}, "theirs")
    put(store, "deep", 1.5, "theirs")
    put(store, "other", {"nan": float("inf")}, "theirs")
    open_collection(store, RECORDS, "uuid").update(
        [{"uuid": name, "index": 1, "status": "diverted"} for name in ("own", "other")]
    )
    return store


def put(store: JobStore, uuid: str, output: Any, campaign: str) -> None:
    document = {"uuid": uuid, "index": 1, "output": output, "metadata": {"campaign": campaign}}
    store.update(document, save={"data": ["big"]})


def memory(name: str) -> JobStore:
    store = JobStore(
        MemoryStore(f"docs-{name}"), additional_stores={"data": MemoryStore(f"data-{name}", key="blob_uuid")}
    )
    store.connect()
    return store


@pytest.mark.parametrize("kind", ["embedded", "memory"])
def test_campaign_with_what_it_refers_to(source: JobStore, tmp_path: Path, kind: str) -> None:
    target = open_place(tmp_path / "b.db") if kind == "embedded" else memory(tmp_path.name)
    done = copy(source, target, "mine")
    assert (done.outputs, done.blobs, done.records) == (4, {"data": 1}, int(kind == "embedded"))
    assert set(target.distinct("uuid")) == {"own", "refers", "shared", "deep"}
    assert next(target.query({"uuid": "own"}, load=True))["output"]["big"] == {"values": list(range(5000))}
    assert copy(source, target, "mine").outputs == target.count() == 4, "again changes nothing"
    assert copy(source, target).outputs == 5


def test_what_does_not_arrive_is_told(source: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = memory(tmp_path.name)
    original = target.docs_store.update

    def lossy(docs: list[dict[str, Any]], key: Any = None) -> None:
        original([doc for doc in docs if doc["uuid"] != "deep"], key=key)

    def changing(docs: list[dict[str, Any]], key: Any = None) -> None:
        original([{**doc, "output": 0} if doc["uuid"] == "deep" else doc for doc in docs], key=key)

    monkeypatch.setattr(target.docs_store, "update", lossy)
    with pytest.raises(StoreError, match="1 of 4 outputs did not arrive"):
        copy(source, target, "mine")
    monkeypatch.setattr(target.docs_store, "update", changing)
    with pytest.raises(StoreError, match=r"deep did not arrive in .* as it was"):
        copy(source, target, "mine")


def test_copies_that_make_no_sense(source: JobStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="onto itself"):
        copy(source, open_place(tmp_path / "a.db"))
    with pytest.raises(StoreError, match="no job of a campaign called 'none'"):
        copy(source, memory(tmp_path.name), "none")
    without = JobStore(MemoryStore("without"))
    without.connect()
    with pytest.raises(StoreError, match="no additional store called 'data'"):
        copy(source, without)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("none.db", "there is no such store"),
        ("none", "names no store"),
        ("store.txt", "names no store"),
        ("none.yaml", "there is no such file"),
        ("mongodb://me:hunter2@host", "database"),
    ],
)
def test_places_that_are_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError, match=said) as caught:
        open_place(place, must_exist=True)
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_place_by_description_and_by_folder(source: JobStore, tmp_path: Path) -> None:
    spec = (
        "docs_store: {type: SQLiteStore, path: c.db}\nadditional_stores: {data: {type: SQLiteBlobStore, path: c.db}}\n"
    )
    (tmp_path / "jobflow.yaml").write_text(spec)
    described = open_place(tmp_path / "jobflow.yaml")
    assert copy(source, described).outputs == 5
    (tmp_path / "project").mkdir()
    assert copy(described, open_place(tmp_path / "project")).blobs == {"data": 1}
    assert (tmp_path / "project" / ".hebe" / "store.db").is_file()
