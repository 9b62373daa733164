"""What commands print: JSON documents, and tables as wide as the terminal."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from hebe.config.reading.hiding import STEERING, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.table import Table

LIMIT: Final = 50
"""Candidates that a table shows unless it is told otherwise."""

_WIDTH_OF_FILES: Final = 120


def write_json(document: object, *, indent: int | None = 2) -> None:
    """Print one JSON document with a line end."""
    sys.stdout.write(json_text(document, indent=indent) + "\n")


def json_text(document: object, *, indent: int | None = 2) -> str:
    """Return a JSON document, in which a number that is not finite is null and what steers a terminal is escaped."""
    text = json.dumps(plain(document), indent=indent, ensure_ascii=False, allow_nan=False)
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: Any) -> Any:
    """`value` as JSON has it: mappings with texts as keys, lists, texts, finite numbers, booleans, null.

    Raises
    ------
    TypeError
        For an object that has no plain form.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if math.isfinite(value) else None
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case os.PathLike():
            return os.fspath(value)
    for name in ("as_dict", "model_dump", "tolist", "isoformat"):
        convert = getattr(value, name, None)
        if callable(convert):
            return plain(convert())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def write_line(text: str = "") -> None:
    """Print a line."""
    sys.stdout.write(printable(text) + "\n")


def write_warning(text: str | None) -> None:
    """Print what the user should know on standard error, if there is something."""
    if text:
        sys.stderr.write(f"warning: {printable(text)}\n")


def terminal_width() -> int:
    """Columns of the terminal; those of a file are 120 unless ``COLUMNS`` says otherwise."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else _WIDTH_OF_FILES


def new_table(headers: Sequence[str], *, title: str | None = None, right: Iterable[int] = ()) -> Table:
    """Empty table, whose texts are shown as they are: no markup, nothing that steers a terminal.

    Parameters
    ----------
    headers
        Texts of the head with units.
    right
        Positions of columns of numbers.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    class Plain(Table):
        """A table of texts."""

        def add_row(self, *cells: Any, **options: Any) -> None:
            super().add_row(*(Text(printable(one)) if isinstance(one, str) else one for one in cells), **options)

    numbers = set(right)
    shown = None if title is None else Text(printable(title))
    table = Plain(
        title=shown, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    for position, header in enumerate(headers):
        table.add_column(Text(printable(header)), justify="right" if position in numbers else "left", overflow="fold")
    return table


def write_table(table: Table) -> None:
    """Print a table, in colours where the terminal has them."""
    from rich.console import Console

    console = Console(width=terminal_width(), highlight=False)
    with console.capture() as capture:
        console.print(table)
    lines = "\n".join(line.rstrip() for line in capture.get().split("\n"))
    sys.stdout.write(lines.strip("\n") + "\n")


def write_plain(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print a long table as plain lines, as wide as they are: one for each row."""
    lines = [[printable(" ".join(cell.split("\n"))) for cell in row] for row in (headers, *rows)]
    widths, numbers = [max(map(len, column)) for column in zip(*lines, strict=True)], set(right)
    for line in lines:
        cells = (
            cell.rjust(width) if at in numbers else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def write_by_hand(document: Mapping[str, Any]) -> None:
    """Print what was done to jobs with ``lpad``, by number."""
    found = document.get("lpad") or {}
    texts = {
        "paused": "paused with lpad: lpad resume_fws lets them go on",
        "defused": "defused with lpad: lpad reignite_fws lets them go on",
        "rerun": "to run again, told by lpad: hebe launch runs them",
        "deleted": "not on the LaunchPad any more: hebe submit puts them there again",
    }
    for name, text in texts.items():
        if found.get(name):
            write_line(f"  lpad          {found[name]:,} jobs are {text}")
    if found.get("note"):
        write_line(f"  lpad          not asked: {found['note']}")


def calibration_cost_text(calibration: Mapping[str, Any]) -> str:
    """Line on what the references of a calibration will cost."""
    seconds = 3600 * calibration["cpu_hours"]
    cost = f"{seconds / 3600:.1f} CPU hours" if seconds >= 7200 else f"{seconds / 60:.0f} CPU minutes"
    measured = calibration["measured"]
    basis = (
        f"as {measured} calculations here" if measured else "from electrons, k points and spins: within a factor of 3"
    )
    return (
        f"Stage {calibration['stage'] + 1} calibrates with about {calibration['members']} cells and vertices of "
        f"{calibration['engine']}: {cost} ({basis})."
    )


def percent(share: float | None) -> str:
    """A share in percent without its sign, a dash where there is none."""
    return "–" if share is None else f"{100 * share:.0f}"
