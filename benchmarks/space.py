"""Composition spaces: time to count, stream, describe and draw, and against smol and SMACT. CPU seconds, one core.

    OMP_NUM_THREADS=1 python benchmarks/space.py [--peers PYTHON]

PYTHON is the interpreter of an environment with ``pip install smol SMACT``. Importing and compiling are not timed, for
anyone. Peers list the same rows, which their hash proves; SMACT leaves out those whose amounts have a common divisor,
and so do we beside it. The exit status says whether all goals hold.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import subprocess
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry.choice import diverse
from hebe.science.chemistry.row_plan import RowPlan
from hebe.science.chemistry.row_table import RowTable
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from collections.abc import Callable

CATIONS: Final[dict[str, list[int]]] = {
    "Li": [1],
    "Na": [1],
    "Mg": [2],
    "Ca": [2],
    "Al": [3],
    "Sc": [3],
    "Ti": [3, 4],
    "V": [3, 4, 5],
    "Cr": [3, 4],
    "Mn": [2, 3, 4],
    "Fe": [2, 3],
    "Co": [2, 3],
    "Ni": [2, 3, 4],
    "Cu": [1, 2],
    "Zn": [2],
    "Ga": [3],
    "Y": [3],
    "Zr": [4],
    "Nb": [4, 5],
    "Mo": [4, 5, 6],
    "Sn": [2, 4],
    "Sb": [3, 5],
    "W": [4, 6],
}
LAYERED: Final[dict[str, list[int]]] = {
    "Li": [1],
    "Mg": [2],
    "Ca": [2],
    "Al": [3],
    "Sc": [3],
    "Ti": [3, 4],
    "V": [3, 4, 5],
    "Cr": [3, 4],
    "Mn": [2, 3, 4],
    "Fe": [2, 3, 4],
    "Co": [2, 3, 4],
    "Ni": [2, 3, 4],
    "Cu": [2, 3],
    "Zn": [2],
    "Ga": [3],
    "Zr": [4],
    "Nb": [5],
    "Sn": [4],
    "Sb": [5],
}
PEERS: Final = {"Ni": 2, "Fe": 3, "Mn": 4, "Ti": 4, "Cu": 2, "Mg": 2, "Co": 3, "Al": 3}
PEER_GRID: Final = 14
PEER_SPECIES: Final = 5
ROWS: Final = 2_000_000


def space(species: dict[str, Any], n_species: str, grid: int) -> CompositionSpace:
    """Layered oxide NaMO2 with these cations."""
    spec = SublatticeSpec.model_validate({"species": species, "grid": grid, "n_species": n_species})
    return CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})


def cpu(action: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    """Shortest CPU time of several, and what came out."""
    times, result = [], None
    for _ in range(repeats):
        begin = time.process_time()
        result = action()
        times.append(time.process_time() - begin)
    return min(times), result


def line(what: str, value: float, unit: str, goal: float, *, most: bool) -> bool:
    """Print one figure beside its goal."""
    met = value <= goal if most else value >= goal
    print(f"{what:60s} {value:12,.3g} {unit:9s} goal {goal:12,.3g}  {'met' if met else 'MISSED'}")
    return met


def counting() -> list[bool]:
    """Counts of fresh spaces."""
    met = []
    sixteen = dict(list(CATIONS.items())[:16])
    for species, n, grid, goal in ((CATIONS, "6", 12, 0.02), (CATIONS, "6", 24, 0.02), (sixteen, "4..9", 24, 0.5)):
        seconds, total = cpu(lambda s=species, n=n, g=grid: space(s, n, g).count())  # type: ignore[misc]
        met.append(line(f"count {n} of {len(species)} on 1/{grid}: {total:,}", seconds, "s", goal, most=True))
    return met


def streaming() -> list[bool]:
    """Rows a second: streamed with entropies, and with all descriptors."""
    met = []
    for species, n, grid in ((CATIONS, "6", 24), (LAYERED, "6", 24), (LAYERED, "5..6", 12)):
        found = space(species, n, grid)
        next(found.stream())
        plan = RowPlan.of(found)
        walked = described = 0
        walking = describing = 0.0
        begin = time.process_time()
        for rows, entropies in found.stream():
            walking += time.process_time() - begin
            walked += len(rows)
            if species is LAYERED and described < ROWS // 4:
                begin = time.process_time()
                RowTable(found, rows, None, entropies, plan).descriptors()
                describing += time.process_time() - begin
                described += len(rows)
            if walked >= ROWS:
                break
            begin = time.process_time()
        name = f"{n} of {len(species)} on 1/{grid}"
        met.append(line(f"stream neutral rows with entropy, {name}", walked / walking, "rows/s", 1e7, most=False))
        if described:
            met.append(line(f"whole descriptor set, {name}", described / describing, "rows/s", 2e6, most=False))
    return met


def drawing() -> list[bool]:
    """A million rows of a space beyond 10^15, and a diverse choice of a million rows."""
    found = space(CATIONS, "4..14", 36)
    total = found.count()
    found.sample(10)
    seconds, _ = cpu(lambda: found.sample(1_000_000, seed=1, replace=True), 3)
    rows = found.sample(1_000_000, seed=2, replace=True).astype(np.float64)
    chosen, _ = cpu(lambda: diverse(rows, 10, 1), 2)
    print(f"{'10 diverse ones of a million rows':60s} {chosen:12.3g} s")
    return [
        total > 10**15,
        line(f"a million uniform rows of {total:.2g}", seconds, "s", 1.0, most=True),
    ]


def peers(python: str) -> list[bool]:
    """Ratios of times to smol and SMACT, with equal rows."""
    given = {"species": PEERS, "grid": PEER_GRID, "n_species": PEER_SPECIES}

    def rows() -> list[tuple[int, ...]]:
        found = space({e: [z] for e, z in PEERS.items()}, str(PEER_SPECIES), PEER_GRID)
        return [row for block in found.blocks() for row in map(tuple, block.tolist())]

    seconds, own = cpu(rows)
    met = []
    for name in ("smol", "SMACT"):
        script = Path(__file__).with_name("space_peers.py")
        command = [python, "-W", "ignore", str(script), name, json.dumps(given)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout.splitlines()[-1])
        kept = [row for row in own if name != "SMACT" or math.gcd(*row, PEER_GRID) == 1]
        same = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16] == theirs["hash"]
        print(f"{name}: {theirs['rows']:,} rows in {theirs['seconds']:.3g} s, here {seconds:.3g} s, equal rows: {same}")
        met += [same, line(f"times as long as here: {name}", theirs["seconds"] / seconds, "", 100, most=False)]
    return met


def main() -> int:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peers", metavar="PYTHON")
    options = parser.parse_args()
    met = [*counting(), *streaming(), *drawing(), *(peers(options.peers) if options.peers else [])]
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
