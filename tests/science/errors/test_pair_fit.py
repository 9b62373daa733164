"""Errors per pair of ions: a known truth, the gauge of mixed valence, and leaving one out."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.science.errors.mixing_cells import pair_terms, second_difference
from hebe.science.errors.pair_fit import (
    BIAS_SD,
    Difference,
    Spread,
    fit_pairs,
    leave_one_out,
    posterior,
    standardised_spread,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IONS = ("Al3+", "Co3+", "Cr3+", "Fe3+", "Ga3+", "Mn3+", "Sc3+", "V3+", "In3+", "Y3+", "Ti3+", "Ni3+")
SPREAD = Spread(0.2, 0.02)


def isovalent(
    w: Mapping[str, float], pairs: Sequence[tuple[str, str]], remainder: Mapping[str, float]
) -> list[Difference]:
    """Cells half and half of two ions of one charge, with known errors."""
    found = []
    for one, other in pairs:
        name = f"{one} {other}"
        value = w[name] / 4 + remainder[name] - (remainder[one] + remainder[other]) / 2
        found.append(Difference(name, value, {name: 0.25}, {name: 1.0, one: -0.5, other: -0.5}))
    return found


def truth(seed: int, bias: float, sd: float, remainder: float) -> tuple[dict[str, float], list[Difference]]:
    """Pairs drawn from a normal distribution, and the differences that follow."""
    generator = np.random.default_rng(seed)
    pairs = list(combinations(sorted(IONS), 2))
    names = [f"{one} {other}" for one, other in pairs]
    w = dict(zip(names, generator.normal(bias, sd, len(names)), strict=True))
    left = dict(zip([*names, *IONS], generator.normal(0, remainder, len(names) + len(IONS)), strict=True))
    return w, isovalent(w, pairs, left)


def test_a_known_truth_is_found_again() -> None:
    w, found = truth(1, 0.3, 0.15, 0.004)
    errors = fit_pairs(found)
    assert errors.bias == pytest.approx(0.3, abs=3 * 0.15 / math.sqrt(66))
    assert errors.spread.pairs == pytest.approx(0.15, rel=0.25)
    assert errors.spread.remainder < 0.02
    off = [
        (w[name] - mean) / sd
        for name, mean, sd in zip(errors.names, errors.mean, np.sqrt(np.diag(errors.covariance)), strict=True)
    ]
    assert np.mean(np.square(off)) < 2
    assert np.corrcoef([w[name] for name in errors.names], errors.mean)[0, 1] > 0.9


def test_bias_and_spread_cover_the_truth_as_often_as_they_say() -> None:
    scores = []
    for seed in range(60):
        _, found = truth(seed, -0.1, 0.2, 0.02)
        errors = fit_pairs(found[:: len(found) // 12])
        scores.append((errors.bias + 0.1) / errors.bias_sd)
    inside = np.mean(np.abs(scores) < 1)
    assert inside == pytest.approx(0.68, abs=4 * math.sqrt(0.68 * 0.32 / 60))


def test_leaving_one_out_is_conditioning_on_the_others() -> None:
    """Cells that share vertices: the joint normal distribution, written out, given all other values."""
    _, found = truth(3, 0.1, 0.2, 0.02)
    cells = found[:9]
    values = np.array([one.value for one in cells])
    joint = np.array([[_covariance(one, other) for other in cells] for one in cells])
    for number, (residual, predicted) in enumerate(leave_one_out(cells, SPREAD)):
        rest = [n for n in range(len(cells)) if n != number]
        weights = np.linalg.solve(joint[np.ix_(rest, rest)], joint[rest, number])
        assert residual == pytest.approx(values[number] - weights @ values[rest], abs=1e-9)
        assert predicted**2 == pytest.approx(joint[number, number] - weights @ joint[rest, number], rel=1e-6)


def _covariance(one: Difference, other: Difference) -> float:
    pairs = sum(value * other.terms.get(name, 0.0) for name, value in one.terms.items())
    common = sum(one.terms.values()) * sum(other.terms.values())
    shared = sum(value * other.members.get(name, 0.0) for name, value in one.members.items())
    return SPREAD.pairs**2 * pairs + BIAS_SD**2 * common + SPREAD.remainder**2 * shared


def test_leaving_one_out_without_shared_vertices() -> None:
    generator = np.random.default_rng(5)
    cells = [
        Difference(f"cell {n}", float(generator.normal(0, 0.1)), dict(zip("abc", row, strict=True)), {f"cell {n}": 1.0})
        for n, row in enumerate(generator.normal(0, 0.2, (8, 3)).tolist())
    ]
    for number, (residual, predicted) in enumerate(leave_one_out(cells, SPREAD)):
        others = posterior([one for one in cells if one is not cells[number]], SPREAD)
        mean, sd = others.predicted(cells[number].terms, cells[number].members)
        assert residual == pytest.approx(cells[number].value - mean, abs=1e-12)
        assert predicted == pytest.approx(sd, rel=1e-9)


def test_without_remainder_a_pair_that_was_measured_is_known_exactly() -> None:
    cells = [Difference("one", 0.05, {"a": 0.25}, {"one": 1.0}), Difference("two", -0.02, {"b": 0.25}, {"two": 1.0})]
    errors = posterior(cells, Spread(0.3, 1e-6))
    assert dict(zip(errors.names, errors.mean, strict=True)) == pytest.approx({"a": 0.2, "b": -0.08}, abs=1e-6)
    assert errors.predicted({"a": 0.1}, {})[1] < 1e-5
    mean, sd = errors.predicted({"new": 0.25}, {})
    assert mean == pytest.approx(0.25 * errors.bias)
    assert sd == pytest.approx(0.25 * math.hypot(0.3, errors.bias_sd))


def test_two_ions_in_equal_parts_are_the_posterior_by_hand() -> None:
    """One pair, one cell: a scalar Gaussian."""
    cells = [Difference("one", 0.06, {"a": 0.25}, {"one": 1.0})]
    errors = posterior(cells, Spread(0.2, 0.03))
    prior = 0.2**2 + 0.5**2
    assert errors.mean[0] == pytest.approx(0.25 * prior * 0.06 / (0.25**2 * prior + 0.03**2))
    assert errors.covariance[0, 0] == pytest.approx(1 / (1 / prior + 0.25**2 / 0.03**2))


def test_terms_of_neutral_cells_do_not_see_the_gauge() -> None:
    """``w_ij -> w_ij + (c_i - c_j) (q_j - q_i)`` changes no difference of members of one charge."""
    third, half = Fraction(1, 3), Fraction(1, 2)
    cell = pair_terms({"TM": {"Ni2+": third, "Fe3+": third, "Ti4+": third}})
    vertices = [
        (third, pair_terms({"TM": {"Fe3+": Fraction(1)}})),
        (2 * third, pair_terms({"TM": {"Ni2+": half, "Ti4+": half}})),
    ]
    terms = second_difference(cell, [(float(n), part) for n, part in vertices])
    charge, c = {"Ni2+": 2, "Fe3+": 3, "Ti4+": 4}, {"Ni2+": 0.7, "Fe3+": -0.2, "Ti4+": 1.9}
    moved = 0.0
    for pair, value in terms.items():
        one, other = pair.split()
        moved += value * (c[one] - c[other]) * (charge[other] - charge[one])
    assert moved == pytest.approx(0, abs=1e-12)
    assert max(map(abs, terms.values())) > 0.05


def test_too_few_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="two cells"):
        fit_pairs([Difference("one", 0.1, {"a": 0.25}, {"one": 1.0})])


def test_standardised_spread_is_one_for_residuals_as_large_as_predicted() -> None:
    assert standardised_spread([(0.1, 0.1), (-0.3, 0.3)]) == pytest.approx((1.0, 0.5))
    assert standardised_spread([(0.2, 0.1)] * 8) == pytest.approx((2.0, 0.25))
