"""One SQLite file shared by many processes and threads: connections, schema, transactions, errors.

Write-ahead logging with ``synchronous=FULL``: what was committed survives ``kill -9`` and a power loss.
"""

from __future__ import annotations

import atexit
import os
import random
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hebe.exceptions import StoreError
from hebe.stores.kept_files import inode_of, must_stay
from hebe.stores.modes import make_file, make_folder
from hebe.stores.network import Ownership, live_owner, refusal
from hebe.stores.schema import APPLICATION_ID, PAGE_SIZE, SCHEMA_VERSION, identify, migrate
from hebe.stores.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "Connection", "connection", "disconnect", "disown", "is_owned", "own"]


class UnusableFileError(StoreError):
    """The file of a store cannot be read or written now, whatever the document: full disk, read-only, damaged, gone."""


_BUSY_S = 60.0
_PATIENCE_S = 600.0
_SNAPSHOT_S = 5.0

SNAPSHOT = "-snapshot"
"""What is added to the name of a file for the copy that others may read while one process owns it."""

_registry: dict[tuple[int, int, str], Connection] = {}
_abandoned: list[Connection] = []
_owned: dict[tuple[int, str], tuple[Connection, int]] = {}
_snapshots: set[str] = set()
_lock = threading.RLock()


def connection(path: str) -> Connection:
    """Return the connection of this process and thread to a file, opened on first use.

    Parameters
    ----------
    path
        Absolute path of the database file; its folder is made when it does not exist.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file is no store, was written by a later version, cannot be opened, or another process owns it alone.
    """
    owned = _owned.get((os.getpid(), path))
    if owned is not None:
        return owned[0]
    key = (os.getpid(), threading.get_ident(), path)
    found = _registry.get(key)
    if found is not None and found.same_file():
        return found
    must_stay(path)
    opened = ReadOnlyConnection(path + SNAPSHOT) if path in _snapshots else Connection(path)
    with _lock:
        if found is not None:
            _abandoned.append(found)
        _forget_others()
        _registry[key] = opened
    return opened


def own(path: str) -> None:
    """Open a file for this process alone; all its threads then share the one connection.

    Raises
    ------
    hebe.exceptions.StoreError
        If another process owns it, or it cannot be opened.
    """
    with _lock:
        key = (os.getpid(), path)
        opened, users = _owned.get(key, (None, 0))
        if opened is None:
            for inner in [k for k in _registry if k[0] == os.getpid() and k[2] == path]:
                _registry.pop(inner).close()
            opened = OwnedConnection(path)
        _owned[key] = (opened, users + 1)


def is_owned(path: str) -> bool:
    """Whether this process has opened a file for itself alone."""
    return (os.getpid(), path) in _owned


def disown(path: str) -> None:
    """Give a file up that :func:`own` has opened, once for every call of it."""
    with _lock:
        key = (os.getpid(), path)
        if key not in _owned:
            return
        opened, users = _owned.pop(key)
        if users > 1:
            _owned[key] = (opened, users - 1)
            return
    opened.close()


def read_snapshot(path: str, *, on: bool = True) -> None:
    """Let this process read the snapshot of a file instead of the file, or stop that."""
    disconnect(path)
    (_snapshots.add if on else _snapshots.discard)(path)


