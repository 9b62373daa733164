"""What the kernel tells of the processes of a launcher."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.waiting import ended, handles_of

if TYPE_CHECKING:
    import subprocess


def workers_of(pid: int, mark: bytes = b"hebe.launchers.worker") -> list[int]:
    """Worker processes of a launcher that are alive; `mark` is in their command lines."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def kill_launcher(process: subprocess.Popen[Any], mark: bytes = b"hebe.launchers.worker") -> int:
    """Kill a launcher, check that its workers end, and return how many there were."""
    workers = handles_of(workers_of(process.pid, mark))
    process.kill()
    process.communicate()
    ended(workers)
    return len(workers)
