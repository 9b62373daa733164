"""POTCARs: where pymatgen finds them, whether each is what its name says, and which of them are missing."""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable

ADVICE: Final = (
    "pmg config -p FOLDER_OF_VASP TARGET arranges them, pmg config --add PMG_VASP_PSP_DIR TARGET names the folder"
)
_EXCHANGE: Final = {"PBE": "PE", "LDA": "CA"}


@dataclass(frozen=True)
class DataSet:
    """One POTCAR: symbol, title, largest and valence numbers that the header states, hash of the file."""

    symbol: str
    title: str
    cutoff_eV: float
    electrons: float
    digest: str
    known: bool


def data_set(symbol: str, functional: str) -> DataSet:
    """Read a POTCAR and compare it with its name.

    Parameters
    ----------
    symbol
        ``Mn_pv``.
    functional
        pymatgen's name of the release: ``PBE``, ``PBE_64``.

    Raises
    ------
    EngineError
        If it is missing, or its header names another element or functional.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymatgen.io.vasp.inputs import PmgVaspPspDirError, PotcarSingle

        try:
            found = PotcarSingle.from_symbol_and_functional(symbol, functional)
        except (OSError, PmgVaspPspDirError, ValueError, KeyError) as err:
            reason = " ".join(str(err).split("\n")[0].split())
            raise EngineError("vasp", f"no POTCAR {symbol} of {functional}: {reason}; {ADVICE}") from err
        _check_header(found.data, symbol, functional)
        return DataSet(
            symbol=symbol,
            title=str(found.keywords.get("TITEL", "")).strip(),
            cutoff_eV=float(found.keywords.get("ENMAX", 0.0)),
            electrons=float(found.keywords.get("ZVAL", 0.0)),
            digest=hashlib.sha256(found.data.encode()).hexdigest()[:16],
            known=bool(found.identify_potcar()[0]),
        )


def _check_header(text: str, symbol: str, functional: str) -> None:
    """Compare element, name and functional of the header with what was asked for."""
    element = symbol.partition("_")[0]
    title = re.search(r"TITEL\s*=\s*(.+)", text)
    words = title[1].split() if title else []
    own = re.search(r"VRHFIN\s*=\s*([A-Za-z]+)", text)
    exchange = re.search(r"LEXCH\s*=\s*(\w+)", text)
    if len(words) < 2 or own is None or exchange is None:
        raise EngineError("vasp", f"the POTCAR {symbol} of {functional} has no readable header")
    if words[1] != symbol or own[1] != element:
        raise EngineError("vasp", f"the POTCAR {symbol} of {functional} is one of {words[1]} ({own[1]})")
    expected = _EXCHANGE.get(functional.partition("_")[0])
    if expected is not None and exchange[1] != expected:
        raise EngineError(
            "vasp", f"the POTCAR {symbol} of {functional} was made for another functional ({exchange[1]})"
        )


def folder() -> Path | None:
    """Where pymatgen looks for POTCARs; None if that is not set."""
    from pymatgen.core import SETTINGS

    place = SETTINGS.get("PMG_VASP_PSP_DIR")
    return None if place is None else Path(place)


def missing(symbols: Iterable[str], functional: str) -> dict[str, str]:
    """Symbols whose POTCAR cannot be used, and why."""
    found: dict[str, str] = {}
    for symbol in symbols:
        try:
            data_set(symbol, functional)
        except EngineError as err:
            found[symbol] = err.reason
    return found
