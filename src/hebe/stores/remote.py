"""Stores that another process has open: this one asks it for everything, and believes only what it confirms.

The owner's side is :class:`~hebe.stores.service.Service`.
"""

from __future__ import annotations

import itertools
import pickle
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from maggma.core.store import DateTimeFormat, Store

from hebe.exceptions import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from maggma.core.store import Sort

    SortSpec = Mapping[str, Sort | int] | None
    Properties = Mapping[str, Any] | list[str] | None

NO_ANSWER = 0
"""Number of a question that wants no answer."""

_lines: list[Line] = []


class Wire(Protocol):
    """How questions and answers are written."""

    def dumps(self, value: Any) -> bytes:
        """Bytes of a question, or of whether an answer is good and its value or exception."""
        ...

    def loads(self, raw: bytes) -> Any:
        """Inverse of `dumps`."""
        ...


class Pickles:
    """Pickles, for a connection that two processes alone hold, one of which has started the other."""

    def dumps(self, value: Any) -> bytes:
        """Pickle of a value."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def loads(self, raw: bytes) -> Any:
        """Value of a pickle."""
        return pickle.loads(raw)  # noqa: S301 - from the process that started this one, or that it has started


PICKLES: Final = Pickles()


class Line:
    """Questions of this process to the owner of its stores; any thread may ask.

    Parameters
    ----------
    send
        Sends the number and the bytes of a question.
    wire
        How they are written; the same as of the service that answers.
    """

    def __init__(self, send: Callable[[int, bytes], None], wire: Wire = PICKLES) -> None:
        self._send = send
        self._wire = wire
        self._numbers = itertools.count(NO_ANSWER + 1)
        self._waiting: dict[int, Future[Any]] = {}
        self._held = threading.local()

    def use(self) -> None:
        """Let all remote stores of this process speak over this line."""
        _lines[:] = [self]

    def ask(self, place: str, method: str, *arguments: Any) -> Any:
        """Have a method of a store of the owner called; returns when it was, or raises what it raised."""
        return self.send(place, method, *arguments)[0].result()

    def send(self, place: str, method: str, *arguments: Any) -> tuple[Future[Any], int]:
        """Send a question; return its answer to be, and its number."""
        body, number = self._wire.dumps((place, method, arguments)), next(self._numbers)
        future = self._waiting[number] = Future()
        self._send(number, body)
        return future, number

    def forget(self, number: int) -> None:
        """Wait for an answer no more."""
        self._waiting.pop(number, None)

    def tell(self, place: str, method: str, *arguments: Any) -> None:
        """Have a method called without waiting for it."""
        self._send(NO_ANSWER, self._wire.dumps((place, method, arguments)))

    def write(self, place: str, method: str, *arguments: Any) -> None:
        """Have something written: at once, or with the other writes of this thread's :meth:`together`."""
        writes = getattr(self._held, "writes", None)
        if writes is None:
            self.ask(place, method, *arguments)
        else:
            writes.append((place, method, arguments))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep the writes of this thread until the end of the block and have them committed at once.

        Reading inside the block shows nothing of them; an exception forgets them.
        """
        if getattr(self._held, "writes", None) is not None:
            yield
            return
        writes: list[tuple[str, str, tuple[Any, ...]]] = []
        self._held.writes = writes
        try:
            yield
        finally:
            self._held.writes = None
        if writes:
            self.ask("", "together", writes)

    def hear(self, number: int, body: bytes) -> None:
        """Take an answer; one that nobody waits for any more is dropped."""
        future = self._waiting.pop(number, None)
        if future is None:
            return
        try:
            is_good, value = self._wire.loads(body)
        except Exception as err:  # noqa: BLE001 - whoever has asked must hear that the answer makes no sense here
            is_good, value = False, StoreError(f"the answer of the store's owner cannot be read: {err}")
        if is_good:
            future.set_result(value)
        else:
            future.set_exception(value)


class RemoteStore(Store):
    """A store of another process, behind maggma's ``Store`` interface.

    Parameters
    ----------
    place
        What the owner calls it.
    title
        Where its documents are, for messages.
    key
        Field that identifies a document.
    last_updated_field, last_updated_type
        Where documents say when they were updated, as ``datetime`` or ``isoformat``.
    """

    def __init__(
        self,
        place: str,
        title: str,
        key: str = "uuid",
        last_updated_field: str = "last_updated",
        last_updated_type: DateTimeFormat | str = "datetime",
    ) -> None:
        self.place = place
        self.title = title
        super().__init__(
            key=key, last_updated_field=last_updated_field, last_updated_type=DateTimeFormat(last_updated_type)
        )

    def as_dict(self) -> dict[str, Any]:
        """Describe the store as plain JSON, for another process with a line to the owner."""
        described: dict[str, Any] = super().as_dict()
        if "last_updated_type" in described:
            described["last_updated_type"] = self.last_updated_type.value
        return described

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteStore) and (self.place, self.title) == (other.place, other.title)

    def __hash__(self) -> int:
        return hash((self.place, self.title))

    @property
    def name(self) -> str:
        """Where the documents are."""
        return self.title

    @property
    def _line(self) -> Line:
        if not _lines:
            raise StoreError(f"{self.title} is open in another process, to which there is no connection")
        return _lines[0]

    @property
    def _collection(self) -> Any:
        raise StoreError(f"{self.title} is open in another process: only the methods of a store reach it")

    def connect(self, force_reset: bool = False) -> None:  # noqa: FBT001, FBT002 - maggma's signature
        """Nothing to do: the connection of the process to the owner is used."""

    def close(self) -> None:
        """Nothing to do: the owner has it open."""

    def ask(self, method: str, *arguments: Any) -> Any:
        """Have the owner do something with this store."""
        return self._line.ask(self.place, method, *arguments)

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes of this thread, on any store of the owner, into one commit."""
        return self._line.together()

    def beside(self, name: str, key: str) -> RemoteStore:
        """Return a collection beside this store, as :func:`~hebe.stores.factory.open_collection` does for the owner."""
        return RemoteStore(self.ask("beside", name, key), f"{self.title} beside {name}", key)

    def count(self, criteria: Mapping[str, Any] | None = None) -> int:
        """Count the documents that match MongoDB-style criteria."""
        return int(self.ask("count", criteria))

    def query(
        self,
        criteria: Mapping[str, Any] | None = None,
        properties: Properties = None,
        sort: SortSpec = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Find documents; see :meth:`hebe.stores.sqlite.SQLiteStore.query`."""
        cursor, rows = self.ask("query", _options(criteria, properties, sort, skip, limit))
        try:
            yield from rows
            while cursor is not None:
                cursor, rows = self.ask("more", cursor)
                yield from rows
        finally:
            if cursor is not None:
                self._line.tell(self.place, "drop", cursor)

    def distinct(self, field: str, criteria: Mapping[str, Any] | None = None, all_exist: bool = False) -> list[Any]:  # noqa: FBT001, FBT002 - maggma's signature
        """List the different values of a field."""
        found: list[Any] = self.ask("distinct", field, criteria, all_exist)
        return found

    def groupby(
        self,
        keys: list[str] | str,
        criteria: Mapping[str, Any] | None = None,
        properties: Properties = None,
        sort: SortSpec = None,
        skip: int = 0,
        limit: int = 0,
    ) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Group documents by one or several fields."""
        found = self.ask("groupby", {"keys": keys, **_options(criteria, properties, sort, skip, limit)})
        yield from ((group, rows) for group, rows in found)

    def update(self, docs: list[dict[str, Any]] | dict[str, Any], key: list[str] | str | None = None) -> None:
        """Insert documents or replace those with the same key; returns when the owner has committed them.

        Raises
        ------
        Exception
            What the owner's store has raised.
        """
        given = [docs] if isinstance(docs, Mapping) else list(docs)
        self._line.write(self.place, "update", given, key)

    def remove_docs(self, criteria: Mapping[str, Any]) -> None:
        """Remove the documents that match MongoDB-style criteria."""
        self._line.write(self.place, "remove_docs", criteria)

    def ensure_index(self, key: str, unique: bool = False) -> bool:  # noqa: FBT001, FBT002 - maggma's signature
        """Index a dotted path; returns whether the index exists now."""
        return bool(self.ask("ensure_index", key, unique))


def _options(
    criteria: Mapping[str, Any] | None, properties: Properties, sort: SortSpec, skip: int, limit: int
) -> dict[str, Any]:
    return {"criteria": criteria, "properties": properties, "sort": sort, "skip": skip, "limit": limit}
