"""Gaussian processes against an independent implementation, limits, and what was left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hebe.exceptions import BadInputError
from hebe.science.learning.bounds import KNOWN, Bounded, bounded, spread_points
from hebe.science.learning.gaussian_process import Parameters, Process, _Problem, fit
from hebe.science.learning.held_out import calibrated, folds_of, learning_curve, leave_out, widening
from hebe.science.learning.linked import link
from support.mixture_truth import SEVEN, Described, sodium_space


@pytest.fixture(scope="module")
def described() -> Described:
    return Described(sodium_space(SEVEN, "3..5", 12))


def points_of(described: Described, n: int, seed: int = 0, noise: float = 0.1) -> Process:
    rows = described.space.sample(n, seed)
    values = described.truth(rows, seed)
    errors = np.full(n, noise * values.std())
    values = values + errors * np.random.default_rng(seed).normal(size=n)
    return fit(described.table(rows), values, errors)


def test_the_mean_and_deviation_are_those_of_solving_the_whole_system() -> None:
    """Rasmussen and Williams, equations 2.23 and 2.24, written with plain inverses."""
    rng = np.random.default_rng(1)
    points, rows, y = rng.normal(size=(12, 3)), rng.normal(size=(4, 3)), rng.normal(size=12)
    noise = rng.uniform(0.1, 0.3, size=12)
    found = Process(points, y, noise, Parameters(0.7, 1.3, 0.05, np.array([0.2, 0.9, 0.4])), factor=1.5)

    def k(a: np.ndarray, b: np.ndarray) -> float:
        p, q = a * [0.2, 0.9, 0.4], b * [0.2, 0.9, 0.4]
        return float(0.7 * (1 + p @ q) + 1.3 * math.exp(-0.5 * np.sum((p - q) ** 2)))

    width = y.std()
    K = np.array([[k(a, b) for b in points] for a in points]) + np.diag((noise / width) ** 2 + 0.05)
    means, sds = found.predict(rows)
    for at, row in enumerate(rows):
        c = np.array([k(row, a) for a in points])
        assert means[at] == pytest.approx(y.mean() + c @ np.linalg.inv(K) @ (y - y.mean()))
        variance = k(row, row) - c @ np.linalg.inv(K) @ c
        assert sds[at] == pytest.approx(1.5 * width * math.sqrt(variance))
    assert np.diag(found.cross(rows, rows)) == pytest.approx(sds**2)


def test_the_gradient_is_that_of_differences() -> None:
    rng = np.random.default_rng(2)
    problem = _Problem(rng.normal(size=(15, 4)), rng.normal(size=15), np.full(15, 0.02))
    at = problem.start(0.4) + 0.3 * rng.normal(size=7)
    _, gradient = problem.cost(at)
    steps = 1e-5 * np.eye(7)
    numeric = [(problem.cost(at + step)[0] - problem.cost(at - step)[0]) / 2e-5 for step in steps]
    assert gradient == pytest.approx(numeric, abs=1e-5)


def test_points_without_noise_are_met_and_far_away_nothing_is_known() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(8, 2))
    sharp = Process(points, rng.normal(size=8), np.zeros(8), Parameters(1e-9, 1.0, 1e-9, np.ones(2)))
    means, sds = sharp.predict(points)
    assert means == pytest.approx(sharp.values, abs=1e-6)
    assert sds == pytest.approx(0.0, abs=1e-3)
    far = np.full((1, 2), 50.0)
    assert sharp.predict(far)[0] == pytest.approx(sharp.values.mean(), abs=1e-4)
    assert sharp.novelty(far) == pytest.approx(1.0, abs=1e-4)
    assert sharp.novelty(points) == pytest.approx(0.0, abs=1e-6)


def test_it_learns_a_mixture_better_than_its_mean(described: Described) -> None:
    found, rows = points_of(described, 60), described.space.sample(500, 99)
    misses = found.predict(described.table(rows))[0] - described.truth(rows, 0)
    assert np.sqrt(np.mean(misses**2)) < 0.25 * described.truth(rows, 0).std()


def test_the_same_data_give_the_same_fit_in_any_unit(described: Described) -> None:
    found = points_of(described, 30)
    again = fit(found.points, 1000 * found.values + 5, 1000 * found.noise)
    assert again.parameters.logarithms == pytest.approx(found.parameters.logarithms)
    table = described.table(described.space.sample(20, 5))
    (means, sds), (others, wider) = found.predict(table), again.predict(table)
    assert others == pytest.approx(1000 * means + 5)
    assert wider == pytest.approx(1000 * sds)


@pytest.mark.parametrize("values", ["same", "line", "noise", "outlier", "twins"])
def test_any_values_can_be_fitted(values: str) -> None:
    """Values that are all the same, a plain line, nothing but noise, one that is far off, points that are the same."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 12))
    y = {"same": np.full(30, 3.0), "line": 1e4 * points[:, 0], "noise": rng.normal(size=30)}.get(values, points[:, 1])
    if values == "outlier":
        y = np.append(y[:-1], 1e6)
    if values == "twins":
        points, y = np.repeat(points[:3], 10, axis=0), np.repeat(y[:3], 10)
    found = fit(points, y, np.zeros(30))
    means, sds = found.predict(points)
    assert np.isfinite(means).all()
    assert np.isfinite(sds).all()
    assert leave_out(found, range(30)) is not None
    if values in ("same", "line", "twins"):
        assert means == pytest.approx(y, abs=0.05 * (y.std() or 1.0))


