"""Rows of random spaces counted, numbered, streamed and drawn, against brute force and known distributions."""

from __future__ import annotations

import math
import os
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from scipy.stats import chi2

from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry.masks import Masks
from hebe.science.chemistry.sampling import different_ranks, random_ranks
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.chemistry.tables import Tables
from support.random_spaces import brute_rows, random_layout

if TYPE_CHECKING:
    from hebe.science.chemistry.layout import Layout

SPACES: Final = int(os.environ.get("HEBE_TEST_SPACES", "100"))
SINGLE: Final = {"Li": 1, "Mg": 2, "Ca": 2, "Al": 3, "Sc": 3, "Zn": 2, "Ga": 3, "Zr": 4}
SEVERAL: Final = {"Ti": [3, 4], "V": [3, 4, 5], "Cr": [3, 4], "Mn": [2, 3, 4], "Fe": [2, 3], "Co": [2, 3], "Ni": [2, 4]}


def ways(layout: Layout) -> list[Tables | Masks]:
    """What can count a layout: masks always, tables where its charges are regular."""
    return [Masks(layout), *([] if layout.steps is None else [Tables(layout)])]


def space(n_species: str, grid: int, x: Fraction = Fraction(1)) -> CompositionSpace:
    spec = SublatticeSpec.model_validate({"species": SINGLE | SEVERAL, "grid": grid, "n_species": n_species})
    return CompositionSpace("layered-o3", "Na", x, {"TM": spec})


@pytest.mark.parametrize("part", range(10))
def test_random_spaces_equal_brute_force(part: int) -> None:
    for seed in range(part, SPACES, 10):
        layout = random_layout(seed)
        rows = brute_rows(layout)
        for found in ways(layout):
            assert found.count() == len(rows), seed
            assert [tuple(row) for row in found.rows_of(range(len(rows))).tolist()] == rows, seed
            assert [found.rank(row) for row in rows] == list(range(len(rows))), seed
            blocks = found.stream(7) if isinstance(found, Masks) else (part for part, _ in found.stream(7))
            assert [tuple(row) for block in blocks for row in block.tolist()] == rows, seed


def test_random_spaces_are_of_every_kind() -> None:
    """Regular charges with no step, one and two; irregular ones; empty spaces and large ones."""
    layouts = [random_layout(seed) for seed in range(100)]
    kinds = {None if layout.steps is None else len(layout.steps) for layout in layouts}
    assert kinds == {None, 0, 1, 2}
    assert {len(layout.blocks) for layout in layouts} == {1, 2}
    counts = [ways(layout)[-1].count() for layout in layouts]
    assert min(counts) == 0
    assert max(counts) > 50


def test_counts_of_a_large_space_are_those_of_masks() -> None:
    layout = space("4..6", 12, Fraction(2, 3)).layout
    assert layout.steps == (1, 2)
    assert Tables(layout).count() == Masks(layout).count()


def oxyfluoride() -> CompositionSpace:
    """More rows than one word of 64 bits counts."""
    metals = SublatticeSpec.model_validate({"species": SINGLE | SEVERAL, "grid": 60, "n_species": "4..12"})
    charges = {"O": -2, "F": -1, "N": -3, "S": -2, "Cl": -1, "I": -1}
    anions = SublatticeSpec.model_validate({"species": charges, "grid": 60})
    return CompositionSpace("drx", None, Fraction(0), {"M": metals, "X": anions})


@pytest.mark.parametrize(("found", "bits"), [(space("6", 24), 27), (space("4..9", 48), 40), (oxyfluoride(), 65)])
def test_numbers_and_rows_belong_together(found: CompositionSpace, bits: int) -> None:
    total = found.count()
    assert total >> (bits - 1)
    ranks = [0, total - 1, *map(int, random_ranks(total, 20, 3))]
    rows = [found.unrank(rank) for rank in ranks]
    assert [found.rank(row) for row in rows] == ranks
    assert sorted(rows) == [row for _, row in sorted(zip(ranks, rows, strict=True))]


def test_every_drawn_row_is_within_its_bounds_and_neutral() -> None:
    found = oxyfluoride()
    rows = found.sample(20_000, seed=1, replace=True).astype(np.int64)
    lowest = np.array([column.charges[0] for column in found.columns])
    highest = np.array([column.charges[-1] for column in found.columns])
    metals, anions = rows[:, :15], rows[:, 15:]
    assert (metals.sum(axis=1) == 60).all()
    assert (anions.sum(axis=1) == 60).all()
    present = (metals > 0).sum(axis=1)
    assert 4 <= present.min() <= present.max() <= 12
    assert (rows @ lowest <= found.layout.target).all()
    assert (rows @ highest >= found.layout.target).all()


