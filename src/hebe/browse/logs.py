"""Ends of the files in a run folder: what a program said last. Nothing outside the run folders is opened."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hebe.config.reading.hiding import without_passwords

_FILES: Final = 6
_LOOKED_AT: Final = 500
_BYTES: Final = 6000
_LINES: Final = 30


@dataclass(frozen=True)
class Tail:
    """Last lines of a file, which is named from its run folder."""

    name: str
    text: str


def folder_within(runs: Path, told: str | None) -> Path | None:
    """Run folder that a failure names; None unless it lies in those of the project.

    Parameters
    ----------
    runs
        Where the run folders of the project are.
    told
        What the store says, which may be anything.
    """
    if not told or "\0" in told:
        return None
    try:
        inside, folder = runs.resolve(strict=True), Path(told).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return folder if folder.is_relative_to(inside) and folder != inside and folder.is_dir() else None


def tails(folder: Path) -> list[Tail]:
    """Ends of the text files of a folder, those that were written last first; links are not followed."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not (Path(place) / name).is_symlink()]
        for name in names:
            path = Path(place) / name
            with suppress(OSError):  # a job that runs takes files away meanwhile
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and status.st_size:
                    found.append((status.st_mtime, path))
        if len(found) > _LOOKED_AT:
            break
    made = []
    for _, path in sorted(found, reverse=True):
        text = _end_of(path)
        if text is not None:
            made.append(Tail(str(path.relative_to(folder)), text))
        if len(made) == _FILES:
            break
    return made


def _end_of(path: Path) -> str | None:
    """Last lines of a file; None if it is no text, or gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        size = os.fstat(handle).st_size
        stream.seek(max(0, size - _BYTES))
        raw = stream.read(_BYTES)
    if b"\0" in raw:
        return None
    return without_passwords("\n".join(raw.decode("utf-8", "replace").splitlines()[-_LINES:]))
