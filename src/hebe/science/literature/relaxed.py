"""Numbers of a relaxed cell that articles print: edges of the conventional cell."""

from __future__ import annotations

from typing import Final

import numpy as np
from pymatgen.core import Lattice

_TRICLINIC: Final = 15
_TETRAGONAL: Final = 75
_CUBIC: Final = 195
_PARTS: Final = 12
_ROUNDING: Final = 5e-3


def conventional_lattice(conventional: Lattice, made: Lattice, relaxed: Lattice) -> Lattice:
    """Conventional cell of a host after the deformation of one of its supercells.

    Parameters
    ----------
    conventional
        Conventional cell of the host as it was built, in the same frame as `made`.
    made, relaxed
        Supercell before and after a relaxation.

    Returns
    -------
    Lattice
        ``C F`` with ``F = made^-1 relaxed``, vectors as rows (A).

    Raises
    ------
    ValueError
        If `made` is no supercell of the lattice of `conventional`.
    """
    repeats = made.matrix @ np.linalg.inv(conventional.matrix) * _PARTS
    if np.abs(repeats - np.round(repeats)).max() > _ROUNDING * _PARTS:
        raise ValueError("the cell is no supercell of the conventional one")
    return Lattice(conventional.matrix @ np.linalg.solve(made.matrix, relaxed.matrix))


def edges(lattice: Lattice, space_group: int) -> dict[str, float]:
    """Edges (A) and the free angle (degrees) of a conventional cell; edges that symmetry makes equal are averaged.

    Parameters
    ----------
    lattice
        Conventional cell, whose symmetry mixed species may have broken.
    space_group
        Of the host.

    Returns
    -------
    dict
        ``a``, and ``b``, ``c`` and ``beta`` where the crystal system has them of its own. Means are geometric, so that
        the volume is kept for right angles.
    """
    a, b, c = lattice.abc
    if space_group >= _CUBIC:
        return {"a": (a * b * c) ** (1 / 3)}
    if space_group >= _TETRAGONAL:
        return {"a": (a * b) ** 0.5, "c": c}
    angle = {"beta": lattice.beta} if space_group <= _TRICLINIC else {}
    return {"a": a, "b": b, "c": c, **angle}
