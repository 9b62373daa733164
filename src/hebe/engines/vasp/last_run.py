"""The last run in a folder, under plain names: what custodian has renamed or compressed is read like anything else.

Custodian and atomate leave the files of a double relaxation as ``OUTCAR.relax1`` and ``OUTCAR.relax2``, often with
``.gz`` or ``.bz2`` added. Files that nothing is read from (``custodian.json``, DOSCAR, charge densities) are left out,
so that one that is broken does no harm.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import re
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FIRST: Final = ("POSCAR",)
"""Files of which the first run's is read: there the calculation began."""
_LAST: Final = ("INCAR", "CONTCAR", "OUTCAR", "vasprun.xml")
_ALONE: Final = ("hebe.json", "charges.json")
_OPENERS: Final[dict[str, Callable[..., Any]]] = {"": open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError)
_PLAIN: Final = 10**9
"""Rank of names without ``.relaxN``: custodian renames a run when it has ended, so that these are of a later one."""


def has_output(path: Path) -> bool:
    """Whether a file is an OUTCAR, by whatever name."""
    return path.name == "OUTCAR" or path.name.startswith("OUTCAR.")


@contextlib.contextmanager
def last_run(path: Path) -> Iterator[Path]:
    """Files of the last run in a folder, in a folder of their own that exists until the block ends.

    Parameters
    ----------
    path
        Folder with VASP's files, or with several runs that are told apart by ``.relax1``, ``.relax2``, ...

    Raises
    ------
    BadInputError
        If there is no output under such names, or a file cannot be decompressed.
    """
    runs = _runs(path)
    if not any("OUTCAR" in files for files in runs.values()):
        others = ", ".join(sorted(found.name for found in path.glob("OUTCAR*")))
        raise BadInputError(
            f"the output is called {others}", file=path, suggestion="OUTCAR or OUTCAR.relax1, .relax2 are read"
        )
    ranks = sorted(rank for rank, files in runs.items() if "OUTCAR" in files or "vasprun.xml" in files)
    with tempfile.TemporaryDirectory(prefix="hebe-vasp-") as name:
        view = Path(name)
        for wanted, order in ((_FIRST, sorted(runs)), (_LAST, [*ranks[-1:], _PLAIN])):
            for plain in wanted:
                found = next((runs[rank][plain] for rank in order if plain in runs.get(rank, {})), None)
                if found is not None:
                    _provide(found, view / plain)
        for plain in _ALONE:
            if (path / plain).is_file():
                _provide(path / plain, view / plain)
        yield view


def _runs(path: Path) -> dict[int, dict[str, Path]]:
    """Files by run, the first run first, and by plain name; a file that is not compressed goes before one that is."""
    names = "|".join(re.escape(name) for name in (*_FIRST, *_LAST))
    form = re.compile(rf"({names})(?:\.relax(\d+))?(\.gz|\.bz2|\.xz)?|(vasprun)\.relax(\d+)\.xml(\.gz|\.bz2|\.xz)?")
    found: dict[int, dict[str, Path]] = {}
    for file in sorted(path.iterdir()):
        match = form.fullmatch(file.name)
        if match is None or not file.is_file():
            continue
        number = match[2] or match[5]
        run = found.setdefault(int(number) if number else _PLAIN, {})
        run.setdefault("vasprun.xml" if match[4] else match[1], file)
    return found


def _provide(file: Path, target: Path) -> None:
    """Have a copy of a file under a plain name, not compressed; a link would lead parsers to what lies beside it."""
    ending = file.suffix if file.suffix in _OPENERS else ""
    try:
        with _OPENERS[ending](file, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    except _DAMAGE as err:
        raise BadInputError(
            f"{file.name} cannot be {'decompressed' if ending else 'read'}: {err}",
            file=file.parent,
            suggestion="copy it again",
        ) from err
