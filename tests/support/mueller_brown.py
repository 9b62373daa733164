"""An atom on the surface of Mueller and Brown, Theor. Chim. Acta 53, 75 (1979), in a large cell.

Their energies count as 0.01 eV, their coordinates as A from the middle of the cell; out of the plane there is a spring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Lattice, Structure
from scipy.optimize import root

from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_A: Final = np.array([-200.0, -100.0, -170.0, 15.0])
_QUADRATIC: Final = np.array([[-1, 0, -10], [-1, 0, -10], [-6.5, 11, -6.5], [0.7, 0.6, 0.7]])
_CENTRES: Final = np.array([[1, 0], [0, 0.5], [-0.5, 1.5], [-1, 1]])
_SCALE: Final = 0.01
_SIDE: Final = 20.0
_STIFFNESS: Final = 10.0

NEAR: Final = {
    "reactant": (-0.558, 1.442),
    "high saddle": (-0.822, 0.624),
    "intermediate": (-0.050, 0.467),
    "low saddle": (0.212, 0.293),
    "product": (0.623, 0.028),
}
"""Stationary points, to three digits."""


def energy_and_gradient(x: float, y: float) -> tuple[float, NDArray[np.float64]]:
    """Energy (eV) and its gradient (eV/A), shape (2,)."""
    dx, dy = x - _CENTRES[:, 0], y - _CENTRES[:, 1]
    a, b, c = _QUADRATIC.T
    terms = _SCALE * _A * np.exp(a * dx**2 + b * dx * dy + c * dy**2)
    return float(terms.sum()), np.array([(terms * (2 * a * dx + b * dy)).sum(), (terms * (b * dx + 2 * c * dy)).sum()])


def _gradient(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return energy_and_gradient(float(place[0]), float(place[1]))[1]


def stationary(name: str) -> tuple[float, float]:
    """A stationary point, to the precision of the machine."""
    found = root(_gradient, NEAR[name], tol=1e-12)
    return float(found.x[0]), float(found.x[1])


def energy(name: str) -> float:
    """Energy (eV) of a stationary point."""
    return energy_and_gradient(*stationary(name))[0]


def cell(name: str) -> Structure:
    """The atom at a stationary point."""
    x, y = stationary(name)
    middle = _SIDE / 2
    return Structure(Lattice.cubic(_SIDE), ["Li"], [[middle + x, middle + y, middle]], coords_are_cartesian=True)


def evaluate(structure: Structure) -> Evaluation:
    """Energy and forces of the atom."""
    x, y, z = structure.cart_coords[0] - _SIDE / 2
    value, gradient = energy_and_gradient(x, y)
    forces = -np.array([[gradient[0], gradient[1], _STIFFNESS * z]])
    return Evaluation(value + _STIFFNESS / 2 * z**2, forces, np.zeros((3, 3)))
