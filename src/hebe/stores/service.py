"""Answers for the stores that this process alone may open, asked by :class:`~hebe.stores.remote.RemoteStore`.

Everything is done in the thread that passes a question on, so that no store is used by two threads.
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from hebe.exceptions import StoreError
from hebe.stores.claim_tables import table_of
from hebe.stores.factory import open_collection
from hebe.stores.remote import PICKLES, RemoteStore
from hebe.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from maggma.core.store import Store

    from hebe.stores.remote import Wire

_PAGE = 100
_OF_STORES = {"count", "distinct", "update", "remove_docs", "ensure_index"}
_OF_CLAIMS = {"take", "renew", "release", "read", "free"}


def must_stay(store: Store) -> bool:
    """Whether a connected store can be used by this process alone: in memory, or a file that it owns."""
    from maggma.core.store import Store
    from maggma.stores import MemoryStore

    if isinstance(store, SQLiteStore):
        return store.is_exclusive
    inner = (value for value in vars(store).values() if isinstance(value, Store))
    return isinstance(store, MemoryStore) or any(map(must_stay, inner))


def stand_in(place: str, store: Store) -> Store:
    """Return what another process shall use: the store itself if it may open it, else one that asks this process.

    Parameters
    ----------
    place
        The name under which a service will know the store.
    store
        Connected.
    """
    return as_remote(place, store) if must_stay(store) else store


def as_remote(place: str, store: Store) -> RemoteStore:
    """Return what asks this process for a connected store, as `stand_in` does."""
    return RemoteStore(place, str(store.name), store.key, store.last_updated_field, store.last_updated_type)


class Service:
    """What one other process may ask.

    Parameters
    ----------
    stores
        Connected stores by place; shared by the services of one process.
    others
        What else can be asked for, by place and method.
    page
        How many documents of a query one answer holds.
    wire
        How questions and answers are written.
    """

    def __init__(
        self,
        stores: dict[str, Store],
        others: Mapping[str, Mapping[str, Callable[..., Any]]] | None = None,
        page: int = _PAGE,
        wire: Wire = PICKLES,
    ) -> None:
        self._wire = wire
        self._stores = stores
        self._others = others or {}
        self._size = page
        self._cursors: dict[int, Iterator[Any]] = {}
        self._numbers = count(1)
        self._own: dict[str, Callable[..., Any]] = {
            "query": self._query,
            "more": self._more,
            "drop": self._drop,
            "groupby": self._groupby,
            "beside": self._beside,
            "together": self._together,
        }

    def answer(self, body: bytes) -> bytes:
        """Do what is asked; the answer holds the result, once it is durable, or the exception."""
        try:
            place, method, arguments = self._wire.loads(body)
            return self._wire.dumps((True, self._do(place, method, arguments)))
        except Exception as err:  # noqa: BLE001 - it is raised where the question was asked
            return self._refusal(err)

    def _do(self, place: str, method: str, arguments: tuple[Any, ...]) -> Any:
        if place in self._others:
            return self._others[place][method](*arguments)
        if method in self._own:
            return self._own[method](place, *arguments)
        store = self._store(place)
        if method in _OF_CLAIMS:
            return getattr(table_of(store), method)(*arguments)
        if method not in _OF_STORES:
            raise StoreError(f"{store.name}: nothing called {method!r} can be asked for")
        return getattr(store, method)(*arguments)

    def _store(self, place: str) -> Store:
        """Return a store; what an earlier service opened beside another is opened again."""
        if place not in self._stores and place.count("/") > 1:
            self._beside(*place.rsplit("/", 2))
        return self._stores[place]

    def _query(self, place: str, options: dict[str, Any]) -> tuple[int | None, list[Any]]:
        store = self._store(place)
        found = store.query(**options)  # by name: stores differ in the order of what they take
        # a store of another kind may not bear to be changed between two pages
        return self._page(next(self._numbers), iter(found if isinstance(store, SQLiteStore) else list(found)))

    def _more(self, _place: str, cursor: int) -> tuple[int | None, list[Any]]:
        return self._page(cursor, self._cursors.pop(cursor))

    def _drop(self, _place: str, cursor: int) -> None:
        self._cursors.pop(cursor, None)

    def _page(self, cursor: int, rows: Iterator[Any]) -> tuple[int | None, list[Any]]:
        """Return some rows, and by which number to ask for more."""
        page = list(islice(rows, self._size))
        if len(page) < self._size:
            return None, page
        self._cursors[cursor] = rows
        return cursor, page

    def _groupby(self, place: str, options: dict[str, Any]) -> list[Any]:
        return list(self._store(place).groupby(**options))

    def _together(self, _place: str, writes: list[tuple[str, str, tuple[Any, ...]]]) -> None:
        with ExitStack() as stack:
            for place in {place for place, _, _ in writes}:
                store = self._store(place)
                if isinstance(store, SQLiteStore):
                    stack.enter_context(store.transaction())
            for place, method, arguments in writes:
                self._do(place, method, arguments)

    def _beside(self, place: str, name: str, key: str) -> str:
        made = f"{place}/{name}/{key}"
        if made not in self._stores:
            self._stores[made] = open_collection(self._store(place), name, key)
        return made

    def _refusal(self, err: Exception) -> bytes:
        """An answer with an exception; one that cannot be built again is told by its name."""
        try:
            body = self._wire.dumps((False, err))
            self._wire.loads(body)
        except Exception:  # noqa: BLE001 - constructors of exceptions may raise anything
            return self._wire.dumps((False, StoreError(f"{type(err).__name__}: {err}")))
        return body
