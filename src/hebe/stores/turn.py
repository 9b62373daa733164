"""A queue for the writers of one file, beside SQLite's own locks."""

from __future__ import annotations

import os
from contextlib import suppress

from hebe.stores.modes import make_file

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


class Turn:
    """A queue for writers: the kernel wakes the next one at once, where SQLite's own waiting sleeps and polls.

    Correctness does not rest on it; where it cannot be had, SQLite's lock does the same more slowly.

    Parameters
    ----------
    path
        The database file; the lock file stands beside it.
    """

    def __init__(self, path: str) -> None:
        with suppress(OSError):
            make_file(f"{path}-turn")
        try:
            self._file: int | None = os.open(f"{path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            self._file = None

    def __enter__(self) -> None:
        self._flock("LOCK_EX")

    def __exit__(self, *_: object) -> None:
        self._flock("LOCK_UN")

    def close(self) -> None:
        """Give the lock file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _flock(self, operation: str) -> None:
        if self._file is None or fcntl is None:
            return
        with suppress(OSError):
            fcntl.flock(self._file, getattr(fcntl, operation))
