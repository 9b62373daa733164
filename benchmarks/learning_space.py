"""Does learning pay? Hypervolume of the front over the number of calculations, on a space that is known in full.

    OMP_NUM_THREADS=1 python benchmarks/learning_space.py compute FOLDER  # CHGNet, an hour or so; goes on when killed
    OMP_NUM_THREADS=1 python benchmarks/learning_space.py write FOLDER    # benchmarks/learning_space.csv
    ... --space learning_elements  # of both: another space, of twice as many elements
    OMP_NUM_THREADS=1 python benchmarks/learning_space.py curves [--synthetic SEED] [--seeds 20] [--baybe]
    OMP_NUM_THREADS=1 python benchmarks/learning_space.py speed [--members 10000000]

The reference point is the median of each objective over the space, fixed before anything is chosen. Everyone starts
from the same random batch of a seed. Three are controls: ``shuffled`` learns from values that were given to
other members, ``constant`` from values that are all but the same, so that the variance alone chooses, and ``scrambled``
from descriptors of other members, which is the null. With ``--synthetic`` the values are made up, with the scatter of
three configurations: no property of any material. ``--baybe`` adds BayBE, where it is installed. ``speed`` chooses
eight of so many members by models of 200, and fails above 60 CPU seconds.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hebe.campaigns.api import results, run
from hebe.campaigns.loading import load_campaign
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.choice import diverse
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.chemistry.walking import Rows
from hebe.science.learning.acquisition import Acquisition, Aim
from hebe.science.learning.batch import choose_batch
from hebe.science.learning.gaussian_process import Array, fit
from hebe.science.learning.hypervolume import better_than, hypervolume
from support.mixture_truth import FIFTEEN, Described, sodium_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.result import Value

HERE: Final = Path(__file__).parent
SPACES: Final = ("learning_space", "learning_elements")
BATCH: Final = 8
QUANTITIES: Final = ("average_voltage", "max_volume_strain")
SIGNS: Final = np.array([-1.0, 1.0])


@dataclass(frozen=True)
class Truth:
    """A space that is known in full: values and standard errors of each row, shape ``(rows, 2)``."""

    described: Described
    rows: Rows
    known: Array
    errors: Array

    @cached_property
    def table(self) -> Array:
        """Scaled descriptors of all rows."""
        return self.described.table(self.rows)

    @cached_property
    def costs(self) -> Array:
        """What is minimized."""
        return np.asarray(self.known * SIGNS)

    @cached_property
    def reference(self) -> Array:
        """Median of each cost."""
        return np.asarray(np.median(self.costs, axis=0))

    @cached_property
    def best(self) -> float:
        """Hypervolume of the whole space."""
        return hypervolume(self.costs, self.reference)

    @cached_property
    def front(self) -> Array:
        """Costs of the front."""
        return better_than(self.costs, self.reference)

    def share(self, chosen: list[int]) -> float:
        """Share of the hypervolume that some members have."""
        return hypervolume(self.costs[chosen], self.reference) / self.best

    def met(self, chosen: list[int], within: float = 0.05) -> float:
        """Share of the front's members to which one that was chosen comes within 5 % of the range of each cost."""
        width = np.ptp(self.costs, axis=0)
        near = [(self.costs[chosen] <= one + within * width).all(axis=1).any() for one in self.front]
        return float(np.mean(near))


def space(name: str = SPACES[0]) -> CompositionSpace:
    """Space that the members of the benchmark are drawn from."""
    return CompositionSpace.from_campaign(load_campaign(HERE / f"{name}.yaml"))


def synthetic(seed: int) -> Truth:
    """Made-up values, with the scatter of three configurations."""
    described = Described(space())
    rows = np.concatenate(list(described.space.blocks()))
    plain = np.stack([described.truth(rows, 2 * seed), np.exp(0.5 * described.truth(rows, 2 * seed + 1))], axis=1)
    errors = 0.1 * plain.std(axis=0) * np.ones_like(plain)
    return Truth(described, rows, plain + errors * np.random.default_rng(seed).normal(size=plain.shape), errors)


def computed(name: str = SPACES[0]) -> Truth:
    """Values of a data file."""
    described = Described(space(name))
    with (HERE / f"{name}.csv").open(encoding="utf-8") as lines:
        found = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    rows = np.array([[int(n) for n in one["row"].split()] for one in found], dtype=np.int16)
    values, errors = (np.array([[float(one[f"{q}{end}"]) for q in QUANTITIES] for one in found]) for end in ("", "_se"))
    return Truth(described, rows, values, errors)


