"""Which project a campaign belongs to: that of its file, searched upwards from there."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from hebe.config.reading.refusal import campaign_source
from hebe.config.settings import PROJECT_FILE, STORE_FOLDER, get_settings
from hebe.exceptions import HebeWarning
from hebe.stores.factory import embedded_path, find_project, open_store

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign


def project_root(start: Path | None = None) -> Path:
    """Folder of the project that a folder (the working folder by default) belongs to."""
    configured = get_settings(start).project_dir
    return configured if configured is not None else find_project(start or Path.cwd())


def start_of(campaign: Campaign, start: Path | None) -> Path | None:
    """Folder from which the project of a campaign is searched: one that is named, else that of its file.

    A file in no project belongs to that of the working folder where settings stand there. Results that an earlier
    version has put into the project of the working folder stay in use, with a warning.
    """
    file = campaign_source(campaign).file
    if start is not None or file is None:
        return start
    folder = Path(file).absolute().parent
    own, here = project_root(folder), project_root()
    if own.resolve() != here.resolve() and not _has_store(own) and _holds(here, campaign.name):
        reason = f"the results of {campaign.name} are in the project of the working folder, {here}, and stay there"
        beside = own / ".hebe" / "store.db"
        hint = f"to have them beside the file: hebe store copy {here} {beside} --campaign {campaign.name}"
        warnings.warn(f"{reason} ({hint})", HebeWarning, stacklevel=3)
        return None
    alone = not _below(folder, PROJECT_FILE) and not _below(folder, STORE_FOLDER)
    return None if alone and _below(Path.cwd(), PROJECT_FILE) else folder


def _below(folder: Path, mark: str) -> bool:
    """Whether a folder, or one above it, holds something of that name."""
    return any((place / mark).exists() for place in (folder, *folder.parents))


def has_store(start: Path | None) -> bool:
    """Whether the project of a folder has a store that can be read; one on a server is taken to be there."""
    return _has_store(project_root(start))


def _has_store(root: Path) -> bool:
    path = embedded_path(root)
    return path is None or path.is_file()


def _holds(root: Path, campaign: str) -> bool:
    """Whether the file of a project has outputs of a campaign."""
    path = embedded_path(root)
    if path is None or not path.is_file():
        return False
    store = open_store(root)
    try:
        return store.docs_store.query_one({"metadata.campaign": campaign}, ["uuid"]) is not None
    finally:
        store.close()
