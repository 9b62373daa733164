"""A collection of documents in a SQLite file: rows, indexes, and the search for rows that match.

An index is a table of (path, value, document); the *head* of a document holds the values of the known paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
from maggma.core.store import Sort
from mongomock_ng.filtering import iter_key_candidates, resolve_sort_key

from hebe.exceptions import StoreError
from hebe.stores import codec, fields
from hebe.stores.criteria import Criteria, Narrowing
from hebe.stores.database import Connection, connection
from hebe.stores.values import Values

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

KEPT, INDEXED, UNIQUE = 0, 1, 2
"""Kinds of known paths: at hand, searched by, searched by and different in all documents."""

_PAGE = 256


@dataclass(frozen=True)
class Layout:
    """The paths of a collection as of one version of it."""

    collection: int
    ids: dict[str, int]
    kinds: dict[str, int]

    @cached_property
    def paths(self) -> list[str]:
        """All known paths."""
        return list(self.ids)

    @cached_property
    def indexed(self) -> set[str]:
        """Paths that can be searched by."""
        return {path for path, kind in self.kinds.items() if kind >= INDEXED}

    @cached_property
    def unique(self) -> list[str]:
        """Paths whose values differ in all documents."""
        return [path for path, kind in self.kinds.items() if kind == UNIQUE]


@dataclass
class Row:
    """A document of the database, decoded as far as asked."""

    id: int
    head: dict[str, Any] | None
    whole: dict[str, Any] | None = None


class Collection:
    """Documents of one name in one file.

    Parameters
    ----------
    path
        Absolute path of the file.
    name
        The collection.
    key
        Path that is always indexed.
    """

    def __init__(self, path: str, name: str, key: str) -> None:
        self.path = path
        self.name = name
        self.key = key
        self._seen: Layout | None = None

    @property
    def database(self) -> Connection:
        """The connection of this process and thread."""
        return connection(self.path)

    def rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Return all rows of a SQL query."""
        return self.database.rows(statement, parameters)

    def transaction(self) -> AbstractContextManager[Any]:
        """Group writes of this thread into one durable commit."""
        return self.database.transaction()

    def size(self) -> int:
        """Return the number of documents."""
        statement = "SELECT count(*) FROM documents WHERE collection = ?"
        return int(self.rows(statement, (self.layout().collection,))[0][0])

    def refresh(self) -> None:
        """Read the layout again when it is asked for next, as every writer must inside its transaction."""
        self._seen = None

    def layout(self) -> Layout:
        """Return the paths of the collection. A stale one is harmless when reading: it only knows fewer indexes."""
        if self._seen is None:
            db = self.database
            rows = db.rows("SELECT id FROM collections WHERE name = ?", (self.name,))
            if not rows:
                if db.read_only:
                    return Layout(0, {}, {})
                self._create_collection(db)
                rows = db.rows("SELECT id FROM collections WHERE name = ?", (self.name,))
            number = rows[0][0]
            paths = db.rows("SELECT path, id, kind FROM paths WHERE collection = ? ORDER BY id", (number,))
            self._seen = Layout(number, {p: i for p, i, _ in paths}, {p: kind for p, _, kind in paths})
        return self._seen

    def _create_collection(self, db: Connection) -> None:
        with db.transaction() as sql:
            sql.execute("INSERT OR IGNORE INTO collections (name) VALUES (?)", (self.name,))
            sql.execute(
                "INSERT OR IGNORE INTO paths (collection, path, kind) SELECT id, ?, ? FROM collections WHERE name = ?",
                (self.key, INDEXED, self.name),
            )

    def ensure(self, path: str, kind: int) -> bool:
        """Know a path from now on, also of the documents that are there; False when it cannot be unique."""
        if self.layout().kinds.get(path, -1) >= kind:
            return True
        with self.transaction() as sql:
            self._seen = None
            layout = self.layout()
            if layout.kinds.get(path, -1) >= kind:
                return True
            if kind == UNIQUE and self._shared(path):
                return False
            sql.execute(
                "INSERT INTO paths (collection, path, kind) VALUES (?, ?, ?)"
                " ON CONFLICT (collection, path) DO UPDATE SET kind = excluded.kind",
                (layout.collection, path, kind),
            )
            self._seen = None
            for row in self._every():
                document, body = self._read(row.id) or ({}, b"")
                head = head_of(document, self.layout().paths, body)
                sql.execute("UPDATE documents SET head = ? WHERE id = ?", (head, row.id))
                _write_entries(sql, row.id, document, self.layout())
        return True

    def _shared(self, path: str) -> bool:
        seen: set[bytes] = set()
        for row in self._every():
            values = _marks(self.whole(row) or {}, path)
            if values & seen:
                return True
            seen |= values
        return False

    def values(self, paths: list[str]) -> Values:
        """Read all documents once, to find those of many keys that are lists."""
        found, covered = Values(paths), set(paths) <= set(self.layout().ids)
        for row in self._every():
            document = row.head if covered and row.head is not None else self.whole(row)
            found.add(row.id, document or {})
        return found

    def put(
        self,
        sql: sqlite3.Connection,
        document: dict[str, Any],
        search: dict[str, Any],
        body: tuple[int, bytes],
        values: Values | None = None,
    ) -> int:
        """Insert a document or replace the one found by its key; within a transaction. Returns its row number.

        Parameters
        ----------
        values
            All documents by the paths of the key, where no index can tell them apart.
        """
        layout = self.layout()
        row = None if self._is_new(search, layout, sql) else self._existing(search, values)
        if layout.unique:
            self._refuse_duplicate(document, layout, None if row is None else row.id)
        head = head_of(document, layout.paths, body[1])
        if row is None:
            statement = "INSERT INTO documents (collection, head, format, body) VALUES (?, ?, ?, ?)"
            number = int(sql.execute(statement, (layout.collection, head, *body)).lastrowid or 0)
        else:
            number = row.id
            statement = "UPDATE documents SET head = ?, format = ?, body = ? WHERE id = ?"
            sql.execute(statement, (head, *body, number))
        _write_entries(sql, number, document, layout, fresh=row is None)
        if values is not None:
            values.add(number, document)
        return number

    @staticmethod
    def _is_new(search: dict[str, Any], layout: Layout, sql: sqlite3.Connection) -> bool:
        """Whether an index alone says that no document has the key."""
        for name, value in search.items():
            if layout.kinds.get(name, KEPT) >= INDEXED and isinstance(value, (str, int)):
                looked_up = (layout.ids[name], fields.index_value(value))
                return sql.execute("SELECT 1 FROM entries WHERE path = ? AND value = ?", looked_up).fetchone() is None
        return False

    def _existing(self, search: dict[str, Any], values: Values | None) -> Row | None:
        wanted = Criteria({name: {"$eq": value} for name, value in search.items()})
        if values is None:
            return next(iter(self.matching(wanted)), None)
        rows = (Row(number, None) for number in values.candidates(search))
        return next((row for row in rows if wanted.matches(self.whole(row) or {})), None)

    def remove(self, row: Row) -> None:
        """Remove a document; within a transaction."""
        self.database.sql.execute("DELETE FROM entries WHERE document = ?", (row.id,))
        self.database.sql.execute("DELETE FROM documents WHERE id = ?", (row.id,))

    def _refuse_duplicate(self, document: dict[str, Any], layout: Layout, own: int | None) -> None:
        statement = "SELECT document FROM entries WHERE path = ? AND value = ? AND document IS NOT ?"
        for path in layout.unique:
            for value in fields.index_values(document, path):
                for (number,) in self.rows(statement, (layout.ids[path], value, own)):
                    if _marks(self.whole(Row(number, None)) or {}, path) & _marks(document, path):
                        raise StoreError(f"{self.name}: another document has this {path}, which must be unique")

    def matching(self, wanted: Criteria) -> Iterator[Row]:
        """Find the rows that match; documents are read only where their heads cannot tell."""
        layout = self.layout()
        paths = wanted.paths()
        covered = paths is not None and paths <= set(layout.ids)
        for row in self._candidates(wanted, layout):
            document = row.head if covered and row.head is not None else self.whole(row)
            if document is not None and (not wanted or wanted.matches(document)):
                yield row

    def with_key(self, value: str) -> list[Row] | None:
        """Find the documents with a text as key, whole, without the cost of criteria; None when these must decide."""
        number = self.layout().ids.get(self.key)
        if number is None or "." in self.key or fields.index_value(value) != value or len(value) >= fields.MAX_TEXT:
            return None
        statement = (
            "SELECT id, format, body FROM documents WHERE id IN"
            " (SELECT document FROM entries WHERE path = ? AND value = ?) ORDER BY id"
        )
        rows = self.rows(statement, (number, value))
        found = [Row(row, None, self._decoded(row, form, body)) for row, form, body in rows]
        return found if all((row.whole or {}).get(self.key) == value for row in found) else None

    def _candidates(self, wanted: Criteria, layout: Layout) -> Iterator[Row]:
        narrowings = wanted.narrowings(layout.indexed)
        if not narrowings:
            yield from self._every()
            return
        found = self._numbers(self._sharpest(narrowings, layout), layout)
        if len(found) == 1:
            yield from map(_row, self.rows("SELECT id, head FROM documents WHERE id = ?", (found[0],)))
            return
        statement = "SELECT id, head FROM documents WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        for start in range(0, len(found), _PAGE):
            page = orjson.dumps(found[start : start + _PAGE]).decode()
            yield from map(_row, self.rows(statement, (page,)))

    def _numbers(self, narrowing: Narrowing, layout: Layout, limit: int = -1) -> list[int]:
        """Row numbers of the documents that fulfil a condition, in order."""
        found: set[int] = set()
        for item in narrowing.alternatives:
            statement = f"SELECT document FROM entries WHERE path = ? AND {item.condition} LIMIT ?"  # noqa: S608 - the condition comes from a fixed list
            rows = self.rows(statement, (layout.ids[item.path], *item.parameters, limit))
            found.update(number for (number,) in rows)
        return sorted(found)

    def _sharpest(self, narrowings: list[Narrowing], layout: Layout) -> Narrowing:
        """Return the condition with the fewest documents, told from samples of growing size."""
        own = [
            item
            for item in narrowings
            if item.path == self.key and item.condition == "value = ?" and not item.otherwise
        ]
        if own or len(narrowings) == 1:
            return (own or narrowings)[0]
        best = narrowings[0]
        for sample in (16, 4096):
            sizes = [len(self._numbers(item, layout, sample)) for item in narrowings]
            best = narrowings[sizes.index(min(sizes))]
            if min(sizes) < sample:
                break
        return best

    def _every(self) -> Iterator[Row]:
        number, last = self.layout().collection, 0
        statement = f"SELECT id, head FROM documents WHERE collection = ? AND id > ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608 - a constant
        while rows := self.rows(statement, (number, last)):
            yield from map(_row, rows)
            last = rows[-1][0]

    def ordered(self, wanted: Criteria, sort: Mapping[str, Sort | int]) -> list[Row]:
        """Find the rows that match, in MongoDB's order of the given paths; documents in memory are limited."""
        covered = set(sort) <= set(self.layout().ids)
        keyed: list[tuple[Row, dict[str, Any]]] = []
        for row in self.matching(wanted):
            document = row.head if covered and row.head is not None else self.whole(row)
            if document is None:
                continue
            keyed.append((row, {path: resolve_sort_key(path, document) for path in sort}))  # type: ignore[no-untyped-call]
            if len(keyed) > _PAGE:
                row.whole = None
        for path, direction in reversed(list(sort.items())):
            backwards = Sort(direction) == Sort.Descending
            keyed.sort(key=lambda pair, path=path: pair[1][path], reverse=backwards)  # type: ignore[misc]
        return [row for row, _ in keyed]

    def visible(self, row: Row, shown: set[str] | None) -> dict[str, Any] | None:
        """Return the head if it shows the given paths, else the document; None when it is gone meanwhile."""
        if shown is not None and row.head is not None and row.whole is None and shown <= set(self.layout().ids):
            return row.head
        return self.whole(row)

    def whole(self, row: Row) -> dict[str, Any] | None:
        """Return the document of a row; None when somebody has removed it meanwhile."""
        if row.whole is None:
            found = self._read(row.id)
            row.whole = None if found is None else found[0]
        return row.whole

    def _read(self, number: int) -> tuple[dict[str, Any], bytes] | None:
        for form, body in self.rows("SELECT format, body FROM documents WHERE id = ?", (number,)):
            return self._decoded(number, form, body), body
        return None

    def _decoded(self, number: int, form: int, body: bytes) -> dict[str, Any]:
        try:
            return codec.decode(form, body)
        except codec.DAMAGE as err:
            what = f"document {number} of {self.path} is damaged ({err})"
            raise StoreError(f"{what}: hebe store check lists all that are, a backup has them whole") from err


