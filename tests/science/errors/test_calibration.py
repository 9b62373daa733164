"""The posterior of the errors of pairs: limits, another way to the same answer, residuals, which cells to compute."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import chi2

from hebe.science.errors.calibration import Residual, calibrated, joint_prior, residual_scale
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.pair_fit import Difference
from hebe.science.errors.small_cells import SmallCell, choose_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

IONS = ("Al3+", "Co3+", "Cr3+", "Fe3+", "Mn3+", "V3+")
PAIRS = [" ".join(pair) for pair in combinations(IONS, 2)]
PRIOR = EntryErrors(bias=-0.1, sd=0.2, remainder=0.01, phase_bias=0.001, phase_sd=0.004, freedom=12.0)


def rows(seed: int, sd: float, n: int = 10, bias: float = -0.1, remainder: float = 0.01) -> list[Difference]:
    """Cells half and half, with a known truth."""
    generator = np.random.default_rng(seed)
    left = {name: remainder * generator.standard_normal() for name in (*IONS, *PAIRS)}
    found = []
    for pair in PAIRS[:n]:
        one, other = pair.split()
        members = {pair: 1.0, one: -0.5, other: -0.5}
        value = 0.25 * (bias + sd * generator.standard_normal()) + sum(w * left[name] for name, w in members.items())
        found.append(Difference(pair, value, {pair: 0.25}, members))
    return found


def test_the_posterior_is_that_of_the_scales_drawn_at_random() -> None:
    """By importance sampling of both scales, with the posterior of each sample by conditioning one joint normal."""
    found = calibrated(PRIOR, rows(1, 0.2), pairs=PAIRS).errors
    mean, covariance, bias = sampled(PRIOR, rows(1, 0.2), 4000)
    freedom = found.freedom or 0.0
    assert freedom == 22
    assert found.mean == pytest.approx(mean, abs=0.004)
    assert found.bias == pytest.approx(bias, abs=0.004)
    assert found.covariance * freedom / (freedom - 2) == pytest.approx(covariance, abs=0.0015)


def sampled(prior: EntryErrors, cells: Sequence[Difference], n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Mean and covariance of pairs, and the bias."""
    generator = np.random.default_rng(0)
    members = sorted({name for row in cells for name in row.members})
    terms = np.array([[0.0, *(row.terms.get(name, 0.0) for name in PAIRS)] for row in cells])
    held = np.array([[row.members.get(name, 0.0) for name in members] for row in cells])
    values = np.array([row.value for row in cells])
    first, joint = joint_prior(prior, PAIRS)
    logs, means, squares = [], [], []
    for a, c in prior.freedom / generator.chisquare(prior.freedom, (n, 2)):  # type: ignore[operator, arg-type]
        total = a * terms @ joint @ terms.T + c * prior.remainder**2 * held @ held.T
        gain = a * joint @ terms.T @ np.linalg.inv(total)
        off = values - terms @ first
        logs.append(-0.5 * off @ np.linalg.solve(total, off) - 0.5 * np.linalg.slogdet(total)[1])
        means.append(first + gain @ off)
        squares.append(a * joint - gain @ terms @ (a * joint) + np.outer(means[-1], means[-1]))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    mean = weights @ np.array(means)
    covariance = np.einsum("n,nij->ij", weights, np.array(squares)) - np.outer(mean, mean)
    return mean[1:], covariance[1:, 1:], float(mean[0])


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_spreads_follow_the_cells_where_little_is_documented(factor: float) -> None:
    vague = replace(PRIOR, freedom=4.0)
    sds = [calibrated(vague, rows(seed, factor * PRIOR.sd, 15)).errors.sd for seed in range(12)]
    assert np.mean(sds) == pytest.approx(factor * PRIOR.sd, rel=0.5)


