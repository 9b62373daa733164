"""Copies of the process of a job: where one comes back from the job's function, it ends, with nothing written."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback


def end_copy(origin: int, err: BaseException | None = None) -> None:
    """End this process if it is not the one in which a job has begun, as a program would that comes to its end.

    A job that forks and forgets to leave in the child would otherwise come back twice, and the child would tell the
    launcher and the store what only its parent may.

    Parameters
    ----------
    origin
        Number of the process in which the job has begun.
    err
        What the job has raised here.
    """
    if os.getpid() == origin:
        return
    code = 0
    with contextlib.suppress(BaseException):
        if isinstance(err, SystemExit):
            code = err.code if isinstance(err.code, int) else int(err.code is not None)
        elif err is not None:
            code = 1
            traceback.print_exception(err)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code & 0xFF)