class Left:
    """Members that are not chosen yet."""

    def __init__(self, truth: Truth, chosen: list[int]) -> None:
        self.truth, self.numbers = truth, np.setdiff1d(np.arange(len(truth.rows)), chosen)

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        """All of them."""
        yield self.truth.rows[self.numbers], self.truth.table[self.numbers]

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of rows."""
        return self.truth.described.table(rows)

    def of(self, rows: Rows) -> list[int]:
        """Numbers of rows."""
        return [int(np.flatnonzero((self.truth.rows == row).all(axis=1))[0]) for row in rows]


def learned(truth: Truth, start: list[int], most: int, seed: int, values: Array | None = None) -> list[int]:
    """Choose batch by batch by the expected gain, from other values than the true ones if such are given."""
    chosen, values = list(start), truth.known if values is None else values
    while len(chosen) < most:
        parts = zip(values[chosen].T, truth.errors[chosen].T, strict=True)
        models = [fit(truth.table[chosen], y, error) for y, error in parts]
        aims = [Aim(q, model, sign) for q, model, sign in zip(QUANTITIES, models, SIGNS.tolist(), strict=True)]
        left = Left(truth, chosen)
        acquisition = Acquisition(aims, [], truth.table[chosen], truth.reference)
        found = left.of(choose_batch(acquisition, left, min(BATCH, most - len(chosen))).rows)
        if len(found) < min(BATCH, most - len(chosen)):  # nothing gains: the rest at random
            rest = np.random.default_rng(seed).permutation(np.setdiff1d(left.numbers, found)).tolist()
            found += rest[: min(BATCH, most - len(chosen)) - len(found)]
        chosen += found
    return chosen


def shuffled(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Learn from values of other members: geometry is left, and values that follow nothing."""
    return learned(truth, start, most, seed, truth.known[_apart_from_start(truth, seed)])


