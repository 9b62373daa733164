"""Where results live: the embedded document store, its factory, the calculation cache and claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hebe.stores.blobs import SQLiteBlobStore
    from hebe.stores.cache import ClaimedElsewhere, Claims, Hit, lookup
    from hebe.stores.factory import find_project, open_collection, open_store
    from hebe.stores.sqlite import SQLiteStore

__all__ = [
    "ClaimedElsewhere",
    "Claims",
    "Hit",
    "SQLiteBlobStore",
    "SQLiteStore",
    "find_project",
    "lookup",
    "open_collection",
    "open_store",
]

_HOMES = {
    "ClaimedElsewhere": "hebe.stores.cache",
    "Claims": "hebe.stores.cache",
    "Hit": "hebe.stores.cache",
    "SQLiteBlobStore": "hebe.stores.blobs",
    "SQLiteStore": "hebe.stores.sqlite",
    "find_project": "hebe.stores.factory",
    "lookup": "hebe.stores.cache",
    "open_collection": "hebe.stores.factory",
    "open_store": "hebe.stores.factory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
