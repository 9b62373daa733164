"""Descriptors of what may form by hand, and forecasts that know nothing of what was left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.constants import BOLTZMANN
from hebe.science.learning.outcome_scores import Cases, Computed, area_of_family, worth_of
from hebe.science.learning.single_phase import (
    Forecast,
    describe_sites,
    fit_forecast,
    left_out,
    left_out_share,
    margin,
)
from hebe.science.literature.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from hebe.science.learning.gaussian_process import Array


def grouped(slope: float, seed: int = 4) -> tuple[Array, Array, list[str]]:
    """Six groups with intercepts of their own, in each of which a descriptor tells outcomes apart by a slope."""
    rng = np.random.default_rng(seed)
    groups = [f"g{number}" for number in range(6) for _ in range(30)]
    table = rng.normal(size=(180, 2))
    chance = 1 / (1 + np.exp(-(np.repeat(rng.normal(size=6), 30) + slope * table[:, 0])))
    return table, (rng.uniform(size=180) < chance).astype(float), groups


def test_descriptors_of_a_rock_salt_and_of_an_alloy_by_hand() -> None:
    half = {Ion("Mg", 2): 0.5, Ion("Zn", 2): 0.5}
    found = describe_sites({"M": half})
    assert found is not None
    radii = [shannon_radius(ion, 6) or 0.0 for ion in half]
    assert found[0] == pytest.approx(abs(radii[1] - radii[0]) / sum(radii))
    assert found[1] == pytest.approx((1.65 - 1.31) / 2)
    assert found[2] == pytest.approx(0.0)
    assert found[3] == pytest.approx(math.log(2))
    alloy = describe_sites({"M": {Ion("Cu", 0): 1.0, Ion("Ni", 0): 3.0}})
    assert alloy is not None
    assert alloy[3] == pytest.approx(0.25 * math.log(4) + 0.75 * math.log(4 / 3))


def test_sublattices_count_by_their_ions_and_amounts_do_not() -> None:
    mixed = {Ion("Fe", 3): 1.0, Ion("Cr", 3): 1.0}
    both = describe_sites({"A": {Ion("Mg", 2): 1.0}, "B": mixed})
    alone, twice = describe_sites({"B": mixed}), describe_sites({"B": {ion: 2 * x for ion, x in mixed.items()}})
    assert both is not None
    assert alone is not None
    assert alone == pytest.approx(twice)
    assert both[3] == pytest.approx(2 / 3 * math.log(2))
    assert both[:2] == pytest.approx(np.sqrt(2 / 3) * alone[:2])


def test_one_element_in_two_charges_has_no_entropy_of_mixing() -> None:
    found = describe_sites({"M": {Ion("Mn", 3): 0.5, Ion("Mn", 4): 0.5}})
    assert found is not None
    assert found[2] == pytest.approx(0.5)
    assert found[3] == pytest.approx(0.0, abs=1e-12)


def test_what_has_no_radius_is_not_described() -> None:
    assert describe_sites({"M": {Ion("Mg", 2): 0.5, Ion("Mg", 7): 0.5}}) is None


def test_the_margin_is_zero_where_entropy_pays_for_the_enthalpy() -> None:
    """(Mg,Co,Ni,Cu,Zn)O with 0.128 eV per site against k ln 5: 923 K."""
    temperature = 0.128 / (BOLTZMANN * math.log(5))
    assert temperature == pytest.approx(923, abs=1)
    assert margin(0.128, math.log(5), temperature) == pytest.approx(0.0, abs=1e-12)
    assert margin(0.128, math.log(5), 300) > 0 > margin(0.128, math.log(5), 2000)


def test_no_forecast_knows_a_row_of_the_group_that_it_is_for() -> None:
    """Each fit is told which rows it has; outcomes of the left-out group can be anything, the forecast is the same."""
    table, formed, groups = grouped(1.0)
    seen: list[set[Hashable]] = []

    def recorded(rows: Array, outcomes: Array, kept: Sequence[Hashable]) -> Forecast:
        assert len(rows) == len(outcomes) == len(kept)
        seen.append(set(kept))
        return fit_forecast(rows, outcomes, kept)

    found = left_out(table, formed, groups, recorded)
    assert seen == [set(groups) - {name} for name in dict.fromkeys(groups)]
    first = np.array([group == "g0" for group in groups])
    turned = np.where(first, 1 - formed, formed)
    assert left_out(table, turned, groups)[first] == pytest.approx(found[first], abs=1e-12)
    assert left_out_share(turned, groups)[first] == pytest.approx(formed[~first].mean())
    assert (left_out(table, formed, groups) == found).all()


def test_what_holds_in_every_group_is_used_and_what_holds_in_none_is_not() -> None:
    table, formed, groups = grouped(2.0)
    forecast = fit_forecast(table, formed, groups)
    assert 0.5 < forecast.stretch < 1.6
    assert forecast.probabilities(table).mean() == pytest.approx(formed.mean(), abs=1e-9)
    turned = np.array([1.0 if int(group[1]) % 2 else -1.0 for group in groups])
    against = fit_forecast(table * turned[:, None], formed, groups)
    assert against.stretch < 0.3
    nothing = Forecast(forecast.fit, 0.4, 0.0)
    assert nothing.probabilities(table) == pytest.approx(1 / (1 + math.exp(-0.4)))


def outcome(name: str, formed: float, enthalpy: float | None, x: float) -> Outcome:
    sites = {"M": {Ion("Mg", 2): x, Ion("Ni", 2): 1 - x}}
    family = "rocksalt" if int(name) % 3 else "drx"
    return Outcome(name, family, sites, formed > 0, 1000.0, f"source {int(name) % 4}", "made up", enthalpy)


def test_the_rule_is_half_where_the_margin_is_zero_and_orders_by_the_enthalpy() -> None:
    """Made-up outcomes that the enthalpy decides; where none is published the computed one stands."""
    paid = BOLTZMANN * 1000.0 * math.log(2)
    rows = [outcome(str(n), float(n < 6), paid + 0.01 * (n - 6), 0.5) for n in range(12)]
    rows += [outcome("12", 1.0, None, 0.4), outcome("13", 0.0, None, 0.3)]
    cases = Cases.of(rows, 0.038, {"12": Computed(0.0, 1.0), "0": Computed(9.0, 0.0)})
    assert len(cases) == 14
    some = cases.with_enthalpy
    assert [one.name for one in some.outcomes] == [str(n) for n in range(13)]
    assert some.rule[6] == pytest.approx(0.5)
    assert some.margins[12] == pytest.approx(-1.0)
    assert area_of_family(some, "rocksalt", -some.margins) == 1.0
    scores = {(one.forecast, one.by): one for one in worth_of(some)}
    assert {name for name, _ in scores} == {"share", "composition", "rule", "rule, fitted", "both"}
    assert scores["share", "family"].gain.value == 0.0
    assert scores["rule", "source"].area.value == 1.0
    assert scores["rule, fitted", "source"].area.value == 1.0
    fitted, share = scores["rule, fitted", "source"], scores["share", "source"]
    assert fitted.gain.value == pytest.approx((share.brier.value or 0.0) - (fitted.brier.value or 0.0))
    assert (fitted.gain.value or 0.0) > 0
