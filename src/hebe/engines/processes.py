"""Programs that engines start: what they leave about themselves in their folder, and how one that was left is ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

PROCESS: Final = "process.pid"
EXIT_CODE: Final = "exit_code"


def stop_orphan(path: Path) -> bool:
    """End a program that outlived the process that had started it in `path`; whether there was one.

    The number of a process alone would not do: it may belong to another one by now.
    """
    try:
        number = int((path / PROCESS).read_text())
        if Path(f"/proc/{number}/cwd").resolve(strict=True) != path.resolve():
            return False
        os.killpg(number, signal.SIGKILL)
    except (OSError, ValueError):
        return False
    return True
