"""Where claims are kept: beside the documents of a SQLite file, in a collection of MongoDB, or behind a connection."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from maggma.core.store import Store

from hebe.exceptions import StoreError
from hebe.stores.database import connection
from hebe.stores.owners import Owner
from hebe.stores.remote import RemoteStore
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_COLLECTION = "claims"
_WATCH_S = 60.0
_DAY_S = 86400.0
_watched: dict[str, tuple[tuple[Owner, float], float]] = {}
"""Claims of other hosts that seem to have ended, as they were first seen, and when that was on the monotonic clock."""


class Table(Protocol):
    """Where claims are kept; every change is atomic."""

    def take(self, key: str, owner: Owner, expires: float) -> bool:
        """Take a claim; whether the owner has it now."""

    def renew(self, key: str, owner: Owner, expires: float) -> bool:
        """Lengthen a claim; whether it is still its owner's."""

    def release(self, key: str, owner: Owner) -> None:
        """Give a claim up."""

    def read(self, key: str) -> tuple[Owner, float] | None:
        """Return who holds a claim, until when."""

    def free(self, owner: Owner) -> None:
        """Give up all claims of an owner."""

    def together(self) -> AbstractContextManager[Any]:
        """Make several changes in one, where that can be."""


def table_of(store: Store) -> Table:
    """Return where the claims of a store are kept.

    Raises
    ------
    hebe.exceptions.StoreError
        If it can hold none.
    """
    documents = getattr(store, "docs_store", store)
    if isinstance(documents, SQLiteStore):
        return _SQLiteTable(documents.path)
    if isinstance(documents, RemoteStore):
        return _RemoteTable(documents)
    if hasattr(documents, "_collection") and hasattr(documents._collection, "find_one_and_update"):  # noqa: SLF001 - maggma offers no other way
        return _MongoTable(documents._collection.database[_COLLECTION])  # noqa: SLF001 - same
    if isinstance(documents, Store):
        from hebe.stores.factory import FOLDER, find_project

        return _SQLiteTable(str(find_project(Path.cwd()) / FOLDER / "claims.db"))
    raise StoreError(f"{type(documents).__name__} can hold no claims")


def _is_free(key: str, found: tuple[Owner, float] | None, owner: Owner, expires: float) -> bool:
    """Whether an owner may have a claim until a time; the clock of another host may be wrong, this one's, too.

    A claim of another host whose time is over is watched: it is free when it was not renewed for as long as a claim of
    this process would last, or a minute if that is less, by a clock that nobody sets. One that ended a day ago is free.
    """
    if found is None or found[0] == owner or found[0].is_dead:
        return True
    late = time.time() - found[1]
    if late <= 0 or found[0].is_here or late > _DAY_S:
        return late > 0
    now = time.monotonic()
    seen, since = _watched.get(key, (None, now))
    if seen != found:
        _watched[key] = found, now
        return False
    if now - since < min(_WATCH_S, expires - time.time()):
        return False
    del _watched[key]
    return True


class _SQLiteTable:
    """Claims beside the documents of an embedded store."""

    def __init__(self, path: str) -> None:
        self._path = path

    def take(self, key: str, owner: Owner, expires: float) -> bool:
        with connection(self._path).transaction(durable=False) as sql:
            free = _is_free(key, self.read(key), owner, expires)
            if free:
                row = (key, owner.host, owner.pid, owner.started, expires)
                sql.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)", row)
            return free

    def renew(self, key: str, owner: Owner, expires: float) -> bool:
        statement = "UPDATE claims SET expires = ? WHERE key = ? AND host = ? AND pid = ? AND started = ?"
        with connection(self._path).transaction(durable=False) as sql:
            done = sql.execute(statement, (expires, key, owner.host, owner.pid, owner.started))
            return done.rowcount > 0

    def release(self, key: str, owner: Owner) -> None:
        statement = "DELETE FROM claims WHERE key = ? AND host = ? AND pid = ? AND started = ?"
        with connection(self._path).transaction(durable=False) as sql:
            sql.execute(statement, (key, owner.host, owner.pid, owner.started))

    def free(self, owner: Owner) -> None:
        statement = "DELETE FROM claims WHERE host = ? AND pid = ? AND started = ?"
        with connection(self._path).transaction(durable=False) as sql:
            sql.execute(statement, (owner.host, owner.pid, owner.started))

    def together(self) -> AbstractContextManager[Any]:
        return connection(self._path).transaction(durable=False)

    def read(self, key: str) -> tuple[Owner, float] | None:
        rows = connection(self._path).rows("SELECT host, pid, started, expires FROM claims WHERE key = ?", (key,))
        return None if not rows else (Owner(*rows[0][:3]), rows[0][3])


class _MongoTable:
    """Claims in a collection of a MongoDB database."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def take(self, key: str, owner: Owner, expires: float) -> bool:
        from pymongo.errors import DuplicateKeyError

        found = self.read(key)
        if not _is_free(key, found, owner, expires):
            return False
        document = {"_id": key, "host": owner.host, "pid": owner.pid, "started": owner.started, "expires": expires}
        if found is not None:
            seen = {"_id": key, "host": found[0].host, "pid": found[0].pid, "expires": found[1]}
            return self._collection.find_one_and_replace(seen, document) is not None
        try:
            self._collection.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    def renew(self, key: str, owner: Owner, expires: float) -> bool:
        change = {"$set": {"expires": expires}}
        return self._collection.find_one_and_update(self._own(key, owner), change) is not None

    def release(self, key: str, owner: Owner) -> None:
        self._collection.delete_one(self._own(key, owner))

    def free(self, owner: Owner) -> None:
        self._collection.delete_many({"host": owner.host, "pid": owner.pid, "started": owner.started})

    def together(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def read(self, key: str) -> tuple[Owner, float] | None:
        found = self._collection.find_one({"_id": key})
        return None if found is None else (Owner(found["host"], found["pid"], found["started"]), found["expires"])

    @staticmethod
    def _own(key: str, owner: Owner) -> dict[str, Any]:
        return {"_id": key, "host": owner.host, "pid": owner.pid, "started": owner.started}


class _RemoteTable:
    """Claims of this process in a store that another one has open."""

    def __init__(self, store: RemoteStore) -> None:
        self._store = store

    def take(self, key: str, owner: Owner, expires: float) -> bool:
        return bool(self._store.ask("take", key, owner, expires))

    def renew(self, key: str, owner: Owner, expires: float) -> bool:
        return bool(self._store.ask("renew", key, owner, expires))

    def release(self, key: str, owner: Owner) -> None:
        self._store.ask("release", key, owner)

    def read(self, key: str) -> tuple[Owner, float] | None:
        found: tuple[Owner, float] | None = self._store.ask("read", key)
        return found

    def free(self, owner: Owner) -> None:
        self._store.ask("free", owner)

    def together(self) -> AbstractContextManager[Any]:
        return nullcontext()
