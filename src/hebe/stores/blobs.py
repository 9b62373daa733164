"""Blobs of any size in an embedded store: written and read in chunks, so that memory never holds a whole one.

As an additional store of jobflow it keeps the large parts of outputs; alone it takes and gives bytes. A blob belongs
to no document until all its chunks are there.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

import zstandard

from hebe.exceptions import StoreError
from hebe.stores import codec
from hebe.stores.criteria import Criteria
from hebe.stores.projection import Projection
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from hebe.stores.collection import Row
    from hebe.stores.sqlite import Mode, Properties, SortSpec

_CHUNK = 1 << 20
_GROUP = 16
_DATA = "data"
_SIZE = "blob_size"


class SQLiteBlobStore(SQLiteStore):
    """Documents whose field ``data`` may be of any size, kept apart in chunks.

    Every other field is searched as in :class:`~hebe.stores.sqlite.SQLiteStore`; ``data`` cannot be searched and is
    read only when it is asked for.

    Parameters
    ----------
    path
        The file; it may be the one of the documents.
    collection_name
        The collection.
    key
        Field that identifies a blob.
    mode
        As for :class:`~hebe.stores.sqlite.SQLiteStore`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        collection_name: str = "blobs",
        key: str = "blob_uuid",
        mode: Mode = "auto",
    ) -> None:
        super().__init__(path, collection_name, key, mode=mode)

    def update(self, docs: list[dict[str, Any]] | dict[str, Any], key: list[str] | str | None = None) -> None:
        """Insert documents with their data, or replace those with the same key, in one durable transaction."""
        given = docs if isinstance(docs, list) else [docs]
        with self.transaction():
            for document in given:
                data = {_DATA: document[_DATA]} if _DATA in document else None
                rest = {name: value for name, value in document.items() if name not in (_DATA, _SIZE)}
                super().update(rest, key)
                names = [self.key] if key is None else [key] if isinstance(key, str) else key
                number = self._number({name: rest[name] for name in names})
                self._clear(number)
                if data is not None:
                    form, raw = codec.written(data)
                    writer = _Writer(self, form | codec.COMPRESSED)
                    writer.write_all(io.BytesIO(raw))
                    writer.give_to(number)

    def query(
        self,
        criteria: Mapping[str, Any] | None = None,
        properties: Properties = None,
        sort: SortSpec = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Find documents, with their data unless ``properties`` leave it out; see the parent class.

        Raises
        ------
        hebe.exceptions.StoreError
            If the criteria or the sort name the data.
        """
        wanted, shown = Criteria(criteria), Projection(properties)
        asked = (wanted.paths() or set()) | set(sort or {})
        if any(path == _DATA or path.startswith(f"{_DATA}.") for path in asked):
            raise StoreError(f"{self.name}: the data of a blob cannot be searched or sorted by")
        rows: Iterable[Row] = self._collection.ordered(wanted, sort) if sort else self._collection.matching(wanted)
        for number, row in enumerate(rows):
            if number >= skip and (not limit or number < skip + limit):
                document = self._collection.whole(row)
                if document is not None:
                    yield shown.apply(self._completed(dict(document), row.id, shown))

    def remove_docs(self, criteria: Mapping[str, Any]) -> None:
        """Remove the documents that match, with their data."""
        with self.transaction():
            for row in list(self._collection.matching(Criteria(criteria))):
                self._clear(row.id)
                self._collection.remove(row)

    def write(self, blob: str, stream: BinaryIO, metadata: Mapping[str, Any] | None = None) -> int:
        """Store a stream of bytes under a key; in memory is one chunk of 1 MiB at a time.

        Chunks are committed in groups; the blob appears, or replaces the one before, when all are there.

        Returns
        -------
        int
            Number of bytes.

        Raises
        ------
        hebe.exceptions.StoreError
            If the file cannot be written; a blob that was there before is still there.
        """
        writer = _Writer(self, codec.COMPRESSED)
        try:
            size = writer.write_all(stream)
            with self.transaction():
                self.discard(blob)
                super().update({**(metadata or {}), self.key: blob, _SIZE: size})
                writer.give_to(self._number({self.key: blob}))
        except BaseException:
            writer.undo()
            raise
        return size

    def read(self, blob: str) -> Iterator[bytes]:
        """Yield the bytes that :meth:`write` was given, a chunk of at most 1 MiB at a time.

        Raises
        ------
        hebe.exceptions.StoreError
            If there is no such blob.
        """
        found = self.query_one({self.key: blob}, {_DATA: 0})
        if found is None or _SIZE not in found:
            raise StoreError(f"{self.name} has no stream of bytes called {blob!r}")
        yield from self._chunks(self._number({self.key: blob}))

    def discard(self, blob: str) -> None:
        """Remove a blob, if it is there."""
        self.remove_docs({self.key: blob})

    def _number(self, search: dict[str, Any]) -> int:
        return next(iter(self._collection.matching(Criteria(search)))).id

    def _clear(self, number: int) -> None:
        """Remove the blob of a document."""
        with self.transaction() as sql:
            sql.execute("DELETE FROM chunks WHERE blob = (SELECT id FROM blobs WHERE document = ?)", (number,))
            sql.execute("DELETE FROM blobs WHERE document = ?", (number,))

    def _chunks(self, number: int) -> Iterator[bytes]:
        """Yield the chunks of the blob of a document."""
        rows = self._collection.rows("SELECT id FROM blobs WHERE document = ?", (number,))
        statement = "SELECT body FROM chunks WHERE blob = ? AND number = ?"
        position = 0
        while rows and (found := self._collection.rows(statement, (rows[0][0], position))):
            yield zstandard.ZstdDecompressor().decompress(found[0][0])
            position += 1

    def _completed(self, document: dict[str, Any], number: int, shown: Projection) -> dict[str, Any]:
        """Add the data to a document, if it is wanted and was stored with it."""
        if _SIZE in document or not shown.wants(_DATA):
            return document
        statement = "SELECT format FROM chunks WHERE blob = (SELECT id FROM blobs WHERE document = ?) AND number = 0"
        forms = self._collection.rows(statement, (number,))
        if forms:
            document |= codec.decode(forms[0][0] & ~codec.COMPRESSED, b"".join(self._chunks(number)))
        return document


class _Writer:
    """Chunks of one blob, each compressed, committed in groups."""

    def __init__(self, store: SQLiteBlobStore, form: int) -> None:
        self._store = store
        self._form = form
        with store.transaction() as sql:
            self._blob = sql.execute("INSERT INTO blobs (document) VALUES (NULL)").lastrowid

    def write_all(self, stream: BinaryIO) -> int:
        """Write a stream to its end and return the number of bytes."""
        compressor = zstandard.ZstdCompressor(level=self._store.compression_level, write_checksum=True)
        size = position = 0
        ended = False
        while not ended:
            with self._store.transaction() as sql:
                for _ in range(_GROUP):
                    piece = stream.read(_CHUNK)
                    ended = not piece and position > 0
                    if ended:
                        break
                    row = (self._blob, position, self._form, compressor.compress(piece))
                    sql.execute("INSERT INTO chunks (blob, number, format, body) VALUES (?, ?, ?, ?)", row)
                    size += len(piece)
                    position += 1
        return size

    def give_to(self, number: int) -> None:
        """Let a document have the blob."""
        with self._store.transaction() as sql:
            sql.execute("UPDATE blobs SET document = ? WHERE id = ?", (number, self._blob))

    def undo(self) -> None:
        """Remove what was written."""
        with self._store.transaction() as sql:
            sql.execute("DELETE FROM chunks WHERE blob = ?", (self._blob,))
            sql.execute("DELETE FROM blobs WHERE id = ?", (self._blob,))
