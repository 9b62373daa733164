"""Stores of MongoDB that tell nobody their password, and collections beside the one of a connected store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maggma.stores import GridFSStore, MongoStore

if TYPE_CHECKING:
    from maggma.core.store import Store

_CREDENTIALS = re.compile(r"(mongodb(?:\+srv)?://)\S*@")


@dataclass
class _Patience:
    """How long this process waits for a server that does not answer."""

    seconds: float = 10.0

    @property
    def options(self) -> dict[str, Any]:
        return {"serverSelectionTimeoutMS": round(1000 * self.seconds)}


_patience = _Patience()


def set_patience(seconds: float) -> None:
    """Set how long stores that this process opens from now on wait for a server that does not answer."""
    _patience.seconds = seconds


def mongo_options() -> dict[str, Any]:
    """Return the options with which this process opens connections."""
    return _patience.options


def without_credentials(text: str) -> str:
    """Return a text in which URIs of MongoDB lack user and password."""
    return _CREDENTIALS.sub(r"\1", text)


class MongoOutputs(MongoStore):
    """Documents in a MongoDB collection given by a URI, whose name shows neither user nor password."""

    @property
    def name(self) -> str:
        """Where the documents are."""
        return f"{without_credentials(self.uri or self.host).partition('?')[0]}#{self.collection_name}"


class MongoBlobs(GridFSStore):
    """Large parts of outputs in GridFS, given by a URI, whose name shows neither user nor password."""

    @property
    def name(self) -> str:
        """Where the blobs are."""
        return f"{without_credentials(self.uri or self.host).partition('?')[0]}#{self.collection_name}"


def mongo_outputs(uri: str, collection: str, database: str | None) -> MongoOutputs:
    """Return an unconnected store of documents."""
    return MongoOutputs(database, collection, uri=uri, key="uuid", mongoclient_kwargs=mongo_options())


def mongo_blobs(uri: str, collection: str, database: str | None) -> MongoBlobs:
    """Return an unconnected store of blobs, found by their ``blob_uuid``."""
    names = ["blob_uuid", "job_uuid", "job_index", "@module", "@class"]
    return MongoBlobs(
        database,
        collection,
        uri=uri,
        key="blob_uuid",
        mongoclient_kwargs=mongo_options(),
        compression=True,
        ensure_metadata=True,
        searchable_fields=names,
    )


class BorrowedCollection(MongoStore):
    """A collection in the database of a connected store, whose connection it uses and never closes.

    Parameters
    ----------
    lender
        A connected store of MongoDB's kind; maggma's stores in memory are of that kind.
    collection_name, key
        The collection and the field that identifies its documents.
    """

    def __init__(self, lender: Store, collection_name: str, key: str) -> None:
        collection: Any = lender._collection.database[collection_name]  # noqa: SLF001 - maggma offers no other way
        super().__init__(str(collection.database.name), collection_name, key=key)
        self._coll = collection
        self._lender = lender

    def as_dict(self) -> dict[str, Any]:
        """Describe a store of the same documents with a connection of its own, for another process."""
        described: dict[str, Any] = self._lender.as_dict()
        return {**described, "collection_name": self.collection_name, "key": self.key}

    def connect(self, force_reset: bool = False) -> None:  # noqa: FBT001, FBT002 - maggma's signature
        """Do nothing: the lender is connected."""

    def close(self) -> None:
        """Do nothing: the lender goes on."""