def _write_entries(
    sql: sqlite3.Connection, number: int, document: dict[str, Any], layout: Layout, *, fresh: bool = False
) -> None:
    if not fresh:
        sql.execute("DELETE FROM entries WHERE document = ?", (number,))
    found = [(layout.ids[p], v, number) for p in layout.indexed for v in fields.index_values(document, p)]
    sql.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", found)


def _row(columns: tuple[int, bytes | None]) -> Row:
    """A row with its head; where that is damaged without it, so that the document itself is read."""
    number, head = columns
    try:
        return Row(number, None if head is None else codec.loads(codec.unseal(head)[0]))
    except codec.DAMAGE:
        return Row(number, None)


def head_of(document: dict[str, Any], paths: list[str], body: bytes) -> bytes | None:
    """What is kept beside a document, with checksums; None where only the whole document can tell."""
    head = fields.at_hand(document, paths)
    return None if head is None else codec.seal(codec.dumps(head), body)


def _marks(document: dict[str, Any], path: str) -> set[bytes]:
    """Bytes for every value at a path, equal for equal values."""
    values: list[Any] = []
    for found in iter_key_candidates(path, document):  # type: ignore[no-untyped-call]
        values.extend(found if isinstance(found, list) else [found])
    return {mark(value) for value in values}


def mark(value: Any) -> bytes:
    """Return bytes that are equal for equal values."""
    return orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS)
