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


def alloy(described: Described, acquisition: Acquisition) -> Any:
    """A problem of pymoo: amounts of the columns, rounded to a full sublattice, beside the batch so far."""
    from pymoo.core.problem import Problem

    layout = described.space.layout
    (block,) = layout.blocks
    first, last = (np.array([c.charges[end] for c in layout.columns]) for end in (0, -1))

    class Alloy(Problem):  # type: ignore[misc]
        batch: Array = np.empty((0, 0))

        def __init__(self) -> None:
            super().__init__(n_var=len(first), n_obj=1, n_ieq_constr=2, xl=0, xu=block.grid, vtype=int)

        def _evaluate(self, X: Array, out: dict[str, Any], *_: object, **__: object) -> None:
            rows = full(X, block.grid)
            off = np.maximum(rows @ first - layout.target, 0) + np.maximum(layout.target - rows @ last, 0)
            used = np.count_nonzero(rows, axis=1)
            many = np.maximum(used - block.high, 0) + np.maximum(block.low - used, 0)
            gains, inside = np.zeros(len(rows)), members(layout, rows)
            if inside.any():
                gains[inside] = acquisition.gain(described.table(rows[inside]), self.batch).expected
            out["G"], out["F"] = np.stack([off, many], axis=1), -gains

    return Alloy()


def by_pymoo(described: Described, acquisition: Acquisition, evaluations: int, seed: int) -> float:
    """Gain of a batch, each member chosen by a genetic algorithm in turn."""
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.operators.repair.rounding import RoundingRepair
    from pymoo.operators.sampling.rnd import IntegerRandomSampling
    from pymoo.optimize import minimize

    total, problem = 0.0, alloy(described, acquisition)
    for number in range(BATCH):
        algorithm = GA(
            pop_size=200,
            sampling=IntegerRandomSampling(),
            crossover=SBX(vtype=float, repair=RoundingRepair()),
            mutation=PM(vtype=float, repair=RoundingRepair()),
        )
        found = minimize(problem, algorithm, ("n_eval", evaluations // BATCH), seed=seed * BATCH + number)
        if found.X is None:
            continue
        total -= float(found.F[0])
        row = described.table(full(found.X[None], described.space.layout.blocks[0].grid))
        problem.batch = np.concatenate([problem.batch, row]) if len(problem.batch) else row
    return total


def full(wanted: Array, grid: int) -> Rows:
    """Whole amounts in proportion to others that sum to the grid: the largest remainders are rounded up."""
    exact = grid * np.maximum(wanted, 0) / np.maximum(wanted.sum(axis=1, keepdims=True), 1)
    rows = np.floor(exact).astype(np.int64)
    order = np.argsort(np.argsort(rows - exact, axis=1, kind="stable"), axis=1)
    return np.asarray((rows + (order < grid - rows.sum(axis=1, keepdims=True))).astype(np.int16))


class Comparison:
    """Gains of batches by evolution, and by others that look at as many members."""

    def __init__(self, described: Described, known: int) -> None:
        self.described, self.acquisition = described, acquisition_of(described, known)
        self.looked_at = list[int]()

    def evolution(self, seed: int) -> float:
        """Of evolution from a uniform sample."""
        founders = self.described.space.sample(4_096, seed)
        members = Relatives(self.described, founders)
        found = evolve(self.acquisition, members, founders, founders[:0], BATCH, seed)
        self.looked_at.append(found.looked_at)
        return sum(found.gains)

    def uniform(self, seed: int) -> float:
        """Of the best batch of a uniform sample."""
        rows = self.described.space.sample(self.looked_at[seed], seed + 1_000)
        return sum(choose_batch(self.acquisition, Members(self.described, rows), BATCH).gains)

    def pymoo(self, seed: int) -> float:
        """Of a genetic algorithm."""
        return by_pymoo(self.described, self.acquisition, self.looked_at[seed], seed)

    def exact(self) -> float:
        """Of the best batch of the space."""
        rows = np.concatenate(list(self.described.space.blocks()))
        return sum(choose_batch(self.acquisition, Members(self.described, rows), BATCH).gains)


def compare(number: int, known: int, seeds: int, ways: list[str]) -> bool:
    """Print gains relative to the best; whether evolution is as good as it has to be."""
    described = Described(sodium_space(*SPACES[number]))
    one, total = Comparison(described, known), described.space.count()
    gains, taken = dict[str, list[float]](), dict[str, float]()
    for way in ways:
        begin = time.process_time()
        gains[way] = [getattr(one, way)(seed) for seed in range(seeds)]
        taken[way] = (time.process_time() - begin) / seeds
    best = max(map(max, gains.values())) if number else one.exact()
    looked_at = float(np.median(one.looked_at))
    what = "the best found" if number else "the exact best"
    print(f"{total:,} members, {looked_at:,.0f} looked at ({100 * looked_at / total:.2g} %), relative to {what}:")
    medians = {way: float(np.median(part)) / best for way, part in gains.items()}
    for way, part in gains.items():
        least, most = min(part) / best, max(part) / best
        print(f"  {way}: {medians[way]:.3f} ({least:.3f} to {most:.3f}), {taken[way]:.1f} CPU s", flush=True)
    return medians["evolution"] > medians["uniform"] and (number > 0 or medians["evolution"] >= 0.95)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--known", type=int, default=60, help="members whose values are known")
    parser.add_argument("--pymoo", action="store_true")
    options = parser.parse_args()
    ways = ["evolution", "uniform", *(["pymoo"] if options.pymoo else [])]
    passed = [compare(n, options.known, options.seeds, ways) for n in range(len(SPACES))]
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