@pytest.mark.parametrize("draws", [1_000_000])
def test_a_million_draws_are_uniform(draws: int) -> None:
    spec = SublatticeSpec.model_validate({"species": {"Ni": 2, "Fe": 3, "Mn": [3, 4], "Ti": 4, "Mg": 2}, "grid": 12})
    found = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    total = found.count()
    rows = found.sample(draws, seed=11, replace=True)
    weights = 13 ** np.arange(rows.shape[1])
    every = np.concatenate(list(found.blocks())).astype(np.int64) @ weights
    values, hits = np.unique(rows.astype(np.int64) @ weights, return_counts=True)
    assert sorted(values) == sorted(every)
    statistic = float(((hits - draws / total) ** 2).sum() / (draws / total))
    assert chi2.sf(statistic, total - 1) > 1e-3
    assert chi2.cdf(statistic, total - 1) > 1e-3


def test_numbers_beyond_a_word_are_drawn_evenly() -> None:
    total = 3 << 70
    found = random_ranks(total, 30_000, 5)
    assert max(found) < total
    hits = np.bincount([int(rank // (1 << 70)) for rank in found], minlength=3)
    assert chi2.sf(float(((hits - 10_000) ** 2).sum() / 10_000), 2) > 1e-3


@pytest.mark.parametrize(("total", "n"), [(10, 3), (10, 9), (1 << 80, 50)])
def test_different_numbers_are_different_and_in_order(total: int, n: int) -> None:
    found = different_ranks(total, n, 2).tolist()
    assert len(set(found)) == n
    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] < total
    assert found == different_ranks(total, n, 2).tolist()
    assert found != different_ranks(total, n, 3).tolist()


def test_strata_are_even_and_uniform_inside() -> None:
    spec = SublatticeSpec.model_validate({"species": {"Ni": 2, "Fe": 3, "Mn": [3, 4], "Ti": 4, "Mg": 2}, "grid": 12})
    found = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    every = Counter(tuple(n > 0 for n in row) for row in found)
    rows = found.sample(60, seed=1, by_elements=True)
    assert len({tuple(row) for row in rows.tolist()}) == len(rows) == 60
    hits = Counter(tuple(n > 0 for n in row) for row in rows.tolist())
    assert set(hits) == set(every)
    full = [hits[kind] for kind in every if hits[kind] < every[kind]]
    assert max(full) - min(full) <= 1
    largest = max(every, key=lambda kind: every[kind])
    drawn = Counter(
        tuple(row)
        for seed in range(120)
        for row in found.sample(60, seed, by_elements=True).tolist()
        if tuple(n > 0 for n in row) == largest
    )
    expected = sum(drawn.values()) / every[largest]
    statistic = sum((drawn[row] - expected) ** 2 / expected for row in found if tuple(n > 0 for n in row) == largest)
    assert chi2.sf(statistic, every[largest] - 1) > 1e-3


def test_strata_of_many_sets_are_one_row_each() -> None:
    rows = space("5..7", 24).sample(200, seed=2, by_elements=True)
    assert len({tuple(n > 0 for n in row) for row in rows.tolist()}) == len(rows) == 200


def test_streamed_entropies_and_their_bounds() -> None:
    spec = SublatticeSpec.model_validate({"species": {"Ni": 2, "Fe": 3, "Mn": [3, 4], "Ti": 4, "Mg": 2}, "grid": 12})
    found = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    parts = list(found.stream(1000))
    rows = np.concatenate([rows for rows, _ in parts])
    entropies = np.concatenate([given for _, given in parts])[:, 0]
    expected = [-sum(n / 12 * math.log(n / 12) for n in row if n) for row in rows.tolist()]
    assert entropies == pytest.approx(expected, abs=1e-12)
    inside = np.concatenate([rows for rows, _ in found.stream(1000, {"TM": (1.0, 1.3)})])
    assert inside.tolist() == rows[(entropies >= 1.0) & (entropies <= 1.3)].tolist()
    assert 0 < len(inside) < len(rows)


def test_elements_that_are_needed_or_excluded_restrict_the_count() -> None:
    found = space("5..6", 12)
    rows = np.concatenate(list(found.restricted({"Ni"}, {"Mn", "Li"}).blocks()))
    at = {column.element: i for i, column in enumerate(found.columns)}
    assert (rows[:, at["Ni"]] > 0).all()
    assert not rows[:, [at["Mn"], at["Li"]]].any()
    without = found.restricted((), {"Mn", "Li"})
    assert len(rows) == without.count() - without.restricted((), {"Ni"}).count()
