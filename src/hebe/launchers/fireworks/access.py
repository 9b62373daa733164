"""Everything that a process needs to work on the jobs of a project: its settings, store, records and LaunchPad."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobflow.core.store import JobStore

from hebe.config.cluster import ClusterSettings
from hebe.config.settings import get_settings
from hebe.exceptions import BadInputError, HebeError, MissingDependencyError, StoreError
from hebe.launchers.fireworks.launchpad import Launchpad
from hebe.launchers.records import Records
from hebe.stores.factory import open_store
from hebe.stores.mongodb import mongo_options, without_credentials
from hebe.stores.sqlite import SQLiteStore

DATABASE = "hebe"
"""Database of the LaunchPad when neither settings nor the URI name one."""


@dataclass(frozen=True)
class Access:
    """A project that is connected to its store and its LaunchPad."""

    root: Path
    cluster: ClusterSettings
    store: JobStore
    records: Records
    launchpad: Launchpad

    @property
    def runs(self) -> Path:
        """Folder of queue jobs and run folders."""
        return self.root / ".hebe" / "runs"

    def close(self) -> None:
        """Give the connections up."""
        self.store.close()
        self.launchpad.pad.connection.close()


def open_project(root: Path) -> Access:
    """Connect a project to its store and its LaunchPad.

    Raises
    ------
    hebe.exceptions.BadInputError
        If settings do not say where the LaunchPad is.
    hebe.exceptions.MissingDependencyError
        Without FireWorks.
    hebe.exceptions.StoreError
        If the store or the LaunchPad cannot be reached.
    """
    cluster = get_settings(root).cluster or ClusterSettings()
    launchpad = open_launchpad(root, cluster)
    try:
        store = open_store(root)
        _must_be_shared(store)
    except HebeError:
        launchpad.pad.connection.close()
        raise
    return Access(root, cluster, store, Records.beside(store.docs_store, root), launchpad)


def _must_be_shared(store: JobStore) -> None:
    """Refuse outputs in a file that one process alone may open, as on a network file system."""
    documents = store.docs_store
    if isinstance(documents, SQLiteStore) and documents.is_exclusive:
        path = documents.path
        store.close()
        raise BadInputError(
            f"{path} can be opened by one process only, workers on many nodes need more",
            key="store",
            suggestion="store: {kind: mongodb, uri: mongodb://host/hebe}",
        )


def open_launchpad(root: Path, cluster: ClusterSettings) -> Launchpad:
    """Connect to the LaunchPad of a project; its messages show neither user nor password."""
    from pymongo.errors import PyMongoError

    uri, database = _place(root, cluster)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from fireworks import LaunchPad
    except ImportError as err:
        raise MissingDependencyError("FireWorks", "a LaunchPad", "cluster") from err
    pad = None
    try:
        options: dict[str, Any] = mongo_options()
        pad = LaunchPad(host=uri, name=database, uri_mode=True, strm_lvl="CRITICAL", mongoclient_kwargs=options)
        pad.db.command("ping")
    except (PyMongoError, ValueError) as err:
        if pad is not None:
            pad.connection.close()
        reason = " ".join(without_credentials(str(err)).split())[:300]
        where = without_credentials(uri).partition("?")[0]
        raise StoreError(f"the LaunchPad at {where} cannot be reached: {reason}") from None
    return Launchpad(pad)


def _place(root: Path, cluster: ClusterSettings) -> tuple[str, str]:
    """URI and name of the database of the LaunchPad."""
    store = get_settings(root).store
    if cluster.uri is not None:
        uri, named = cluster.uri.get_secret_value(), cluster.database
    elif store.kind == "mongodb" and store.uri is not None:
        uri, named = store.uri.get_secret_value(), cluster.database or store.database
    else:
        raise BadInputError(
            "no database for the LaunchPad is named",
            key="cluster.uri",
            suggestion="store: {kind: mongodb, uri: mongodb://host/hebe} serves both",
        )
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    try:
        return uri, named or parse_uri(uri).get("database") or DATABASE
    except (PyMongoError, ValueError) as err:
        raise BadInputError(without_credentials(str(err)), key="cluster.uri") from None
