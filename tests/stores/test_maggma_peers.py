"""What maggma's own stores do and ours did not: errors of its class, documents without a time, keys that are lists."""

from __future__ import annotations

import pickle
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


def test_an_error_of_ours_is_one_of_maggma() -> None:
    assert issubclass(StoreError, MaggmaError)
    assert issubclass(StoreError, HebeError)
    assert exceptions.StoreError is StoreError
    again = pickle.loads(pickle.dumps(StoreError("what")))
    assert (type(again), str(again)) == (StoreError, "what")
    with pytest.raises(MaggmaError, match="must be connected"):
        SQLiteStore("/tmp/nowhere.db").count()
    with pytest.raises(AttributeError, match="NoError"):
        _ = exceptions.NoError  # type: ignore[attr-defined]


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
