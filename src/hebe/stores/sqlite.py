"""A maggma store in one SQLite file: no server, safe for many processes, indexed, compressed.

Documents are zstd-compressed JSON. Beside each stands its *head*, the values of the indexed paths; questions about
these paths alone are answered without decompressing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from maggma.core.store import DateTimeFormat, Store
from mongomock_ng.filtering import iter_key_candidates
from pydash import get, has, set_

from hebe.exceptions import StoreError
from hebe.stores import codec
from hebe.stores.collection import INDEXED, KEPT, UNIQUE, Collection, mark
from hebe.stores.criteria import Criteria
from hebe.stores.database import disconnect, disown, is_owned, own, read_snapshot
from hebe.stores.kept_files import keep_to, let_go
from hebe.stores.network import is_network_path
from hebe.stores.projection import Projection

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from maggma.core.store import Sort
    from maggma.core.validator import Validator

    from hebe.stores.collection import Row

    SortSpec = Mapping[str, Sort | int] | None
    Properties = Mapping[str, Any] | list[str] | None

Mode = Literal["auto", "shared", "exclusive", "snapshot"]

_NOTHING = iter_key_candidates("absent", {})[0]  # type: ignore[no-untyped-call]


class SQLiteStore(Store):
    """Documents in one SQLite file, behind maggma's ``Store`` interface.

    Parameters
    ----------
    path
        The file; one file holds many collections. Its folder is made when it does not exist.
    collection_name
        The collection.
    key
        Field that identifies a document; always indexed.
    last_updated_field, last_updated_type
        Where documents say when they were updated, as ``datetime`` or ``isoformat``.
    validator
        A maggma validator, asked before a document is written.
    compression_level
        zstd level.
    mode
        ``auto``: ``exclusive`` on a network file system, else ``shared``. ``shared``: any number of processes.
        ``exclusive``: this process alone. ``snapshot``: read the copy that an exclusive owner leaves beside the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        collection_name: str = "outputs",
        key: str = "uuid",
        last_updated_field: str = "last_updated",
        last_updated_type: DateTimeFormat | str = "datetime",
        validator: Validator | None = None,
        compression_level: int = 1,
        mode: Mode = "auto",
    ) -> None:
        self.path = str(Path(path).expanduser().absolute())
        self.collection_name = collection_name
        self.compression_level = compression_level
        if mode not in get_args(Mode):
            raise StoreError(f"mode must be one of {', '.join(get_args(Mode))}, not {mode!r}")
        self.mode = mode
        self._opened: Collection | None = None
        self._owns = False
        super().__init__(
            key=key,
            last_updated_field=last_updated_field,
            last_updated_type=DateTimeFormat(last_updated_type),
            validator=validator,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SQLiteStore):
            return False
        names = ("path", "collection_name", "key", "last_updated_field")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self) -> int:
        return hash((self.path, self.collection_name, self.last_updated_field))

    @property
    def name(self) -> str:
        """Where the documents are."""
        return f"sqlite://{self.path}/{self.collection_name}"

    def as_dict(self) -> dict[str, Any]:
        """Describe the store as plain JSON, for another process."""
        described: dict[str, Any] = super().as_dict()
        if "last_updated_type" in described:
            described["last_updated_type"] = self.last_updated_type.value
        return described

    @property
    def last_updated(self) -> datetime:
        """When the newest document was updated.

        Raises
        ------
        hebe.exceptions.StoreError
            If no document has the field, as maggma's stores do.
        """
        newest = next(self.query(sort={self.last_updated_field: -1}, limit=1), None)
        if newest is not None and not has(newest, self.last_updated_field):
            raise StoreError(f"{self.name}: no document has {self.last_updated_field}, the time of its last update")
        value = None if newest is None else get(newest, self.last_updated_field)
        when: datetime = datetime.min if value is None else self._lu_func[0](value)  # noqa: DTZ901 - as maggma's
        return when

    @property
    def is_exclusive(self) -> bool:
        """Whether this process alone may open the file."""
        return self._opened is not None and is_owned(self.path)

    @property
    def _collection(self) -> Collection:
        if self._opened is None:
            raise StoreError(f"{self.name} must be connected before it is used")
        return self._opened

    def connect(self, force_reset: bool = False) -> None:  # noqa: FBT001, FBT002 - maggma's signature
        """Open the file, made when it does not exist.

        Raises
        ------
        hebe.exceptions.StoreError
            If the file is no store, was written by a later version, cannot be opened, or another process owns it alone.
        """
        if force_reset:
            self.close()
        if self._opened is not None:
            return
        owns = self.mode == "exclusive" or (self.mode == "auto" and is_network_path(self.path))
        if owns:
            own(self.path)
        elif self.mode == "snapshot":
            read_snapshot(self.path)
        opened = Collection(self.path, self.collection_name, self.key)
        try:
            opened.layout()
        except BaseException:
            if owns:
                disown(self.path)
            raise
        self._opened, self._owns = opened, owns

    def close(self) -> None:
        """Close the connection of this thread to the file; other stores on it open theirs again when used."""
        if self._opened is not None and self._owns:
            disown(self.path)
        elif self._opened is not None and self.mode == "snapshot":
            read_snapshot(self.path, on=False)
        elif self._opened is not None:
            disconnect(self.path)
        self._opened, self._owns = None, False

    def keep_to_file(self, *, on: bool = True) -> None:
        """Have this process refuse to go on with another file at its path, or stop that."""
        (keep_to if on else let_go)(self.path)

    def transaction(self) -> AbstractContextManager[Any]:
        """Group several updates of this thread, on any collection of the file, into one durable commit."""
        return self._collection.transaction()

    def count(self, criteria: Mapping[str, Any] | None = None) -> int:
        """Count the documents that match MongoDB-style criteria."""
        wanted = Criteria(criteria)
        if not wanted:
            return self._collection.size()
        return sum(1 for _ in self._collection.matching(wanted))

    def query(
        self,
        criteria: Mapping[str, Any] | None = None,
        properties: Properties = None,
        sort: SortSpec = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Find documents.

        Parameters
        ----------
        criteria
            MongoDB-style filter.
        properties
            Fields to return: a list, or a mapping to 1 (include) or 0 (exclude).
        sort
            Mapping of fields to 1 (ascending) or -1 (descending).
        skip, limit
            How many to leave out, and to return at most (0: all).

        Yields
        ------
        dict
            The documents, by time of insertion unless sorted.

        Raises
        ------
        hebe.exceptions.StoreError
            If the store is not connected or the criteria are wrong.
        """
        projection = Projection(properties)
        shown = set(projection.paths) if projection.include else None
        rows = None if sort or properties else self._of_key(criteria)
        if rows is None:
            wanted = Criteria(criteria)
            rows = iter(self._collection.ordered(wanted, sort)) if sort else self._collection.matching(wanted)
        for number, row in enumerate(rows):
            if number < skip:
                continue
            document = self._collection.visible(row, shown)
            if document is not None:
                yield projection.apply(document)
            if limit and number + 1 >= skip + limit:
                return

    def _of_key(self, criteria: Mapping[str, Any] | None) -> Iterator[Row] | None:
        """Find documents fast when nothing but their key is asked for."""
        value = criteria.get(self.key) if isinstance(criteria, dict) and len(criteria) == 1 else None
        found = self._collection.with_key(value) if isinstance(value, str) else None
        return None if found is None else iter(found)

    def distinct(
        self,
        field: str,
        criteria: Mapping[str, Any] | None = None,
        all_exist: bool = False,  # noqa: ARG002, FBT001, FBT002 - maggma's signature
    ) -> list[Any]:
        """List the different values of a field; lists are entered, absent values left out."""
        seen: dict[bytes, Any] = {}
        for row in self._collection.matching(Criteria(criteria)):
            document = self._collection.visible(row, {field}) or {}
            for found in iter_key_candidates(field, document):  # type: ignore[no-untyped-call]
                for value in found if isinstance(found, list) else [found]:
                    if value is not _NOTHING:
                        seen.setdefault(mark(value), value)
        return list(seen.values())

    def groupby(
        self,
        keys: list[str] | str,
        criteria: Mapping[str, Any] | None = None,
        properties: Properties = None,
        sort: SortSpec = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Group documents by one or several fields; documents without one of them are left out.

        Yields
        ------
        tuple
            The values of the fields as a document, and the documents of the group.
        """
        names = [keys] if isinstance(keys, str) else list(keys)
        shown = [*names, *properties] if properties else None
        groups: dict[bytes, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        for document in self.query(criteria, shown, sort, skip, limit):
            if not all(has(document, name) for name in names):
                continue
            head: dict[str, Any] = {}
            for name in names:
                set_(head, name, get(document, name))
            groups.setdefault(mark(head), (head, []))[1].append(document)
        yield from groups.values()

    def update(
        self,
        docs: list[dict[str, Any]] | dict[str, Any],
        key: list[str] | str | None = None,
    ) -> None:
        """Insert documents, or replace those with the same key, in one durable transaction.

        Parameters
        ----------
        docs
            One document or several.
        key
            Field or fields that identify a document; the store's key when None.

        Raises
        ------
        KeyError
            If a document lacks one of the fields.
        ValueError
            If the validator is strict and refuses a document.
        hebe.exceptions.StoreError
            If a unique index would be violated, or the file cannot be written; nothing was changed.
        """
        names = [self.key] if key is None else [key] if isinstance(key, str) else list(key)
        given = [docs] if isinstance(docs, Mapping) else docs
        encoded = codec.encode_all([dict(d) for d in given], self.compression_level)
        encoded = [item for item in encoded if self._valid(item[0])]
        if not encoded:
            return
        searches = [{name: document[name] for name in names} for document, _, _ in encoded]
        if not set(names) & self._collection.layout().indexed:
            self.ensure_index(names[0])
        with self._collection.transaction() as sql:
            self._collection.refresh()
            listed = any(isinstance(value, (list, tuple, dict)) for search in searches for value in search.values())
            values = self._collection.values(names) if listed else None
            for (document, form, body), search in zip(encoded, searches, strict=True):
                self._collection.put(sql, document, search, (form, body), values)

    def remove_docs(self, criteria: Mapping[str, Any]) -> None:
        """Remove the documents that match MongoDB-style criteria."""
        wanted = Criteria(criteria)
        with self._collection.transaction():
            for row in list(self._collection.matching(wanted)):
                self._collection.remove(row)

    def ensure_index(self, key: str, unique: bool = False) -> bool:  # noqa: FBT001, FBT002 - maggma's signature
        """Index a dotted path, also for the documents that are there already.

        Returns
        -------
        bool
            Whether the index exists now; False when ``unique`` was asked and documents share a value.
        """
        return self._collection.ensure(key, UNIQUE if unique else INDEXED)

    def keep_at_hand(self, path: str) -> None:
        """Keep the values of a path beside the documents: read without decompressing, but not searched by."""
        self._collection.ensure(path, KEPT)

    def _valid(self, document: dict[str, Any]) -> bool:
        if self.validator is None or self.validator.is_valid(document):
            return True
        errors = self.validator.validation_errors(document)
        if getattr(self.validator, "strict", False):
            raise ValueError(errors)
        self.logger.error(errors)
        return False
