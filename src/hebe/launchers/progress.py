"""How far a launch is: a bar on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

    from hebe.launchers.summary import Tally

_LINE_S = 10.0
_BAR_S = 0.2


@contextmanager
def shown(tally: Tally, *, wanted: bool | None) -> Iterator[Callable[[], None]]:
    """Show the progress of a launch on stderr.

    Parameters
    ----------
    tally
        Counts that change while the block runs.
    wanted
        False shows nothing, True and None a bar on a terminal and lines elsewhere.

    Yields
    ------
    callable
        To be called often; it draws when it is time.
    """
    if wanted is False:
        yield lambda: None
    elif sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task("jobs", total=None, note="")

            def draw() -> None:
                done = tally.completed + tally.failed
                note = f"{tally.running} running" + (f", [red]{tally.failed} failed[/]" if tally.failed else "")
                note += _left(tally)
                bar.update(task, completed=done, total=tally.total, note=note)

            yield _every(_BAR_S, draw, at_once=True)
            draw()
    else:
        yield _every(_LINE_S, lambda: sys.stderr.write(f"{line(tally)}\n"))


def line(tally: Tally) -> str:
    """Say in one line how far a launch is."""
    done = tally.completed + tally.failed
    parts = [f"{done}/{tally.total} jobs", f"{tally.running} running", f"{tally.elapsed_s:.0f} s"]
    if tally.failed:
        parts.insert(1, f"{tally.failed} failed")
    return ", ".join(parts) + _left(tally)


def _left(tally: Tally) -> str:
    left = tally.left_s() if tally.completed + tally.failed < tally.total else None
    return "" if left is None else f", about {left:.0f} s left"


def _every(period_s: float, action: Callable[[], object], *, at_once: bool = False) -> Callable[[], None]:
    due = time.monotonic() + (0.0 if at_once else period_s)

    def maybe() -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + period_s
            action()

    return maybe


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
