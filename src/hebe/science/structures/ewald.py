"""Electrostatics of fixed sites with changing charges: one Ewald matrix per cell.

``E = 1/2 sum_ij q_i q_j Phi_ij`` (eV, charges in e); for a neutral cell this is the Ewald energy. Source: Toukmaji
and Board, Comput. Phys. Commun. 95, 73 (1996).
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import erfc

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

COULOMB: Final = 14.399645478425668
"""e^2 / (4 pi epsilon_0), eV A (CODATA 2018)."""

_ACCURACY: Final = 1e-14


def ewald_matrix(structure: Structure) -> NDArray[np.float64]:
    """Potential of unit charges, eV: shape (n, n), symmetric.

    Valid for neutral cells: the uniform background of a charged cell is left out.
    """
    lattice, n = structure.lattice.matrix, len(structure)
    volume = structure.volume
    eta = math.sqrt(math.pi) * (n / volume**2) ** (1 / 6)
    reach = math.sqrt(-math.log(_ACCURACY))
    difference = structure.frac_coords[:, None, :] - structure.frac_coords[None, :, :]
    difference -= np.round(difference)
    matrix = _real_space(difference, lattice, eta, reach / eta)
    matrix += _reciprocal_space(structure.cart_coords, lattice, eta, 2 * eta * reach)
    matrix -= np.eye(n) * 2 * eta / math.sqrt(math.pi)
    return COULOMB * (matrix + matrix.T) / 2


def _real_space(
    difference: NDArray[np.float64], lattice: NDArray[np.float64], eta: float, cutoff: float
) -> NDArray[np.float64]:
    total = np.zeros(difference.shape[:2])
    for image in _images(lattice, cutoff + float(np.linalg.norm(lattice, axis=1).sum()) / 2):
        distance = np.linalg.norm((difference + image) @ lattice, axis=2)
        near = (distance < cutoff) & (distance > 1e-8)
        total[near] += erfc(eta * distance[near]) / distance[near]
    return total


def _reciprocal_space(
    positions: NDArray[np.float64], lattice: NDArray[np.float64], eta: float, cutoff: float
) -> NDArray[np.float64]:
    reciprocal = np.asarray(2 * math.pi * np.linalg.inv(lattice).T, dtype=np.float64)
    waves = np.array([image @ reciprocal for image in _images(reciprocal, cutoff) if any(image)])
    squared = (waves**2).sum(axis=1)
    waves, squared = waves[squared < cutoff**2], squared[squared < cutoff**2]
    weight = np.exp(-squared / (4 * eta**2)) / squared
    phase = positions @ waves.T
    cosine, sine = np.cos(phase), np.sin(phase)
    volume = abs(np.linalg.det(lattice))
    total: NDArray[np.float64] = 4 * math.pi / volume * ((cosine * weight) @ cosine.T + (sine * weight) @ sine.T)
    return total


def _images(lattice: NDArray[np.float64], reach: float) -> list[NDArray[np.int64]]:
    """Lattice translations whose cells may come within `reach` (A) of the origin cell."""
    heights = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    spans = [range(-n, n + 1) for n in np.ceil(reach / heights).astype(int)]
    return [np.array(step) for step in product(*spans)]
