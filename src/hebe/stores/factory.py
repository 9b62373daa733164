"""Which store a project uses: a file under ``.hebe``, searched for upwards like ``.git``, or what settings name."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.config.reading.wording import shown, suggest
from hebe.config.settings import StoreSettings, get_settings
from hebe.exceptions import BadInputError, HebeError, MissingDependencyError, StoreError
from hebe.stores.content import CONTENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobflow.core.store import JobStore
    from maggma.core.store import Store

FOLDER = ".hebe"
FILE = "store.db"
BLOBS = "data"
"""Name of the additional store that takes large parts of outputs; atomate2 uses the same."""

INDEXED = ("uuid", "output.key", "output.status", "output.candidate_id")
"""Paths by which outputs are searched."""

AT_HAND = (
    *("index", "completed_at", "output.@class", "output.energy_scale"),
    *("output.uuid", "made_from.all", CONTENT),
)
"""Paths that say what became of a job, read without its document."""

_PACKAGES = {
    "MontyStore": ("montydb", "montydb"),
    "S3Store": ("boto3", "boto3"),
    "OpenDataStore": ("boto3", "boto3"),
    "VaultStore": ("hvac", "hvac"),
    "AzureBlobStore": ("azure", "azure-storage-blob azure-identity"),
}
"""Module that a store of maggma needs, and how pip calls its package."""


def find_project(start: Path) -> Path:
    """Find the project that a folder belongs to.

    Parameters
    ----------
    start
        Where to begin.

    Returns
    -------
    pathlib.Path
        The nearest folder, from ``start`` upwards, that holds ``.hebe``; ``start`` itself when none does.
    """
    start = Path(start).absolute()
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder
    return start


def embedded_path(root: Path, settings: StoreSettings | None = None) -> Path | None:
    """Return the file of a project's store; None when settings name another kind of store."""
    chosen = get_settings(Path(root)).store if settings is None else settings
    if chosen.kind != "embedded":
        return None
    return Path(root) / FOLDER / FILE if chosen.path is None else chosen.path


def open_store(root: Path, settings: StoreSettings | None = None) -> JobStore:
    """Open the store of a project, made when it does not exist.

    Parameters
    ----------
    root
        The folder that holds ``.hebe``.
    settings
        Which store; the settings in force for ``root`` if not given.

    Returns
    -------
    jobflow.JobStore
        Connected, with the indexes that the cache and the launcher need; large parts of outputs may go to its
        additional store ``data``.

    Raises
    ------
    hebe.exceptions.BadInputError
        If the settings do not describe a store.
    hebe.exceptions.StoreError
        If the store cannot be opened or reached.
    """
    chosen = get_settings(Path(root)).store if settings is None else settings
    store = _built(Path(root), chosen)
    connect(store)
    prepare(store.docs_store)
    return store


def connect(store: JobStore) -> None:
    """Connect a store, and make sure that a server answers.

    Raises
    ------
    hebe.exceptions.StoreError
        If it cannot be opened or reached; names the store without user and password.
    """
    from hebe.stores.mongodb import without_credentials

    inner: Any = store
    for part in (inner.docs_store, *inner.additional_stores.values()):
        try:
            part.connect()
            _ping(part)
        except HebeError:
            raise
        except Exception as err:
            with suppress(Exception):
                store.close()
            reason = " ".join(without_credentials(str(err)).split())[:300]
            raise StoreError(f"{without_credentials(part.name)} cannot be reached: {reason}") from err


def _ping(store: Store) -> None:
    """Have the server of a store answer; clients of MongoDB connect without asking anybody."""
    from maggma.stores import GridFSStore, MemoryStore, MongoStore, MontyStore, S3Store

    if isinstance(store, S3Store):
        index: Any = store.index
        _ping(index)
    elif isinstance(store, GridFSStore):
        store._files_collection.database.command("ping")  # noqa: SLF001 - maggma offers no other way
    elif isinstance(store, MongoStore) and not isinstance(store, (MemoryStore, MontyStore)):
        store._collection.database.command("ping")  # noqa: SLF001 - same


