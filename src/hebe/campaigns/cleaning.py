"""What the run folders of a project hold, and their removal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from hebe.campaigns.api import project_store
from hebe.campaigns.place import has_store, project_root
from hebe.launchers.records import Records
from hebe.launchers.run_folders import IN_USE, NOT_STORED, RunFolders

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hebe.launchers.run_folders import RunFolder

_ALWAYS = (IN_USE, NOT_STORED)


def clean(*, remove: bool = False, everything: bool = False, start: Path | None = None) -> dict[str, Any]:
    """Say what run folders hold; remove those that nothing needs only when asked.

    Parameters
    ----------
    remove
        Whether to remove.
    everything
        Also what failures name and what calculations that were cut off go on from; never what a launch uses now or what
        holds an output that is not stored.
    start
        Folder from which the project is searched.

    Returns
    -------
    dict
        ``runs`` (the folder), ``folders``, ``bytes``, ``campaigns`` (each with ``folders`` and ``bytes``; ``campaign``
        is null for what no output tells of), ``needed`` (paths with the reason, and whether `everything` takes them),
        ``removable`` and ``removed`` (``folders``, ``bytes``).

    Raises
    ------
    hebe.exceptions.StoreError
        If the store cannot be read.
    """
    root = project_root(start)
    runs = root / ".hebe" / "runs"
    if not has_store(start) or not runs.is_dir():
        return _report(runs, [], [], removed=0)
    store = project_store(start)
    try:
        with closing(Records.beside(store.docs_store, root)) as records:
            folders = RunFolders(runs, store.docs_store, records)
            found = folders.all()
            free = [one for one in found if one.needed is None or (everything and one.needed not in _ALWAYS)]
            removed = folders.remove(free) if remove else None
    finally:
        store.close()
    return _report(runs, found, free, removed=removed)


def _report(runs: Path, found: list[RunFolder], free: list[RunFolder], *, removed: int | None) -> dict[str, Any]:
    campaigns = sorted({one.campaign for one in found}, key=lambda name: (name is None, name or ""))
    groups = [(name, [one for one in found if one.campaign == name]) for name in campaigns]
    kept = [one for one in found if one.needed is not None and one not in free]
    return {
        "runs": str(runs),
        **_total(found),
        "campaigns": [{"campaign": name, **_total(group)} for name, group in groups],
        "needed": [{"path": str(one.path), "bytes": one.size_bytes, "reason": one.needed} for one in kept],
        "removable": _total(free),
        "removed": {"folders": 0 if removed is None else len(free), "bytes": removed or 0},
    }


def _total(folders: Iterable[RunFolder]) -> dict[str, int]:
    sizes = [one.size_bytes for one in folders]
    return {"folders": len(sizes), "bytes": sum(sizes)}
