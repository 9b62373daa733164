"""Starts ABINIT and ends it with whoever started it: a script of its own that needs nothing of this package.

``program.json`` in the working folder holds the command and the time (s) without output after which it counts as stuck.
The number of its process goes to ``process.pid`` and its exit code to ``exit_code``, negative for a signal, ``stuck``
for a program that was ended because it wrote nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = "program.json"
PROCESS = "process.pid"
EXIT_CODE = "exit_code"
STUCK = "stuck"
_LOG = "run.log"
_POLL_S = 0.2
_GRACE_S = 10.0


def main(arguments: list[str]) -> int:
    """Run the program of the working folder on the input file that is the last argument."""
    program = json.loads(Path(PROGRAM).read_text())
    command = [program["command"][0], *program["command"][1:]]
    process = subprocess.Popen([*command, arguments[-1], *program["options"]], start_new_session=True)  # noqa: S603
    Path(PROCESS).write_text(str(process.pid))
    signal.signal(signal.SIGTERM, lambda _number, _frame: _end(process))
    ended = _watch(process, program["stuck_s"])
    Path(EXIT_CODE).write_text(ended or str(process.returncode))
    return 0 if process.returncode == 0 else 1


def _watch(process: subprocess.Popen[bytes], stuck_s: float) -> str:
    """Wait for the end; bring it about when the parent is gone or nothing is written any more."""
    parent, written, heard = os.getppid(), _size(), time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_POLL_S)
            return ""
        if os.getppid() != parent:
            _end(process)
            return ""
        if _size() != written:
            written, heard = _size(), time.monotonic()
        if time.monotonic() - heard > stuck_s:
            _end(process)
            return STUCK


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program with all its processes; a launcher of MPI first gets the chance to end those on other nodes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GRACE_S)
            return


def _size() -> int:
    with contextlib.suppress(OSError):
        return Path(_LOG).stat().st_size
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
