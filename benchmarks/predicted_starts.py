"""Fewer evaluations by a predicted start? Bond lengths learned on other hosts, against the start of a campaign.

The mean length of the bonds of every cation to its anions is learned on ten relaxed cells (`training`). In the ten of
``cells.py`` each bond is then a spring that wants that length, within the spring model from which relaxations start
(`hebe.engines.hessian`), and the cell is brought to rest in the model before the first evaluation. Run as

    OMP_NUM_THREADS=1 python benchmarks/predicted_starts.py

It does not pay: atoms of the predicted starts stand 0.06 to 0.43 A from the minimum on average, those of the ordinary
ones 0.09 to 0.77 A. The ten cells took 172 evaluations, and 166 and 179 from half of the predicted way and all of it;
single cells ended up to 1.2 meV/atom higher, in other minima.

Prints, for each cell and share of the predicted way, evaluations,
CPU seconds and the energy beside that from the ordinary start, CHGNet to 0.05 eV/A.
"""

from __future__ import annotations

import time
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np

from cells import DISPLACEMENT, cells, host, without
from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.hessian import VOIGT, spring_hessian
from hebe.engines.surface import Surface
from hebe.science.crystals.crystal import ANIONS
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.engines.protocol import Relaxation

    Vector = NDArray[np.float64]
    Bonds = tuple[NDArray[np.int64], NDArray[np.int64], Vector]

FMAX: Final = 0.05
SHARES: Final = (0.5, 1.0)
BOND: Final = 3.0
"""Longest bond (A) in the ideal cell."""
STRENGTH: Final = 5.5
"""Stiffness (eV/A^2) of a bond to a cation; that of an alkali ion is 1.4, as in the spring model."""
ALKALI: Final = ("Li", "Na")
PASSES: Final = 3


def training() -> dict[str, Structure]:
    """Ten cells of other compositions, displaced as in a campaign."""
    sodium = host("layered-o3", "Na", {"Fe": 4, "Mn": 4, "Co": 4}, 0.62)
    lithium = host("layered-o3", "Li", {"Ni": 3, "Mn": 3, "Al": 3, "Fe": 3}, 0.58)
    found = {
        "Na 1": sodium,
        "Na 2": host("layered-o3", "Na", {"Ni": 4, "Ti": 4, "Cr": 4}, 0.63),
        "Na 3": host("layered-o3", "Na", {"Ni": 4, "Mn": 4, "Mg": 2, "Zn": 2}, 0.65),
        "Na 1/2": without(sodium, "Na", 6),
        "Li 1": lithium,
        "Li 1/3": without(lithium, "Li", 4),
        "rock salt 1": host("rocksalt", None, {"Mg": 4, "Ni": 4, "Mn": 4, "Fe": 4}, 0.74),
        "rock salt 2": host("rocksalt", None, {"Co": 4, "Cu": 4, "Zn": 4, "Mg": 4}, 0.72),
        "disordered 1": host("rocksalt", None, {"Li": 12, "Mn": 6, "Nb": 6}, 0.73),
        "disordered 2": host("rocksalt", None, {"Li": 8, "Ti": 4, "Cr": 4, "Ni": 4}, 0.71),
    }
    return {name: displaced(structure, DISPLACEMENT, name) for name, structure in found.items()}


def bonds(structure: Structure) -> Bonds:
    """Cation, anion and image of the anion of each bond: within 1.25 times the shortest of the cation."""
    first, second, images, distances = structure.get_neighbor_list(BOND)
    anion = np.array([site.specie.symbol in ANIONS for site in structure])
    mixed = ~anion[first] & anion[second]
    first, second, images, distances = first[mixed], second[mixed], images[mixed], distances[mixed]
    shortest = np.full(len(structure), np.inf)
    np.minimum.at(shortest, first, distances)
    near = distances < 1.25 * shortest[first]
    return first[near], second[near], images[near]


def vectors(structure: Structure, which: Bonds) -> Vector:
    """Cartesian vectors (A) of bonds, from anion to cation."""
    first, second, images = which
    frac = structure.frac_coords[first] - structure.frac_coords[second] - images
    return np.asarray(frac @ structure.lattice.matrix)


def learned(pairs: list[tuple[Structure, Structure]]) -> dict[str, float]:
    """Mean bond length (A) of each cation in relaxed cells; bonds are those of the starts."""
    lengths: dict[str, list[float]] = defaultdict(list)
    for start, final in pairs:
        which = bonds(start)
        for i, length in zip(which[0], np.linalg.norm(vectors(final, which), axis=1), strict=True):
            lengths[start[int(i)].specie.symbol].append(float(length))
    return {element: float(np.mean(values)) for element, values in lengths.items()}


