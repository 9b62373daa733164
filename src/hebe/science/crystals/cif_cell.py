"""Cell of a CIF: lengths and angles, the latter 90 degrees where none are given, as the core dictionary has it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.exceptions import BadInputError
from hebe.science.crystals.written_number import WrittenNumber, parse_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.crystals.cif_blocks import CifBlock

_LENGTHS: Final = (1.0, 300.0)
_ANGLES: Final = (10.0, 170.0)
_FLAT: Final = 1e-3
_SAME_VOLUME: Final = 0.01
_RIGHT: Final = WrittenNumber(Fraction(90))
_SHEARED: Final = 0.02


def cif_cell(block: CifBlock) -> NDArray[np.float64]:
    """Vectors of the cell as rows (A), shape (3, 3).

    Raises
    ------
    BadInputError
        If a length is missing, a number is not finite or of no crystal, or the volume that is given is another one.
    """
    from pymatgen.core import Lattice

    lengths = [_read(block, f"length_{axis}", None, _LENGTHS, "A") for axis in "abc"]
    angles = [_read(block, f"angle_{axis}", _RIGHT, _ANGLES, "degrees") for axis in ("alpha", "beta", "gamma")]
    cosines = np.cos(np.radians(angles))
    area = 1 - float(cosines @ cosines) + 2 * float(cosines.prod())
    if area < _FLAT:
        raise BadInputError(f"its angles {', '.join(f'{angle:g}' for angle in angles)} enclose no volume")
    volume = math.prod(lengths) * math.sqrt(area)
    text = block.first("_cell_volume")
    given = None if text is None else _number(text, "volume")
    if given is not None and abs(float(given.value) / volume - 1) > _SAME_VOLUME:
        raise BadInputError(f"its cell has {volume:.6g} A^3, its volume is {float(given.value):.6g}")
    return np.array(Lattice.from_parameters(*lengths, *angles).matrix)


def _number(text: str, name: str) -> WrittenNumber | None:
    try:
        return parse_number(text)
    except ValueError as err:
        raise BadInputError(f"_cell_{name}: {err}") from err


def _read(block: CifBlock, name: str, usual: WrittenNumber | None, limits: tuple[float, float], unit: str) -> float:
    text = block.first(f"_cell_{name}")
    number = usual if text is None else _number(text, name)
    if number is None:
        raise BadInputError(f"it has no _cell_{name}")
    low, high = limits
    if not low <= number.value <= high:
        shown = f"{text}"[:20]
        raise BadInputError(f"its _cell_{name} is {shown}", suggestion=f"from {low:g} to {high:g} {unit}")
    return float(number.value)


def keeps(lattice: NDArray[np.float64], rotations: NDArray[np.int64]) -> bool:
    """Whether rotations (n, 3, 3) of fractional coordinates keep the lengths and angles of a cell, within 2 %."""
    metric = lattice @ lattice.T
    turned = np.einsum("nij,ik,nkl->njl", rotations, metric, rotations)
    scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    return bool((np.abs(turned - metric) <= _SHEARED * scale).all())