def prepare(documents: object) -> None:
    """Index what the cache and the launcher ask for, where the store is able to."""
    from maggma.stores import MemoryStore, MongoStore

    from hebe.stores.sqlite import SQLiteStore

    if isinstance(documents, SQLiteStore) and documents.mode != "snapshot":
        for path in AT_HAND:
            documents.keep_at_hand(path)
    elif not isinstance(documents, MongoStore) or isinstance(documents, MemoryStore):
        return
    for path in INDEXED:
        documents.ensure_index(path)


def open_collection(where: Path | Store, name: str, key: str) -> Store:
    """Open a collection beside the outputs of a store, on whatever they are kept.

    Parameters
    ----------
    where
        The folder of a project, or a connected store.
    name, key
        The collection and the field that identifies its documents.

    Returns
    -------
    maggma.core.Store
        Connected. Where a store can hold one collection only, it lives in memory: such a collection must be one that
        can be built again, like ``candidates``.
    """
    from maggma.stores import MemoryStore, MongoStore, MontyStore

    from hebe.stores.mongodb import BorrowedCollection
    from hebe.stores.remote import RemoteStore
    from hebe.stores.sqlite import SQLiteStore

    store = open_store(where) if isinstance(where, Path) else where
    documents = getattr(store, "docs_store", store)
    made: Store
    if isinstance(documents, RemoteStore):
        made = documents.beside(name, key)
    elif isinstance(documents, SQLiteStore) and documents.mode != "snapshot":
        made = SQLiteStore(documents.path, name, key, mode=documents.mode)
    elif isinstance(documents, MongoStore) and not isinstance(documents, MontyStore):
        made = BorrowedCollection(documents, name, key)
    else:
        made = MemoryStore(collection_name=name, key=key)
    made.connect()
    return made


def _built(root: Path, chosen: StoreSettings) -> JobStore:
    from jobflow.core.store import JobStore

    from hebe.stores.blobs import SQLiteBlobStore
    from hebe.stores.modes import share
    from hebe.stores.sqlite import SQLiteStore

    path = embedded_path(root, chosen)
    if path is not None:
        if chosen.group is not None:
            share(path.parent, chosen.group)
        documents = SQLiteStore(path)
        return JobStore(documents, additional_stores={BLOBS: SQLiteBlobStore(path)})
    return _mongodb(chosen) if chosen.kind == "mongodb" else _of_spec(chosen)


def _mongodb(chosen: StoreSettings) -> JobStore:
    from jobflow.core.store import JobStore
    from maggma.stores import S3Store
    from pymongo.errors import PyMongoError

    from hebe.stores.mongodb import mongo_blobs, mongo_outputs, without_credentials

    assert chosen.uri is not None  # noqa: S101 - the settings have checked it
    uri, collection, blobs = chosen.uri.get_secret_value(), chosen.collection, f"{chosen.collection}_blobs"
    try:
        documents = mongo_outputs(uri, collection, chosen.database)
        if chosen.s3 is None:
            return JobStore(documents, additional_stores={BLOBS: mongo_blobs(uri, blobs, chosen.database)})
        index = mongo_outputs(uri, blobs, chosen.database)
    except (PyMongoError, ValueError) as err:
        raise BadInputError(without_credentials(str(err)), key="store.uri") from err
    index.key = "blob_uuid"
    s3 = chosen.s3
    bucket = S3Store(
        index,
        s3.bucket,
        s3_profile=s3.profile,
        compress=True,
        endpoint_url=s3.endpoint_url,
        sub_dir=s3.folder,
        key="blob_uuid",
        searchable_fields=["job_uuid", "job_index"],
    )
    return JobStore(documents, additional_stores={BLOBS: bucket})


