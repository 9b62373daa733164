"""What watches the process of a device: starts it again when it dies, ends it when nobody is there any more.

The end of its standard input tells that the launcher is no more. It imports no torch itself, so that a process for the
device can be split off at any time.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Final, NoReturn

from hebe.engines.sharing.budget import Budget, TorchMemory
from hebe.engines.sharing.line import LINE
from hebe.engines.sharing.server import Server
from hebe.launchers.worker import die_with

if TYPE_CHECKING:
    from hebe.engines.sharing.line import Device

_MOST_FALSE_STARTS: Final = 3
_LOOK_S: Final = 0.2


def main(listener: str, folder: str, kind: Device, atoms: str) -> None:
    """Have a process evaluate until the launcher ends.

    Parameters
    ----------
    listener
        File descriptor of the socket where workers connect.
    folder
        Folder of the socket, removed at the end.
    kind
        Kind of the device.
    atoms
        Bound on the atoms of one pass; 0: by the memory of the device.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # of a terminal or a queue, meant for those who want evaluations
        signal.signal(number, signal.SIG_IGN)
    try:
        _watch(socket.socket(fileno=int(listener)), kind, int(atoms) or None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watch(listener: socket.socket, kind: Device, atoms: int | None) -> None:
    """Start the process again when it dies, unless it died several times before it had evaluated anything."""
    false_starts = 0
    while false_starts < _MOST_FALSE_STARTS:
        told, tells = os.pipe()
        parent, pid = os.getpid(), os.fork()
        if not pid:
            os.close(told)
            die_with(parent)
            LINE.be(kind)
            _evaluate(listener, atoms, tells)
        os.close(tells)
        code = _ended(pid)
        false_starts = 0 if os.read(told, 1) else false_starts + 1
        os.close(told)
        if code is None:
            return
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        sys.stderr.write(f"the process of the device died ({how}) and is started again\n")
    sys.stderr.write(f"it died {false_starts} times before it had evaluated anything: workers evaluate themselves\n")


def _ended(pid: int) -> int | None:
    """Exit code of a process that has ended; None if it was ended since the launcher is no more."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if _is_over(_LOOK_S):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None


def _is_over(timeout_s: float) -> bool:
    ready, _, _ = select.select([0], [], [], timeout_s)
    return bool(ready) and not os.read(0, 1)


def _evaluate(listener: socket.socket, atoms: int | None, tells: int) -> NoReturn:
    """Be the process of the device."""
    try:
        Server(listener, Budget(atoms, TorchMemory()), lambda: _tell(tells)).serve()
    except BaseException as err:  # noqa: BLE001 - told in the log
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {type(err).__name__}: {err}\n")
    finally:
        sys.stderr.flush()
        os._exit(1)


def _tell(descriptor: int) -> None:
    os.write(descriptor, b"1")
