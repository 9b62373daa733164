"""Files that must stay what they are while this process uses them: removed or replaced ones are not made again."""

from __future__ import annotations

import os

from hebe.exceptions import StoreError

_kept: dict[str, tuple[int, int]] = {}


def keep_to(path: str) -> None:
    """Refuse another file under a path from now on."""
    found = inode_of(path)
    if found is not None:
        _kept[path] = found


def let_go(path: str) -> None:
    """Take back `keep_to`."""
    _kept.pop(path, None)


def must_stay(path: str) -> None:
    """Refuse to go on with another file than the one that this process keeps to.

    Raises
    ------
    hebe.exceptions.StoreError
        If that is gone.
    """
    kept = _kept.get(path)
    if kept is not None and inode_of(path) != kept:
        reason = "was removed or replaced while it was in use: what has ended since is not stored"
        raise StoreError(f"{path} {reason}; run again to go on from what is there")


def inode_of(path: str) -> tuple[int, int] | None:
    """Device and number of a file; None without one."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called often; a Path costs more than the call
    except OSError:
        return None
    return status.st_dev, status.st_ino
