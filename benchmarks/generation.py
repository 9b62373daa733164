"""Does evolution pay? Expected gain of a batch against uniform samples of as many members, in the same run.

    OMP_NUM_THREADS=1 python benchmarks/generation.py [--seeds 5] [--known 60] [--pymoo]

Values are made up. Of the first space the exact best batch is known, because it is streamed in full; of the others the
best that was found stands for it. ``--pymoo`` adds its genetic algorithm for whole numbers with its default operators,
where it is installed: atoms of each column are rounded to full sublattices, charge and number of species are
constraints, and it has as many evaluations for each member of the batch as evolution had. Fails if the median of
evolution is below 95 % of the exact best, or below that of uniform samples.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hebe.science.chemistry.membership import members
from hebe.science.learning.batch import choose_batch
from hebe.science.learning.evolving import evolve
from support.mixture_truth import FIFTEEN, Described, sodium_space
from support.scored_space import Members, acquisition_of

if TYPE_CHECKING:
    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.acquisition import Acquisition
    from hebe.science.learning.gaussian_process import Array

BATCH: Final = 8
MORE: Final = FIFTEEN | {"Sc": [3], "Ga": [3], "Nb": [5], "Sb": [5], "Ru": [4]}
SPACES: Final = ((FIFTEEN, "3..6", 12), (FIFTEEN, "5..8", 48), (MORE, "5..9", 48))


class Relatives(Members):
    """Members of a space, all of which may be chosen."""

    @cached_property
    def layout(self) -> Layout:
        """Of the space."""
        return self.described.space.layout

    def passing(self, rows: Rows) -> Rows:
        """All of them."""
        return rows


def by_pymoo(described: Described, acquisition: Acquisition, evaluations: int, seed: int) -> float:
    """Gain of a batch, each member chosen by a genetic algorithm in turn."""
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.core.problem import Problem
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling
    from pymoo.optimize import minimize

    layout = described.space.layout
    (block,) = layout.blocks
    first, last = (np.array([c.charges[end] for c in layout.columns]) for end in (0, -1))

    class Alloy(Problem):  # type: ignore[misc]
        """Amounts of the columns, rounded to a full sublattice."""

        batch: Array = np.empty((0, 0))

        def __init__(self) -> None:
            super().__init__(n_var=len(first), n_obj=1, n_ieq_constr=2, xl=0, xu=block.grid, vtype=int)

        def _evaluate(self, X: Array, out: dict[str, Any], *_: object, **__: object) -> None:
            rows = full(X, block.grid)
            off = np.maximum(rows @ first - layout.target, 0) + np.maximum(layout.target - rows @ last, 0)
            used = np.count_nonzero(rows, axis=1)
            many = np.maximum(used - block.high, 0) + np.maximum(block.low - used, 0)
            out["G"] = np.stack([off, many], axis=1)
            gains, inside = np.zeros(len(rows)), members(layout, rows)
            if inside.any():
                gains[inside] = acquisition.gain(described.table(rows[inside]), self.batch).expected
            out["F"] = -gains

    total, problem = 0.0, Alloy()
    for number in range(BATCH):
        algorithm = GA(
            pop_size=200,
            sampling=IntegerRandomSampling(),
            crossover=SBX(vtype=float, repair=RoundingRepair()),
            mutation=PM(vtype=float, repair=RoundingRepair()),
            eliminate_duplicates=True,
        )
        found = minimize(problem, algorithm, ("n_eval", max(evaluations // BATCH, 200)), seed=seed * BATCH + number)
        if found.X is None:
            continue
        total -= float(found.F[0])
        row = described.table(full(found.X[None], block.grid))
        problem.batch = np.concatenate([problem.batch, row]) if len(problem.batch) else row
    return total


def full(wanted: Array, grid: int) -> Rows:
    """Whole amounts in proportion to others that sum to the grid: the largest remainders are rounded up."""
    exact = grid * np.maximum(wanted, 0) / np.maximum(wanted.sum(axis=1, keepdims=True), 1)
    rows = np.floor(exact).astype(np.int64)
    order = np.argsort(np.argsort(rows - exact, axis=1, kind="stable"), axis=1)
    return np.asarray((rows + (order < grid - rows.sum(axis=1, keepdims=True))).astype(np.int16))


def compare(number: int, known: int, seeds: int, *, pymoo: bool) -> bool:
    """Print gains relative to the best; whether evolution is as good as it has to be."""
    described = Described(sodium_space(*SPACES[number]))
    acquisition, total = acquisition_of(described, known), described.space.count()
    gains: dict[str, list[float]] = {"evolution": [], "uniform": []}
    taken: dict[str, float] = {}
    looked_at = list[int]()
    for seed in range(seeds):
        begin = time.process_time()
        founders = described.space.sample(4_096, seed)
        found = evolve(acquisition, Relatives(described, founders), founders, founders[:0], BATCH, seed)
        taken["evolution"] = taken.get("evolution", 0.0) + time.process_time() - begin
        gains["evolution"].append(sum(found.gains))
        looked_at.append(found.looked_at)
        begin = time.process_time()
        drawn = Members(described, described.space.sample(found.looked_at, seed + 1_000))
        gains["uniform"].append(sum(choose_batch(acquisition, drawn, BATCH).gains))
        taken["uniform"] = taken.get("uniform", 0.0) + time.process_time() - begin
        if pymoo:
            begin = time.process_time()
            gains.setdefault("pymoo", []).append(by_pymoo(described, acquisition, found.looked_at, seed))
            taken["pymoo"] = taken.get("pymoo", 0.0) + time.process_time() - begin
    best = max(max(part) for part in gains.values())
    if not number:
        rows = np.concatenate(list(described.space.blocks()))
        best = sum(choose_batch(acquisition, Members(described, rows), BATCH).gains)
    share = 100 * float(np.median(looked_at)) / total
    print(
        f"{total:,} members, {np.median(looked_at):,.0f} looked at ({share:.2g} %); best: {'found' if number else 'exact'}"
    )
    for way, part in gains.items():
        shares = [one / best for one in part]
        print(
            f"  {way}: {np.median(shares):.3f} ({min(shares):.3f} to {max(shares):.3f}), {taken[way] / seeds:.1f} CPU s"
        )
    medians = {way: float(np.median(part)) for way, part in gains.items()}
    return medians["evolution"] > medians["uniform"] and (number > 0 or medians["evolution"] >= 0.95 * best)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--known", type=int, default=60, help="members whose values are known")
    parser.add_argument("--pymoo", action="store_true")
    options = parser.parse_args()
    passed = [compare(n, options.known, options.seeds, pymoo=options.pymoo) for n in range(len(SPACES))]
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
