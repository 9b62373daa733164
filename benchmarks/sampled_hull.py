"""How fast the lowest mixtures of many draws come from one walk, beside solving each program by itself.

    OMP_NUM_THREADS=1 python benchmarks/sampled_hull.py [--draws 2000] [--columns 60 250]

Energies of the columns differ from draw to draw as errors do; the three ways must give the same energies. CPU time per
draw, without compilation.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

from hebe.science.hulls.linear_program import HullProgram
from hebe.science.hulls.sampled_hull import SampledHull

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

COMPONENTS = 8
TEMPERATURE = 1173.0


def program(n_columns: int, draws: int) -> tuple[Vector, Vector, Vector, Vector]:
    """Columns, energies (eV) of every draw, entropies (eV/K), and what is to be made."""
    generator = np.random.default_rng(n_columns)
    matrix = generator.dirichlet(np.full(COMPONENTS, 0.3), n_columns).T
    matrix[:, :COMPONENTS] = np.eye(COMPONENTS)
    energies = generator.normal(0, 0.03, n_columns) + generator.normal(0, 0.01, (draws, n_columns))
    energies[:, :COMPONENTS] += 0.1
    return matrix, energies, 4e-5 * generator.uniform(0, 1, n_columns), np.full(COMPONENTS, 1 / COMPONENTS)


def walked(matrix: Vector, energies: Vector, entropies: Vector, target: Vector) -> Vector:
    """All draws by one walk."""
    draws = np.arange(len(energies))
    hull = SampledHull(matrix, energies, entropies, target, 1e-9)
    found = hull.lowest(np.full(len(draws), TEMPERATURE), draws)
    return found.energy - TEMPERATURE * found.entropy


def warm(matrix: Vector, energies: Vector, entropies: Vector, target: Vector) -> Vector:
    """Each draw by HiGHS, from the optimum of the last."""
    program = HullProgram(matrix, energies[0])
    found = []
    for row in energies:
        program.set_costs(row - TEMPERATURE * entropies)
        found.append(program.solve(target).value)
    return np.array(found)


def cold(matrix: Vector, energies: Vector, entropies: Vector, target: Vector) -> Vector:
    """Each draw by scipy."""
    costs = energies - TEMPERATURE * entropies
    return np.array([linprog(row, A_eq=matrix, b_eq=target, bounds=(0, None)).fun for row in costs])


def timed(way: Callable[..., Vector], *of: Vector) -> tuple[float, Vector]:
    """CPU time per draw (s), and what was found."""
    start = time.process_time()
    found = way(*of)
    return (time.process_time() - start) / len(found), found


def main() -> None:
    """Print one row per number of columns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--columns", type=int, nargs="+", default=[20, 60, 250])
    options = parser.parse_args()
    walked(*program(20, 5))  # compiles
    print(
        "| columns | walk, us per draw | HiGHS, us | scipy, us | HiGHS / walk | scipy / walk | largest difference, eV |"
    )
    print("|---|---|---|---|---|---|---|")
    for n in options.columns:
        case = program(n, options.draws)
        few = (case[0], case[1][: max(100, options.draws // 10)], *case[2:])
        (fast, found), (middle, second), (slow, third) = timed(walked, *case), timed(warm, *few), timed(cold, *few)
        off = max(float(np.abs(found[: len(other)] - other).max()) for other in (second, third))
        times = " | ".join(f"{1e6 * one:.0f}" for one in (fast, middle, slow))
        print(f"| {n} | {times} | {middle / fast:.0f} | {slow / fast:.0f} | {off:.1e} |")


if __name__ == "__main__":
    main()
