"""Electrostatics of fixed sites with changing charges: one Ewald matrix per cell.

``E = 1/2 sum_ij q_i q_j Phi_ij`` (eV, charges in e); for a neutral cell this is the Ewald energy. Source: Toukmaji
and Board, Comput. Phys. Commun. 95, 73 (1996).
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.structures.compiled import allocating

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
    cutoff = reach / eta
    images = _images(lattice, cutoff + float(np.linalg.norm(lattice, axis=1).sum()) / 2)
    matrix = _real_space(difference @ lattice, images @ lattice, eta, cutoff)
    matrix += _reciprocal_space(structure.cart_coords, lattice, eta, 2 * eta * reach)
    matrix -= np.eye(n) * 2 * eta / math.sqrt(math.pi)
    return COULOMB * (matrix + matrix.T) / 2


@allocating
def _real_space(
    difference: NDArray[np.float64], images: NDArray[np.float64], eta: float, cutoff: float
) -> NDArray[np.float64]:
    """``sum erfc(eta r) / r`` over the images of each pair within the cutoff, shape (n, n).

    ``difference`` holds Cartesian vectors (A) between nearest images, shape (n, n, 3), ``images`` translations (A).
    """
    n = difference.shape[0]
    total = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            found = 0.0
            for m in range(images.shape[0]):
                x = difference[i, j, 0] + images[m, 0]
                y = difference[i, j, 1] + images[m, 1]
                z = difference[i, j, 2] + images[m, 2]
                squared = x * x + y * y + z * z
                if 1e-16 < squared < cutoff * cutoff:
                    distance = math.sqrt(squared)
                    found += math.erfc(eta * distance) / distance
            total[i, j] = found
            total[j, i] = found
    return total


def _reciprocal_space(
    positions: NDArray[np.float64], lattice: NDArray[np.float64], eta: float, cutoff: float
) -> NDArray[np.float64]:
    reciprocal = np.asarray(2 * math.pi * np.linalg.inv(lattice).T, dtype=np.float64)
    images = _images(reciprocal, cutoff)
    waves = (images[images.any(axis=1)][:, None] @ reciprocal)[:, 0]  # one by one, as rounding goes
    squared = (waves**2).sum(axis=1)
    waves, squared = waves[squared < cutoff**2], squared[squared < cutoff**2]
    weight = np.exp(-squared / (4 * eta**2)) / squared
    phase = positions @ waves.T
    cosine, sine = np.cos(phase), np.sin(phase)
    volume = abs(np.linalg.det(lattice))
    total: NDArray[np.float64] = 4 * math.pi / volume * ((cosine * weight) @ cosine.T + (sine * weight) @ sine.T)
    return total


def _images(lattice: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Lattice translations whose cells may come within `reach` (A) of the origin cell, shape (n, 3)."""
    heights = 1 / np.linalg.norm(np.linalg.inv(lattice), axis=0)
    spans = [range(-n, n + 1) for n in np.ceil(reach / heights).astype(int)]
    return np.array(list(product(*spans)), dtype=np.float64)
