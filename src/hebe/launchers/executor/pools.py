"""Pools of processes of this machine that are fit for jobs."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor


def process_pool(max_workers: int | None = None) -> ProcessPoolExecutor:
    """Return a pool whose processes are begun anew, not copied from the launcher with its threads and open files.

    Parameters
    ----------
    max_workers
        Number of processes; that of the processors when None.
    """
    return ProcessPoolExecutor(max_workers, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_launcher)


def _leave_interrupts_to_the_launcher() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
