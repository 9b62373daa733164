"""Levels of a calculation: the highest occupied one, the lowest empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def edges(eigenvalues: NDArray[np.float64], fermi: float) -> tuple[float, float] | None:
    """Highest filled and lowest empty level (eV); None where a band crosses the Fermi level, or none is empty.

    Parameters
    ----------
    eigenvalues
        In eV, shape (spins, k points, bands).
    fermi
        Fermi level (eV).
    """
    filled = (eigenvalues <= fermi).sum(axis=2)
    if np.any(filled != filled[:, :1]) or np.any(filled == eigenvalues.shape[2]):
        return None
    counts = filled[:, 0]
    highest = max((bands[:, n - 1].max() for bands, n in zip(eigenvalues, counts, strict=True) if n), default=-np.inf)
    lowest = min(bands[:, n].min() for bands, n in zip(eigenvalues, counts, strict=True))
    return float(highest), float(lowest)


def highest_occupied(eigenvalues: NDArray[np.float64], fermi: float) -> float:
    """Where occupied states end (eV): the highest filled level of an insulator, the Fermi level of a metal.

    Where in a gap a program puts the Fermi level differs from program to program.

    Parameters
    ----------
    eigenvalues
        In eV, shape (spins, k points, bands).
    fermi
        Fermi level (eV).
    """
    found = edges(eigenvalues, fermi)
    return fermi if found is None else found[0]
