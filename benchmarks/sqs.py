"""Quality of special quasi-random structures against time, beside sqsgenerator and icet, one thread each.

The metric is that of all three: the sum of |alpha_ij| over i <= j and two shells, every pair with equal weight,
against the fractions x_i x_j, summed over the mixed sublattices. Run as

    OMP_NUM_THREADS=1 python benchmarks/sqs.py [--peers PYTHON]

where PYTHON is the interpreter of an environment with ``pip install sqsgenerator==0.5.6 icet``. Importing and
compiling are not timed, for anyone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.objective import Objective, Problem, build_problem
from hebe.science.structures.sqs import find_arrangement, quality

SEEDS: Final = tuple(range(5))
STEPS: Final = (100_000, 300_000, 1_000_000, 3_000_000, 20_000_000)
PEER_STEPS: Final = {"sqsgenerator": [100_000, 1_000_000], "icet": [5_000, 20_000]}
A: Final = 4.2


@dataclass(frozen=True)
class Case:
    """Cell and composition: repeats of the primitive rock salt (or its cations alone), amounts per sublattice."""

    name: str
    repeats: tuple[int, int, int]
    composition: tuple[dict[str, int], ...]

    @property
    def basis(self) -> list[list[float]]:
        """Fractional coordinates of one site per sublattice in the primitive cell."""
        return [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]][: len(self.composition)]

    @property
    def cell(self) -> Structure:
        """The supercell, sublattice by sublattice."""
        primitive = Lattice(A / 2 * (np.ones((3, 3)) - np.eye(3)))
        lattice = Lattice(np.diag(self.repeats) @ primitive.matrix)
        steps = np.array(list(np.ndindex(*self.repeats)), dtype=float)
        coords = np.concatenate([(steps + point) / np.array(self.repeats) for point in self.basis])
        size = len(steps)
        return Structure(lattice, [min(part) for part in self.composition for _ in range(size)], coords)

    def problem(self) -> Problem:
        """The search problem with the metric as its objective."""
        cell = self.cell
        size = len(cell) // len(self.composition)
        parts = [list(range(s * size, (s + 1) * size)) for s in range(len(self.composition))]
        objective = Objective(weights=(1.0, 1.0), cross_shells=0, reference="infinite")
        return build_problem(cell, mixed_sites(parts), list(self.composition), objective)


CASES: Final = (
    Case("64 cations, 6 species", (4, 4, 4), ({"Li": 32, "Mn": 6, "Ti": 6, "Nb": 6, "Cr": 7, "Co": 7},)),
    Case("48 cations, 5 species", (4, 4, 3), ({"Mg": 10, "Co": 10, "Ni": 10, "Cu": 9, "Zn": 9},)),
    Case("24 cations, 5 species", (2, 3, 4), ({"Mg": 5, "Co": 5, "Ni": 5, "Cu": 5, "Zn": 4},)),
    Case("32 cations of 3, 32 anions of 2", (4, 4, 2), ({"Li": 17, "Mn": 8, "Ti": 7}, {"O": 23, "F": 9})),
    Case(
        "128 cations, 12 species",
        (4, 4, 8),
        (
            dict.fromkeys(("Li", "Mg", "Al", "Ti", "V", "Cr", "Mn", "Fe"), 11)
            | dict.fromkeys(("Co", "Ni", "Cu", "Zn"), 10),
        ),
    ),
)


def score(problem: Problem, kinds: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """The metric."""
    return sum(quality(problem, kinds, s).total_all_pairs for s in range(int(problem.sites.sublattice.max()) + 1))


def ours(case: Case) -> float:
    """Print our rows; returns the lowest sum of the shortest search that any row needed."""
    problem = case.problem()
    for steps in STEPS:
        seconds, sums, certified = [], [], 0
        for seed in SEEDS:
            start = time.process_time()
            found = find_arrangement(problem, seed, steps)
            seconds.append(time.process_time() - start)
            sums.append(score(problem, found.kinds))
            certified += found.certified
        row(f"hebe, {steps:,} steps at most", seconds, sums, f"certified {certified}/{len(SEEDS)}")
    return problem_bound(problem)


def problem_bound(problem: Problem) -> float:
    """Lower bound on the metric from whole pair counts."""
    from hebe.science.structures.bound import pair_bound

    start = time.process_time()
    bound = pair_bound(problem)
    print(f"  {'lower bound':34} {time.process_time() - start:8.3f} {bound:8.3f}")
    return bound


def row(name: str, seconds: list[float], sums: list[float], remark: str = "") -> None:
    """One line of the table."""
    print(
        f"  {name:34} {statistics.median(seconds):8.3f} {statistics.median(sums):8.3f} {min(sums):8.3f} "
        f"{max(sums):8.3f}  {remark}",
        flush=True,
    )


def theirs(case: Case, python: str) -> None:
    """Print the rows of the peers."""
    cell, problem = case.cell, case.problem()
    primitive = Lattice(A / 2 * (np.ones((3, 3)) - np.eye(3)))
    text = json.dumps(
        {
            "lattice": cell.lattice.matrix.tolist(),
            "coords": cell.frac_coords.tolist(),
            "composition": case.composition,
            "sizes": [len(cell) // len(case.composition)] * len(case.composition),
            "cell": primitive.matrix.tolist(),
            "basis": case.basis,
            "cutoff": A * 1.05,
            "steps": PEER_STEPS,
            "seeds": SEEDS[:2],
        }
    )
    script = Path(__file__).with_name("sqs_peers.py")
    done = subprocess.run([python, str(script)], input=text, capture_output=True, text=True, check=True)
    rows: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for line in done.stdout.splitlines():
        if not line.startswith("{"):
            continue
        found = json.loads(line)
        if "error" in found:
            print(f"  {found['program']:34} {found['error'][:80]}")
            continue
        for species in found["species"]:
            kinds = np.array(
                [problem.kinds.index((int(s), e)) for s, e in zip(problem.sites.sublattice, species, strict=True)]
            )
            rows.setdefault((found["program"], found["steps"]), []).append((found["cpu"], score(problem, kinds)))
    for (program, steps), values in rows.items():
        row(f"{program}, {steps:,} steps", [v[0] for v in values], [v[1] for v in values])


def main() -> None:
    """Print one table per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has sqsgenerator and icet")
    options = parser.parse_args()
    find_arrangement(CASES[2].problem(), 0, 1000)  # compiles
    for case in CASES:
        print(f"{case.name}\n  {'':34} {'CPU s':>8} {'median':>8} {'best':>8} {'worst':>8}")
        ours(case)
        if options.peers:
            theirs(case, options.peers)


if __name__ == "__main__":
    main()
