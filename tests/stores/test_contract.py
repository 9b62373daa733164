"""One contract, kept by the embedded store and by maggma's own in-memory store alike."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maggma.stores import MemoryStore, MongoURIStore

from hebe.stores import SQLiteStore
from hebe.stores.collection import mark
from support.owner import remote

if TYPE_CHECKING:
    from pathlib import Path

    from maggma.core.store import Store

DOCUMENTS: list[dict[str, Any]] = [
    {"uuid": "a", "index": 1, "n": 3, "tags": ["x", "y"], "output": {"key": "k1", "energy": -1.5, "status": "ok"}},
    {"uuid": "b", "index": 1, "n": 1, "tags": [], "output": {"key": "k2", "energy": 2.0, "status": "failed"}},
    {"uuid": "b", "index": 2, "n": 2, "tags": ["y"], "output": {"key": "k2", "status": "ok", "sites": [{"s": 1}]}},
    {"uuid": "c", "index": 1, "n": None, "output": [{"key": "k3"}, {"key": "k1", "energy": 7}]},
    {"uuid": "d", "index": 1, "output": None, "when": datetime(2026, 3, 1, 12, 30, 5, 123456)},  # noqa: DTZ001
    {"uuid": "e", "index": 1, "n": 2.5, "output": "text", "tags": "x", "flag": True, "deep": {"a": {"b": [1, 2]}}},
    {"uuid": "f", "index": 1, "n": "3", "output": {}, "nan": float("nan"), "inf": float("inf"), "big": 2**60},
]

CRITERIA: list[dict[str, Any]] = [
    {},
    {"uuid": "b"},
    {"uuid": "b", "index": 2},
    {"uuid": {"$in": ["a", "c", "zz"]}},
    {"uuid": {"$nin": ["a", "c"]}},
    {"uuid": {"$ne": "a"}},
    {"output.key": "k1"},
    {"output.key": {"$in": ["k1", "k3"]}},
    {"output.key": "k2", "output.status": "ok"},
    {"output.key": None},
    {"output.key": {"$exists": False}},
    {"output.key": {"$exists": True}},
    {"output.energy": {"$gt": 0}},
    {"output.energy": {"$gte": -1.5, "$lt": 3}},
    {"n": {"$lte": 2}},
    {"n": {"$gt": 1, "$lt": 3}},
    {"n": None},
    {"n": 3},
    {"n": "3"},
    {"n": {"$type": "string"}},
    {"n": {"$not": {"$gt": 2}}},
    {"tags": "x"},
    {"tags": ["y"]},
    {"tags": {"$all": ["x", "y"]}},
    {"tags": {"$size": 0}},
    {"tags": {"$elemMatch": {"$eq": "y"}}},
    {"output.sites": {"$elemMatch": {"s": 1}}},
    {"output.sites.s": 1},
    {"output.0.key": "k3"},
    {"output": {"key": "k1", "energy": -1.5, "status": "ok"}},
    {"output": None},
    {"output": "text"},
    {"deep.a.b": 2},
    {"flag": True},
    {"when": {"$gt": datetime(2026, 1, 1, tzinfo=UTC)}},
    {"when": {"$lt": datetime(2026, 1, 1, tzinfo=UTC)}},
    {"uuid": {"$regex": "^[ab]"}},
    {"uuid": re.compile("B", re.IGNORECASE)},
    {"$or": [{"uuid": "a"}, {"n": {"$gte": 2}}]},
    {"$and": [{"uuid": "b"}, {"index": 2}]},
    {"$nor": [{"uuid": "a"}, {"index": 2}]},
    {"inf": float("inf")},
    {"nan": float("nan")},
    {"big": 2**60},
    {"$expr": {"$eq": ["$index", 2]}},
]

INDEXES = ["output.key", "output.status", "n", "tags", "when", "deep.a.b", "output.energy", "nan", "inf", "big"]


def embedded(folder: Path) -> SQLiteStore:
    return SQLiteStore(folder / "store.db")


def embedded_indexed(folder: Path) -> SQLiteStore:
    store = SQLiteStore(folder / "store.db")
    store.connect()
    for path in INDEXES:
        store.ensure_index(path)
    store.keep_at_hand("index")
    store.keep_at_hand("output.@class")
    return store


def in_memory(folder: Path) -> MemoryStore:
    return MemoryStore(collection_name=folder.name, key="uuid")


def mongodb(folder: Path) -> MongoURIStore:
    made = MongoURIStore(
        os.environ["HEBE_TEST_MONGODB_URI"], collection_name=f"contract-{folder.name}", database="hebe_test", key="uuid"
    )
    made.connect()
    made.remove_docs({})
    return made


def asked_for(folder: Path) -> Store:
    """A store that is reached through its owner."""
    return remote(SQLiteStore(folder / "store.db"))


BACKENDS = [embedded, embedded_indexed, asked_for, in_memory]
BACKENDS += [mongodb] if "HEBE_TEST_MONGODB_URI" in os.environ else []


def bare(documents: Any) -> list[dict[str, Any]]:
    """Without MongoDB's own identifiers."""
    return [{k: v for k, v in document.items() if k != "_id"} for document in documents]


