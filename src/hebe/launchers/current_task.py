"""What a worker is doing right now, in memory that outlives it: which task, since when."""

from __future__ import annotations

import mmap
import struct
import tempfile
import time
from typing import BinaryIO, cast

_ENTRY = struct.Struct("=dq")


class CurrentTask:
    """Sixteen bytes that a worker writes and its launcher reads, also after the worker's death.

    Parameters
    ----------
    file
        An open file of that size, inherited by the worker.
    """

    def __init__(self, file: BinaryIO | int) -> None:
        self._memory = mmap.mmap(file if isinstance(file, int) else file.fileno(), _ENTRY.size)

    @staticmethod
    def file() -> BinaryIO:
        """Make an unnamed file for it."""
        file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the launcher keeps it open
        file.write(bytes(_ENTRY.size))
        file.flush()
        return file

    def write(self, number: int) -> None:
        """Say that a task begins; 0 that there is none."""
        _ENTRY.pack_into(self._memory, 0, time.monotonic(), number)

    def read(self) -> tuple[int, float]:
        """Return the number of the task that runs (0: none) and when it began (s, monotonic clock of the machine)."""
        began, number = _ENTRY.unpack_from(self._memory, 0)
        return number, began

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
