"""Charges of atoms by Bader's partition of the density, where the program of the Henkelman group is installed.

Henkelman, Arnaldsson, Jónsson, Comput. Mater. Sci. 36, 354 (2006). Basins are those of the whole density (AECCAR0 and
AECCAR2), which has its maxima at the nuclei; what is integrated is the valence density (CHGCAR).
"""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any, Final

from hebe.engines.quiet import quiet
from hebe.schemas.calculation import Correction

if TYPE_CHECKING:
    from pathlib import Path

_RECORD: Final = "charges.json"
_WORDS: Final = 200
_DENSITIES: Final = ("CHGCAR", "AECCAR0", "AECCAR2")


def has_bader() -> bool:
    """Whether the program that partitions charges is there."""
    return shutil.which("bader") is not None


def partition(path: Path) -> list[Correction]:
    """Partition the charge in a folder in which VASP has ended, and remember it there.

    Returns
    -------
    list of Correction
        What went wrong; empty if nothing did. A calculation without charges is as good as one with.
    """
    try:
        charges = _charges(path)
    except Exception as err:  # noqa: BLE001 - pymatgen raises whatever a program and its files lead it to
        said = " ".join(f"{type(err).__name__}: {err}".split())[:_WORDS]
        return [Correction(problem="charges could not be partitioned", action=f"left out ({said})")]
    (path / _RECORD).write_text(json.dumps(charges), encoding="utf-8")
    return []


def charges_of(path: Path) -> list[float] | None:
    """Charges (e, positive for cations) in POSCAR's order that `partition` has left in a folder; None without."""
    try:
        found: list[float] = json.loads((path / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _charges(path: Path) -> list[float]:
    with quiet():
        from pymatgen.command_line.bader_caller import bader_analysis_from_path

        for name in _DENSITIES:
            if not (path / name).exists() and not (path / f"{name}.gz").exists():
                raise FileNotFoundError(f"VASP has written no {name}")
        found: dict[str, Any] = bader_analysis_from_path(str(path))
    gained = [float(value) for value in found["charge_transfer"]]  # electrons: positive for anions
    if not all(map(math.isfinite, gained)):
        raise ValueError("a charge is not finite")
    return [-value for value in gained]
