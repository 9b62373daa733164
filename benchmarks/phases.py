"""Does every competing phase keep its structure and its density? Relaxations of the cells of the data files.

    python benchmarks/phases.py [ID ...]   # those that benchmarks/phases.csv lacks or whose cell changed; of all

Each cell is relaxed with CHGNet 0.3.0 from the one of the data. Rows are written after each and kept: a run that was
stopped goes on. `key` is that of the cell in the data; `deviation` is the relaxed density less that of the data, in per
cent; `bond` is the shortest distance over that of the data; `verdict` is `kept`, or what was not: `density` (more than
5 %, layered phases 10 %), `bond` (a shortest distance off by more than a fifth), `lost` (no energy, or not converged).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hebe.engines import get_engine
from hebe.science.hulls.working_metals import package_phases
from hebe.science.keys import rounded, structure_hash

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.engines.protocol import Engine
    from hebe.science.hulls.phase import Phase

FILE = Path(__file__).parent / "phases.csv"
COLUMNS = ("id", "key", "atoms", "density", "relaxed", "deviation", "bond", "energy_per_atom", "verdict")
STEPS = 800
LIMITS = {False: 5.0, True: 10.0}  # per cent; layered phases
BOND = 0.2


def key_of(phase: Phase) -> str:
    """Beginning of the hash of the cell of the data file."""
    return structure_hash(rounded(phase.structure()))[:12]


def shortest(cell: Structure) -> float:
    """Shortest distance (A) between two sites, images included."""
    distances = cell.get_neighbor_list(6.0)[3]
    return float(distances.min())


def row(engine: Engine, phase: Phase) -> dict[str, object]:
    """Relax a phase and say what it kept."""
    start = phase.structure()
    found = {"id": phase.id, "key": key_of(phase), "atoms": len(start), "density": round(float(start.density), 3)}
    result = engine.relax(start, steps=STEPS)
    if not result.converged or not np.isfinite(result.energy_eV):
        return {**found, "verdict": "lost"}
    relaxed = result.structure
    deviation = 100 * (float(relaxed.density) / float(start.density) - 1)
    bond = shortest(relaxed) / shortest(start)
    broken = [
        *(["density"] if abs(deviation) > LIMITS[phase.layered] else []),
        *(["bond"] if abs(bond - 1) > BOND else []),
    ]
    return {
        **found,
        "relaxed": round(float(relaxed.density), 3),
        "deviation": round(deviation, 1),
        "bond": round(bond, 3),
        "energy_per_atom": round(result.energy_eV / len(relaxed), 4),
        "verdict": " ".join(broken) or "kept",
    }


def read() -> dict[str, dict[str, str]]:
    """Rows of the file by id; none where there is no file."""
    if not FILE.exists():
        return {}
    with FILE.open(newline="") as handle:
        return {line["id"]: line for line in csv.DictReader(handle)}


def write(rows: dict[str, dict[str, object]]) -> None:
    """Write rows in the order of their ids."""
    with FILE.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def main() -> None:
    """Relax what is new."""
    phases = package_phases()
    known = read()
    rows: dict[str, dict[str, object]] = {n: dict(line) for n, line in known.items() if n in phases}
    engine = get_engine("chgnet")
    for name in sys.argv[1:] or sorted(phases, key=lambda n: phases[n].atoms):
        if name in known and known[name]["key"] == key_of(phases[name]):
            continue
        rows[name] = row(engine, phases[name])
        write(rows)
        print(*rows[name].values(), flush=True)


if __name__ == "__main__":
    main()
