"""Who may read a store: its owner alone, or a group that shares the project.

The folder says it: new files in a folder that hands its group down (set-group-id) and that the group may write are the
group's, all others their owner's alone.
"""

from __future__ import annotations

import os
import stat
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hebe.config.settings import STORE_FOLDER
from hebe.exceptions import BadInputError, HebeWarning, StoreError

_grp: Any = None
with suppress(ImportError):  # Windows has no groups of this kind
    import grp as _grp

_OWNER_FOLDER: Final = 0o700
_GROUP_FOLDER: Final = 0o2770
_OTHERS: Final = 0o007
_GROUP_AND_OTHERS: Final = 0o077


def make_folder(folder: Path) -> None:
    """Make the folder of a store when it is missing, for its owner alone; folders above it as the user has them."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    inherits = folder.parent.stat().st_mode & stat.S_ISGID and is_shared(folder.parent)
    folder.mkdir(exist_ok=True, mode=_OWNER_FOLDER)
    if inherits:
        folder.chmod(_GROUP_FOLDER)


def is_shared(folder: Path) -> bool:
    """Whether new files in a folder are for its group."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def open_to_others(folder: Path) -> list[Path]:
    """A folder of stores that others can enter, as earlier versions made them, and the files in it that they can open.

    Parameters
    ----------
    folder
        One that belongs to another user is not looked at.
    """
    if os.name != "posix" or not folder.is_dir() or folder.stat().st_uid != os.getuid():
        return []
    others = _OTHERS if is_shared(folder) else _GROUP_AND_OTHERS
    if not folder.stat().st_mode & others:
        return []
    return [folder, *(path for path in sorted(folder.glob("*.db*")) if path.stat().st_mode & others)]


def make_private_folder(folder: Path) -> None:
    """Make the folder of stores, or close one of this user's that others can enter; a group's stays the group's.

    Earlier versions left folders and stores to be read by all. A folder that cannot be made or closed is said where
    something is written to it.
    """
    try:
        make_folder(folder)
        found = open_to_others(folder)
        for path in found:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~(_OTHERS if is_shared(folder) else _GROUP_AND_OTHERS))
    except OSError:
        return
    if len(found) > 1:
        told = (
            f"{folder} could be read by others and is closed to them now (hebe.yaml: store: {{group: NAME}} shares it)"
        )
        warnings.warn(told, HebeWarning, stacklevel=3)


def make_file(path: str) -> None:
    """Make an empty file when it is missing, which nobody may read who may not read its store."""
    mode = 0o660 if is_shared(Path(path).parent) else 0o600
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        return
    try:
        if mode == 0o660:
            os.fchmod(made, mode)  # the umask may have taken the group's right to write
    finally:
        os.close(made)


def share(folder: Path, group: str) -> None:
    """Give a folder of stores and what is in it to a group, whose members may read and write from then on.

    Raises
    ------
    hebe.exceptions.BadInputError
        If there is no such group, or the folder is not one of Hebe's and is not shared already.
    hebe.exceptions.StoreError
        If the folder is this user's and cannot be given to it.
    """
    try:
        number = None if _grp is None else _grp.getgrnam(group).gr_gid
    except KeyError:
        number = None
    if number is None:
        raise BadInputError(f"this machine has no group called {group!r}", key="store.group", suggestion="see: id -Gn")
    make_folder(folder)
    if folder.name != STORE_FOLDER and not is_shared(folder):
        raise BadInputError(
            f"{folder} is not shared with a group",
            key="store.group",
            suggestion=f"chgrp {group} {folder}; chmod 2770 {folder}",
        )
    for path in (folder, *folder.glob("*.db*")):
        status = path.stat()
        wanted = _GROUP_FOLDER if path == folder else 0o660
        if status.st_uid != os.getuid() or (status.st_gid, stat.S_IMODE(status.st_mode)) == (number, wanted):
            continue
        try:
            os.chown(path, -1, number)
            path.chmod(wanted)
        except OSError as err:
            raise StoreError(f"{path} cannot be given to the group {group}: {err.strerror or err}") from err
