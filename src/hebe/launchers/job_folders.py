"""Folders that jobs run in, one each; a folder that was left empty becomes that of the next job."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOST = 1000
_STRANGE = re.compile(r"[^\w.+-]+")


class JobFolders:
    """Job folders of one process.

    Parameters
    ----------
    folder
        Where they are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._spare: str | None = None

    @staticmethod
    def home() -> str:
        """Return the working folder; the root where it has been removed."""
        try:
            return os.getcwd()  # noqa: PTH109 - called often
        except OSError:
            return os.sep

    def enter(self, name: str, uuid: str, index: int) -> Path:
        """Make the folder of a job and change into it.

        Raises
        ------
        FileExistsError
            If a thousand attempts at this job have left folders.
        """
        base = f"{_STRANGE.sub('-', name)[:60].strip('.-') or 'job'}-{uuid[:8]}-{index}"
        for attempt in range(1, _MOST):
            folder = os.path.join(self._folder, base if attempt == 1 else f"{base}-{attempt}")  # noqa: PTH118 - called often
            if self._take(folder):
                os.chdir(folder)
                return Path(folder)
        raise FileExistsError(f"{self._folder}/{base} and its successors exist")

    def leave(self, folder: Path, home: str, *, keep: bool) -> None:
        """Change back, if that is there still; a folder that need not be kept and is empty is used again."""
        try:
            os.chdir(home)
        except OSError:
            os.chdir(self._folder if os.path.isdir(self._folder) else os.sep)  # noqa: PTH112 - as above
        if not keep and not _has_entries(folder):
            self._spare = str(folder)

    def close(self) -> None:
        """Remove what was never used."""
        if self._spare is not None and not _has_entries(self._spare):
            os.rmdir(self._spare)  # noqa: PTH106 - as above
        self._spare = None

    def _take(self, folder: str) -> bool:
        spare, self._spare = self._spare, None
        if spare is not None and (spare == folder or not os.path.lexists(folder)):
            try:
                os.rename(spare, folder)  # noqa: PTH104 - as above
            except OSError:
                pass
            else:
                return True
        self._spare = spare
        try:
            os.makedirs(folder)  # noqa: PTH103 - as above
        except FileExistsError:
            return False
        return True


def _has_entries(folder: Path | str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entries)
    except OSError:
        return True
