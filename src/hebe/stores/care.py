"""Care of an embedded store: is it whole, a copy while others write, and giving unused space back."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from hebe.exceptions import StoreError
from hebe.stores import codec, fields
from hebe.stores.collection import head_of
from hebe.stores.database import connection, disconnect, translated
from hebe.stores.healing import has_no_energy
from hebe.stores.modes import make_file
from hebe.stores.schema import PAGE_SIZE, SCHEMA_VERSION, identify

if TYPE_CHECKING:
    from hebe.stores.database import Connection

_PAGE = 256
_MANY = 20


@dataclass
class Health:
    """What a check of a store has found.

    ``collections`` counts documents by collection, ``problems`` says in words what is wrong (at most 20 of each kind).
    """

    path: str
    bytes: int = 0
    schema: int = 0
    documents: int = 0
    blobs: int = 0
    collections: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "sound": self.is_sound}


def check(path: str | Path) -> Health:
    """Check a store: SQLite's own integrity check, every document and chunk readable, every index complete.

    A compressed document carries a checksum, so that a changed bit is found.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file does not exist or is no store.
    """
    name = existing(path)
    db = connection(name)
    health = Health(name, Path(name).stat().st_size, db.rows("PRAGMA user_version")[0][0])
    try:
        health.problems += [text for (text,) in db.rows(f"PRAGMA integrity_check({_MANY})") if text != "ok"]
        rows = db.rows(
            "SELECT name, (SELECT count(*) FROM documents WHERE collection = collections.id) FROM collections"
        )
        health.collections = dict(rows)
        health.documents = sum(health.collections.values())
        health.blobs = db.rows("SELECT count(*) FROM blobs WHERE document IS NOT NULL")[0][0]
        _check_documents(db, health)
        _check_chunks(db, health)
    except StoreError as err:
        health.problems.append(str(err))
    return health


def backup(path: str | Path, target: str | Path) -> Health:
    """Copy a store, while others read and write it, into a new file, and check the copy.

    Parameters
    ----------
    path
        The store.
    target
        A file that does not exist.

    Returns
    -------
    Health
        Of the copy.

    Raises
    ------
    hebe.exceptions.StoreError
        If the target exists or cannot be written; nothing is left there then.
    """
    name, copy = existing(path), Path(target).absolute()
    if copy.exists():
        raise StoreError(f"{copy} exists: a backup is written to a new file")
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    db = connection(name)
    with translated(str(copy)):
        unfinished.unlink(missing_ok=True)
        try:
            make_file(str(unfinished))
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as other:
                db.copy_to(other)
                other.execute("PRAGMA journal_mode=DELETE")
            unfinished.rename(copy)
        finally:
            unfinished.unlink(missing_ok=True)
    health = check(copy)
    disconnect(str(copy))
    return health


def compact(path: str | Path) -> tuple[int, int]:
    """Rewrite a store without unused space, remove what an interrupted writer has left; needs as much free disk.

    Others may read meanwhile and wait with writing; a blob that somebody is writing at this moment is lost.

    Returns
    -------
    tuple
        Bytes before and after.

    Raises
    ------
    hebe.exceptions.StoreError
        If the disk is full or the file cannot be written; nothing was changed then.
    """
    name = existing(path)
    db = connection(name)
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    before = Path(name).stat().st_size
    with db.transaction() as sql:
        sql.execute("DELETE FROM entries WHERE document NOT IN (SELECT id FROM documents)")
        sql.execute("DELETE FROM blobs WHERE document IS NULL OR document NOT IN (SELECT id FROM documents)")
        sql.execute("DELETE FROM chunks WHERE blob NOT IN (SELECT id FROM blobs)")
        _write_heads(db)
    db.rows(f"PRAGMA page_size={PAGE_SIZE}")
    db.rows("VACUUM")
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, Path(name).stat().st_size


def existing(path: str | Path) -> str:
    """Return the absolute path of a store that is there.

    Raises
    ------
    hebe.exceptions.StoreError
        If there is no file, or it is no store.
    """
    name = str(Path(path).expanduser().absolute())
    if not Path(name).is_file():
        raise StoreError(f"{name} does not exist")
    with translated(name), closing(sqlite3.connect(name, isolation_level=None)) as sql:
        version = identify(sql, name)
    if not version:
        raise StoreError(f"{name} is an empty database, not a store")
    if version < SCHEMA_VERSION:
        connection(name)
    return name


def _check_documents(db: Connection, health: Health) -> None:
    paths = _paths(db)
    damaged: list[str] = []
    beside: list[str] = []
    last = 0
    statement = f"SELECT id, collection, head, format, body FROM documents WHERE id > ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608 - a constant
    while rows := db.rows(statement, (last,)):
        last = rows[-1][0]
        for number, collection, head, form, body in rows:
            try:
                document = codec.decode(form, body)
            except codec.DAMAGE as err:
                damaged.append(f"document {number} cannot be read: {err}")
                continue
            known = paths.get(collection, [])
            if has_no_energy(document.get("output")):
                beside.append(f"document {number} is called converged and has no energy: hebe store heal")
            if not _fits(head, document, [path for _, path, _ in known], body):
                beside.append(f"document {number} is not what stands beside it: hebe store compact writes that anew")
            expected = {(key, v) for key, p, kind in known if kind for v in fields.index_values(document, p)}
            if set(db.rows("SELECT path, value FROM entries WHERE document = ?", (number,))) != expected:
                beside.append(f"document {number} is not indexed as it should be")
    stray = db.rows("SELECT count(*) FROM entries WHERE document NOT IN (SELECT id FROM documents)")[0][0]
    if stray:
        beside.append(f"{stray} index entries belong to no document: hebe store compact removes them")
    health.problems += damaged[:_MANY] + beside[:_MANY]


def _paths(db: Connection) -> dict[int, list[tuple[int, str, int]]]:
    """Known paths by collection: number, path, kind."""
    found: dict[int, list[tuple[int, str, int]]] = {}
    for number, collection, path, kind in db.rows("SELECT id, collection, path, kind FROM paths ORDER BY id"):
        found.setdefault(collection, []).append((number, path, kind))
    return found


def _fits(head: bytes | None, document: dict[str, Any], paths: list[str], body: bytes) -> bool:
    """Whether what stands beside a document says the same, and its checksums are right."""
    expected = fields.at_hand(document, paths)
    if head is None or expected is None:
        return head is None
    try:
        raw, checksum = codec.unseal(head)
    except ValueError:
        return False
    return raw == codec.dumps(expected) and checksum in (None, zlib.crc32(body))


def _write_heads(db: Connection) -> None:
    """Write anew what stands beside the documents, where it is not what it should be or has no checksum."""
    paths, last = _paths(db), 0
    statement = f"SELECT id, collection, head, format, body FROM documents WHERE id > ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608 - a constant
    while rows := db.rows(statement, (last,)):
        last = rows[-1][0]
        for number, collection, head, form, body in rows:
            with suppress(*codec.DAMAGE):
                document = codec.decode(form, body)
                right = head_of(document, [path for _, path, _ in paths.get(collection, [])], body)
                if right != head:
                    db.sql.execute("UPDATE documents SET head = ? WHERE id = ?", (right, number))


def _check_chunks(db: Connection, health: Health) -> None:
    problems: list[str] = []
    expected: dict[int, int] = {}
    for blob, number in db.rows("SELECT blob, number FROM chunks ORDER BY blob, number"):
        if number != expected.get(blob, 0):
            problems.append(f"blob {blob} lacks chunk {expected.get(blob, 0)}")
        expected[blob] = number + 1
        body = db.rows("SELECT body FROM chunks WHERE blob = ? AND number = ?", (blob, number))[0][0]
        try:
            zstandard.ZstdDecompressor().decompress(body)
        except zstandard.ZstdError as err:
            problems.append(f"chunk {number} of blob {blob} cannot be read: {err}")
    stray = db.rows("SELECT count(*) FROM chunks WHERE blob NOT IN (SELECT id FROM blobs)")[0][0]
    if stray:
        problems.append(f"{stray} chunks belong to no blob: hebe store compact removes them")
    health.problems += problems[:_MANY]
