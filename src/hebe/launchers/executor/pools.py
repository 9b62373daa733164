"""Pools of processes of this machine that are fit for jobs."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor

from hebe.launchers.executor.parent import end_with
from hebe.launchers.leftovers import adopt

_own: set[int] = set()


def is_own() -> bool:
    """Whether this process belongs to a pool of this module, and thus to its jobs alone."""
    return os.getpid() in _own


def process_pool(max_workers: int | None = None) -> ProcessPoolExecutor:
    """Return a pool whose processes are begun anew, not copied from the launcher with its threads and open files.

    Parameters
    ----------
    max_workers
        Number of processes; that of the processors when None.
    """
    return ProcessPoolExecutor(max_workers, multiprocessing.get_context("spawn"), _begin, (os.getpid(),))


def _begin(launcher: int) -> None:
    """Leave Ctrl-C to the launcher, and end with it: an idle process of a pool does not notice its end by itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(launcher)
    adopt()
    _own.add(os.getpid())
