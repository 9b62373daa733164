"""Effects of elements: exact where the model holds, right as often as they say, silent where nobody can tell."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from hebe.science.choosing.effects import FREE, LEVEL, SHARE, STEP, element_effects, pair_effects

ELEMENTS = ("Cu", "Fe", "Mn", "Ni")
SLOPES = np.array([1.0, -2.0, 0.5, 3.0])
CHARGES = {"Ni": 2, "Fe": 3, "Co": 3, "Mn": 4, "Ti": 4}


def mixtures(n: int, elements: tuple[str, ...] = ELEMENTS, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(len(elements), 2.0), n)


def places(
    table: np.ndarray, elements: tuple[str, ...] = ELEMENTS, on: str = "M"
) -> list[dict[tuple[str, str], float]]:
    return [{(on, e): float(x) for e, x in zip(elements, row, strict=True)} for row in table]


def neutral(n: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Mixtures on twelfths whose mean charge is 3, of elements with one oxidation state each."""
    names = tuple(CHARGES)
    grid = [row for row in product(range(1, 9), repeat=len(names)) if sum(row) == 12]
    charged = [row for row in grid if sum(CHARGES[e] * k for e, k in zip(names, row, strict=True)) == 36]
    chosen = np.random.default_rng(1).choice(len(charged), n, replace=False)
    return names, np.array([charged[i] for i in chosen]) / 12


