"""What the kernel tells of the processes of a launcher."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.waiting import LIMIT_S, ended, handles_of

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


def below(pid: int) -> list[int]:
    """All processes below one: the children of its threads, theirs, and so on."""
    children = list[int]()
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += [int(word) for word in thread.read_text(encoding="ascii").split()]
    return [*children, *(one for child in children for one in below(child))]


def kill_tree(process: subprocess.Popen[Any]) -> None:
    """Kill a launcher, and wait until all that it had started has ended by itself: devices too, amid a pass."""
    started = handles_of(below(process.pid))
    process.kill()
    process.wait(LIMIT_S)
    ended(started)


def kill_launcher(process: subprocess.Popen[Any], mark: bytes = b"hebe.launchers.worker") -> int:
    """Kill a launcher, check that its workers end, and return how many there were."""
    workers = handles_of(workers_of(process.pid, mark))
    process.kill()
    process.communicate()
    ended(workers)
    return len(workers)
