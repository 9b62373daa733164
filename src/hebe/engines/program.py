"""A program of an engine under a watcher, which ends all its processes when nobody waits for it any more.

What mpirun or srun start are many processes in groups of their own: killing the launcher, or its group, leaves them.
All of them inherit a variable that names the folder in which the program was started. This file is also the watcher,
a process of its own without any package: it survives the process that had started it, for as long as it takes to end
the program.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_CODE: Final = "exit_code"
"""File with the exit code of a program that came to its end by itself, 128 and more for a signal."""
ONE_THREAD: Final = ("env", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1")
"""Goes before the words of a program that has one thread, whatever a worker of Hebe has, unless they say so."""
GRACE_S: Final = 15.0
"""Time (s) that the processes of a program have to end after they were asked to."""
_MARK: Final = "HEBE_PROGRAM_FOLDER"
_LOOK_S: Final = 1.0
_SOON_S: Final = 0.05
_PR_SET_PDEATHSIG: Final = 1
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SIGNALLED: Final = 128


def watched(words: Sequence[str]) -> list[str]:
    """Words that start a program under a watcher, in the folder in which they are run."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *words]


def stop_program(folder: Path) -> bool:
    """End the program that was started in a folder, with everything that it started on this machine.

    Returns
    -------
    bool
        Whether there was one.
    """
    found = _left(folder)
    _send(signal.SIGTERM, found)
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end and _left(folder):
        time.sleep(_SOON_S)
    while time.monotonic() < end + GRACE_S and (left := _left(folder)):
        _send(signal.SIGKILL, left)
        time.sleep(_SOON_S)
    return bool(found)


def processes_of(folder: Path) -> list[int]:
    """Numbers of the processes of a program that was started in a folder, without its watcher."""
    mark = f"{_MARK}={folder.resolve()}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def _left(folder: Path) -> list[int]:
    """Processes of a program, looked for twice: one that is just becoming another program shows no environment."""
    found = processes_of(folder)
    if not found:
        time.sleep(_SOON_S)
        found = processes_of(folder)
    return found


def watch(words: Sequence[str]) -> int:
    """Run a program in the working folder until it ends, this process is told to end, or its parent is gone.

    Returns
    -------
    int
        Exit code.
    """
    folder, parent = Path.cwd(), os.getppid()
    with contextlib.suppress(PermissionError):  # it leads its session
        os.setpgid(0, 0)  # who kills the group of the worker shall not kill the one that ends its program
    stopping: list[int] = []
    for number in _ENDING:
        signal.signal(number, lambda received, _frame: stopping.append(received))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    Path(EXIT_CODE).unlink(missing_ok=True)
    process = subprocess.Popen(words, env={**os.environ, _MARK: str(folder)}, process_group=0)  # noqa: S603 - the user's own command
    signal.pthread_sigmask(signal.SIG_BLOCK, [*_ENDING, signal.SIGCHLD])
    while process.poll() is None and not stopping and os.getppid() == parent:
        received = signal.sigtimedwait([*_ENDING, signal.SIGCHLD], _LOOK_S)
        if received is not None and received.si_signo != signal.SIGCHLD:
            stopping.append(received.si_signo)
    ended = process.poll() is not None
    stop_program(folder)
    code = process.wait()
    code = _SIGNALLED - code if code < 0 else code
    if ended:
        Path(EXIT_CODE).write_text(f"{code}\n", encoding="ascii")
    return code


def _send(number: int, processes: Sequence[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


if __name__ == "__main__":
    sys.exit(watch(sys.argv[1:]))