def scrambled(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Learn from descriptors of other members: nothing is left."""
    order = _apart_from_start(truth, seed)
    other = Truth(truth.described, truth.rows[order], truth.known, truth.errors)
    return learned(other, start, most, seed)


def constant(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Learn from values that are all but the same: only the variance tells members apart."""
    noise = np.random.default_rng([seed, 2]).normal(size=truth.known.shape)
    return learned(truth, start, most, seed, truth.reference * SIGNS + 1e-3 * truth.errors * noise)


def _apart_from_start(truth: Truth, seed: int) -> NDArray[np.intp]:
    """Order of the members from random numbers that the start of a seed does not use."""
    return np.random.default_rng([seed, 1]).permutation(len(truth.rows))


def at_random(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Choose at random."""
    rest = np.random.default_rng(seed + 1000).permutation(np.setdiff1d(np.arange(len(truth.rows)), start)).tolist()
    return [*start, *rest[: most - len(start)]]


def apart(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Choose what is far from what was chosen."""
    vectors = truth.rows.astype(np.float64)
    order = diverse(vectors, most + len(start), seed, vectors[start])
    return [*start, *[one for one in order if one not in start]][:most]


def by_baybe(truth: Truth, start: list[int], most: int, seed: int) -> list[int]:
    """Choose by BayBE with its defaults for two targets, on the same descriptors."""
    import pandas as pd
    import torch
    from baybe import Campaign
    from baybe.objectives import ParetoObjective
    from baybe.searchspace import SearchSpace
    from baybe.targets import NumericalTarget

    torch.manual_seed(seed)
    columns = [f"d{number}" for number in range(truth.table.shape[1])]
    frame = pd.DataFrame(truth.table, columns=columns)
    targets = [NumericalTarget(QUANTITIES[0]), NumericalTarget(QUANTITIES[1], minimize=True)]
    campaign = Campaign(SearchSpace.from_dataframe(frame, parameters=_continuous(frame)), ParetoObjective(targets))
    number_of = {tuple(line): number for number, line in enumerate(frame.to_numpy().tolist())}
    chosen, fresh = list(start), list(start)
    while len(chosen) < most:
        told = frame.iloc[fresh].assign(**{q: truth.known[fresh, k] for k, q in enumerate(QUANTITIES)})
        campaign.add_measurements(told)
        asked = campaign.recommend(min(BATCH, most - len(chosen)))
        fresh = [number_of[tuple(line)] for line in asked[columns].to_numpy().tolist()]
        chosen += fresh
    return chosen


def _continuous(frame: pd.DataFrame) -> list[object]:
    from baybe.parameters import NumericalDiscreteParameter

    columns = {str(name): values for name, values in frame.to_dict("list").items()}
    return [
        NumericalDiscreteParameter(name, sorted(set(values)))
        for name, values in columns.items()
        if len(set(values)) > 1
    ]


def curves(options: argparse.Namespace) -> None:
    """Print what every way of choosing has after each batch."""
    truth = computed() if options.synthetic is None else synthetic(options.synthetic)
    n, most = len(truth.rows), round(options.most * len(truth.rows))
    kind = "computed" if options.synthetic is None else f"SYNTHETIC, seed {options.synthetic}"
    print(f"{n} members ({kind}), front of {len(truth.front)}; at most {most} calculations, {options.seeds} seeds")
    ways: dict[str, Callable[[Truth, list[int], int, int], list[int]]] = {
        "learn": learned,
        "random": at_random,
        "diverse": apart,
        "shuffled": shuffled,
        "constant": constant,
        "scrambled": scrambled,
    }
    if options.baybe:
        ways["baybe"] = by_baybe
    steps = list(range(BATCH, most + 1, BATCH))
    print(
        "| way | " + " | ".join(f"{k} ({100 * k / n:.0f} %)" for k in steps) + " | front within 5 % at 15 % | CPU s |"
    )
    print("|---" * (len(steps) + 3) + "|")
    for name, way in ways.items():
        begin, shares, met = time.process_time(), [], []
        for seed in range(options.seeds):
            start = np.random.default_rng(seed).permutation(n)[:BATCH].tolist()
            order = way(truth, start, most, seed)
            shares.append([truth.share(order[:k]) for k in steps])
            met.append(truth.met(order[: round(0.15 * n)]))
        median = np.median(shares, axis=0)
        taken = (time.process_time() - begin) / options.seeds
        print(f"| {name} | " + " | ".join(f"{x:.2f}" for x in median) + f" | {np.median(met):.2f} | {taken:.1f} |")


class Many:
    """The first members of a space."""

    def __init__(self, described: Described, number: int) -> None:
        self.described, self.number = described, number

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        """Blocks of them."""
        seen = 0
        for rows, _ in self.described.space.stream(4_096):
            if seen >= self.number:
                return
            seen += len(rows)
            yield rows, self.table(rows)

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of rows."""
        return self.described.table(rows)


def speed(members: int) -> bool:
    """Print how long it takes to choose a batch; whether that is short enough."""
    described = Described(sodium_space(FIFTEEN, "3..6", 24))
    rows = described.space.sample(200, 1)
    table, aims = described.table(rows), []
    for seed, (name, sign) in enumerate(zip(QUANTITIES, SIGNS.tolist(), strict=True)):
        values = described.truth(rows, seed)
        aims.append(Aim(name, fit(table, values, np.full(200, 0.1 * values.std())), sign))
    reference = np.array([float(np.median(one.sign * one.model.predict(table)[0])) for one in aims])
    acquisition = Acquisition(aims, [], table, reference)
    choose_batch(acquisition, Many(described, 5_000), BATCH)  # compiles
    begin = time.process_time()
    found = choose_batch(acquisition, Many(described, members), BATCH)
    taken = time.process_time() - begin
    print(f"{found.looked_at:,} of {described.space.count():,} members, 200 points: {taken:.1f} CPU s")
    return taken * 1e7 / found.looked_at < 60.0


def compute(folder: Path, name: str) -> None:
    """Compute a space, or go on with it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".hebe").mkdir(exist_ok=True)
    print(run(shutil.copy(HERE / f"{name}.yaml", folder)))


def write(folder: Path, name: str) -> None:
    """Write a data file from what was computed."""
    made = space(name)
    found = {one.candidate_id: one for one in results(folder / f"{name}.yaml")}
    with (HERE / f"{name}.csv").open("w", encoding="utf-8") as out:
        out.write(f"# CHGNet 0.3.0; values of benchmarks/{name}.yaml, by benchmarks/learning_space.py\n")
        out.write("row,formula,average_voltage,max_volume_strain,average_voltage_se,max_volume_strain_se\n")
        for row in made:
            candidate = make_candidate(made, made.composition(row))
            one = None if candidate is None else found.get(candidate.candidate_id)
            values = [] if one is None else _values_of(one)
            if one is None or any(value is None or value.mean is None for value in values):
                continue
            texts = [f"{value.mean:.6g}" for value in values if value] + [
                f"{value.se or 0:.3g}" for value in values if value
            ]
            out.write(",".join([" ".join(map(str, row)), one.formula, *texts]) + "\n")


def _values_of(one: RankedCandidate) -> list[Value | None]:
    found: dict[str, Value] = dict(one.values)
    return [found.get(q) for q in QUANTITIES]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("compute", "write"):
        made = commands.add_parser(name)
        made.add_argument("folder", type=Path)
        made.add_argument("--space", choices=SPACES, default=SPACES[0])
    drawn = commands.add_parser("curves")
    drawn.add_argument("--synthetic", type=int, metavar="SEED")
    drawn.add_argument("--seeds", type=int, default=20)
    drawn.add_argument("--most", type=float, default=0.3, help="share of the space that is computed at most")
    drawn.add_argument("--baybe", action="store_true")
    commands.add_parser("speed").add_argument("--members", type=int, default=10_000_000)
    options = parser.parse_args()
    match options.command:
        case "compute":
            compute(options.folder, options.space)
        case "write":
            write(options.folder, options.space)
        case "curves":
            curves(options)
        case _:
            sys.exit(0 if speed(options.members) else 1)


if __name__ == "__main__":
    main()
