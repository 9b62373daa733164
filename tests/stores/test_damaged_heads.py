"""What stands beside documents is never believed when it is damaged; texts that SQL cannot compare are found."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from maggma.stores import MemoryStore

from hebe.exceptions import StoreError
from hebe.stores import SQLiteStore
from hebe.stores.care import check, compact
from hebe.stores.database import disconnect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    made = SQLiteStore(tmp_path / "store.db")
    made.connect()
    made.keep_at_hand("output.status")
    made.update([{"uuid": str(n), "output": {"status": "converged", "n": n}} for n in range(40)])
    return made


def change(store: SQLiteStore, column: str, how: Callable[[bytes], bytes], only: int = 7) -> None:
    """Change bytes behind the store's back."""
    disconnect(store.path)
    other = sqlite3.connect(store.path)
    ((before,),) = other.execute(f"SELECT {column} FROM documents WHERE id = ?", (only,))  # noqa: S608
    after = how(bytes(before))
    assert after != before
    other.execute(f"UPDATE documents SET {column} = ? WHERE id = ?", (after, only))  # noqa: S608
    other.commit()
    other.close()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "another word": lambda head: head.replace(b"converged", b"convergeX"),
    "cut": lambda head: head[:-3],
    "empty": lambda _head: b"",
    "no JSON": lambda head: head[:9] + b"{{" + head[11:],
    "a bit": lambda head: head[:20] + bytes([head[20] ^ 1]) + head[21:],
    "not UTF-8": lambda head: head[:12] + b"\xff\xfe" + head[14:],
    "another checksum": lambda head: head[:1] + b"\0\0\0\0" + head[5:],
}


@pytest.mark.parametrize("how", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_head_decides_nothing(store: SQLiteStore, how: Callable[[bytes], bytes]) -> None:
    change(store, "head", how)
    projected = [one["output"]["status"] for one in store.query({}, ["output.status"])]
    assert projected == ["converged"] * 40
    assert store.count({"output.status": "converged"}) == 40
    assert sorted(one["uuid"] for one in store.query(sort={"output.status": 1})) == sorted(map(str, range(40)))
    health = check(store.path)
    (problem,) = health.problems
    assert problem.startswith("document 7 is not what stands beside it")
    compact(store.path)
    assert check(store.path).is_sound


def test_heads_of_an_earlier_version_are_read_checked_and_sealed(store: SQLiteStore) -> None:
    disconnect(store.path)
    other = sqlite3.connect(store.path)
    other.execute("UPDATE documents SET head = substr(head, 10)")
    other.commit()
    other.close()
    assert store.count({"output.status": "converged"}) == 40
    assert check(store.path).is_sound
    change(store, "head", lambda head: head.replace(b"converged", b"convergeX"))
    assert not check(store.path).is_sound
    compact(store.path)
    assert check(store.path).is_sound
    change(store, "head", lambda head: head.replace(b"converged", b"convergeX"))
    assert store.count({"output.status": "converged"}) == 40, "sealed now"


@pytest.mark.parametrize("long", [False, True], ids=["plain", "compressed"])
def test_a_damaged_document_is_one_line(store: SQLiteStore, long: bool) -> None:  # noqa: FBT001
    if long:
        store.update({"uuid": "6", "text": "x" * 900})
    change(store, "body", lambda body: body[:-2] + b"\xff\xff")
    for criteria in ({}, {"uuid": "6"}):
        with pytest.raises(StoreError, match=r"document 7 of .* is damaged") as caught:
            list(store.query(criteria))
        assert "\n" not in str(caught.value)
    assert check(store.path).problems[0].startswith("document 7 cannot be read")


def test_no_change_of_a_byte_beside_or_in_a_document_is_called_sound(store: SQLiteStore) -> None:
    rng = random.Random(16)
    for _ in range(60):
        column, place, value = rng.choice(["head", "body"]), rng.random(), rng.randrange(1, 256)

        def flip(data: bytes, place: float = place, value: int = value) -> bytes:
            at = int(place * len(data))
            return data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]

        change(store, column, flip)
        assert not check(store.path).is_sound, column
        change(store, column, flip)
    assert check(store.path).is_sound


ODD = ["a\0b", "a", "\0", "a\0", "\ud800", "x\udfffy", "é\0é", "\ufffe", "\U0001f50b", "a\0b" + "c" * 300]


@pytest.mark.parametrize("value", ODD, ids=ascii)
@pytest.mark.parametrize("form", ["plain", "$eq", "$in", "$gte", "$lt", "$ne", "$nin"])
def test_odd_texts_are_compared_as_in_memory(tmp_path: Path, value: str, form: str) -> None:
    stores: list[Any] = [SQLiteStore(tmp_path / "s.db", key="k"), MemoryStore(key="k")]
    forms: dict[str, Any] = {"plain": value, "$in": {"$in": [value, "zz"]}, "$nin": {"$nin": [value]}}
    criteria = {"k": forms.get(form, {form: value})}
    found = []
    for store in stores:
        store.connect()
        store.update([{"k": one} for one in ODD if not any("\ud800" <= c <= "\udfff" for c in one)] + [{"k": "zz"}])
        found.append(sorted(one["k"] for one in store.query(criteria)))
    assert found[0] == found[1]


def test_half_a_character_is_refused_in_one_line(store: SQLiteStore) -> None:
    for document in ({"uuid": "x", "text": "\ud800"}, {"uuid": "\udc00"}, {"uuid": "y", "a\ud83d": 1}):
        with pytest.raises(StoreError, match=r"a document cannot be written: .*surrogates"):
            store.update(document)
    assert store.count() == 40
