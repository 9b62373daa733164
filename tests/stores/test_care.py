"""Check, backup, compact, and files of the schema before this one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hebe.exceptions import StoreError
from hebe.stores import SQLiteBlobStore, SQLiteStore
from hebe.stores.care import backup, check, compact
from hebe.stores.database import connection, disconnect
from hebe.stores.schema import SCHEMA_VERSION, VERSIONS, migrate

LONG = "x" * 500


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    made = SQLiteStore(tmp_path / "store.db")
    made.connect()
    made.update([{"uuid": str(i), "n": i, "text": LONG} for i in range(300)])
    made.ensure_index("n")
    return made


def sql(path: str, statement: str) -> None:
    """Change a file behind the store's back."""
    disconnect(path)
    other = sqlite3.connect(path)
    other.execute(statement)
    other.commit()
    other.close()


def test_a_sound_store(store: SQLiteStore) -> None:
    SQLiteStore(store.path, "others").connect()
    health = check(store.path)
    assert health.is_sound
    assert health.as_dict()["collections"] == {"outputs": 300, "others": 0}
    assert (health.schema, health.documents, health.blobs) == (SCHEMA_VERSION, 300, 0)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE documents SET body = zeroblob(40) WHERE id = 7", "document 7 cannot be read"),
        (
            "UPDATE documents SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) WHERE id = 7",
            "document 7 cannot be read",
        ),
        ("DELETE FROM entries WHERE document = 9", "document 9 is not indexed"),
        ("DELETE FROM documents WHERE id = 3", "index entries belong to no document"),
    ],
)
def test_damage_is_found(store: SQLiteStore, damage: str, said: str) -> None:
    sql(store.path, damage)
    health = check(store.path)
    assert len(health.problems) == 1
    assert said in health.problems[0]


def test_damaged_and_missing_chunks_are_found(tmp_path: Path) -> None:
    with SQLiteBlobStore(tmp_path / "store.db") as blobs, Path("/dev/zero").open("rb") as zeros:
        blobs.update([{"blob_uuid": "a", "data": zeros.read(1 << 16).hex() * 30}, {"blob_uuid": "b", "data": 1}])
    sql(blobs.path, "DELETE FROM chunks WHERE number = 1")
    sql(blobs.path, "UPDATE chunks SET body = x'00' WHERE blob = 2")
    problems = check(blobs.path).problems
    assert ["lacks chunk 1" in problems[0], "cannot be read" in problems[1]] == [True, True]


def test_pages_overwritten_by_something_else(store: SQLiteStore) -> None:
    store.close()
    compact(store.path)
    disconnect(store.path)
    with Path(store.path).open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 8192)
    assert not check(store.path).is_sound


def test_backup_while_others_write(store: SQLiteStore, tmp_path: Path) -> None:
    with store.transaction():
        store.update({"uuid": "not yet committed"})
        assert Path(store.path + "-wal").stat().st_size > 0
    health = backup(store.path, tmp_path / "copy.db")
    assert (health.is_sound, health.documents) == (True, 301)
    with SQLiteStore(tmp_path / "copy.db") as copy:
        assert list(copy.query({"n": 17}, {"_id": 0})) == list(store.query({"n": 17}))
    with pytest.raises(StoreError, match="exists"):
        backup(store.path, tmp_path / "copy.db")
    with pytest.raises(StoreError, match="none"):
        backup(store.path, tmp_path / "none" / "copy.db")


def test_compact_gives_space_back(store: SQLiteStore) -> None:
    store.remove_docs({"n": {"$gte": 10}})
    connection(store.path).sql.execute("INSERT INTO blobs (document) VALUES (NULL)")
    before, after = compact(store.path)
    assert after < before
    assert check(store.path).is_sound
    assert {document["n"] for document in store.query()} == set(range(10))
    assert connection(store.path).rows("SELECT * FROM blobs") == []


def test_files_that_cannot_be_cared_for(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        check(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_text("text" * 1000)
    with pytest.raises(StoreError, match="not a store"):
        check(text)
    (tmp_path / "empty.db").write_bytes(b"")
    with pytest.raises(StoreError, match="empty database"):
        compact(tmp_path / "empty.db")


def old_file(path: Path) -> None:
    """A file as version 1 wrote it: pages of 8192 bytes, an index that took texts of digits for numbers."""
    with SQLiteStore(path) as store:
        store.update(
            [{"uuid": uuid, "n": uuid} for uuid in ("5", "05", "1a", "b")] + [{"uuid": "c", "n": 5, "t": LONG}]
        )
        store.ensure_index("n")
        tables = ("collections", "paths", "documents", "entries")
        rows = {name: connection(store.path).rows(f"SELECT * FROM {name}") for name in tables}  # noqa: S608 - fixed
    path.unlink()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA page_size=8192")
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN")
    migrate(other, str(path), to=1)
    for name, values in rows.items():
        for value in values:
            other.execute(f"INSERT OR IGNORE INTO {name} VALUES ({','.join('?' * len(value))})", value)  # noqa: S608 - fixed names
    other.execute("COMMIT")
    other.close()


def test_migration_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    old_file(path)
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA user_version").fetchone() == (1,)
    assert {kind for (kind,) in other.execute("SELECT typeof(value) FROM entries WHERE document = 1")} == {"integer"}
    assert not other.execute("SELECT name FROM sqlite_master WHERE name = 'chunks'").fetchall()
    other.close()
    with SQLiteStore(path) as store:
        assert connection(store.path).rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert {document["uuid"] for document in store.query({"n": {"$gte": "1a"}})} == {"5", "1a", "b"}
        assert [document["uuid"] for document in store.query({"n": 5})] == ["c"]
        assert check(store.path).is_sound
        with SQLiteBlobStore(path) as blobs:
            blobs.update({"blob_uuid": "x", "data": [1]})
            assert next(blobs.query())["data"] == [1]


def test_migration_happens_wholly_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    old_file(path)
    with monkeypatch.context() as patch:
        patch.setitem(VERSIONS, 2, (*VERSIONS[2], "CREATE TABLE collections (already there)"))
        with pytest.raises(StoreError, match="already exists"):
            SQLiteStore(path).connect()
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA user_version").fetchone() == (1,)
    other.close()
    with SQLiteStore(path) as store:
        assert store.count() == 5
