"""One SQLite file shared by many processes and threads: connections, schema, transactions, errors.

Write-ahead logging with ``synchronous=FULL``: what was committed survives ``kill -9`` and a power loss.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.exceptions import StoreError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_VERSION = 1
APPLICATION_ID = 0x48454245  # "HEBE"

_PAGE_SIZE = 8192
_BUSY_S = 60.0
_PATIENCE_S = 600.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS paths (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, path TEXT NOT NULL, kind INTEGER NOT NULL,
    UNIQUE (collection, path));
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, head BLOB, format INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS documents_of ON documents (collection, id);
CREATE TABLE IF NOT EXISTS entries (
    path INTEGER NOT NULL, value ANY NOT NULL, document INTEGER NOT NULL,
    PRIMARY KEY (path, value, document)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_of ON entries (document);
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS launches (
    id TEXT PRIMARY KEY, heartbeat REAL NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
"""

_registry: dict[tuple[int, int, str], Connection] = {}
_abandoned: list[Connection] = []
_lock = threading.Lock()


def connection(path: str) -> Connection:
    """Return the connection of this process and thread to a file, opened on first use.

    Parameters
    ----------
    path
        Absolute path of the database file; its folder is made when it does not exist.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file is no store, was written by a later version or cannot be opened.
    """
    key = (os.getpid(), threading.get_ident(), path)
    found = _registry.get(key)
    if found is not None and found.same_file():
        return found
    opened = Connection(path)
    with _lock:
        if found is not None:
            _abandoned.append(found)
        _forget_others()
        _registry[key] = opened
    return opened


def disconnect(path: str) -> None:
    """Close this thread's connection to a file, unless a transaction is open on it."""
    key = (os.getpid(), threading.get_ident(), path)
    with _lock:
        found = _registry.get(key)
        if found is None or found.busy:
            return
        del _registry[key]
    found.close()


def _forget_others() -> None:
    """Keep connections inherited by fork alive but unused: closing them here would drop the parent's log file."""
    _abandoned.extend(_registry.pop(key) for key in list(_registry) if key[0] != os.getpid())
    alive = {thread.ident for thread in threading.enumerate()}
    for key in [key for key in _registry if key[1] not in alive]:
        _registry.pop(key).close()


class Connection:
    """A connection with transactions that can be nested.

    Parameters
    ----------
    path
        The database file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._depth = 0
        with translated(path):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._turn = _Turn(path)
            self.sql = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                patiently(self._prepare)
            except BaseException:
                self.close()
                raise
            status = Path(path).stat()
        self._inode = (status.st_dev, status.st_ino)

    def close(self) -> None:
        """Close it."""
        self.sql.close()
        self._turn.close()

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def same_file(self) -> bool:
        """Whether the path still leads to the file that was opened."""
        try:
            status = os.stat(self.path)  # noqa: PTH116 - called often; a Path costs more than the call
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._inode

    def _prepare(self) -> None:
        sql = self.sql
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        tables = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(f"{self.path} was written by a later version of hebe (schema {version}): upgrade hebe")
        if tables and sql.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreError(f"{self.path} is a SQLite database of another program")
        if not tables:
            sql.execute(f"PRAGMA page_size={_PAGE_SIZE}")
        sql.execute("PRAGMA journal_mode=WAL")
        sql.execute("PRAGMA synchronous=FULL")
        sql.execute("PRAGMA temp_store=MEMORY")
        sql.execute("PRAGMA cache_size=-32000")
        if version < SCHEMA_VERSION:
            self._create()

    def _create(self) -> None:
        with self.transaction():
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    self.sql.execute(statement)
            self.sql.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self.sql.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Return all rows of a query."""
        with translated(self.path):
            found: list[Any] = patiently(lambda: self.sql.execute(statement, parameters).fetchall())
            return found

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, committed at the end of the outermost block, rolled back by any exception.

        Parameters
        ----------
        durable
            Whether the commit waits for the disk; only for the outermost block.

        Raises
        ------
        hebe.exceptions.StoreError
            If the file cannot be written (full disk, read-only, locked for ten minutes); nothing was changed.
        """
        if self._depth:
            self._depth += 1
            try:
                yield self.sql
            finally:
                self._depth -= 1
            return
        with translated(self.path), self._turn:
            if not durable:
                self.sql.execute("PRAGMA synchronous=NORMAL")
            patiently(lambda: self.sql.execute("BEGIN IMMEDIATE"))
            self._depth = 1
            try:
                yield self.sql
                patiently(lambda: self.sql.execute("COMMIT"))
            except BaseException:
                if self.sql.in_transaction:
                    self.sql.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
                if not durable:
                    self.sql.execute("PRAGMA synchronous=FULL")


class _Turn:
    """A queue for writers: the kernel wakes the next one at once, where SQLite's own waiting sleeps and polls.

    Correctness does not rest on it; where it cannot be had, SQLite's lock does the same more slowly.

    Parameters
    ----------
    path
        The database file; the lock file stands beside it.
    """

    def __init__(self, path: str) -> None:
        try:
            self._file: int | None = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            self._file = None

    def __enter__(self) -> None:
        self._flock("LOCK_EX")

    def __exit__(self, *_: object) -> None:
        self._flock("LOCK_UN")

    def close(self) -> None:
        """Give the lock file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _flock(self, operation: str) -> None:
        if self._file is None or fcntl is None:
            return
        with suppress(OSError):
            fcntl.flock(self._file, getattr(fcntl, operation))


def patiently(action: Any) -> Any:
    """Call an action again while the database is locked by others, for at most ten minutes."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return action()
        except sqlite3.OperationalError as err:
            code = getattr(err, "sqlite_errorcode", 0) & 0xFF
            if code not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} or time.monotonic() > end:
                raise
            time.sleep(random.uniform(0.001, 0.02))


_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; does its folder exist and may it be written?",
    sqlite3.SQLITE_NOTADB: "this is not a store of hebe",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_BUSY: "another process has kept it locked for ten minutes",
    sqlite3.SQLITE_IOERR: "reading or writing failed; is the disk full or gone?",
    sqlite3.SQLITE_TOOBIG: "a document is larger than SQLite's limit",
}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a :class:`~hebe.exceptions.StoreError` that names the file."""
    try:
        yield
    except sqlite3.Error as err:
        reason = _REASONS.get(getattr(err, "sqlite_errorcode", 0) & 0xFF)
        raise StoreError(f"{path}: {reason} ({err})" if reason else f"{path}: {err}") from err
    except OSError as err:
        raise StoreError(f"{path}: {err.strerror or err}") from err
