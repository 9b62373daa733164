"""Small crystals that plane waves are tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Lattice, Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray


def lithium(a: float = 3.44) -> Structure:
    """Primitive cell of body-centred lithium."""
    return Structure(Lattice(a / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Li"], [[0, 0, 0]])


def two_lithium(shift: float = 0.15, a: float = 3.44) -> Structure:
    """Cubic cell of lithium with its second atom off the centre by `shift` (A) along each axis."""
    return Structure(Lattice.cubic(a), ["Li", "Li"], np.array([[0, 0, 0], 3 * [0.5 + shift / a]]))


def delithiable(c: float, *, lithium: bool) -> Structure:
    """Primitive cell of O3-LiCoO2 or of its empty host; a = 2.816 A, Co at 0, z of O 0.2605."""
    elements, sites = ["Co", "O"], [[0.0, 0, 0], [0, 0, 0.2605]]
    if lithium:
        elements, sites = [*elements, "Li"], [*sites, [0, 0, 0.5]]
    return Structure.from_spacegroup("R-3m", Lattice.hexagonal(2.816, c), elements, sites).get_primitive_structure()


def hydride() -> Structure:
    """LiH without symmetry; an insulator, so that energies and forces belong together whatever the smearing."""
    lattice = np.array([[2.85, 0.05, 0], [0.02, 2.9, 0.04], [0, 0.03, 4.1]])
    sites = np.array([[0, 0, 0], [0.51, 0.5, 0.49], [0.48, 0.5, 0.02], [0.02, 0, 0.51]])
    return Structure(Lattice(lattice), ["Li", "Li", "H", "H"], sites)


def moved(structure: Structure, lattice: NDArray[np.float64], positions: NDArray[np.float64]) -> Structure:
    """The same crystal with other lattice vectors and Cartesian coordinates (A)."""
    return Structure(Lattice(lattice), structure.species, positions, coords_are_cartesian=True)
