"""A cell on springs with a quartic double well along one relative displacement: a Jahn-Teller ridge on paper.

E = k/2 |u'|^2 + b (1 - (s / s0)^2)^2 - t s, with s the displacement along one direction and u' the rest of the
displacements. On the ridge, at u = 0, forces vanish (without a tilt t), the energy is b above both sides at s = -s0 and
s0, and the curvature along s is -4 b / s0^2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray


def start(*, s: float = 0.0) -> Structure:
    """Rock salt of eight atoms, displaced by `s` (A) along the direction of the well."""
    corners = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    cell = Structure(Lattice.cubic(4.2), ["Mg"] * 4 + ["O"] * 4, np.vstack([corners, (corners + 0.5) % 1]))
    moved = cell.cart_coords + s * direction()
    return Structure(cell.lattice, cell.species, moved, coords_are_cartesian=True)


def direction() -> NDArray[np.float64]:
    """Unit vector, shape (8, 3): two cations move apart along x, two oxygens towards each other."""
    d = np.zeros((8, 3))
    d[[0, 1, 4, 5], 0] = [0.5, -0.5, -0.5, 0.5]
    return d


@dataclass
class DoubleWell:
    """Energy of the cell, counting how often it was asked.

    Parameters
    ----------
    barrier
        b, eV.
    half_width
        s0, A.
    tilt
        t, eV/A.
    stiffness
        k, eV/A^2.
    """

    barrier: float = 0.02
    half_width: float = 0.2
    tilt: float = 0.0
    stiffness: float = 3.0
    asked: list[Structure] = field(default_factory=list)

    def displacement(self, structure: Structure) -> NDArray[np.float64]:
        """Displacements (A) from the ridge, shape (8, 3)."""
        return np.asarray(structure.cart_coords - start().cart_coords)

    def along(self, structure: Structure) -> float:
        """Displacement s, A."""
        return float((self.displacement(structure) * direction()).sum())

    def __call__(self, structure: Structure) -> Evaluation:
        self.asked.append(structure)
        u, d = self.displacement(structure), direction()
        s = float((u * d).sum())
        rest = u - s * d
        ratio = 1 - (s / self.half_width) ** 2
        energy = self.stiffness / 2 * float((rest**2).sum()) + self.barrier * ratio**2 - self.tilt * s
        slope = -4 * self.barrier * ratio * s / self.half_width**2 - self.tilt
        return Evaluation(energy, -(self.stiffness * rest + slope * d), np.zeros((3, 3)))
