"""A bar on standard error that shows how far a search is, where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.science.chemistry.screening import Tell


@contextmanager
def bar(title: str, *, shown: bool = True) -> Iterator[Tell | None]:
    """Something that is told how far a search is; None where nothing is shown.

    Parameters
    ----------
    title
        What is counted.
    shown
        Whether a bar is wanted.
    """
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield tell
