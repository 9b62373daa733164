"""What a file or a folder holds, as a hash that neither its name nor its place changes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from hebe.config.reading.yamlfile import open_regular


def fingerprint(path: str | Path) -> str:
    """Sha256 of a file, as ``sha256sum`` prints it; of a folder, that of the names and hashes of its files.

    Raises
    ------
    OSError
        If it cannot be read.
    BadInputError
        If it is a named pipe or a device.
    """
    place = Path(path).resolve()
    if not place.is_dir():
        return _of_file(place)
    files = sorted((file.relative_to(place).as_posix(), file) for file in place.rglob("*") if file.is_file())
    lines = [f"{_of_file(file)}  {name}\n" for name, file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _of_file(path: Path) -> str:
    state = path.stat()
    return _read(str(path), state.st_size, state.st_mtime_ns)


@cache
def _read(path: str, _size: int, _changed: int) -> str:
    """Size and time of change are there so that a file that was written again is read again."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
