"""CPU seconds of `generate_sqs` for large cells, of its search for the supercell, and of listing every supercell.

The listing is the search as it is written down: all Hermite normal forms, reduced one by one (in compiled code; in
plain Python, as it once was, it took 2 and 22 s for 64 and 200 sites). It must give the same cell. Run as

    OMP_NUM_THREADS=1 python benchmarks/supercells.py [--list 200] [--peers PYTHON]

`--list` lists up to that number of sites. PYTHON is the interpreter of an environment with ``pip install
sqsgenerator==0.5.6 icet``: both then search the same cell, and the sums of |alpha_ij| (see ``sqs.py``) stand beside.
Importing and compiling are not counted; compiling the searches takes some 10 s once per machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.family import load_family
from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.generate import generate_sqs
from hebe.science.structures.host import host_cell
from hebe.science.structures.lattice_reduction import reduced_cell, shortest_vector
from hebe.science.structures.objective import Objective, build_problem
from hebe.science.structures.sqs import quality
from hebe.science.structures.supercell import find_supercell, hermite_normal_forms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.structures.generate import SQSResult
    from hebe.science.structures.host import HostCell
    from hebe.science.structures.objective import Problem

FIVE: Final = ("Mg", "Co", "Ni", "Cu", "Zn")
GOALS: Final = {64: 0.4, 200: 1.5, 512: 5.0, 1000: 15.0}
PEER_STEPS: Final = {"sqsgenerator": [100_000], "icet": [10_000]}


def counts(n: int) -> dict[str, int]:
    """Five cations on `n` sites, as equal as whole numbers allow."""
    return {element: (n + i) // len(FIVE) for i, element in enumerate(FIVE)}


def listed(cell: HostCell, n: int) -> NDArray[np.int64]:
    """Best cell of `n` sites of a rock salt, by listing."""
    lattice, keys = cell.structure.lattice.matrix, []
    for form in hermite_normal_forms(n, 3):
        rows = reduced_cell(form, lattice)
        longest = float(np.linalg.norm(rows @ lattice, axis=1).max())
        keys.append((-round(shortest_vector(rows @ lattice), 6), round(longest, 6), rows.tolist()))
    return np.array(min(keys)[2])


def made(n: int) -> tuple[SQSResult, float]:
    """Structure of `n` sites and the CPU seconds that it took."""
    composition = {element: f"{amount}/{n}" for element, amount in counts(n).items()}
    start = time.process_time()
    result = generate_sqs("rocksalt", composition, n)[0]
    return result, time.process_time() - start


def peers(problem: Problem, result: SQSResult, python: str) -> None:
    """Print what the other programs find in the same cell."""
    structure = result.structure
    sites = [i for i, site in enumerate(structure) if site.properties["sublattice"] == "M"]
    text = json.dumps(
        {
            "lattice": structure.lattice.matrix.tolist(),
            "coords": structure.frac_coords[sites].tolist(),
            "composition": [counts(len(sites))],
            "sizes": [len(sites)],
            "cell": host_cell(load_family("rocksalt")).structure.lattice.matrix.tolist(),
            "basis": [[0.0, 0.0, 0.0]],
            "cutoff": 1.05 * 4.2,
            "steps": PEER_STEPS,
            "seeds": [0],
        }
    )
    script = Path(__file__).with_name("sqs_peers.py")
    done = subprocess.run([python, str(script)], input=text, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        found: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if "error" in found:
            print(f"      {found['program']}: {found['error'][:80]}")
        for species in found.get("species", []):
            kinds = np.array([problem.kinds.index((0, name)) for name in species])
            total = quality(problem, kinds, 0).total_all_pairs
            print(f"      {found['program']}, {found['steps']:,} steps: {found['cpu']:.2f} s, sum {total:.4f}")


def metric_problem(result: SQSResult, n: int) -> tuple[Problem, NDArray[np.int64]]:
    """The cell as a problem with the metric of all programs, and our arrangement in it."""
    sites = [i for i, site in enumerate(result.structure) if site.properties["sublattice"] == "M"]
    objective = Objective(weights=(1.0, 1.0), cross_shells=0, reference="infinite")
    problem = build_problem(result.structure, mixed_sites([sites]), [counts(n)], objective)
    return problem, np.array([problem.kinds.index((0, result.structure[i].specie.symbol)) for i in sites])


def main() -> None:
    """Print one row per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", type=int, default=200, help="most sites of which all supercells are listed")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has sqsgenerator and icet")
    options = parser.parse_args()
    made(8)  # compiles
    cell = host_cell(load_family("rocksalt"))
    print(
        f"{'sites':>6} {'CPU s':>7} {'goal':>6} {'cell, s':>9} {'listing, s':>11} {'ratio':>8} {'quality':>8} certified"
    )
    for n, goal in GOALS.items():
        result, seconds = made(n)
        moved = host_cell(load_family("rocksalt"), mean_radius=0.6871)  # a lattice of which nothing is kept
        start = time.process_time()
        found = find_supercell(moved, "M", n)
        search = time.process_time() - start
        listing, ratio = "", ""
        if n <= options.list:
            start = time.process_time()
            same = np.array_equal(listed(cell, n), found.matrix)
            spent = time.process_time() - start
            listing, ratio = f"{spent:.2f}{'' if same else ' other'}", f"{spent / search:.0f}"
        print(
            f"{n:>6} {seconds:>7.2f} {goal:>6.1f} {search:>9.4f} {listing:>11} {ratio:>8} {found.quality:>8.4f} "
            f"{result.search.certified}",
            flush=True,
        )
        if options.peers:
            problem, kinds = metric_problem(result, n)
            print(f"      hebe: sum {quality(problem, kinds, 0).total_all_pairs:.4f}")
            peers(problem, result, options.peers)


if __name__ == "__main__":
    main()
