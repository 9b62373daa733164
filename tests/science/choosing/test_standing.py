"""Orders under errors: closed forms of normal errors, what is shared cancels, ranks that cannot be told are shared."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from hebe.science.choosing.ranking import Objective
from hebe.science.choosing.sample import (
    DRAWS,
    Array,
    Known,
    draws_for,
    is_uncertain,
    own_errors,
    sample_table,
    share_before,
)
from hebe.science.choosing.standing import CERTAIN, Standing, standings
from support.candidate_documents import candidate

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

LOW = [Objective("q", maximize=False)]


def documents(means: dict[str, float | None]) -> list[RankedCandidate]:
    return [candidate(name, {"q": mean}) for name, mean in means.items()]


def placed(means: dict[str, float], draws: Array | None = None, se: float | None = None) -> dict[str, Standing]:
    """Standings of candidates whose draws are deviations from their means, shape (candidates, draws)."""
    known = [
        Known(name, mean, None if draws is None else mean + draws[i], se)
        for i, (name, mean) in enumerate(means.items())
    ]
    found = standings(documents(dict(means)), LOW, {"q": sample_table(known)})
    return {name: one for name, one in zip(means, found, strict=True) if one is not None}


def three_errors(p: float, n: int) -> float:
    return 3 * math.sqrt(p * (1 - p) / n)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("distance", [0.0, 0.2, 1.0])
def test_two_normals_are_in_order_as_often_as_their_difference_says(rho: float, distance: float) -> None:
    """P(a < b) = Phi(delta / sigma) with sigma^2 = 2 s^2 (1 - rho)."""
    n, s = 20_000, 0.5
    errors = np.random.default_rng(3).multivariate_normal([0, 0], s**2 * np.array([[1, rho], [rho, 1]]), n).T
    expected = float(norm.cdf(distance / (s * math.sqrt(2 * (1 - rho)))))
    found = share_before(errors[0], distance + errors[1])
    assert found == pytest.approx(expected, abs=three_errors(expected, n))


@pytest.mark.parametrize("se", [0.1, 1.0, 10.0])
def test_standard_errors_are_independent_between_candidates(se: float) -> None:
    table = sample_table([Known("a", 0.0, se=se), Known("b", 0.7, se=se)])
    expected = float(norm.cdf(0.7 / (se * math.sqrt(2))))
    assert share_before(table[0], table[1]) == pytest.approx(expected, abs=three_errors(expected, DRAWS))
    assert abs(np.mean(table[0] * (table[1] - 0.7))) < 3 * se**2 / math.sqrt(DRAWS)


@pytest.mark.parametrize("size", [0.1, 10.0, 1e4])
def test_an_error_that_all_share_changes_no_order_however_large(size: float) -> None:
    means = {f"c{i}": 0.25 * i for i in range(6)}
    shared = np.random.default_rng(1).normal(0, size, DRAWS)
    found = placed(means, np.tile(shared, (6, 1)))
    assert list(found.values()) == [Standing(i, i, i, i) for i in range(1, 7)]


def test_the_same_errors_each_on_its_own_leave_no_order() -> None:
    means = {f"c{i}": 0.25 * i for i in range(6)}
    found = placed(means, np.random.default_rng(1).normal(0, 10.0, (6, DRAWS)))
    assert {one.rank for one in found.values()} == {1}
    assert all(one.tied and one.low <= 2 and one.high >= 5 for one in found.values())
    assert [one.place for one in found.values()] == [1, 2, 3, 4, 5, 6], "the order stays that of the values"


@pytest.mark.parametrize("certain", [CERTAIN - 0.02, CERTAIN + 0.02])
def test_a_rank_is_shared_below_the_threshold_and_not_above(certain: float) -> None:
    distance = float(norm.ppf(certain)) * math.sqrt(2)
    means = {"a": 0.0, "b": distance}
    quantiles = norm.ppf((np.arange(44) + 0.5) / 44)
    first, second = np.meshgrid(quantiles, quantiles)
    found = placed(means, np.array([first.ravel(), second.ravel()]))
    expected = (1, 1) if certain < CERTAIN else (1, 2)
    assert (found["a"].rank, found["b"].rank) == expected
    assert found["a"].tied == found["b"].tied == (certain < CERTAIN)


def test_groups_are_measured_from_their_first() -> None:
    """Neighbours 0.45 deviations of their difference apart: nobody is told from the next, the fourth from the first."""
    errors = np.random.default_rng(5).normal(0, 1 / math.sqrt(2), (5, DRAWS))
    found = placed({f"c{i}": 0.45 * i for i in range(5)}, errors)
    assert [float(norm.cdf(0.45 * i)) < CERTAIN for i in range(4)] == [True, True, True, False]
    assert [one.rank for one in found.values()] == [1, 1, 1, 4, 4]


def test_an_interval_holds_the_rank_of_the_truth_as_often_as_it_says() -> None:
    """The truth is one more draw of the errors: of 400 the interval holds at least 68 %, less three errors."""
    generator, hits = np.random.default_rng(11), 0
    for trial in range(100):
        seen = generator.normal(0, 1, 4)
        truth, errors = seen + generator.normal(0, 0.7, 4), generator.normal(0, 0.7, (4, 300))
        found = placed({f"t{trial}-{i}": float(x) for i, x in enumerate(seen)}, errors)
        ranks = truth.argsort().argsort() + 1
        hits += sum(one.low <= rank <= one.high for one, rank in zip(found.values(), ranks, strict=True))
    assert hits / 400 > 0.68 - three_errors(0.68, 400)


def test_without_errors_every_candidate_has_a_rank_of_its_own() -> None:
    found = placed({"b": 1.0, "a": 1.0, "c": 0.5})
    assert found == {"b": Standing(3, 3, 3, 3), "a": Standing(2, 2, 2, 2), "c": Standing(1, 1, 1, 1)}


def test_those_that_never_have_a_value_share_the_last_rank() -> None:
    table = np.array([[1.0, 2.0, 3.0], [math.inf] * 3, [math.inf] * 3])
    found = standings(documents({"a": 1.0, "b": 900.0, "c": 900.0}), LOW, {"q": table})
    assert [(one.rank, one.low, one.high) for one in found if one] == [(1, 1, 1), (2, 2, 3), (2, 2, 3)]


def test_one_without_a_value_comes_last_and_one_that_failed_nowhere() -> None:
    means: dict[str, float | None] = {"a": 1.0, "b": 2.0, "none": None, "lost": 0.0}
    given = documents(means)
    given[3] = given[3].model_copy(update={"status": "failed"})
    table = sample_table([Known(name, mean, se=5.0) for name, mean in means.items()])
    found = standings(given, LOW, {"q": table})
    assert found[3] is None
    assert found[2] == Standing(3, 3, 3, 3)
    assert found[0] is not None
    assert (found[0].rank, found[0].high) == (1, 2), "the failed one takes no rank from the others"


def test_two_objectives_are_drawn_together() -> None:
    """The same error in both: b, worse in both by less than it, never comes before a."""
    shared = np.random.default_rng(2).normal(0, 5.0, DRAWS)
    both = [Objective("q", maximize=False), Objective("r", maximize=True)]
    given = [candidate("a", {"q": 0.0, "r": 1.0}), candidate("b", {"q": 0.1, "r": 0.9})]
    tables = {"q": np.array([shared, 0.1 + shared]), "r": np.array([1.0 - shared, 0.9 - shared])}
    assert standings(given, both, tables) == [Standing(1, 1, 1, 1), Standing(2, 2, 2, 2)]
    tables["r"] = np.array([1.0 - shared, 0.9 - shared[::-1]])
    found = standings(given, both, tables)
    assert [one.rank for one in found if one] == [1, 1]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=2, max_size=8, unique=True), st.integers(0, 2**32 - 1))
def test_standings_do_not_depend_on_the_order_of_the_candidates(values: list[int], seed: int) -> None:
    means = {f"c{value}": float(value) for value in values}
    shuffled = dict(random.Random(seed).sample(sorted(means.items()), len(means)))
    assert placed(means, se=3.0) == placed(shuffled, se=3.0)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20), min_size=2, max_size=8), st.floats(0.01, 30))
def test_ranks_are_those_of_a_competition(values: list[int], se: float) -> None:
    found = sorted(placed({f"c{i}": float(v) for i, v in enumerate(values)}, se=se).values(), key=lambda s: s.place)
    assert [one.place for one in found] == list(range(1, len(values) + 1))
    for one, before in zip(found[1:], found, strict=False):
        assert one.rank in (before.rank, one.place)
    assert all(1 <= one.low <= one.high <= len(values) for one in found)


def test_what_a_candidate_has_of_its_own_is_seeded_by_its_id() -> None:
    """Three numbers written down: the same on every machine."""
    written = [1.254181356168537, -0.4801381524302987, -0.5815884666580867]
    assert own_errors("layered-o3-02c5b264c3", "mixing_enthalpy", 3) == pytest.approx(written, abs=1e-12)
    assert not np.allclose(own_errors("a", "q", 3), own_errors("b", "q", 3))
    assert not np.allclose(own_errors("a", "q", 3), own_errors("a", "r", 3))


def test_few_draws_of_many_candidates() -> None:
    assert [draws_for(n) for n in (0, 6, 250, 1000, 10_000)] == [2000, 2000, 2000, 500, 200]


def test_fewest_draws_are_taken_and_nothing_is_made_up() -> None:
    table = sample_table([Known("a", 1.0, np.arange(5.0)), Known("b", 2.0, np.arange(9.0)), Known("c", None)])
    assert table.shape == (3, 5)
    assert np.isnan(table[2]).all()
    assert is_uncertain(table)
    assert not is_uncertain(sample_table([Known("a", 1.0), Known("c", None)]))