def _of_spec(chosen: StoreSettings) -> JobStore:
    if chosen.spec is not None:
        return store_of_spec(chosen.spec.get_secret_value())
    assert chosen.file is not None  # noqa: S101 - the settings have checked it
    return store_of_file(chosen.file)


def store_of_file(path: Path) -> JobStore:
    """Return the unconnected store that a file describes, as a ``jobflow.yaml`` does.

    Raises
    ------
    hebe.exceptions.BadInputError
        If the file cannot be read or does not describe a store.
    """
    from hebe.config.reading.yamlfile import parse_yaml, read_bytes

    return store_of_spec(parse_yaml(read_bytes(path), file=str(path), secret=True).data, file=path)


def store_of_spec(spec: Mapping[str, Any], *, file: Path | None = None) -> JobStore:
    """Return the unconnected job store of a description: ``docs_store`` and ``additional_stores`` by ``type``.

    Parameters
    ----------
    spec
        As in a ``jobflow.yaml``; any maggma store and those of Hebe may be named.
    file
        Where it was read, for messages.

    Raises
    ------
    hebe.exceptions.BadInputError
        If a store is unknown or its arguments are wrong; values, which may be secret, are not shown.
    """
    from jobflow.core.store import JobStore

    known = _store_classes()
    unknown = [key for key in spec if key not in {"docs_store", "additional_stores", "save", "load"}]
    if unknown or "docs_store" not in spec:
        reason = f"unknown key {shown(unknown[0])}" if unknown else "the key 'docs_store' is missing"
        hint = "known keys: docs_store, additional_stores, save, load"
        raise BadInputError(reason, file=file, key="store.spec" if file is None else None, suggestion=hint)
    further = spec.get("additional_stores") or {}
    if not isinstance(further, dict):
        raise BadInputError("expected a mapping of names to stores", file=file, key="additional_stores")
    documents = _one(spec["docs_store"], "docs_store", known, file)
    others = {name: _one(inner, f"additional_stores.{name}", known, file) for name, inner in further.items()}
    try:
        return JobStore(documents, additional_stores=others, save=spec.get("save"), load=spec.get("load") or False)
    except (TypeError, ValueError, AttributeError) as err:
        raise BadInputError(f"not a job store: {type(err).__name__}", file=file) from err


def _one(spec: Any, key: str, known: dict[str, type[Store]], file: Path | None) -> Store:
    if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
        raise BadInputError(
            "expected a mapping with the key 'type'", file=file, key=key, suggestion="type: SQLiteStore"
        )
    kind = spec["type"]
    if kind not in known:
        hint = suggest(kind, sorted(known), known="stores")
        raise BadInputError(f"no store is called {shown(kind)}", file=file, key=f"{key}.type", suggestion=hint)
    inner: dict[str, Any] = {
        name: _one(value, f"{key}.{name}", known, file) if isinstance(value, dict) and "type" in value else value
        for name, value in spec.items()
        if name != "type"
    }
    try:
        return known[kind](**inner)
    except HebeError:
        raise
    except TypeError as err:
        reason = str(err).partition("() ")[2] or str(err)
        raise BadInputError(f"{kind}: {reason}", file=file, key=key) from err
    except Exception as err:
        package = _PACKAGES.get(kind)
        if package is not None and isinstance(err, (ImportError, RuntimeError)) and find_spec(package[0]) is None:
            missing = MissingDependencyError(package[1], kind, "", advice=f"pip install {package[1]}")
            raise BadInputError(str(missing), file=file, key=key) from err
        raise BadInputError(f"{kind} refuses its arguments: {type(err).__name__}", file=file, key=key) from err


def _store_classes() -> dict[str, type[Store]]:
    import maggma.stores  # noqa: F401 - makes its stores known
    from maggma.core.store import Store

    import hebe.stores.blobs  # noqa: F401 - same for ours

    found: dict[str, type[Store]] = {}
    waiting = list(Store.__subclasses__())
    while waiting:
        one = waiting.pop()
        found.setdefault(one.__name__, one)
        waiting.extend(one.__subclasses__())
    return found
