"""Records in the database of the outputs, for launchers and workers on many machines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hebe.launchers.records import COLLECTION, Records
from hebe.stores.factory import open_collection

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
        super().__init__(open_collection(documents, COLLECTION, "uuid"))
        self._beats = open_collection(documents, _BEATS, "id")
        self.store.ensure_index("uuid")

    def beat(self, launch: str, body: dict[str, Any]) -> None:
        """Say that a launch is alive and how far it is."""
        self._beats.update({"id": launch, "heartbeat": time.time(), "body": body}, key="id")

    def launches(self) -> list[tuple[str, float, dict[str, Any]]]:
        """Return id, time of the last heartbeat (s since 1970) and report of every launch, the latest first."""
        found = self._beats.query(sort={"heartbeat": -1})
        return [(beat["id"], beat["heartbeat"], beat["body"]) for beat in found]