def test_too_few_points_are_refused() -> None:
    with pytest.raises(BadInputError, match="4 candidates have a value"):
        fit(np.zeros((4, 1)), np.zeros(4), np.zeros(4))


def test_bounds_have_the_exact_mean_and_never_too_small_a_deviation(described: Described) -> None:
    found = points_of(described, 120)
    table = described.table(described.space.sample(2000, 7))
    (means, sds), (quick, upper) = found.predict(table), Bounded(found).predict(table)
    assert quick == pytest.approx(means, abs=1e-9)
    assert (upper >= sds).all()
    assert np.median(upper / sds) < 2.0, "a bound that says little saves nothing"


def test_a_bound_from_all_points_is_the_deviation(described: Described) -> None:
    found = points_of(described, KNOWN - 8)
    table = described.table(described.space.sample(200, 7))
    assert Bounded(found).predict(table)[1] == pytest.approx(found.predict(table)[1], rel=1e-4)


def test_spread_points_are_each_once_and_twins_come_late() -> None:
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(size=(6, 2)) * 3, np.zeros((6, 2)) + 0.01 * rng.normal(size=(6, 2))])
    found = Process(points, rng.normal(size=12), np.full(12, 0.01), Parameters(0.01, 1.0, 1e-4, np.ones(2)))
    order = spread_points(found, 7)
    assert sorted(order.tolist()) == list(range(12))
    assert sum(at >= 6 for at in order[:7]) == 1


def test_groups_stay_together_and_parts_are_even() -> None:
    groups = [f"g{number % 7}" for number in range(70)]
    parts = folds_of(groups, 5)
    for name in set(groups):
        assert len({int(p) for p, g in zip(parts, groups, strict=True) if g == name}) == 1
    assert sorted(np.bincount(parts).tolist()) == [10, 10, 10, 20, 20]
    assert len(set(folds_of(["a"] * 12).tolist())) == 10, "one group alone leaves candidates out one by one"


def test_left_out_intervals_hold_what_they_say(described: Described) -> None:
    """Coverage of left-out points over several truths, elements together."""
    inside, total = {"50": 0.0, "90": 0.0}, 0
    for seed in range(4):
        found = points_of(described, 60, seed)
        rows = described.space.sample(60, seed)
        held = leave_out(found, [tuple(row > 0) for row in rows])
        assert held is not None
        total += 60
        for level in inside:
            inside[level] += 60 * held.coverage(level, held.factor)
    assert 0.85 <= inside["90"] / total <= 0.97
    assert 0.42 <= inside["50"] / total <= 0.65


def test_errors_that_nobody_knows_are_those_of_the_scatter(described: Described) -> None:
    """Noise of 0.3 of the spread that is not told: what is seen at a left-out point is off by about that."""
    rows = described.space.sample(150, 4)
    truth = described.truth(rows, 0)
    off = 0.3 * truth.std()
    values = truth + off * np.random.default_rng(4).normal(size=150)
    process = fit(described.table(rows), values, np.zeros(150))
    held = leave_out(process, range(150))
    assert held is not None
    assert np.median(held.errors) == pytest.approx(off, rel=0.3)


def test_intervals_that_are_too_narrow_are_widened() -> None:
    rng = np.random.default_rng(5)
    misses = 3.0 * rng.normal(size=400)
    assert widening(misses, np.ones(400), np.zeros(400)) == pytest.approx(3.0, rel=0.1)
    assert widening(misses / 30, np.ones(400), np.zeros(400)) == 1.0
    assert 1.0 < widening(misses[:3], np.full(3, 1.5), np.zeros(3)) < 2.5, "few points tell little"


