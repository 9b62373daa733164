"""A process that must not outlive the one that started it."""

from __future__ import annotations

import os
import threading
import time

_LOOK_S = 1.0
_watched: set[tuple[int, int]] = set()


def end_with(parent: int) -> None:
    """End this process when its parent has ended.

    Parameters
    ----------
    parent
        Number of the process that has started this one.
    """
    pair = os.getpid(), parent
    if pair in _watched:  # a copy of a process watches anew: threads are not copied
        return
    _watched.add(pair)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()
