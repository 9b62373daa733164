"""What the kernel tells of the processes of a launcher."""

from __future__ import annotations

import contextlib
from pathlib import Path


def workers_of(pid: int) -> list[int]:
    """Worker processes of a launcher that are alive."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with contextlib.suppress(OSError):
            if b"hebe.launchers.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found
