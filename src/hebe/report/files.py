"""Tables of documents as files: JSON lines, CSV, Parquet; the suffix says which."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hebe.campaigns.keys import flat
from hebe.config.reading.yamlfile import kind_of_file
from hebe.exceptions import BadInputError, MissingDependencyError

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that spreadsheets execute."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    Table = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]
    Writer = Callable[[Table, Path], None]


def writer_of(path: Path) -> Writer:
    """Find the writer for the suffix of `path`.

    Raises
    ------
    BadInputError
        If the suffix is unknown, or the folder does not exist.
    MissingDependencyError
        If the packages that write this format are not installed.
    """
    if path.suffix.lower() not in WRITERS:
        given = f"the suffix {path.suffix!r} is unknown" if path.suffix else "a suffix is missing"
        raise BadInputError(given, file=path, suggestion=f"known: {', '.join(WRITERS)}")
    check_target(path)
    writer, packages = WRITERS[path.suffix.lower()]
    _need(packages, path.suffix)
    return writer


def check_target(path: Path) -> None:
    """Make sure that a file that a user named can be written: a named pipe would wait for its reader for ever.

    Raises
    ------
    BadInputError
        If its folder does not exist, or it is there and no regular file.
    """
    if not path.absolute().parent.is_dir():
        raise BadInputError("its folder does not exist", file=path)
    if path.exists() and not path.is_file():
        raise BadInputError(f"expected a file, got {kind_of_file(path.stat().st_mode)}", file=path)


def write_documents(documents: Table, path: Path, kind: str | None = None) -> None:
    """Write one row or line per document.

    Parameters
    ----------
    documents
        Documents, or, unless lines are written, a table of columns.
    kind
        ``.csv``, ``.parquet`` or ``.jsonl``; None: the suffix of `path`.

    Raises
    ------
    BadInputError
        If the suffix is unknown or the file cannot be written.
    MissingDependencyError
        If the packages that write this format are not installed.
    """
    writer = writer_of(path if kind is None else path.with_name(path.stem + kind))
    try:
        writer(documents, path)
    except OSError as err:
        raise unwritable(path, err) from err


def unwritable(path: Path, error: OSError) -> BadInputError:
    """Error to raise when a file that a user named cannot be written."""
    return BadInputError(f"the file cannot be written: {error.strerror or error}", file=path)


def _write_lines(documents: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _write_csv(documents: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_csv_lines(documents))


def csv_text(documents: Table) -> str:
    """Table of comma-separated values; a text that a spreadsheet would execute has an apostrophe before it."""
    return "".join(_csv_lines(documents))


def _csv_lines(documents: Table) -> Iterator[str]:
    """Lines of a table as pandas writes them, in a third of its time where cells are long."""
    rows = frame(documents)
    columns = [
        [_csv_cell(str(name)), *map(_csv_cell, rows.iloc[:, at].tolist())] for at, name in enumerate(rows.columns)
    ]
    return (",".join(cells) + os.linesep for cells in zip(*columns, strict=True))


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        text = _harmless(value)
        quoted = '"' in text or "," in text or "\n" in text
        return '"' + text.replace('"', '""') + '"' if quoted else text
    return "" if value is None or value != value else repr(value)  # noqa: PLR0124 - NaN


def _harmless(text: str) -> str:
    written = text.replace("\r", "\\r")  # which would end a row
    return f"'{written}" if text.startswith(_FORMULA) else written


def _write_parquet(documents: Table, path: Path) -> None:
    frame(documents).to_parquet(path, index=False, engine="pyarrow")


def frame(documents: Table) -> pd.DataFrame:
    """One row per document, dotted columns; a species that a candidate lacks has the amount 0."""
    _need(("pandas",), ".csv")
    import pandas as pd

    given = documents if isinstance(documents, Mapping) else [flat(document) for document in documents]
    rows = pd.DataFrame(given)
    amounts = [column for column in rows.columns if str(column).startswith("composition.")]
    rows[amounts] = rows[amounts].fillna(0.0)
    order = [column for column in rows.columns if column not in amounts]
    position = order.index("formula") + 1 if "formula" in order else 0
    return rows[[*order[:position], *sorted(map(str, amounts)), *order[position:]]]


def _need(packages: Sequence[str], suffix: str) -> None:
    import importlib.util

    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(package, f"writing {suffix}", "report")


WRITERS: Final[dict[str, tuple[Writer, tuple[str, ...]]]] = {
    ".csv": (_write_csv, ("pandas",)),
    ".parquet": (_write_parquet, ("pandas", "pyarrow")),
    ".jsonl": (_write_lines, ()),
}
"""Suffix -> writer and the packages that it needs."""
