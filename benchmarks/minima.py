"""Are relaxed cells reproducible minima? Fifty cells, moved by 1e-7 A; their lowest curvatures; two sets of starts.

    python benchmarks/minima.py repeat  FILE.json   # five runs a cell, moved by 1e-7 A after all rounding
    python benchmarks/minima.py curve   FILE.json   # lowest curvature of the first of them, full differences
    python benchmarks/minima.py starts  FILE.json   # lowest of two disjoint sets of starts, cells as made
    python benchmarks/minima.py table   FILE.json   # what the file holds, as a table

Results are written after each cell and kept: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.config.engines.base import FMAX
from hebe.config.structures import STARTS
from hebe.engines import get_engine
from hebe.engines.surface import Surface
from hebe.flows.wiring import TRIAL_FMAX
from minima_cells import fifty

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.engines.protocol import Engine
    from minima_cells import Cell

MOVED = 1e-7  # A
RUNS = 5
REPEATED = 0.5  # meV per formula unit
CURVATURE = -0.01  # eV/A^2
DIFFERENCE = 0.02  # A, of the full differences
AGREED = 3.0  # meV per formula unit
STEPS = 400


def moved(structure: Structure, seed: int) -> Structure:
    """Copy with every site moved by 1e-7 A at random, without rounding."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(len(structure), 3))
    steps *= MOVED / np.linalg.norm(steps, axis=1)[:, None]
    result = structure.copy()
    for site, step in zip(result, steps, strict=True):
        site.coords = site.coords + step
    return result


def repeat(engine: Engine, cell: Cell) -> dict[str, Any]:
    """Energies (meV per formula unit, from the lowest) and evaluations of runs from starts that differ by 1e-7 A."""
    before = time.process_time()
    found = [engine.relax(moved(cell.start(0), n), fmax=FMAX, steps=STEPS, minimum=True) for n in range(RUNS)]
    energies = np.array([r.energy_eV for r in found]) / cell.formulas * 1e3
    return {
        "energies": (energies - energies.min()).round(4).tolist(),
        "evaluations": [r.n_steps for r in found],
        "converged": all(r.converged for r in found),
        "pushes": [0 if r.minimum is None else r.minimum.pushes for r in found],
        "cpu_s": time.process_time() - before,
        "cell": found[0].structure.as_dict(),
    }


def curve(engine: Engine, structure: Structure) -> dict[str, Any]:
    """Lowest curvatures (eV/A^2) over ions and strain, translations left out, by central differences of gradients."""
    surface = Surface(structure, cell=True)
    lengths, n = surface.lengths, len(structure)

    def gradient(y: NDArray[np.float64]) -> NDArray[np.float64]:
        q = y / lengths
        cell = surface.structure(q)
        return surface.point(q, cell, engine.evaluate(cell)).gradient / lengths

    basis = np.eye(3 * n + 6) * DIFFERENCE
    hessian = np.array([(gradient(row) - gradient(-row)) / (2 * DIFFERENCE) for row in basis])
    shifts = np.zeros((3 * n + 6, 3))
    for axis in range(3):
        shifts[axis : 3 * n : 3, axis] = n**-0.5
    inside = np.eye(3 * n + 6) - shifts @ shifts.T
    values = np.linalg.eigvalsh(inside @ (hessian + hessian.T) / 2 @ inside)
    kept = np.sort(values)
    zeros = np.argsort(np.abs(kept))[:3]  # the translations
    return {"lowest": np.delete(kept, zeros)[:3].round(4).tolist()}


def starts(engine: Engine, cell: Cell, number: int = STARTS) -> dict[str, Any]:
    """Energies (meV per formula unit) of the lowest of two disjoint sets of starts, found as a campaign does."""
    lowest = []
    for first in (0, number):
        trials = [engine.relax(cell.start(first + k), fmax=TRIAL_FMAX, steps=STEPS) for k in range(number)]
        best = min((t for t in trials if t.converged), key=lambda t: t.energy_eV)
        lowest.append(engine.relax(best.structure, fmax=FMAX, steps=STEPS, minimum=True).energy_eV)
    return {"difference": abs(lowest[0] - lowest[1]) / cell.formulas * 1e3}


def table(found: dict[str, dict[str, Any]]) -> None:
    """Print what a file of results holds, cell by cell, and how many cells meet each criterion."""
    for name, row in found.items():
        parts = [f"{name:28}"]
        if "repeat" in row:
            r = row["repeat"]
            parts.append(
                f"spread {max(r['energies']):7.3f}  evaluations {np.mean(r['evaluations']):5.1f}  pushes {r['pushes']}"
            )
        if "curve" in row:
            parts.append(f"lowest {row['curve']['lowest']}")
        if "starts" in row:
            parts.append(f"sets {row['starts']['difference']:7.2f}")
        print("  ".join(parts))
    repeated = [max(r["repeat"]["energies"]) <= REPEATED for r in found.values() if "repeat" in r]
    minima = [r["curve"]["lowest"][0] >= CURVATURE for r in found.values() if "curve" in r]
    agreed = [r["starts"]["difference"] <= AGREED for r in found.values() if "starts" in r]
    for text, rows in (
        (f"energies within {REPEATED} meV per formula unit", repeated),
        (f"lowest curvature at least {CURVATURE} eV/A^2", minima),
        (f"two sets of {STARTS} starts within {AGREED} meV per formula unit", agreed),
    ):
        if rows:
            print(f"{text}: {sum(rows)} of {len(rows)}")


def main() -> int:
    """Run one part, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("repeat", "curve", "starts", "table"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", help="part of the names of the cells")
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = json.loads(options.file.read_text()) if options.file.exists() else {}
    if options.part == "table":
        table(found)
        return 0
    engine = get_engine("chgnet")
    for cell in fifty():
        if options.only and options.only not in cell.name:
            continue
        row = found.setdefault(cell.name, {})
        if options.part in row or (options.part == "starts" and not chosen(cell)):
            continue
        if options.part == "repeat":
            row["repeat"] = repeat(engine, cell)
        elif options.part == "starts":
            row["starts"] = starts(engine, cell)
        else:
            from pymatgen.core import Structure

            row["curve"] = curve(engine, Structure.from_dict(row["repeat"]["cell"]))
        options.file.write_text(json.dumps(found))
        print(cell.name, {k: v for k, v in row[options.part].items() if k != "cell"}, flush=True)
    return 0


def chosen(cell: Cell) -> bool:
    """Whether a cell is among the twenty as made: all layered ones and the first of the other kinds."""
    number = int(cell.name.split()[-1]) if cell.kind != "de-intercalated" else 0
    return (
        cell.kind == "layered"
        or (cell.kind in ("rock salt", "disordered rock salt") and number < 4)
        or (cell.kind == "spinel" and number in (1, 5))
    )


if __name__ == "__main__":
    sys.exit(main())
