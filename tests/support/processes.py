"""What the kernel tells of the processes of a launcher."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.waiting import ended, handles_of

if TYPE_CHECKING:
    import subprocess


def workers_of(pid: int) -> list[int]:
    """Worker processes of a launcher that are alive."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        with contextlib.suppress(OSError):
            if b"hebe.launchers.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def kill_launcher(process: subprocess.Popen[Any]) -> int:
    """Kill a launcher, check that its workers end, and return how many there were."""
    workers = handles_of(workers_of(process.pid))
    process.kill()
    process.communicate()
    ended(workers)
    return len(workers)
