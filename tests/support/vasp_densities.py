"""Densities that the stand-in for VASP writes: the charge of every atom is known by construction. This is NOT VASP."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from support.vasp_stand_in_files import NOTICE, contcar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support.vasp_stand_in_files import Crystal, Run

VALENCE = 8.0
"""Electrons of every data set of the tests."""
ANIONS = ("O", "F")
SPACING = 0.1
WIDTH = 0.15
"""Width (A) of the valence density of an atom: of its neighbours' basins it does not know."""
WIDTH_OF_ALL = 0.3
CORES = {True: 3000.0, False: 2.0}
"""Weight of cations and of anions in the whole density, which decides how far their basins reach."""
ASIDE = 0.2
"""Electrons of the first cation that are nearer to an anion, but in its own basin."""
HOW_FAR = 0.557
"""Where they are on the way to it: beyond its half, within the basin of the cation."""

Grid = NDArray[np.float64]


def charge_of(symbol: str, coords: Iterable[float]) -> float:
    """Charge (e) of an atom, another one for each place in the cell."""
    sign = -1.0 if symbol in ANIONS else 1.0
    x, y, z = (2 * math.pi * float(c) for c in coords)
    return sign * (1.0 + 0.05 * math.cos(x + 1) + 0.07 * math.cos(y + 2) + 0.11 * math.cos(z + 3))


def write_densities(run: Run, crystal: Crystal) -> None:
    """Write CHGCAR, with the density of spins, and AECCAR0 and AECCAR2."""
    shape = [math.ceil(length / SPACING) for length in np.linalg.norm(crystal.lattice, axis=1)]
    symbols = crystal.symbols
    electrons = [VALENCE - charge_of(s, c) for s, c in zip(symbols, crystal.coords, strict=True)]
    atoms = [_atom(crystal, c, WIDTH, shape) for c in crystal.coords]
    valence = sum((n * atom for n, atom in zip(electrons, atoms, strict=True)), np.zeros(shape))
    first = next(i for i, symbol in enumerate(symbols) if symbol not in ANIONS)
    valence -= ASIDE * atoms[first]
    valence[_aside(crystal, first, shape)] += ASIDE
    spins = sum((m * atom for m, atom in zip(run.moments, atoms, strict=True)), np.zeros(shape))
    wide = [_atom(crystal, c, WIDTH_OF_ALL, shape) for c in crystal.coords]
    cores = sum((CORES[s not in ANIONS] * atom for s, atom in zip(symbols, wide, strict=True)), np.zeros(shape))
    whole = sum((n * atom for n, atom in zip(electrons, wide, strict=True)), np.zeros(shape))
    for name, grids in (("CHGCAR", (valence, spins)), ("AECCAR0", (cores,)), ("AECCAR2", (whole,))):
        Path(name).write_text(_text(crystal, grids))


def _atom(crystal: Crystal, centre: NDArray[np.float64], width: float, shape: Sequence[int]) -> Grid:
    """Gaussian of one electron, summed over the nearest cells; its values add up to one."""
    axes = [np.arange(n) / n for n in shape]
    found = np.zeros(shape)
    for image in np.ndindex(3, 3, 3):
        parts = [axis - c + i - 1 for axis, c, i in zip(axes, centre % 1.0, image, strict=True)]
        away = np.stack(np.meshgrid(*parts, indexing="ij"), axis=-1) @ crystal.lattice
        found += np.exp(-(away**2).sum(axis=-1) / (2 * width**2))
    return np.asarray(found / found.sum())


def _aside(crystal: Crystal, atom: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Point of the grid on the way from an atom to the nearest anion."""
    ways = [
        (other - crystal.coords[atom] + np.array(image) - 1) @ crystal.lattice
        for symbol, other in zip(crystal.symbols, crystal.coords, strict=True)
        if symbol in ANIONS
        for image in np.ndindex(3, 3, 3)
    ]
    way = min(ways, key=lambda vector: float(np.linalg.norm(vector)))
    there = crystal.coords[atom] + HOW_FAR * way @ np.linalg.inv(crystal.lattice)
    return tuple(round(c * n) % n for c, n in zip(there, shape, strict=True))


def _text(crystal: Crystal, grids: Sequence[Grid]) -> str:
    """In CHGCAR's format: electrons of the cell at each point times the number of points, x fastest."""
    head = contcar(crystal).split("\n\n")[0]
    parts = []
    for grid in grids:
        values = [f"{value:.11E}" for value in (grid * grid.size).ravel(order="F")]
        rows = [" ".join(values[n : n + 5]) for n in range(0, len(values), 5)]
        parts.append("\n".join([" ".join(map(str, grid.shape)), *rows]))
    assert NOTICE in head
    return "\n\n".join([head, "\n".join(parts)]) + "\n"
