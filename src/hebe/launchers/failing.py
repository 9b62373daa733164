"""The failure of a job as text: whatever it has raised, and whatever the text of that is like."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING, Final

from hebe.launchers.outcome import Failure

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE: Final = 4_000
TRACEBACK: Final = 100_000
"""So many characters are kept; the middle of a longer text is left out."""


def failure_of(err: BaseException, folder: Path | None, what: str = "") -> Failure:
    """Say why a job has failed, and leave the traceback in its folder, if there is room for it.

    Parameters
    ----------
    err
        What was raised: any exception, also one whose text cannot be made or written.
    folder
        Folder of the job.
    what
        Goes before the text of the exception.
    """
    name = type.__dict__["__name__"].__get__(type(err))
    try:
        message = plain(str(err), MESSAGE)
    except BaseException as inner:  # noqa: BLE001 - whatever it is: it is the text that is at fault
        message = f"its text cannot be made: {type(inner).__name__}"
    try:
        told = plain("".join(traceback.format_exception(err)), TRACEBACK)
    except BaseException as inner:  # noqa: BLE001 - as above
        told = f"{name}: its traceback cannot be made: {type(inner).__name__}\n"
    if folder is not None:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)  # the job may have removed it
            (folder / "traceback.txt").write_text(told, encoding="utf-8")
    return Failure(plain(name, MESSAGE), f"{what}{message}", told, None if folder is None else str(folder))


def plain(text: str, most: int) -> str:
    """Return a text that can be written anywhere: a ``str`` without surrogates and NUL, not longer than a limit."""
    if len(text) > most:
        text = f"{text[: most // 2]} ... ({len(text)} characters in all) ... {text[-most // 2 :]}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