def test_cells_that_are_all_off_one_way_move_pairs_without_data() -> None:
    found = calibrated(PRIOR, rows(2, 0.02, bias=0.2, remainder=0.001)).errors
    assert found.bias > PRIOR.bias + 0.1
    new = calibrated(PRIOR, rows(2, 0.02, bias=0.2, remainder=0.001), pairs=["Sc3+ Y3+"]).errors
    assert new.mean[new.pairs.index("Sc3+ Y3+")] == pytest.approx(found.bias)


def test_a_documented_bias_is_as_sure_as_it_says() -> None:
    cells = rows(2, 0.02, bias=0.2, remainder=0.001)
    sure, vague = (calibrated(replace(PRIOR, bias_sd=sd), cells).errors for sd in (0.001, 0.3))
    assert sure.bias == pytest.approx(PRIOR.bias, abs=0.01)
    assert vague.bias == pytest.approx(0.2, abs=0.05)
    assert vague.bias_sd < 0.1


def test_a_pair_that_was_measured_is_known_but_for_the_remainder() -> None:
    cells = rows(3, 0.2, remainder=1e-6)
    found = calibrated(replace(PRIOR, remainder=1e-5), cells).errors
    for row in cells:
        number = found.pairs.index(row.cell)
        assert found.mean[number] == pytest.approx(row.value / 0.25, abs=1e-3)
        assert found.covariance[number, number] < 1e-6


def test_documented_pairs_start_from_their_own_values() -> None:
    known = replace(PRIOR, pairs=("Al3+ Co3+",), mean=np.array([0.5]), covariance=np.array([[1e-8]]))
    found = calibrated(known, rows(4, 0.2)[1:]).errors
    assert found.mean[found.pairs.index("Al3+ Co3+")] == pytest.approx(0.5, abs=1e-3)
    assert (found.phase_bias, found.phase_sd, found.source) == (0.001, 0.004, "calibrated")


def test_predictions_cover_cells_that_were_kept_aside() -> None:
    scores = []
    for seed in range(60):
        for one in calibrated(PRIOR, rows(seed, 0.2, 12), n_illustration=3).residuals[-3:]:
            assert one.kept
            scores.append((one.measured - one.predicted) / one.sd)
    assert np.mean(np.square(scores)) == pytest.approx(1.0, abs=4 * math.sqrt(2 / 180))


def test_a_cell_is_left_out_of_its_own_prediction() -> None:
    """Moving one value does not move its own prediction much, only through the scales."""
    cells = rows(5, 0.2)
    moved = [replace(cells[0], value=cells[0].value + 1e-4), *cells[1:]]
    before, after = (calibrated(PRIOR, one).residuals[0] for one in (cells, moved))
    assert after.measured - before.measured == pytest.approx(1e-4)
    assert abs(after.predicted - before.predicted) < 1e-5


def test_the_interval_of_the_scale_is_chi_square() -> None:
    residuals = [Residual(str(i), 0.1 if i % 2 else -0.1, 0.0, 0.1) for i in range(10)]
    scale, (low, high) = residual_scale(residuals)
    assert scale == pytest.approx(1.0)
    assert low == pytest.approx(math.sqrt(10 / chi2.ppf(0.9, 10)))
    assert high == pytest.approx(math.sqrt(10 / chi2.ppf(0.1, 10)))
    assert (high - low) / (2 * 1.2816) == pytest.approx(0.22, abs=0.05)  # sd 1 / sqrt(2 n) at n = 10


def test_errors_are_widened_only_beyond_the_bound() -> None:
    """Documented freedom so high that the scale cannot follow the cells."""
    sure = replace(PRIOR, freedom=1e4)
    fine, off = (calibrated(sure, rows(6, sd)) for sd in (0.2, 1.0))
    assert fine.scale_interval[0] <= 1
    assert "widened" not in fine.note
    assert off.scale_interval[0] > 1
    assert "widened" in off.note
    assert off.errors.sd == pytest.approx(fine.errors.sd * off.scale, rel=0.1)


def test_one_cell_is_no_calibration() -> None:
    with pytest.raises(ValueError, match="two cells"):
        calibrated(PRIOR, rows(0, 0.2, 3), n_illustration=2)


