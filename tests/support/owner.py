"""A store and its owner in one process: what is asked is pickled and answered as between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.stores.remote import NO_ANSWER, Line, RemoteStore
from hebe.stores.service import Service

if TYPE_CHECKING:
    from maggma.core.store import Store


def connect(stores: dict[str, Store]) -> Service:
    """Open stores and let the remote ones of this process ask for them."""
    for store in stores.values():
        store.connect()
    service = Service(stores)

    def send(number: int, body: bytes) -> None:
        answer = service.answer(body)
        if number != NO_ANSWER:
            line.hear(number, answer)

    line = Line(send)
    line.use()
    return service


def remote(store: Store, place: str = "outputs") -> RemoteStore:
    """Return what another process would use for a store."""
    connect({place: store})
    return RemoteStore(place, store.name, store.key, store.last_updated_field, store.last_updated_type)