def cox(slopes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Derivative along Cox's direction: the element against the mean of the others in their proportions."""
    mean = table.mean(axis=0)
    others = [(slopes @ mean - slopes[i] * mean[i]) / (1 - mean[i]) for i in range(len(slopes))]
    effects: np.ndarray = STEP * (slopes - np.array(others))
    return effects


def test_a_linear_property_gives_its_slopes() -> None:
    table = mixtures(20)
    fit = element_effects(places(table), table @ SLOPES + 7.0)
    assert [effect.places for effect in fit.effects] == [(("M", e),) for e in ELEMENTS]
    assert [effect.value for effect in fit.effects] == pytest.approx(cox(SLOPES, table), abs=1e-10)
    assert fit.scatter == pytest.approx(0, abs=1e-10)
    assert (fit.n, fit.terms) == (20, 4)


def test_intervals_are_those_of_a_regression_with_a_constant() -> None:
    """Independent: drop one element for a constant, and propagate the covariance of ordinary least squares."""
    table, rng = mixtures(15), np.random.default_rng(4)
    values = table @ SLOPES + rng.normal(0, 0.3, 15)
    design = np.column_stack([np.ones(15), table[:, :3]])
    beta, *_ = np.linalg.lstsq(design, values, rcond=None)
    free = 15 - 4
    covariance = np.sum((values - design @ beta) ** 2) / free * np.linalg.inv(design.T @ design)
    for at, effect in enumerate(element_effects(places(table), values.tolist()).effects):
        mean = table.mean(axis=0)
        direction = -mean / (1 - mean[at])
        direction[at] = 1.0
        contrast = STEP * np.array([0.0, *direction[:3]])
        half = stats.t.ppf(0.975, free) * np.sqrt(contrast @ covariance @ contrast)
        assert effect.value == pytest.approx(contrast @ beta)
        assert effect.high == pytest.approx(contrast @ beta + half)
        assert effect.low == pytest.approx(contrast @ beta - half)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    table, rng = mixtures(9), np.random.default_rng(5)
    truth, inside, number = cox(SLOPES, table), 0, 400
    for _ in range(number):
        fit = element_effects(places(table), (table @ SLOPES + rng.normal(0, 1.0, 9)).tolist())
        inside += sum(e.low <= t <= e.high for e, t in zip(fit.effects, truth, strict=True))
    assert stats.binomtest(inside, 4 * number, LEVEL).pvalue > 1e-4


def test_neutral_mixtures_hide_what_only_exchanges_of_charge_can_do() -> None:
    """Nickel grows only if manganese or titanium do: no fit tells them apart; iron, of the mean charge, can be told."""
    names, table = neutral(30)
    slopes = np.array([1.0, 2.0, -1.0, 0.5, 0.3])
    fit = element_effects(places(table, names), (table @ slopes).tolist())
    found = {effect.places[0][1]: effect for effect in fit.effects}
    assert fit.terms == 4, "five fractions, one equation of charge"
    expected = dict(zip(names, cox(slopes, table), strict=True))
    for name in ("Fe", "Co"):
        assert found[name].value == pytest.approx(expected[name], abs=1e-9)
    for name in ("Ni", "Mn", "Ti"):
        assert found[name].value is None
        assert {element for _, element in found[name].bound} == {"Ni", "Mn", "Ti"}


def test_with_a_second_oxidation_state_everything_can_be_told() -> None:
    table = mixtures(30, tuple(CHARGES))
    fit = element_effects(places(table, tuple(CHARGES)), (table @ np.arange(5.0)).tolist())
    assert all(effect.value is not None for effect in fit.effects)


def test_a_constant_changes_nothing_and_a_factor_scales() -> None:
    table, rng = mixtures(12), np.random.default_rng(6)
    values = table @ SLOPES + rng.normal(0, 0.2, 12)
    plain, shifted, scaled = (
        element_effects(places(table), v.tolist()).effects for v in (values, values + 100.0, -3.0 * values)
    )
    for one, other, third in zip(plain, shifted, scaled, strict=True):
        assert other.value == pytest.approx(one.value)
        assert other.high == pytest.approx(one.high)
        assert third.value == pytest.approx(-3 * one.value)  # type: ignore[operator]
        assert third.low == pytest.approx(-3 * one.high)  # type: ignore[operator]


@pytest.mark.parametrize("n", range(1, 4 + FREE))
def test_too_few_candidates_give_a_reason_and_no_number(n: int) -> None:
    table = mixtures(n)
    fit = element_effects(places(table), (table @ SLOPES).tolist())
    assert fit.effects == ()
    assert fit.reason is not None
    assert f"{n} candidates" in fit.reason or n == 1
    assert element_effects(places(mixtures(4 + FREE)), [0.0] * (4 + FREE)).effects


def test_one_composition_tells_nothing() -> None:
    fit = element_effects(places(np.full((9, 4), 0.25)), list(range(9)))
    assert fit.reason == "the candidates do not differ in what is mixed"
    assert element_effects([], []).reason == "no candidate has a value"


def test_two_sublattices_are_told_apart() -> None:
    first, second = mixtures(25, seed=1), mixtures(25, ("K", "Na"), seed=2)
    both = [a | b for a, b in zip(places(first), places(second, ("K", "Na"), "A"), strict=True)]
    fit = element_effects(both, (first @ SLOPES + second @ np.array([0.0, 5.0])).tolist())
    found = {effect.places[0]: effect.value for effect in fit.effects}
    assert found["A", "Na"] == pytest.approx(5 * STEP)
    assert found["A", "K"] == pytest.approx(-5 * STEP)
    for element, expected in zip(ELEMENTS, cox(SLOPES, first), strict=True):
        assert found["M", element] == pytest.approx(expected, abs=1e-9)


def test_interactions_of_pairs() -> None:
    table = mixtures(30)
    values = table @ SLOPES + 4.0 * table[:, 0] * table[:, 3] - 2.0 * table[:, 1] * table[:, 2]
    fit = pair_effects(places(table), values.tolist())
    found = {tuple(e for _, e in effect.places): effect.value for effect in fit.effects}
    assert found["Cu", "Ni"] == pytest.approx(4 * SHARE**2)
    assert found["Fe", "Mn"] == pytest.approx(-2 * SHARE**2)
    assert found["Cu", "Fe"] == pytest.approx(0, abs=1e-9)
    assert len(found) == 6
    assert fit.terms == 10


def test_pairs_take_more_candidates_than_elements() -> None:
    table = mixtures(12)
    fit = pair_effects(places(table), (table @ SLOPES).tolist())
    assert fit.effects == ()
    assert fit.reason == "12 candidates and 10 independent terms: it takes at least 13 candidates"
    assert pair_effects(places(table[:8]), [0.0] * 8).reason == "8 candidates are too few for a model of 10 terms"


def test_neutral_mixtures_hide_interactions_too() -> None:
    names, table = neutral(30)
    fit = pair_effects(places(table, names), np.ones(30).tolist())
    assert fit.effects
    assert any(effect.value is None for effect in fit.effects)
    assert all(effect.bound or effect.value == pytest.approx(0, abs=1e-8) for effect in fit.effects)
