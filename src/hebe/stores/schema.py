"""The tables of an embedded store, their version, and how a file of an earlier version becomes one of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.exceptions import StoreError
from hebe.stores import codec
from hebe.stores.fields import index_values

if TYPE_CHECKING:
    import sqlite3

SCHEMA_VERSION = 2
"""Version 1 had no table for blobs, and its index took texts of digits for numbers; 2 keeps blobs in chunks."""

APPLICATION_ID = 0x48454245  # "HEBE"

PAGE_SIZE = 4096

_COLLECTIONS = "CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
_PATHS = """
CREATE TABLE paths (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, path TEXT NOT NULL, kind INTEGER NOT NULL,
    UNIQUE (collection, path))"""
_DOCUMENTS = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, head BLOB, format INTEGER NOT NULL, body BLOB NOT NULL)"""
_DOCUMENTS_OF = "CREATE INDEX documents_of ON documents (collection, id)"
_ENTRIES = """
CREATE TABLE entries (
    path INTEGER NOT NULL, value ANY NOT NULL, document INTEGER NOT NULL,
    PRIMARY KEY (path, value, document)) WITHOUT ROWID"""
_ENTRIES_OF = "CREATE INDEX entries_of ON entries (document)"
_CLAIMS = """
CREATE TABLE claims (
    key TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID"""
_LAUNCHES = "CREATE TABLE launches (id TEXT PRIMARY KEY, heartbeat REAL NOT NULL, body TEXT NOT NULL) WITHOUT ROWID"
_TYPELESS_ENTRIES = """
CREATE TABLE entries (
    path INTEGER NOT NULL, value NOT NULL, document INTEGER NOT NULL,
    PRIMARY KEY (path, value, document)) WITHOUT ROWID"""
_BLOBS = "CREATE TABLE blobs (id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER UNIQUE)"
_CHUNKS = """
CREATE TABLE chunks (
    blob INTEGER NOT NULL, number INTEGER NOT NULL, format INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (blob, number))"""

VERSIONS: dict[int, tuple[str, ...]] = {
    1: (_COLLECTIONS, _PATHS, _DOCUMENTS, _DOCUMENTS_OF, _ENTRIES, _ENTRIES_OF, _CLAIMS, _LAUNCHES),
    2: (_BLOBS, _CHUNKS, "DROP TABLE entries", _TYPELESS_ENTRIES, _ENTRIES_OF),
}
"""What each version added; a new file takes all of them in order, an old one those that it lacks."""


def identify(sql: sqlite3.Connection, path: str) -> int:
    """Return the schema version of a file; 0 for an empty one.

    Raises
    ------
    hebe.exceptions.StoreError
        If it belongs to another program or to a later version.
    """
    version = int(sql.execute("PRAGMA user_version").fetchone()[0])
    tables = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and sql.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database of another program")
    if version > SCHEMA_VERSION:
        raise StoreError(f"{path} was written by a later version of hebe (schema {version}): upgrade hebe")
    return version if tables else 0


def migrate(sql: sqlite3.Connection, path: str, *, to: int = SCHEMA_VERSION) -> None:
    """Bring a file to a schema version; within a transaction, so that it happens wholly or not at all.

    Parameters
    ----------
    sql
        Connection with an open transaction.
    path
        What messages call the file.
    to
        Version to end with.

    Raises
    ------
    hebe.exceptions.StoreError
        If it belongs to another program or to a later version.
    """
    version = identify(sql, path)
    for number in range(version + 1, to + 1):
        for statement in VERSIONS[number]:
            sql.execute(statement)
        if number == 2:
            _index_again(sql)
    if version < to:
        sql.execute(f"PRAGMA application_id={APPLICATION_ID}")
        sql.execute(f"PRAGMA user_version={to}")


def _index_again(sql: sqlite3.Connection) -> None:
    """Fill the index from the documents."""
    paths: dict[int, list[tuple[int, str]]] = {}
    for number, collection, path in sql.execute("SELECT id, collection, path FROM paths WHERE kind > 0"):
        paths.setdefault(collection, []).append((number, path))
    for document, collection, form, body in sql.execute("SELECT id, collection, format, body FROM documents"):
        decoded = codec.decode(form, body)
        found = [(key, v, document) for key, path in paths.get(collection, []) for v in index_values(decoded, path)]
        sql.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", found)