def predicted(start: Structure, lengths: Mapping[str, float], share: float) -> Structure:
    """Start moved by a share of the way to rest in the spring model; cations not learned keep their bonds."""
    surface, hessian, which = Surface(start, cell=True), spring_hessian(start), bonds(start)
    n, q = len(start), np.zeros(3 * len(start) + 6)
    symbols = [start[int(i)].specie.symbol for i in which[0]]
    stiffness = np.array([1.4 if symbol in ALKALI else STRENGTH for symbol in symbols])
    ideal = np.linalg.norm(vectors(start, which), axis=1)
    goal = np.array([lengths.get(symbol, length) for symbol, length in zip(symbols, ideal, strict=True)])
    for _ in range(PASSES):
        v = vectors(surface.structure(q), which)
        d = np.linalg.norm(v, axis=1)
        gradient = _gradient(which, v / d[:, None], v, stiffness * (d - goal), n)
        spread = hessian @ q - _linear(which, start, stiffness, n) @ q  # all other springs are at rest in the start
        q -= np.linalg.solve(hessian, gradient + spread)
    return surface.structure(share * q)


def _gradient(
    which: Bonds,
    unit: Vector,
    v: Vector,
    pull: Vector,
    n: int,
) -> Vector:
    """Forces of bonds on displacements and strains, shape (3n + 6,)."""
    total = np.zeros(3 * n + 6)
    for axis in range(3):
        np.add.at(total, 3 * which[0] + axis, pull * unit[:, axis])
        np.add.at(total, 3 * which[1] + axis, -pull * unit[:, axis])
    for t, (a, b) in enumerate(VOIGT):
        total[3 * n + t] = (pull * (unit[:, a] * v[:, b] + unit[:, b] * v[:, a]) / 2).sum()
    return total


def _linear(which: Bonds, start: Structure, stiffness: Vector, n: int) -> Vector:
    """Hessian of the bonds alone, shape (3n + 6, 3n + 6)."""
    v = vectors(start, which)
    unit = v / np.linalg.norm(v, axis=1)[:, None]
    rows = np.arange(len(v))
    bend = np.zeros((len(v), 3 * n + 6))
    for axis in range(3):
        np.add.at(bend, (rows, 3 * which[0] + axis), unit[:, axis])
        np.add.at(bend, (rows, 3 * which[1] + axis), -unit[:, axis])
    for t, (a, b) in enumerate(VOIGT):
        bend[:, 3 * n + t] = (unit[:, a] * v[:, b] + unit[:, b] * v[:, a]) / 2
    return np.asarray((bend * stiffness[:, None]).T @ bend)


def relaxed(engine: CHGNetEngine, structure: Structure) -> tuple[Relaxation, float]:
    """A relaxation and its CPU seconds."""
    begin = time.process_time()
    return engine.relax(structure, fmax=FMAX, steps=300), time.process_time() - begin


def main() -> None:
    """Print one row per cell, then the sums."""
    warnings.simplefilter("ignore")
    engine, pairs = CHGNetEngine(), []
    for name, start in training().items():
        found, _ = relaxed(engine, start)
        pairs.append((start, found.structure))
        print(f"learn {name:<14} {found.n_steps:4d}", flush=True)
    lengths = learned(pairs)
    print({element: round(length, 3) for element, length in sorted(lengths.items())})
    rows: list[list[float]] = []
    for name, start in cells().items():
        base, seconds = relaxed(engine, start)
        shift = np.linalg.norm(base.structure.cart_coords - start.cart_coords, axis=1).mean()
        row = [float(base.n_steps)]
        line = f"{name:<24} {len(start):3d} moved {shift:.3f} A {base.n_steps:4d} {seconds:6.1f} s"
        for share in SHARES:
            moved = predicted(start, lengths, share)
            apart = (moved.frac_coords - base.structure.frac_coords) @ base.structure.lattice.matrix
            left = np.linalg.norm(apart, axis=1)
            other, spent = relaxed(engine, moved)
            change = 1000 * (other.energy_eV - base.energy_eV) / len(start)
            row += [float(other.n_steps), change]
            line += f" | {share}: left {left.mean():.3f} {other.n_steps:4d} {spent:6.1f} s {change:+7.2f} meV/atom"
        rows.append(row)
        print(line, flush=True)
    table = np.array(rows)
    print(f"evaluations {table[:, 0].sum():.0f}", end="")
    for k, share in enumerate(SHARES):
        fewer = table[:, 0].sum() / table[:, 1 + 2 * k].sum()
        above = table[:, 2 + 2 * k]
        print(f" | {share}: {fewer:.2f} times fewer, meV/atom {above.mean():+.2f}, at most {above.max():+.2f}", end="")
    print()


if __name__ == "__main__":
    main()
