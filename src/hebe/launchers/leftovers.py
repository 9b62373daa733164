"""Processes that jobs have left: ended with the job and with its worker, also those that have become daemons.

A worker is the parent of what its jobs start, also where the parents in between have ended (Linux), so that it can end
whatever a job leaves. When a worker itself has died, a variable that all of them have inherited tells them from others.
This file is also a program of its own without any package, which does that when the launcher has died, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

MARK: Final = "_HEBE_WORKER"
"""Variable that names the worker; all that its jobs start have it, unless they are given another environment."""

_WATCHED: Final = b"HEBE_PROGRAM_FOLDER="
_WATCHER: Final = b"engines/program.py"
_PR_SET_CHILD_SUBREAPER: Final = 36
_PATIENCE_S: Final = 5.0
_LOOK_S: Final = 0.01


def adopt() -> None:
    """Become the parent of all descendants whose own parents end; elsewhere than on Linux nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """End all processes that this one has started or adopted, but those that multiprocessing keeps for itself."""
    if not _has_children():
        return
    _stop_fork_server()
    spared, end = _trackers(), time.monotonic() + _PATIENCE_S
    while (left := _children() - spared) and time.monotonic() < end:
        for pid in left:
            if _has_ended(pid):
                continue
            if _is_watcher(pid):
                spared.add(pid)
                _send(signal.SIGTERM, pid)  # it ends the program that it watches, then itself
            else:
                _send(signal.SIGKILL, pid)
        time.sleep(_LOOK_S)


def end_marked(mark: str) -> None:
    """End all processes that have a worker's mark, but the programs of engines: their watchers end them."""
    end = time.monotonic() + _PATIENCE_S
    while (found := _marked(mark)) and time.monotonic() < end:
        for pid in found:
            _send(signal.SIGKILL, pid)
        time.sleep(_LOOK_S)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _children() -> set[int]:
    found: set[int] = set()
    for place in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= set(map(int, place.read_text(encoding="ascii").split()))
    return found


def _has_ended(pid: int) -> bool:
    """Whether a child has ended; it is waited for then."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return True


def _trackers() -> set[int]:
    """The process of multiprocessing that removes what others have left in memory that is shared."""
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    pid = getattr(tracker, "_pid", None)
    return set() if pid is None else {pid}


def _stop_fork_server() -> None:
    """Have multiprocessing end the process that it copies others from, whose children would not be found."""
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if getattr(server, "_forkserver_pid", None) is not None and hasattr(server, "_stop"):
        server._stop()  # noqa: SLF001 - it offers no other way


def _is_watcher(pid: int) -> bool:
    return _WATCHER in _read(pid, "cmdline")


def _marked(mark: str) -> list[int]:
    wanted, found = f"{MARK}={mark}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        variables = _read(int(place.name), "environ").split(b"\0")
        if wanted not in variables or int(place.name) == os.getpid() or _is_watcher(int(place.name)):
            continue
        if not any(variable.startswith(_WATCHED) for variable in variables):
            found.append(int(place.name))
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # ended meanwhile, or somebody else's
        return b""


def _send(number: int, pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    end_marked(sys.argv[1])
