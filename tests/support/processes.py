"""What the kernel tells of the processes of a launcher."""

from __future__ import annotations

import contextlib
import os
import select
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def kill_launcher(process: subprocess.Popen[Any], seconds: float = 20.0) -> int:
    """Kill a launcher, check that its workers end within some seconds, and return how many there were."""
    handles = {}
    for pid in workers_of(process.pid):
        with contextlib.suppress(ProcessLookupError):
            handles[pid] = os.pidfd_open(pid)
    process.kill()
    process.communicate()
    for pid, handle in handles.items():
        assert select.select([handle], [], [], seconds)[0], f"worker {pid} outlived its launcher"
        os.close(handle)
    return len(handles)
