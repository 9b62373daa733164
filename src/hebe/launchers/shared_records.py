"""Records in the database of the outputs, for launchers and workers on many machines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hebe.launchers.records import COLLECTION, Records

if TYPE_CHECKING:
    from maggma.core.store import Store

_BEATS = "heartbeats"


def can_share(documents: Store) -> bool:
    """Whether a document store is in a database that other machines reach."""
    from maggma.stores import MemoryStore, MongoStore, MontyStore

    return isinstance(documents, MongoStore) and not isinstance(documents, (MemoryStore, MontyStore))


class SharedRecords(Records):
    """Records in collections beside the outputs.

    Parameters
    ----------
    documents
        Connected document store of MongoDB's kind.
    """

    def __init__(self, documents: Store) -> None:
        super().__init__(_beside(documents, COLLECTION, "uuid"))
        self._beats = _beside(documents, _BEATS, "id")
        self._beats.connect()
        self.store.ensure_index("uuid")

    def close(self) -> None:
        """Give the connections up."""
        super().close()
        self._beats.close()

    def beat(self, launch: str, body: dict[str, Any]) -> None:
        """Say that a launch is alive and how far it is."""
        self._beats.update({"id": launch, "heartbeat": time.time(), "body": body}, key="id")

    def launches(self) -> list[tuple[str, float, dict[str, Any]]]:
        """Return id, time of the last heartbeat (s since 1970) and report of every launch, the latest first."""
        found = self._beats.query(sort={"heartbeat": -1})
        return [(beat["id"], beat["heartbeat"], beat["body"]) for beat in found]


def _beside(documents: Store, collection: str, key: str) -> Any:
    """Another collection of the same database, with a connection of its own, so that it can be described to others."""
    twin: Any = type(documents).from_dict(documents.as_dict())
    twin.collection_name, twin.key = collection, key
    return twin
