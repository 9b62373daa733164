"""The analytic crystal of these tests, counting its evaluations in a file that outlives the process.

``COUNTED_LOG`` names the file; ``COUNTED_KILL`` is the number of the evaluation during which the process is killed.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from support.spring_crystal import SpringCrystal


def count() -> int:
    """Evaluations so far."""
    path = Path(os.environ["COUNTED_LOG"])
    return len(path.read_bytes()) if path.exists() else 0


def make() -> SpringCrystal:
    """Factory for a campaign's engine block."""

    class Counted(SpringCrystal):
        def calculate(self, *arguments: Any, **settings: Any) -> None:
            with Path(os.environ["COUNTED_LOG"]).open("ab") as file:
                file.write(b".")
            if count() == int(os.environ.get("COUNTED_KILL", "0")):
                os.kill(os.getpid(), signal.SIGKILL)
            super().calculate(*arguments, **settings)

    return Counted()