def unordered(documents: Any) -> list[bytes]:
    return sorted(mark(document) for document in bare(documents))


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    made: Store = request.param(tmp_path)
    made.connect()
    made.update(DOCUMENTS, key=["uuid", "index"])
    return made


@pytest.fixture
def peer(tmp_path: Path) -> MemoryStore:
    made = in_memory(tmp_path / "peer")
    made.connect()
    made.update(DOCUMENTS, key=["uuid", "index"])
    return made


class TestContract:
    @pytest.mark.parametrize("criteria", CRITERIA, ids=str)
    def test_query(self, store: Store, peer: MemoryStore, criteria: dict[str, Any]) -> None:
        assert unordered(store.query(criteria)) == unordered(peer.query(criteria))
        assert store.count(criteria) == peer.count(criteria)

    @pytest.mark.parametrize("sort", [{"n": 1}, {"n": -1}, {"uuid": -1, "index": 1}, {"output.key": 1, "uuid": -1}])
    def test_sort_skip_limit(self, store: Store, peer: MemoryStore, sort: Any) -> None:
        for skip, limit in ((0, 0), (0, 2), (3, 0), (2, 3), (100, 1)):
            found = bare(store.query(sort=sort, skip=skip, limit=limit))
            expected = bare(peer.query(sort=sort, skip=skip, limit=limit))
            assert [(d["uuid"], d["index"]) for d in found] == [(d["uuid"], d["index"]) for d in expected]

    @pytest.mark.parametrize(
        "properties",
        [["uuid"], ["uuid", "output.key"], {"output": 0}, {"output.key": 0, "n": 0}, {"deep.a": 1, "_id": 0}, ["no"]],
        ids=str,
    )
    def test_properties(self, store: Store, peer: MemoryStore, properties: Any) -> None:
        criteria = {"uuid": {"$nin": ["c", "d", "e"]}}  # where mongomock itself keeps to MongoDB's rules
        assert unordered(store.query(criteria, properties)) == unordered(peer.query(criteria, properties))

    def test_query_one(self, store: Store) -> None:
        assert store.query_one({"uuid": "b"}, ["index"], sort={"index": -1})["index"] == 2
        assert store.query_one({"uuid": "zz"}) is None

    @pytest.mark.parametrize("field", ["uuid", "tags", "output.key", "n", "deep.a.b", "none"])
    def test_distinct(self, store: Store, peer: MemoryStore, field: str) -> None:
        assert sorted(map(mark, store.distinct(field))) == sorted(map(mark, peer.distinct(field)))

    @pytest.mark.parametrize("keys", ["uuid", ["uuid", "index"], "output.status"])
    def test_groupby(self, store: Store, peer: MemoryStore, keys: Any) -> None:
        def groups(one: Store) -> list[tuple[bytes, list[bytes]]]:
            found = one.groupby(keys, properties=["uuid", "index"], criteria={"uuid": {"$nin": ["c"]}})
            return sorted((mark(head), unordered(docs)) for head, docs in found)

        assert groups(store) == groups(peer)

    def test_update_replaces_by_one_key_and_by_several(self, store: Store) -> None:
        store.update({"uuid": "a", "index": 1, "n": 99}, key=["uuid", "index"])
        assert bare(store.query({"uuid": "a"})) == [{"uuid": "a", "index": 1, "n": 99}]
        store.update([{"uuid": "new", "n": 1}, {"uuid": "new", "n": 2}])
        assert bare(store.query({"uuid": "new"})) == [{"uuid": "new", "n": 2}]
        assert store.count({"output.key": "k1"}) == 1
        with pytest.raises(KeyError):
            store.update({"no": "key"})

    def test_remove(self, store: Store) -> None:
        store.remove_docs({"uuid": {"$in": ["a", "b"]}})
        assert store.count() == len(DOCUMENTS) - 3
        assert store.count({"output.key": "k2"}) == 0
        store.remove_docs({})
        assert list(store.query()) == []

    def test_values_come_back(self, store: Store) -> None:
        kept = store.query_one({"uuid": "d"})["when"]
        assert kept == datetime(2026, 3, 1, 12, 30, 5, 123000)  # noqa: DTZ001 - naive UTC in milliseconds, as MongoDB
        store.update(
            {"uuid": "np", "x": np.arange(3), "t": (1, 2), "f": np.float64(0.1), "aware": _aware(), 7: "seven"}
        )
        found = bare(store.query({"uuid": "np"}))[0]
        assert found == {"uuid": "np", "x": [0, 1, 2], "t": [1, 2], "f": 0.1, "aware": _utc(), "7": "seven"}
        odd = store.query_one({"uuid": "f"})
        assert np.isnan(odd["nan"])
        assert odd["inf"] == np.inf

    def test_last_updated_and_newer_in(self, store: Store, tmp_path: Path) -> None:
        start = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC
        store.remove_docs({})
        store.update([{"uuid": str(i), "last_updated": start + timedelta(days=i)} for i in range(5)])
        other = in_memory(tmp_path / "other")
        other.connect()
        other.update([{"uuid": str(i), "last_updated": start + timedelta(days=2 * i)} for i in range(7)])
        assert store.last_updated == start + timedelta(days=4)
        assert set(store.newer_in(other)) == {"3", "4", "5", "6"}
        assert set(store.newer_in(other, exhaustive=True)) == {"1", "2", "3", "4", "5", "6"}

    def test_ensure_index(self, store: Store) -> None:
        assert store.ensure_index("output.energy")
        assert store.ensure_index("output.energy")
        assert store.count({"output.energy": 7}) == 1


