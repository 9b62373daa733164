"""Content addressing: canonical JSON and rounded structures, so that equal inputs have equal keys."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

KEY_VERSION = 1

_GRID: Final = 1e6
"""Steps per A and per lattice vector by which structures are identified."""

_FINE: Final = 1e10
"""Steps per A and per lattice vector of ideal cells: as fine as their symmetry is tested."""

_TIE: Final = 1e-3
"""What counts as half a step, in steps: ideal positions are round decimals that lie exactly between two steps, where
the last bit, which differs between processors, must not decide."""


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; floats in shortest repr.

    Raises
    ------
    TypeError, ValueError
        If the value is not plain JSON or holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def content_hash(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def structure_content(structure: Structure) -> dict[str, Any]:
    """What identifies a structure: lattice (1e-6 A), fractional coordinates (1e-6, wrapped), elements, site order.

    Halves are rounded up, and so is what is a thousandth of a step below them.
    """
    lattice = _steps(structure.lattice.matrix)
    coords = _steps(structure.frac_coords) % round(_GRID)
    elements = [getattr(site.specie, "element", site.specie).symbol for site in structure]
    return {"lattice": lattice.tolist(), "coords": coords.tolist(), "elements": elements}


def rounded(structure: Structure, *, ideal: bool = False) -> Structure:
    """Copy with the same bits on every processor: lattice and coordinates on the steps that identify it.

    An `ideal` cell is rounded to finer steps (1e-10), which leave its symmetry alone, and its coordinates are wrapped
    to [0, 1); those of other cells continue as they are.
    """
    from pymatgen.core import Lattice, Structure

    grid = _FINE if ideal else _GRID
    coords = _steps(structure.frac_coords, grid)
    return Structure(
        Lattice(_steps(structure.lattice.matrix, grid) / grid),
        structure.species,
        (coords % round(grid) if ideal else coords) / grid,
        site_properties=structure.site_properties,
    )


def _steps(values: NDArray[np.float64], grid: float = _GRID) -> NDArray[np.int64]:
    return np.floor(values * grid + (0.5 + _TIE)).astype(np.int64)


def structure_hash(structure: Structure) -> str:
    """Sha256 of what identifies a structure."""
    return content_hash(structure_content(structure))
