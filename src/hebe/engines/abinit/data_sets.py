"""PAW data sets in the XML format: found by element, compared with their names, unpacked for ABINIT.

Those of GPAW have this format, and ABINIT's own (JTH: Jollet, Torrent, Holzwarth, Comput. Phys. Commun. 185, 1246
(2014)).
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.config.engines.abinit import abinit_tables
from hebe.config.engines.gpaw import gpaw_tables
from hebe.config.settings import get_settings
from hebe.exceptions import EngineError, MissingDependencyError

if TYPE_CHECKING:
    from hebe.config.engines.abinit import AbinitPreset

ADVICE: Final = (
    "name the folder of PAW data sets in XML as abinit_data in hebe.yaml or in HEBE_ABINIT_DATA "
    "(Debian: apt install gpaw-data; or ABINIT's JTH tables)"
)
_SUFFIXES: Final = ("", ".gz", ".xml", ".xml.gz")
_HEADER: Final = 4000
_FUNCTIONALS: Final = {"PBE": "PBE", "LDA": "PW"}


@dataclass(frozen=True)
class DataSet:
    """One PAW data set: ``electrons`` of its valence, ``digest`` of its content."""

    symbol: str
    path: Path
    electrons: float
    digest: str

    @property
    def content(self) -> bytes:
        """Its XML."""
        return _content(self.path)

    def unpack(self, folder: Path) -> Path:
        """Write it where ABINIT can read it."""
        target = folder / f"{self.symbol}-{self.digest}.xml"
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            part = target.with_suffix(".part")
            part.write_bytes(self.content)
            part.replace(target)
        return target


@dataclass(frozen=True)
class Library:
    """A folder with one kind of data sets; ``release`` is known by name or is a fingerprint of all of them."""

    folder: Path
    files: dict[str, Path]
    release: str

    @property
    def description(self) -> str:
        """For people."""
        return f"{len(self.files)} PAW data sets ({self.release}) in {self.folder}"


def find_library(xc: str) -> Library:
    """Folder of the settings, else the first of the usual ones that has data sets for a functional.

    Raises
    ------
    MissingDependencyError
        If there is none.
    """
    chosen = get_settings().abinit_data
    folders = [chosen] if chosen is not None else [Path(name) for name in abinit_tables().folders]
    for folder in folders:
        for kind in abinit_tables().data_sets[xc]:
            found = _library(folder, kind)
            if found is not None:
                return found
    place = str(chosen) if chosen is not None else "the usual folders"
    raise MissingDependencyError(f"its PAW data sets for {xc} (in {place})", "engine abinit", "abinit", advice=ADVICE)


def data_set(symbol: str, choice: AbinitPreset, library: Library) -> DataSet:
    """Data set of an element, the one that the settings name or that of the library.

    Raises
    ------
    EngineError
        If it is missing, or its header names another element or functional.
    """
    named = choice.data_sets.get(symbol)
    path = library.files.get(symbol) if named is None else _existing(library.folder / named)
    if path is None:
        name = f"the PAW data set {named}" if named else f"a PAW data set for {symbol}"
        raise EngineError("abinit", f"{name} is not in {library.folder}; {ADVICE}")
    return _read(path, symbol, choice.xc)


@cache
def _library(folder: Path, kind: str) -> Library | None:
    before, after = kind.split("{symbol}")
    files: dict[str, Path] = {}
    for path in sorted(folder.glob(f"{before}*{after}*")) if folder.is_dir() else ():
        symbol = path.name.removeprefix(before).split(".")[0]
        if path.name.removeprefix(f"{before}{symbol}{after}") in _SUFFIXES and symbol not in files:
            files[symbol] = path
    if not files:
        return None
    digest = hashlib.sha256()
    for symbol, path in files.items():
        digest.update(kind.format(symbol=symbol).encode() + hashlib.sha256(_content(path)).digest())
    fingerprint = digest.hexdigest()[:16]
    return Library(folder, files, gpaw_tables().data_sets.get(fingerprint, fingerprint))


@cache
def _read(path: Path, symbol: str, xc: str) -> DataSet:
    content = _content(path)
    head = content[:_HEADER].decode(errors="replace")
    atom = re.search(r"<atom\s[^>]*symbol=\"\s*(\w+)\s*\"[^>]*valence=\"\s*([\d.]+)", head)
    functional = re.search(r"<xc_functional\s[^>]*name=\"\s*(\w+)", head)
    if atom is None or functional is None:
        raise EngineError("abinit", f"{path} is no PAW data set in XML")
    if atom[1] != symbol:
        raise EngineError("abinit", f"{path} is a PAW data set of {atom[1]}, not of {symbol}")
    if functional[1] != _FUNCTIONALS[xc]:
        raise EngineError("abinit", f"{path} was made for {functional[1]}, not for {_FUNCTIONALS[xc]}")
    return DataSet(symbol, path, float(atom[2]), hashlib.sha256(content).hexdigest()[:16])


def _existing(path: Path) -> Path | None:
    return next((found for suffix in _SUFFIXES if (found := path.with_name(path.name + suffix)).is_file()), None)


def _content(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as err:
        raise EngineError("abinit", f"{path} cannot be read: {err}") from err