def _aware() -> datetime:
    from zoneinfo import ZoneInfo

    return datetime(2026, 7, 1, 14, 0, 0, 999, tzinfo=ZoneInfo("Europe/Berlin"))


def _utc() -> datetime:
    return datetime(2026, 7, 1, 12, 0, 0)  # noqa: DTZ001 - naive UTC


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.0, 2.0]),
    st.sampled_from(["", "a", "b", "ab", "2", "02", "10", "1e1", "1a", "a\0b", "\0"]),
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("ab"), v, max_size=2), max_leaves=5
)
PATHS = st.sampled_from(["a", "b", "a.a", "a.b", "b.a", "a.0", "a.a.b", "a.b.0"])
CONDITIONS = st.one_of(
    SCALARS,
    st.builds(lambda v: {"$eq": v}, SCALARS),
    st.builds(lambda v: {"$ne": v}, SCALARS),
    st.builds(lambda v: {"$in": v}, st.lists(SCALARS, max_size=3)),
    st.builds(lambda v: {"$nin": v}, st.lists(SCALARS, max_size=3)),
    st.builds(
        lambda o, v: {o: v},
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]),
        st.integers(-3, 3) | st.sampled_from(["a", "2", "1a"]),
    ),
    st.builds(lambda v: {"$exists": v}, st.booleans()),
    st.sampled_from(["\ud800", {"$in": ["a", "\udfff"]}, {"$ne": "\ud800"}, {"$nin": ["\ud800", "b"]}]),
    st.builds(lambda v: {"$not": {"$eq": v}}, SCALARS),
)
CRITERION = st.dictionaries(PATHS, CONDITIONS, min_size=1, max_size=2)
FILTERS = st.one_of(
    CRITERION,
    st.builds(
        lambda o, v: {o: v}, st.sampled_from(["$or", "$and", "$nor"]), st.lists(CRITERION, min_size=1, max_size=2)
    ),
)


class TestRandom:
    @settings(
        max_examples=2 * settings().max_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        bodies=st.lists(st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2), max_size=5),
        criteria=st.lists(FILTERS, min_size=1, max_size=6),
        indexed=st.sets(PATHS, max_size=4),
    )
    def test_same_answers(self, tmp_path: Path, bodies: list[Any], criteria: list[Any], indexed: set[str]) -> None:
        documents = [{"uuid": str(i), **body} for i, body in enumerate(bodies)]
        store = SQLiteStore(tmp_path / "store.db")
        store.connect()
        store.remove_docs({})
        peer = in_memory(tmp_path)
        peer.connect(force_reset=True)
        peer.remove_docs({})
        store.update(documents[:2])
        for path in sorted(indexed):
            store.ensure_index(path)
        store.update(documents[2:])
        peer.update(documents)
        for one in criteria:
            try:
                expected = sorted(d["uuid"] for d in peer.query(one))
            except TypeError:
                continue
            assert sorted(d["uuid"] for d in store.query(one)) == expected
            assert sorted(d["uuid"] for d in store.query(one, ["uuid"])) == expected
