"""The energy of a periodic cell over displacements and strain: coordinates, gradient, and what stops a search.

Joint treatment of strain and displacement: Pfrommer et al., J. Comput. Phys. 131, 233 (1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.engines.hessian import VOIGT
from hebe.engines.protocol import Evaluation
from hebe.exceptions import EngineError

Vector = NDArray[np.float64]

_VOLUME_LIMIT: Final = 0.5


@dataclass
class Point:
    """State at generalised coordinates q: evaluation, gradient, cell."""

    q: Vector
    evaluation: Evaluation
    gradient: Vector
    structure: Structure

    @property
    def residual(self) -> float:
        """Largest force (eV/A) or row of the virial per atom (eV)."""
        virial = self.evaluation.stress * self.structure.volume
        rows = np.linalg.norm(virial, axis=1) / len(self.structure)
        return float(max(np.linalg.norm(self.evaluation.forces, axis=1).max(), rows.max()))

    @property
    def force(self) -> float:
        """Largest force, eV/A."""
        return float(np.linalg.norm(self.evaluation.forces, axis=1).max())


class Surface:
    """Energy over q = (displacements, strains): X = (X0 + u) D, L = L0 D with D = 1 + strain."""

    def __init__(self, start: Structure, *, cell: bool) -> None:
        self.start, self.cell = start, cell

    def structure(self, q: Vector) -> Structure:
        """Cell at q; raises ExplosionError when it is out of all proportion to the start."""
        n, deformation = len(self.start), self._deformation(q)
        positions = (self.start.cart_coords + q[: 3 * n].reshape(n, 3)) @ deformation
        structure = Structure(
            Lattice(self.start.lattice.matrix @ deformation),
            self.start.species,
            positions,
            coords_are_cartesian=True,
            site_properties=self.start.site_properties,
        )
        _refuse_explosion(self.start, structure)
        return structure

    def point(self, q: Vector, structure: Structure, evaluation: Evaluation) -> Point:
        """Point at q from the evaluation of its cell."""
        if not (np.isfinite(evaluation.energy_eV) and np.isfinite(evaluation.forces).all()):
            raise EngineError("optimizer", "energy or forces are not finite", deterministic=True)
        return Point(q, evaluation, self._gradient(evaluation, structure.volume, self._deformation(q)), structure)

    @property
    def lengths(self) -> Vector:
        """Length (A) that one unit of each coordinate stands for, shape (3n + 6,): 1 for displacements.

        Strains are weighed by ``(V / n)^(1/3) sqrt(n)`` (Sheppard et al., J. Chem. Phys. 136, 074103 (2012)).
        """
        n = len(self.start)
        return np.concatenate([np.ones(3 * n), np.full(6, (self.start.volume / n) ** (1 / 3) * np.sqrt(n))])

    def _deformation(self, q: Vector) -> NDArray[np.float64]:
        return np.eye(3) + _strain_matrix(q[3 * len(self.start) :])

    def _gradient(self, evaluation: Evaluation, volume: float, deformation: NDArray[np.float64]) -> Vector:
        displacement = -(evaluation.forces @ deformation.T).ravel()
        if not self.cell:
            return np.concatenate([displacement, np.zeros(6)])
        strain = np.linalg.solve(deformation.T, evaluation.stress * volume)
        strain = (strain + strain.T) / 2
        return np.concatenate([displacement, [strain[a, b] for a, b in VOIGT]])


def _strain_matrix(voigt: Vector) -> NDArray[np.float64]:
    matrix = np.zeros((3, 3))
    for value, (a, b) in zip(voigt, VOIGT, strict=True):
        matrix[a, b] += value / 2
        matrix[b, a] += value / 2
    return matrix


class ExplosionError(Exception):
    """A step left the range of sane volumes."""


def _refuse_explosion(start: Structure, now: Structure) -> None:
    change = now.volume / start.volume - 1
    if abs(change) > _VOLUME_LIMIT:
        raise ExplosionError(f"the cell exploded: volume changed by {change:+.0%}")