def test_widened_predictions_are_wider_by_the_factor(described: Described) -> None:
    found = points_of(described, 30)
    held = leave_out(found, range(30))
    assert held is not None
    table = described.table(described.space.sample(5, 3))
    assert calibrated(found, held).predict(table)[1] == pytest.approx(held.factor * found.predict(table)[1])


def test_errors_fall_with_the_number_of_candidates(described: Described) -> None:
    curve = learning_curve(points_of(described, 100))
    assert [one.n for one in curve] == [8, 16, 32, 64]
    assert curve[-1].rmse < 0.5 * curve[0].rmse


def test_dear_values_are_an_offset_of_the_cheap_ones_where_they_are_few(described: Described) -> None:
    """Known slope and offset: both fidelities are the same truth, one of them scaled and moved."""
    cheap = points_of(described, 80)
    rows = described.space.sample(12, 77)
    table, truth = described.table(rows), described.truth(rows, 0)
    spread = truth.std()
    found = link(cheap, table, 1.1 * truth + 3 * spread, np.full(12, 0.01 * spread))
    others = described.space.sample(300, 8)
    wanted = 1.1 * described.truth(others, 0) + 3 * spread
    means, sds = found.predict(described.table(others))
    assert found.slope == pytest.approx(1.1, abs=0.1)
    assert np.sqrt(np.mean((means - wanted) ** 2)) < 0.3 * spread
    assert np.mean(np.abs(means - wanted) < 1.645 * sds) > 0.8
    alone = fit(table, 1.1 * truth + 3 * spread, np.full(12, 0.01 * spread))
    assert np.mean((means - wanted) ** 2) < np.mean((alone.predict(described.table(others))[0] - wanted) ** 2)


def test_links_are_the_joint_process_of_both_fidelities(described: Described) -> None:
    """Kennedy and O'Hagan's covariance of all values together, written with plain inverses."""
    cheap = replace(points_of(described, 25), factor=1.3)
    table, others = (described.table(described.space.sample(n, n)) for n in (8, 20))
    values = 1.2 * cheap.predict(table)[0] + 0.1 * cheap.width * np.random.default_rng(0).normal(size=8)
    noise = np.full(8, 0.02 * cheap.width)
    found = link(cheap, table, values, noise)
    s, own, points = found.slope, found.own, cheap.points
    low = np.diag(cheap.errors) * (cheap.width * cheap.factor) ** 2
    dear = np.diag(noise**2 + own.scatter**2)
    K = np.block(
        [
            [cheap.prior(points, points) + low, s * cheap.prior(points, table)],
            [s * cheap.prior(table, points), s**2 * cheap.prior(table, table) + own.prior(table, table) + dear],
        ]
    )
    k = np.hstack([s * cheap.prior(others, points), s**2 * cheap.prior(others, table) + own.prior(others, table)])
    left = np.concatenate([cheap.values - cheap.middle, values - s * cheap.middle - own.middle])
    means, sds = found.predict(others)
    assert means == pytest.approx(s * cheap.middle + own.middle + k @ np.linalg.solve(K, left), rel=1e-6)
    full = s**2 * cheap.prior(others, others) + own.prior(others, others) - k @ np.linalg.solve(K, k.T)
    assert sds == pytest.approx(np.sqrt(np.diag(full)), rel=1e-5)
    assert (found.predict(table)[1] <= np.sqrt(noise**2 + own.scatter**2) * (1 + 1e-9)).all(), "they were measured"


def test_links_have_bounds_and_covariances(described: Described) -> None:
    cheap = points_of(described, 80)
    rows = described.space.sample(10, 77)
    found = link(cheap, described.table(rows), described.truth(rows, 1), np.full(10, 0.1))
    table = described.table(described.space.sample(300, 8))
    (means, sds), (quick, upper) = found.predict(table), bounded(found).predict(table)
    assert quick == pytest.approx(means, abs=1e-9)
    assert (upper >= sds).all()
    assert np.diag(found.cross(table[:20], table[:20])) == pytest.approx(sds[:20] ** 2)


def test_too_few_dear_values_are_refused(described: Described) -> None:
    with pytest.raises(BadInputError, match="too few to be linked"):
        link(points_of(described, 20), np.zeros((4, 12)), np.zeros(4), np.zeros(4))
