"""Waiting in tests: for what only looking can tell, and for the end of processes.

A limit bounds a failure, nothing else: a test that comes to its end asserts the same however long it took.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable

LIMIT_S: Final = 900.0
"""How long a test waits before it fails: longer than anything takes on a machine that has other work."""

_LOOK_S: Final = 0.05


def until(
    holds: Callable[[], object],
    what: str,
    limit_s: float = LIMIT_S,
    *,
    running: subprocess.Popen[Any] | None = None,
    told: Callable[[], object] | None = None,
) -> None:
    """Look until a condition holds.

    Parameters
    ----------
    holds
        The condition.
    what
        What is waited for, in words.
    limit_s
        Seconds after which it is a failure.
    running
        Process that must not end before.
    told
        What helps to understand a failure.

    Raises
    ------
    AssertionError
        If the process ends, or the time is over.
    """
    end, pause = time.monotonic() + limit_s, threading.Event()
    while not holds():
        in_vain = f"waited in vain until {what}: "
        assert running is None or running.poll() is None, in_vain + "the process has ended"
        assert time.monotonic() < end, in_vain + str(told() if told else "the time is over")
        pause.wait(_LOOK_S)


def handles_of(numbers: Iterable[int]) -> dict[int, int]:
    """Handles of the processes that are alive, by their numbers, which others may have later."""
    handles = {}
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):
            handles[number] = os.pidfd_open(number)
    return handles


def ended(handles: dict[int, int], limit_s: float = LIMIT_S) -> None:
    """Wait until processes have ended, and close their handles.

    Raises
    ------
    AssertionError
        If one does not end.
    """
    for number, handle in handles.items():
        waiting = select.poll()  # which takes any handle, however many files are open
        waiting.register(handle, select.POLLIN)
        assert waiting.poll(1000 * limit_s), f"process {number} is still there"
        os.close(handle)