def small(names: Sequence[str] = PAIRS, costs: dict[str, float] | None = None) -> list[SmallCell]:
    found = []
    for pair in names:
        one, other = pair.split()
        cost = (costs or {}).get(pair, 1.0)
        vertices = {one: 0.0, other: 0.0} if costs is None else {one: 5.0, other: 5.0}
        found.append(SmallCell(pair, {pair: 0.25}, {pair: 1.0, one: -0.5, other: -0.5}, cost, vertices))
    return found


def test_cells_are_chosen_where_candidates_differ() -> None:
    targets = [{"Al3+ Co3+": 0.1, "Fe3+ Mn3+": 0.2}, {"Al3+ Co3+": 0.1, "Fe3+ Mn3+": -0.1}]
    chosen = choose_cells(small(), targets, PRIOR, 2)
    assert small()[chosen[0]].name == "Fe3+ Mn3+"
    assert len(chosen) == 2


def test_the_first_choice_is_the_best_of_all_and_ties_go_by_name() -> None:
    generator = np.random.default_rng(7)
    targets = [dict(zip(PAIRS, generator.normal(0, 0.1, 15).tolist(), strict=True)) for _ in range(4)]
    best = min(range(15), key=lambda i: left_over(targets, [i]))
    assert choose_cells(small(), targets, PRIOR, 1) == [best]
    level = [dict.fromkeys(PAIRS, 0.1), {}]
    assert choose_cells(small()[::-1], level, PRIOR, 1) == [14]


def test_chosen_cells_leave_less_than_cells_at_random() -> None:
    generator = np.random.default_rng(8)
    for _ in range(5):
        targets = [dict(zip(PAIRS, generator.normal(0, 0.1, 15).tolist(), strict=True)) for _ in range(4)]
        chosen = choose_cells(small(), targets, PRIOR, 5)
        random = [left_over(targets, generator.choice(15, 5, replace=False).tolist()) for _ in range(20)]
        assert left_over(targets, chosen) < np.quantile(random, 0.1)


def left_over(targets: Sequence[dict[str, float]], chosen: Sequence[int]) -> float:
    """Sum of the variances of all differences, by conditioning the joint normal in one step."""
    members = sorted({name for cell in small() for name in cell.members})
    _, pairs = joint_prior(PRIOR, PAIRS)
    joint = np.zeros((16 + len(members), 16 + len(members)))
    joint[:16, :16], joint[16:, 16:] = pairs, PRIOR.remainder**2 * np.eye(len(members))
    measured = np.array(
        [[0, *(c.terms.get(p, 0) for p in PAIRS), *(c.members.get(m, 0) for m in members)] for c in small()], float
    )[list(chosen)]
    gain = joint @ measured.T @ np.linalg.inv(measured @ joint @ measured.T)
    after = joint - gain @ measured @ joint
    wanted = np.array([[0, *(t.get(p, 0) for p in PAIRS), *(0 for _ in members)] for t in targets], float)
    return float(sum((a - b) @ after @ (a - b) for a, b in combinations(wanted, 2)))


def test_a_dear_cell_gives_way_and_a_vertex_is_paid_once() -> None:
    targets = [{"Al3+ Co3+": 0.2, "Fe3+ Mn3+": 0.19, "Al3+ Cr3+": 0.17}, {}]
    dear = {"Al3+ Co3+": 1.0, "Fe3+ Mn3+": 200.0, "Al3+ Cr3+": 1.0}
    names = sorted(dear)
    chosen = [names[i] for i in choose_cells(small(names, dear), targets, PRIOR, 3)]
    assert chosen == ["Al3+ Co3+", "Al3+ Cr3+", "Fe3+ Mn3+"]
    assert small(names, dear)[1].left_to_pay({"Al3+"}) == 6.0


def test_without_targets_all_pairs_count() -> None:
    assert len(choose_cells(small(), [], PRIOR, 4)) == 4
