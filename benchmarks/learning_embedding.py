"""Does an embedding of the elements help to learn? Published and fitted ones beside the model of the package.

    OMP_NUM_THREADS=1 python benchmarks/learning_embedding.py groups [--space learning_elements] [--sizes 20 40 80]
    OMP_NUM_THREADS=1 python benchmarks/learning_embedding.py loop [--space learning_elements] [--seeds 20]
    OMP_NUM_THREADS=1 python benchmarks/learning_embedding.py elements [--seeds 5] [--ways NAME ...] [--synthetic SEED]

``groups`` leaves out members together with all of their elements, ``elements`` all members with one element, which no
model has then seen. Of the rest as many as a size says are drawn by a seed, the same for every way, and everything is
fitted to them alone. Errors are divided by those of the package's model in the same run, of the scores, minus the
logarithm of the predictive density, its are subtracted; intervals of both (90 %) are over groups, or elements, drawn
anew. Shares inside intervals of 50 and 90 % are those before any widening. ``loop`` chooses batch by batch, as
``benchmarks/learning_space.py`` does, with components of vectors as descriptors and without.

Ways called ``or`` are the package's model or another one, whichever tells left-out groups of the known members better,
with intervals widened by these, as the package does. Published vectors are those of the package ``elementembeddings``
(MIT), where it is installed: either three principal components over the ions of the space, as descriptors with a weight
each, or all inner products with one strength, added to the covariance. ``random`` vectors are the null. With
``--synthetic`` the values are made up from properties of the ions: an embedding must help there.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hebe.science.learning.forecasts import Score, with_interval
from hebe.science.learning.gaussian_process import Array, fit
from hebe.science.learning.held_out import LEVELS, folds_of, widening
from learning_ions import PUBLISHED, components_of, ions_of, open_shells, properties_of, standard, vectors_of, widths_of
from learning_metrics import Diagonal, LowRank, OfIons, OfVectors, Part, fit_metrics
from learning_space import BATCH, QUANTITIES, Truth, computed, learned
from support.mixture_truth import Described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hebe.science.chemistry.walking import Rows

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.intp]
    Predict = Callable[[Truth, Numbers, Numbers, int], tuple[Array, Array, float]]

SPACES: Final = ("learning_space", "learning_elements")
SIZES: Final = (20, 40, 80)
COMPONENTS: Final = 3


@dataclass(frozen=True)
class Split:
    """Members to fit to, members to predict, and what each of those is left out with."""

    known: Numbers
    out: Numbers
    groups: list[str]


@dataclass(frozen=True)
class Scores:
    """Of every prediction of one way: squared miss, minus the logarithm of the density, and whether intervals hold."""

    squares: Array
    costs: Array
    half: Mask
    most: Mask

    @classmethod
    def of(cls, misses: Array, variances: Array) -> Scores:
        """From misses and the variances of what is seen."""
        costs = 0.5 * (misses**2 / variances + np.log(2 * math.pi * variances))
        half, most = (np.abs(misses) <= LEVELS[level] * np.sqrt(variances) for level in ("50", "90"))
        return cls(misses**2, costs, half, most)


def with_columns(truth: Truth, vectors: Array) -> Array:
    """Scaled descriptors of all members, and means of vectors of their ions."""
    shares = truth.described.plain(truth.rows)[:, : len(vectors)]
    return np.concatenate([truth.table, standard(shares @ vectors)], axis=1)


def by_package(columns: Callable[[Truth], Array]) -> Predict:
    """Way that is the model of the package on some descriptors."""

    def predict(truth: Truth, known: Numbers, out: Numbers, quantity: int) -> tuple[Array, Array, float]:
        table = columns(truth)
        found = fit(table[known], truth.known[known, quantity], truth.errors[known, quantity])
        means, sds = found.predict(table[out])
        return means, sds, found.scatter

    return predict


def by_metrics(parts_of: Callable[[Truth], list[Part]]) -> Predict:
    """Way with other metrics on the descriptors of the package."""

    def predict(truth: Truth, known: Numbers, out: Numbers, quantity: int) -> tuple[Array, Array, float]:
        values, errors = truth.known[known, quantity], truth.errors[known, quantity]
        found = fit_metrics(parts_of(truth), truth.table[known], values, errors)
        means, sds = found.predict(truth.table[out])
        return means, sds, found.scatter

    return predict


def chosen_by_groups(*ways: Predict) -> Predict:
    """Of some ways the one that tells left-out groups of the known members best, its intervals widened by them."""

    def predict(truth: Truth, known: Numbers, out: Numbers, quantity: int) -> tuple[Array, Array, float]:
        members = elements_of(truth)
        parts, found = folds_of([tuple(sorted(members[at])) for at in known.tolist()]), []
        for way in ways:
            misses, sds, errors = np.empty(len(known)), np.empty(len(known)), np.empty(len(known))
            for left in (parts == number for number in range(int(parts.max()) + 1)):
                means, sds[left], scatter = way(truth, known[~left], known[left], quantity)
                misses[left] = truth.known[known[left], quantity] - means
                errors[left] = np.sqrt(truth.errors[known[left], quantity] ** 2 + scatter**2)
            factor = widening(misses, sds, errors)
            found.append((float(Scores.of(misses, (factor * sds) ** 2 + errors**2).costs.mean()), factor, way))
        _, factor, best = min(found, key=lambda one: one[0])
        means, sds, scatter = best(truth, known, out, quantity)
        return means, factor * sds, scatter

    return predict


def every(truth: Truth) -> Part:
    """A weight of each descriptor, as the package has it."""
    return Part(Diagonal(np.ones(truth.table.shape[1])))


def moments(truth: Truth) -> Part:
    """A weight of each mean and deviation, none of any share."""
    columns = np.ones(truth.table.shape[1])
    columns[: len(ions_of(truth))] = 0.0
    return Part(Diagonal(columns))


def alike(truth: Truth, *, curved: bool = True) -> Part:
    """Kernel of the ions by their properties."""
    return Part(OfIons(properties_of(truth), widths_of(truth)), curved)


def inner(name: str, truth: Truth) -> Part:
    """Inner products of published vectors, their trace as many as there are ions."""
    vectors, widths = vectors_of(name, truth), widths_of(truth)
    vectors = vectors - vectors.mean(axis=0)
    ions, products = len(vectors), np.zeros((len(widths),) * 2)
    products[:ions, :ions] = vectors @ vectors.T * (ions / float(np.sum(vectors**2)))
    return Part(OfVectors(products * np.outer(widths, widths), ions))


def low_rank(truth: Truth, rank: int = 2, times: float = 1.0) -> Part:
    """Vectors of the ions that are fitted; the search begins at components of their properties."""
    return Part(LowRank(standard(components_of(properties_of(truth), rank)), widths_of(truth), times))


def ways() -> dict[str, Predict]:
    """All ways, that of the package first."""
    found: dict[str, Predict] = {
        "package": by_package(lambda truth: truth.table),
        "properties as columns": by_package(lambda truth: with_columns(truth, properties_of(truth)[:, 2:])),
        "open d shells": by_package(lambda truth: with_columns(truth, open_shells(truth))),
        "kernel of ions": by_metrics(lambda truth: [alike(truth), moments(truth)]),
        "kernel of ions, added": by_metrics(lambda truth: [alike(truth), every(truth)]),
        "kernel of ions, added, straight": by_metrics(lambda truth: [alike(truth, curved=False), every(truth)]),
        "low rank": by_metrics(lambda truth: [low_rank(truth), moments(truth)]),
        "low rank, added": by_metrics(lambda truth: [low_rank(truth), every(truth)]),
        "rank 1, small, added": by_metrics(_small),
    }
    for name in (*(PUBLISHED if find_spec("elementembeddings") else ()), "random"):
        found[f"{name}, components"] = by_package(partial(_components, name))
        found[f"{name}, products"] = by_metrics(partial(_products, name))
    package = found["package"]
    others = [name for name in ("open d shells", "rank 1, small, added", "mat2vec, components") if name in found]
    found["package, widened"] = chosen_by_groups(package)
    return found | {f"package or {name}, widened": chosen_by_groups(package, found[name]) for name in others}


def _small(truth: Truth) -> list[Part]:
    return [low_rank(truth, 1, 0.5), every(truth)]


def _components(name: str, truth: Truth) -> Array:
    return with_columns(truth, components_of(vectors_of(name, truth), COMPONENTS))


def _products(name: str, truth: Truth) -> list[Part]:
    return [inner(name, truth), every(truth)]


@dataclass
class Embedded(Described):
    """A space with its descriptors and means of vectors of the ions, shape ``(ions, columns)``."""

    vectors: Array

    def plain(self, rows: Rows) -> Array:
        """Descriptors of rows as they are."""
        found = super().plain(rows)
        return np.concatenate([found, found[:, : len(self.vectors)] @ self.vectors], axis=1)


def loop(options: argparse.Namespace) -> None:
    """Print the share of the hypervolume after each batch, with the descriptors of the package and with more."""
    truth = computed(options.space)
    n, most = len(truth.rows), round(0.3 * len(truth.rows))
    steps = list(range(BATCH, most + 1, BATCH))
    print(f"{options.space}: {n} members, front of {len(truth.front)}, {options.seeds} seeds")
    print("| way | " + " | ".join(f"{k} ({100 * k / n:.0f} %)" for k in steps) + " | better in | worse in |")
    print("|---" * (len(steps) + 3) + "|")
    base = None
    for name in ("package", *(PUBLISHED if find_spec("elementembeddings") else ()), "random"):
        own = truth
        if name != "package":
            vectors = components_of(vectors_of(name, truth), COMPONENTS)
            own = Truth(Embedded(truth.described.space, vectors), truth.rows, truth.known, truth.errors)
        shares = []
        for seed in range(options.seeds):
            start = np.random.default_rng(seed).permutation(n)[:BATCH].tolist()
            order = learned(own, start, most, seed)
            shares.append([truth.share(order[:k]) for k in steps])
        found = np.array(shares)
        base = found if base is None else base
        off = found.mean(axis=1) - base.mean(axis=1)
        texts = [f"{x:.2f}" for x in np.median(found, axis=0)]
        print("| " + " | ".join([name, *texts, f"{(off > 0).sum()}", f"{(off < 0).sum()}"]) + " |", flush=True)


def synthetic(name: str, seed: int) -> Truth:
    """Made-up values in the unit of their spread: smooth in the properties of the ions, with noise of a tenth."""
    truth = computed(name)
    shares, properties = truth.described.plain(truth.rows)[:, : len(ions_of(truth))], properties_of(truth)
    rng = np.random.default_rng(seed)
    plain = []
    for _ in QUANTITIES:
        of_ions = np.sin(properties @ rng.normal(size=5) / math.sqrt(5))
        values = shares @ of_ions
        plain.append(values / values.std())
    known = np.stack(plain, axis=1)
    errors = np.full_like(known, 0.1)
    return Truth(truth.described, truth.rows, known + errors * rng.normal(size=known.shape), errors)


def elements_of(truth: Truth) -> list[frozenset[str]]:
    """Elements of each member."""
    columns = [column.element for column in truth.described.space.columns]
    return [frozenset(e for e, n in zip(columns, row, strict=True) if n) for row in truth.rows.tolist()]


def splits(truth: Truth, kind: str, size: int, seed: int) -> Iterator[Split]:
    """Members that are left out in turn, and as many of the others as a size says; none where there are too few."""
    members = elements_of(truth)
    order = np.random.default_rng([seed, size]).permutation(len(members))
    if kind == "elements":
        names = sorted(frozenset().union(*members))
        masks = [(np.array([name in one for one in members]), name) for name in names]
    else:
        parts = folds_of([tuple(sorted(one)) for one in members])
        masks = [(parts == number, "") for number in range(int(parts.max()) + 1)]
    for left, name in masks:
        rest = order[~left[order]]
        if len(rest) >= size:
            out = np.flatnonzero(left)
            yield Split(rest[:size], out, [name or " ".join(sorted(members[at])) for at in out.tolist()])


def scores_of(truth: Truth, predict: Predict, parts: Sequence[Split], quantity: int) -> Scores:
    """Scores over all splits, in the unit of the spread of the quantity."""
    spread, misses, variances = float(truth.known[:, quantity].std()), [], []
    for one in parts:
        means, sds, scatter = predict(truth, one.known, one.out, quantity)
        misses.append((truth.known[one.out, quantity] - means) / spread)
        variances.append((sds**2 + scatter**2 + truth.errors[one.out, quantity] ** 2) / spread**2)
    return Scores.of(np.concatenate(misses), np.concatenate(variances))


def against(found: Scores, base: Scores, groups: Sequence[str]) -> tuple[Score, Score]:
    """Ratio of errors and difference of scores, with their intervals."""

    def ratio(rows: Sequence[int]) -> float:
        return math.sqrt(float(found.squares[rows].mean() / base.squares[rows].mean()))

    def difference(rows: Sequence[int]) -> float:
        return float((found.costs[rows] - base.costs[rows]).mean())

    return with_interval(ratio, groups), with_interval(difference, groups)


def compare(options: argparse.Namespace) -> None:
    """Print how every way does beside that of the package."""
    truth = computed(options.space) if options.synthetic is None else synthetic(options.space, options.synthetic)
    chosen = {name: way for name, way in ways().items() if not options.ways or name in ("package", *options.ways)}
    made = "" if options.synthetic is None else f", SYNTHETIC, seed {options.synthetic}"
    print(f"{options.space}{made}: {len(truth.rows)} members, {options.kind} left out, {options.seeds} seeds")
    head = "| n | quantity | way | predicted | rmse / spread | rmse / package | score - package | 50 % | 90 % |"
    print(head + "\n" + "|---" * 9 + "|")
    for size in options.sizes:
        parts = [one for seed in range(options.seeds) for one in splits(truth, options.kind, size, seed)]
        groups = [group for one in parts for group in one.groups]
        for quantity, title in enumerate(QUANTITIES if parts else ()):
            base = None
            for name, predict in chosen.items():
                found = scores_of(truth, predict, parts, quantity)
                base = found if base is None else base
                print(
                    _line([str(size), title, name, str(len(groups))], found, *against(found, base, groups)), flush=True
                )


def _line(begin: Sequence[str], found: Scores, ratio: Score, difference: Score) -> str:
    texts = [f"{math.sqrt(found.squares.mean()):.3f}"]
    texts += [f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in (ratio, difference)]
    return "| " + " | ".join([*begin, *texts, f"{found.half.mean():.2f}", f"{found.most.mean():.2f}"]) + " |"


def main() -> None:
    """Run the command that was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("groups", "elements", "loop"))
    parser.add_argument("--space", choices=SPACES, default=SPACES[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--ways", nargs="+", metavar="NAME", help="beside that of the package; all without")
    parser.add_argument("--synthetic", type=int, metavar="SEED")
    options = parser.parse_args()
    loop(options) if options.kind == "loop" else compare(options)


if __name__ == "__main__":
    main()