@atexit.register
def _disown_all() -> None:
    for opened in [opened for (pid, _), (opened, _) in _owned.items() if pid == os.getpid()]:
        opened.close()


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

    read_only = False

    def __init__(self, path: str) -> None:
        self.path = path
        self._depth = 0
        self._using = threading.RLock()
        with translated(path):
            self._claim()
            self._turn = Turn(path)
            try:
                self.sql = self._open()
                patiently(self._prepare)
            except BaseException:
                self.close()
                raise
            status = Path(path).stat()
        self.inode = (status.st_dev, status.st_ino)

    def close(self) -> None:
        """Close it."""
        if hasattr(self, "sql"):
            self.sql.close()
        self._turn.close()

    def _claim(self) -> None:
        """Make sure that the file may be opened."""
        make_folder(Path(self.path).parent)
        owner = live_owner(self.path)
        if owner is not None:
            raise refusal(self.path, owner)

    def _open(self) -> sqlite3.Connection:
        make_file(self.path)
        return sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def same_file(self) -> bool:
        """Whether the path still leads to the file that was opened."""
        return inode_of(self.path) == self.inode

    def _prepare(self) -> None:
        sql = self.sql
        version = identify(sql, self.path)
        if not version:
            sql.execute(f"PRAGMA page_size={PAGE_SIZE}")
        sql.execute("PRAGMA journal_mode=WAL")
        sql.execute("PRAGMA synchronous=FULL")
        sql.execute("PRAGMA temp_store=MEMORY")
        sql.execute("PRAGMA cache_size=-32000")
        if version < SCHEMA_VERSION:
            with self.transaction():
                migrate(sql, self.path)

    def rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Return all rows of a query."""
        with translated(self.path), self._using:
            found: list[Any] = patiently(lambda: self.sql.execute(statement, parameters).fetchall())
            return found

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy the file as of now into another database, while others go on."""
        with translated(self.path), self._using:
            self.sql.backup(target)

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
        with self._using:
            if self._depth:
                self._depth += 1
                try:
                    yield self.sql
                finally:
                    self._depth -= 1
                return
            with self._outermost(durable=durable):
                yield self.sql

    @contextmanager
    def _outermost(self, *, durable: bool) -> Iterator[None]:
        with translated(self.path), self._turn:
            if not durable:
                self.sql.execute("PRAGMA synchronous=NORMAL")
            patiently(lambda: self.sql.execute("BEGIN IMMEDIATE"))
            self._depth = 1
            try:
                must_stay(self.path)
                yield
                patiently(lambda: self.sql.execute("COMMIT"))
                must_stay(self.path)
            except BaseException:
                if self.sql.in_transaction:
                    self.sql.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
                if not durable:
                    self.sql.execute("PRAGMA synchronous=FULL")


class OwnedConnection(Connection):
    """The only connection to a file on a network file system: WAL without shared memory.

    From time to time it leaves a copy of the file beside it, for processes that only want to look.
    """

    def __init__(self, path: str) -> None:
        self._changed = True
        self._end = threading.Event()
        super().__init__(path)
        threading.Thread(target=self._leave_snapshots, daemon=True, name="snapshots").start()

    def _claim(self) -> None:
        make_folder(Path(self.path).parent)
        self._ownership = Ownership(self.path)
        self._ownership.acquire()

    def close(self) -> None:
        """Close it and let others have the file."""
        self._end.set()
        if hasattr(self, "sql") and not self._ownership.lost and not self.sql.in_transaction:
            with suppress(StoreError):
                self.snapshot()
        with self._using:
            super().close()
        self._ownership.release()

    def _prepare(self) -> None:
        self.sql.execute("PRAGMA locking_mode=EXCLUSIVE")
        super()._prepare()

    @contextmanager
    def _outermost(self, *, durable: bool) -> Iterator[None]:
        if self._ownership.lost:
            raise StoreError(f"{self.path} was taken over by another process: this one was silent for too long")
        with super()._outermost(durable=durable):
            yield
        self._changed = True

    def snapshot(self) -> None:
        """Write the copy for readers."""
        copy = f"{self.path}{SNAPSHOT}"
        with translated(copy), self._using:
            self._changed = False
            Path(f"{copy}.new").unlink(missing_ok=True)
            make_file(f"{copy}.new")
            target = sqlite3.connect(f"{copy}.new", isolation_level=None)
            try:
                self.copy_to(target)
            finally:
                target.close()
            Path(f"{copy}.new").replace(copy)

    def _leave_snapshots(self) -> None:
        """Write a copy when something has changed, so seldom that it costs 2 % of the time at most."""
        pause = 0.0
        while not self._end.wait(pause):
            began = time.monotonic()
            if self._changed:
                with suppress(StoreError):
                    self.snapshot()
            pause = max(_SNAPSHOT_S, 50 * (time.monotonic() - began))


class ReadOnlyConnection(Connection):
    """A file that nobody changes, such as a snapshot; needs no lock and no shared memory."""

    read_only = True

    def _claim(self) -> None:
        if not Path(self.path).is_file():
            raise StoreError(f"{self.path} does not exist: its owner has not written one yet")

    def _open(self) -> sqlite3.Connection:
        place = f"file:{quote(self.path)}?mode=ro&immutable=1"
        return sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False)

    def _prepare(self) -> None:
        identify(self.sql, self.path)


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
        code = getattr(err, "sqlite_errorcode", 0) & 0xFF
        reason = _REASONS.get(code)
        kind = StoreError if reason is None or code == sqlite3.SQLITE_TOOBIG else UnusableFileError
        raise kind(f"{path}: {reason} ({err})" if reason else f"{path}: {err}") from err
    except OSError as err:
        raise UnusableFileError(f"{path}: {err.strerror or err}") from err
