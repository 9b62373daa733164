"""Quadratic forms with a known spectrum over the displacements and strains of a cell, and one who asks about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from hebe.engines.softest import Softest

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def translations(n_atoms: int) -> Matrix:
    """Unit vectors of the three translations over 3n displacements (A) and six strains, shape (3n + 6, 3)."""
    shifts = np.vstack([np.tile(np.eye(3), (n_atoms, 1)) / np.sqrt(n_atoms), np.zeros((6, 3))])
    return np.asarray(shifts)


def form(n_atoms: int, spectrum: Sequence[float], seed: int) -> tuple[Matrix, Matrix]:
    """Symmetric matrix (eV/A^2) with 3n + 3 given eigenvalues beside three translations, and its eigenvectors.

    The eigenvectors, shape (3n + 6, 3n + 3), stand in the order of the spectrum and are drawn uniformly.
    """
    shifts = translations(n_atoms)
    drawn = np.random.default_rng(seed).normal(size=(3 * n_atoms + 6, 3 * n_atoms + 3))
    vectors = np.linalg.qr(np.hstack([shifts, drawn]))[0][:, 3:]
    return np.asarray((vectors * np.asarray(spectrum)) @ vectors.T), vectors


def answer(dialogue: Generator[Vector, Vector, Softest], gradient: Vector, matrix: Matrix) -> tuple[Softest, int]:
    """What a look finds on a quadratic form, and how often it asked."""
    asked = 0
    try:
        displacement = next(dialogue)
        while True:
            asked += 1
            displacement = dialogue.send(gradient + matrix @ displacement)
    except StopIteration as end:
        found: Softest = end.value
        return found, asked
