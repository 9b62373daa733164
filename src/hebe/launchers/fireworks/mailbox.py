"""Messages through files on a file system that login and compute nodes share, for nodes without a network to either.

A message is appended to a file that one process writes and one reads. The reader opens the file anew for every look:
on a network file system that is what shows it the latest bytes. Long files are given up for a next one.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = struct.Struct(">BQQI")
_LONG = 64 << 20
_BODY, _WITHDRAWN, _NEXT, _REACHED = range(1, 5)  # bytes that are not there yet may be read as zeros


@dataclass(frozen=True)
class Message:
    """A numbered message; without a body it withdraws the earlier one of that number."""

    number: int
    body: bytes | None


class Writer:
    """The writing end; what a writer that died has left unfinished is cut off.

    Parameters
    ----------
    path
        Name of the files, to which a number is added; writing goes on in the last of them.
    long
        Bytes after which a file is given up for the next.
    """

    def __init__(self, path: Path, *, long: int = _LONG) -> None:
        self._path, self._long = path, long
        self._part = (parts(path) or [0])[-1]
        self._file.touch(mode=0o600)
        read = _read(self._file.read_bytes())
        os.truncate(self._file, read.whole)
        self.latest = read.latest
        """Highest number that was written."""

    @property
    def _file(self) -> Path:
        return _part(self._path, self._part)

    def write(self, number: int, body: bytes) -> None:
        """Send a message.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        if self._file.stat().st_size > self._long:
            _part(self._path, self._part + 1).touch(mode=0o600)
            self._append(_NEXT, self.latest)
            self._part += 1
            self._append(_REACHED, self.latest)
        self._append(_BODY, number, body)
        self.latest = max(self.latest, number)

    def withdraw(self, number: int) -> None:
        """Say that a message is not to be acted upon any more."""
        self._append(_WITHDRAWN, number)

    def _append(self, kind: int, number: int, body: bytes = b"") -> None:
        view = memoryview(_HEAD.pack(kind, number, len(body), zlib.crc32(body, kind)) + body)
        with self._file.open("ab", buffering=0) as stream:
            while view:
                view = view[stream.write(view) :]


class Reader:
    """The reading end, which removes the files that it has read.

    Parameters
    ----------
    path
        As of the writer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = (parts(path) or [0])[0]
        self._place = 0

    def read(self) -> list[Message]:
        """Return the messages that came since the last look; one that is not there as a whole waits for the next."""
        found: list[Message] = []
        while True:
            file = _part(self._path, self._part)
            try:
                with file.open("rb") as stream:
                    stream.seek(self._place)
                    read = _read(stream.read())
            except FileNotFoundError:
                return found
            found += read.messages
            self._place += read.whole
            if not read.is_over:
                return found
            file.unlink()
            self._part, self._place = self._part + 1, 0


@dataclass
class _Read:
    """What some bytes say: whole messages, in how many bytes, the highest number, and whether a next file follows."""

    whole: int = 0
    messages: list[Message] = field(default_factory=list)
    latest: int = 0
    is_over: bool = False


def _read(raw: bytes) -> _Read:
    read = _Read()
    while len(raw) - read.whole >= _HEAD.size and not read.is_over:
        kind, number, length, check = _HEAD.unpack_from(raw, read.whole)
        start = read.whole + _HEAD.size
        body = raw[start : start + length]
        if not _BODY <= kind <= _REACHED or len(body) < length or zlib.crc32(body, kind) != check:
            break
        read.whole, read.is_over = start + length, kind == _NEXT
        if kind in {_BODY, _WITHDRAWN}:
            read.messages.append(Message(number, body if kind == _BODY else None))
        if kind in {_BODY, _REACHED}:
            read.latest = max(read.latest, number)
    return read


def parts(path: Path) -> list[int]:
    """Numbers of the files of a mailbox that are there, lowest first."""
    found = (one.suffix[1:] for one in path.parent.glob(f"{path.name}.*"))
    return sorted(int(number) for number in found if number.isdigit())


def _part(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
