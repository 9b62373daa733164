"""The softest direction of a relaxed cell, from differences of gradients.

Davidson's method for the lowest eigenvalue (J. Comput. Phys. 17, 87 (1975)): the model Hessian of the search corrects
each direction, so that few products of the true Hessian with a vector are needed. A product is a one-sided difference
of gradients, one evaluation. Coordinates are lengths (A), strains weighed as in `hebe.engines.surface`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Dialogue = Generator[Vector, Vector, "Softest"]

LOOK: Final = "softest-1"
"""Name and version of the look for a minimum: enters content keys."""

_STEP: Final = 0.01  # A, length of the vector by which a gradient is differenced
_PRODUCTS: Final = 16
_FEWEST: Final = 5
_SOFT: Final = 0.3  # eV/A^2, softer curvatures of the model are raised to it
_GAP: Final = 0.25  # eV/A^2, assumed between the softest direction and what the residual still hides
_DEEP: Final = -0.3  # eV/A^2, steep enough to be followed at once
_STIFF: Final = 1e6


@dataclass(frozen=True)
class Softest:
    """Lowest curvature (eV/A^2) that was found, its direction (unit vector), and the evaluations that it took."""

    curvature: float
    direction: Vector
    evaluations: int


def look_along(gradient: Vector, model: Matrix, n_atoms: int, *, cell: bool = True) -> Dialogue:
    """Find the softest direction as a dialogue: asks for the gradient at a displacement, is sent it.

    Parameters
    ----------
    gradient
        Gradient (eV/A) where the cell is, shape (3n + 6,).
    model
        Model Hessian (eV/A^2), shape (3n + 6, 3n + 6).
    n_atoms
        Number of atoms n; the first 3n coordinates are theirs.
    cell
        Whether the cell may be strained.

    Returns
    -------
    Softest
        Translations are left out. The curvature is an upper bound of the lowest; the search goes on while the residual
        allows a lower one, for at most 16 products and until all directions were asked about; a single atom in a fixed
        cell has none.
    """
    fixed = _fixed(len(gradient), n_atoms, cell=cell)
    most = min(_PRODUCTS, len(gradient) - len(fixed))
    if most == 0:
        return Softest(0.0, np.zeros_like(gradient), 0)
    values, vectors = _modes(model, fixed)
    directions: list[Vector] = []
    products: list[Vector] = []
    residual, curvature = gradient, 0.0
    drawn = _random(values, vectors)
    first = [vectors[:, 0], drawn]
    while True:
        trial = first.pop(0) if first else _corrected(residual, curvature, values, vectors)
        trial = _orthogonal(trial, [*fixed, *directions])
        directions.append(trial)
        there = yield _STEP * trial
        products.append(_orthogonal((there - gradient) / _STEP, fixed, unit=False))
        curvature, direction, residual, residual_length = _lowest(directions, products)
        if len(products) >= most or curvature < _DEEP or _settled(curvature, residual_length, len(products)):
            return Softest(curvature, _oriented(direction, drawn), len(products))


def _corrected(residual: Vector, curvature: float, values: Vector, vectors: Matrix) -> Vector:
    """Davidson's next direction: the residual, divided by the model less the curvature."""
    return np.asarray(vectors @ ((vectors.T @ residual) / np.maximum(values - min(curvature, 0.0), _SOFT)))


def _settled(curvature: float, residual: float, n_products: int) -> bool:
    """Whether nothing soft is hidden: an eigenvalue lies at most ``residual^2 / gap`` below the curvature."""
    return n_products >= _FEWEST and residual**2 < _GAP * max(curvature, 0.0)


def _fixed(size: int, n_atoms: int, *, cell: bool) -> list[Vector]:
    """Unit vectors that do not count: translations, and strains of a cell that is fixed."""
    found = []
    for axis in range(3):
        shift = np.zeros(size)
        shift[axis : 3 * n_atoms : 3] = n_atoms**-0.5
        found.append(shift)
    return found if cell else [*found, *np.eye(size)[3 * n_atoms :]]


def _modes(model: Matrix, fixed: list[Vector]) -> tuple[Vector, Matrix]:
    """Curvatures of the model, soft ones raised, and its eigenvectors; what is fixed comes last."""
    basis = np.array(fixed).T
    inside = np.eye(len(model)) - basis @ basis.T
    values, vectors = np.linalg.eigh(inside @ model @ inside + _STIFF * basis @ basis.T)
    return np.maximum(values, _SOFT), vectors


def _random(values: Vector, vectors: Matrix) -> Vector:
    """Unit vector with a part of every mode, most of the soft ones; the same for all cells of a size.

    It reaches directions that no gradient of a nearly symmetric cell has.
    """
    drawn = vectors @ (vectors.T @ np.random.default_rng(0).normal(size=len(values)) / values)
    return np.asarray(drawn / np.linalg.norm(drawn))


def _oriented(direction: Vector, along: Vector) -> Vector:
    """The sense of a direction that points along another vector: eigenvectors have none, rounding would choose it."""
    return np.asarray(direction if direction @ along >= 0 else -direction)


def _orthogonal(vector: Vector, others: list[Vector], *, unit: bool = True) -> Vector:
    """Part of a vector that is orthogonal to orthonormal others; a unit vector unless told otherwise."""
    basis = np.array(others)
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return np.asarray(vector / np.linalg.norm(vector)) if unit else np.asarray(vector)


def _lowest(directions: list[Vector], products: list[Vector]) -> tuple[float, Vector, Vector, float]:
    """Lowest curvature within the directions, its direction, residual and the length of that."""
    basis, images = np.array(directions), np.array(products)
    within = basis @ images.T
    values, vectors = np.linalg.eigh((within + within.T) / 2)
    direction = vectors[:, 0] @ basis
    residual = vectors[:, 0] @ images - values[0] * direction
    return float(values[0]), direction, residual, float(np.linalg.norm(residual))
