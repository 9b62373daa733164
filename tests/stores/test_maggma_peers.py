"""What maggma's own stores do and ours did not: errors of its class, documents without a time, keys that are lists."""

from __future__ import annotations

import pickle
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from maggma.core.store import StoreError as MaggmaError
from maggma.stores import MemoryStore

from hebe import exceptions
from hebe.exceptions import HebeError, StoreError
from hebe.stores import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["ours", "maggma's"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = SQLiteStore(tmp_path / "s.db", key="k") if request.param == "ours" else MemoryStore(key="k")
    made.connect()
    return made


def test_an_error_of_ours_is_one_of_maggma(tmp_path: Path) -> None:
    assert issubclass(StoreError, MaggmaError)
    assert issubclass(StoreError, HebeError)
    assert exceptions.StoreError is StoreError
    again = pickle.loads(pickle.dumps(StoreError("what")))  # noqa: S301 - our own
    assert (type(again), str(again)) == (StoreError, "what")
    with pytest.raises(MaggmaError, match="must be connected"):
        SQLiteStore(tmp_path / "nowhere.db").count()
    with pytest.raises(AttributeError, match="NoError"):
        _ = exceptions.NoError


def test_the_time_of_documents_without_one(store: Any) -> None:
    assert store.last_updated == datetime.min  # noqa: DTZ901 - as maggma's
    store.update([{"k": 1}, {"k": 2, "other": 3}])
    with pytest.raises(MaggmaError, match="last_updated"):
        _ = store.last_updated
    store.update({"k": 3, "last_updated": None})
    store.update({"k": 4, "last_updated": datetime(2026, 1, 2)})  # noqa: DTZ001 - naive, as stored
    assert store.last_updated == datetime(2026, 1, 2)  # noqa: DTZ001


def test_documents_keyed_by_lists_are_replaced(store: Any) -> None:
    store.update([{"k": [1, 2], "v": 1}, {"k": [2, 1], "v": 2}, {"k": {"a": 1}, "v": 3}])
    store.update([{"k": [2, 1], "v": 5}, {"k": {"a": 1}, "v": 6}])
    found = [(one["k"], one["v"]) for one in store.query()]
    assert found == [([1, 2], 1), ([2, 1], 5), ({"a": 1}, 6)]


@pytest.mark.parametrize(
    "kind", [lambda n: [n, n + 1], lambda n: {"a": n}, lambda n: [[n]]], ids=["list", "dict", "deep"]
)
def test_updates_keyed_by_lists_are_linear(tmp_path: Path, kind: Any) -> None:
    """Eight times as many cost about eight times as much, not 64 times."""

    def seconds(number: int) -> float:
        made = SQLiteStore(tmp_path / f"{number}.db", key="k")
        made.connect()
        began = time.process_time()
        for start in (0, number // 2):
            made.update([{"k": kind(n), "v": n} for n in range(start, start + number // 2)])
        made.update([{"k": kind(n), "v": -n} for n in range(0, number, 10)])
        took = time.process_time() - began
        assert made.count() == number
        return took

    seconds(200)
    assert seconds(8000) < 32 * seconds(1000) + 0.5, "64 times where every key is compared with every document"


@pytest.mark.parametrize("search", [[1.0, 2], [True, 2], [2, 1], [[1, 2]], {"b": 2, "a": 1}, {"a": 1}, [], None])
def test_which_document_is_replaced_is_as_in_memory(store: Any, search: Any) -> None:
    """The kinds of equality of MongoDB: numbers, elements of lists, order."""
    kept: list[dict[str, Any]] = [
        {"k": [1, 2]},
        {"k": [[1, 2], 3]},
        {"k": {"a": 1, "b": 2}},
        {"k": []},
        {"k": [[]]},
        {"k": None},
    ]
    store.update([{"k": n, "n": n} for n in range(3)])
    for number, one in enumerate(kept):
        store.update({**one, "id": number}, key="id")
    other = MemoryStore(key="k")
    other.connect()
    other.update([{"k": n, "n": n} for n in range(3)])
    for number, one in enumerate(kept):
        other.update({**one, "id": number}, key="id")
    for target in (store, other):
        target.update({"k": search, "new": True})
    mine, theirs = ([{k: v for k, v in one.items() if k != "_id"} for one in each.query()] for each in (store, other))
    assert mine == theirs
