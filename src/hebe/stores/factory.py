"""Which store a project uses: a file under ``.hebe``, searched for upwards like ``.git``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobflow.core.store import JobStore

FOLDER = ".hebe"
FILE = "store.db"

INDEXED = ("uuid", "output.key", "output.status", "output.candidate_id")
"""Paths by which outputs are searched."""

AT_HAND = ("index", "completed_at", "output.@class", "output.energy_scale")
"""Paths that say what became of a job, read without its document."""


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


def open_store(root: Path) -> JobStore:
    """Open the embedded store of a project, made when it does not exist.

    Parameters
    ----------
    root
        The folder that holds ``.hebe``.

    Returns
    -------
    jobflow.JobStore
        Connected, with the indexes that the cache and the launcher need.

    Raises
    ------
    hebe.exceptions.StoreError
        If the file cannot be opened or is no store.
    """
    from jobflow.core.store import JobStore

    from hebe.stores.sqlite import SQLiteStore

    documents = SQLiteStore(Path(root) / FOLDER / FILE)
    store = JobStore(documents)
    store.connect()
    prepare(documents)
    return store


def prepare(documents: object) -> None:
    """Index what the cache and the launcher ask for, where the store is able to."""
    from hebe.stores.sqlite import SQLiteStore

    if not isinstance(documents, SQLiteStore):
        return
    for path in INDEXED:
        documents.ensure_index(path)
    for path in AT_HAND:
        documents.keep_at_hand(path)
