"""A program that partitions a density, in the place of ``bader`` in tests. It is NOT the Henkelman group's program.

Its basins are those of the steepest ascent over the 26 neighbours of each point (Henkelman et al., Comput. Mater. Sci.
36, 354 (2006)); a maximum belongs to the nearest atom. Called as pymatgen calls the other: ``bader CHGCAR -ref
DENSITY``, writes ACF.dat. ``BADER_STAND_IN_FAULT`` makes it crash, or write nonsense.
"""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RULE = " " + "-" * 80 + "\n"


def read(path: Path) -> tuple[Floats, Floats, Floats]:
    """Lattice, fractional coordinates, and the first density of a file in CHGCAR's format (electrons at each point)."""
    lines = path.read_text().splitlines()
    lattice = float(lines[1]) * np.array([line.split() for line in lines[2:5]], dtype=float)
    n_atoms = sum(map(int, lines[6].split()))
    coords = np.array([line.split()[:3] for line in lines[8 : 8 + n_atoms]], dtype=float)
    shape = tuple(map(int, lines[9 + n_atoms].split()))
    n_points = int(np.prod(shape))
    values: list[str] = []
    for line in lines[10 + n_atoms :]:
        values += line.split()
        if len(values) >= n_points:
            break
    return lattice, coords, np.array(values, dtype=float).reshape(shape, order="F") / n_points


def maxima(density: Floats, lattice: Floats) -> NDArray[np.int64]:
    """For each point of a grid the maximum to which the steepest ascent leads, as an index of the flat grid."""
    steps = lattice / np.array(density.shape)[:, None]
    here = np.arange(density.size).reshape(density.shape)
    slope, target = np.zeros(density.shape), here.copy()
    for shift in product((-1, 0, 1), repeat=3):
        if any(shift):
            back = tuple(-s for s in shift)
            rise = (np.roll(density, back, (0, 1, 2)) - density) / np.linalg.norm(np.array(shift) @ steps)
            target = np.where(rise > slope, np.roll(here, back, (0, 1, 2)), target)
            slope = np.maximum(rise, slope)
    found = target.ravel()
    while not np.array_equal(found, found[found]):
        found = found[found]
    return found


def nearest(points: Floats, coords: Floats, lattice: Floats) -> NDArray[np.int64]:
    """Atom nearest to each of some points (fractional coordinates)."""
    away = points[:, None, :] - coords[None, :, :]
    away -= np.rint(away)
    images = np.array(list(product((-1, 0, 1), repeat=3)))
    far = np.linalg.norm((away[:, :, None, :] + images) @ lattice, axis=-1).min(axis=-1)
    return np.asarray(far.argmin(axis=1))


def charges(density: Floats, reference: Floats, coords: Floats, lattice: Floats) -> Floats:
    """Electrons of `density` in the basins of each atom in `reference`."""
    found = maxima(reference, lattice)
    peaks, of = np.unique(found, return_inverse=True)
    places = np.stack(np.unravel_index(peaks, reference.shape), axis=-1) / np.array(reference.shape)
    atoms = nearest(places, coords, lattice)[of]
    return np.bincount(atoms, weights=density.ravel(), minlength=len(coords)).astype(float)


def main(words: list[str]) -> int:
    """Partition, as the other program does it."""
    fault = os.environ.get("BADER_STAND_IN_FAULT")
    if fault == "crash":
        sys.stderr.write("out of memory\n")
        return 2
    sys.stdout.write("  GRID BASED BADER ANALYSIS  (Version 1.05 stand-in for tests)\n")
    lattice, coords, density = read(Path(words[0]))
    reference = read(Path(words[words.index("-ref") + 1]))[2] if "-ref" in words else density
    found = charges(density, reference, coords, lattice)
    if fault == "nonsense":
        found = found * np.nan
    rows = [
        f"{n:5d} " + " ".join(f"{value:11.6f}" for value in (*place, electrons, 1.0, 1.0)) + "\n"
        for n, (place, electrons) in enumerate(zip(coords @ lattice, found, strict=True), 1)
    ]
    end = f"    VACUUM CHARGE:  0.0000\n    VACUUM VOLUME:  0.0000\n    NUMBER OF ELECTRONS:  {density.sum():.5f}\n"
    head = "    #         X           Y           Z       CHARGE      MIN DIST   ATOMIC VOL\n"
    Path("ACF.dat").write_text("".join([head, RULE, *rows, RULE, end]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
