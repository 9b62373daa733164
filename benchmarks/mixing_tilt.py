"""The surface of a potential, tilted by what another method's gradient at one geometry differs by.

To second order the other method's energy is ``E_m(x) + (g - g_m)(x0) (x - x0)``: curvatures are the potential's. Its
minimum is where the other method should have its own, and its value tells what a geometry would cost there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable

    Evaluate = Callable[[Structure], Evaluation]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Tilt:
    """A potential, the geometry at which it was compared, and the other method's gradients less its own there.

    ``forces`` in eV/A, shape (n, 3); ``stress`` in eV/A^3, shape (3, 3), positive under tension.
    """

    model: Evaluate
    origin: Structure
    forces: Vector
    stress: Vector

    @classmethod
    def of(cls, model: Evaluate, origin: Structure, forces: Vector, stress: Vector) -> Tilt:
        """Tilt of a potential by the gradients of another method at a geometry."""
        own = model(origin)
        return cls(model, origin, forces - own.forces, stress - own.stress)

    def gain(self, structure: Structure) -> float:
        """What the tilt adds to the energy of a geometry, eV; 0 at the origin."""
        strain, moved = way(self.origin, structure)
        return float(-(self.forces * moved).sum() + self.origin.volume * (self.stress * strain).sum())

    def evaluate(self, structure: Structure) -> Evaluation:
        """Energy, forces and stress on the tilted surface; gradients to first order in the strain."""
        own = self.model(structure)
        energy = own.energy_eV + self.gain(structure)
        return Evaluation(energy, own.forces + self.forces, own.stress + self.stress, own.magmoms)


def way(origin: Structure, final: Structure) -> tuple[Vector, Vector]:
    """Symmetric strain, and displacements (A) without that of the whole, from one geometry to another."""
    gradient = np.linalg.solve(origin.lattice.matrix, final.lattice.matrix)
    left, sizes, _ = np.linalg.svd(gradient)
    stretch = left @ np.diag(sizes) @ left.T
    moved = (final.frac_coords - origin.frac_coords) @ origin.lattice.matrix
    return stretch - np.eye(3), moved - moved.mean(axis=0)
