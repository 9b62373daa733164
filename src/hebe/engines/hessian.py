"""A spring-model Hessian of an ionic crystal in displacements and strain: the start of a quasi-Newton search.

Bonds are springs whose stiffness falls off exponentially with length, after the model Hessian of Lindh et al., Chem.
Phys. Lett. 241, 423 (1995), and the exponential preconditioner of Packwood et al., J. Chem. Phys. 144, 164109 (2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

VOIGT: Final = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

_DECAY: Final = 2.0  # 1/A
_CUTOFF: Final = 5.0  # A
_SITE_STIFFNESS: Final = 0.3  # eV/A^2, keeps translations and soft modes bounded
_ANIONS: Final = frozenset({7, 8, 9, 15, 16, 17, 34, 35, 53})
_ALKALI: Final = frozenset({3, 11, 19, 37, 55})
_BOND: Final = {"strong": (2.05, 5.5), "alkali": (2.4, 1.4), "anion": (2.9, 1.0), "cation": (3.0, 0.7)}
"""Length (A) and stiffness (eV/A^2) of a spring by kind: cation-anion, alkali-anion, anion-anion, cation-cation."""


def _springs(
    numbers: NDArray[np.int64], i: NDArray[np.int64], j: NDArray[np.int64], d: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Stiffness (eV/A^2) of each bond."""
    anion = np.isin(numbers, list(_ANIONS))
    alkali = np.isin(numbers, list(_ALKALI))
    mixed = anion[i] ^ anion[j]
    kind = np.where(mixed, np.where(alkali[i] | alkali[j], 1, 0), np.where(anion[i], 2, 3))
    lengths, stiffness = (np.array(column) for column in zip(*_BOND.values(), strict=True))
    return np.asarray(np.minimum(stiffness[kind] * np.exp(-_DECAY * (d - lengths[kind])), 3 * stiffness[kind]))


def spring_hessian(structure: Structure) -> NDArray[np.float64]:
    """Model Hessian, shape (3n + 6, 3n + 6): displacements (A) first, then strains in Voigt order.

    Units eV/A^2, eV/A and eV. Positive definite.
    """
    n = len(structure)
    i, j, images, d = structure.get_neighbor_list(_CUTOFF, exclude_self=True)
    frac = structure.frac_coords[i] - structure.frac_coords[j] - images
    v = frac @ structure.lattice.matrix
    unit = v / d[:, None]
    rows = np.arange(len(i))
    bend = np.zeros((len(i), 3 * n + 6))
    for axis in range(3):
        bend[rows, 3 * i + axis] += unit[:, axis]
        bend[rows, 3 * j + axis] -= unit[:, axis]
    for t, (a, b) in enumerate(VOIGT):
        bend[:, 3 * n + t] = unit[:, a] * v[:, b] if a == b else 0.5 * (unit[:, a] * v[:, b] + unit[:, b] * v[:, a])
    springs = _springs(np.array([s.specie.Z for s in structure]), i, j, d)
    hessian = 0.5 * (bend * springs[:, None]).T @ bend
    hessian[np.diag_indices(3 * n)] += _SITE_STIFFNESS
    strain = np.arange(3 * n, 3 * n + 6)
    hessian[strain, strain] += _SITE_STIFFNESS
    return np.asarray(hessian)
