"""Orbits of space groups and primitive cells, from the symmetry operations that spglib tabulates.

Togo, Shinohara and Tanaka, Sci. Technol. Adv. Mater. Meth. 4, 2384822 (2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import spglib
from numpy.typing import NDArray

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

_SAME_POSITION: Final = 1e-4
_STANDARD_CHOICES: Final = ("", "2", "H", "b", "b1")
_CENTRING: Final[dict[str, tuple[tuple[float, float, float], ...]]] = {
    "P": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "A": ((1, 0, 0), (0, 0.5, -0.5), (0, 0.5, 0.5)),
    "C": ((0.5, -0.5, 0), (0.5, 0.5, 0), (0, 0, 1)),
    "I": ((-0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.5, 0.5, -0.5)),
    "F": ((0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)),
    "R": ((2 / 3, 1 / 3, 1 / 3), (-1 / 3, 1 / 3, 1 / 3), (-1 / 3, -2 / 3, 1 / 3)),
}


@dataclass(frozen=True)
class Orbit:
    """Positions equivalent to one: how many in the conventional cell, and those of the primitive cell.

    ``primitive`` holds fractional coordinates of the primitive cell, one array of shape (3,) each.
    """

    multiplicity: int
    primitive: tuple[NDArray[np.float64], ...]


@cache
def _operations(number: int, setting: str | None) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
    """Rotations (n, 3, 3), translations (n, 3) and centring letter of a space group in a setting."""
    choices = _STANDARD_CHOICES if setting is None else (setting,)
    for hall in range(1, 531):
        found = spglib.get_spacegroup_type(hall)
        if found is not None and found.number == number and found.choice in choices:
            operations = spglib.get_symmetry_from_database(hall)
            if operations is not None:
                return operations["rotations"], operations["translations"], found.international_short[0]
    raise BadInputError(f"space group {number} has no setting {setting!r}", suggestion="give it as spglib writes it")


def primitive_vectors(number: int, setting: str | None = None) -> NDArray[np.float64]:
    """Primitive lattice vectors as rows, in units of the conventional ones (hexagonal axes for R), shape (3, 3).

    Raises
    ------
    BadInputError
        If the space group has no such setting.
    """
    return np.array(_CENTRING[_operations(number, setting)[2]])


def find_orbit(number: int, position: Sequence[float | Fraction], setting: str | None = None) -> Orbit:
    """Orbit of a position (fractional, conventional cell) under a space group.

    The setting is the standard one (origin 2, hexagonal axes, unique axis b with cell choice 1) unless another
    is given in spglib's notation.

    Raises
    ------
    BadInputError
        If the space group has no such setting.
    """
    rotations, translations, letter = _operations(number, setting)
    point = np.array([float(x) for x in position])
    images = _distinct(rotations @ point + translations)
    return Orbit(len(images), tuple(_distinct(images @ np.linalg.inv(np.array(_CENTRING[letter])))))


def _distinct(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractional positions wrapped to [0, 1), the first of each set of equal ones."""
    wrapped = points - np.floor(points + _SAME_POSITION / 2)
    difference = wrapped[:, None, :] - wrapped[None, :, :]
    same = np.all(np.abs(difference - np.round(difference)) < _SAME_POSITION, axis=2)
    return np.asarray(wrapped[np.argmax(same, axis=1) == np.arange(len(wrapped))])
