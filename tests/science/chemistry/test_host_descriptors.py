"""Descriptors of the kind of host: against published numbers, by hand, and null with a reason."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry import resources
from hebe.science.chemistry.candidate import FARADAY_MAH, Candidate, make_candidate
from hebe.science.chemistry.host_descriptors import (
    bartel_tolerance,
    cationic_potential,
    functions_of,
    goldschmidt_tolerance,
)
from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.space import CompositionSpace


def candidate(family: str, ion: str | None, x: str, amounts: dict[str, dict[str, tuple[list[int], str]]]) -> Candidate:
    """Candidate of sublattice -> element -> (oxidation states, amount)."""
    specs: dict[str, Any] = {
        name: SublatticeSpec.model_validate(
            {"species": {e: z for e, (z, _) in part.items()}, "amounts": {e: n for e, (_, n) in part.items()}}
        )
        for name, part in amounts.items()
    }
    space = CompositionSpace(family, ion, Fraction(x), specs)
    fractions = {name: {e: Fraction(n) for e, (_, n) in part.items()} for name, part in amounts.items()}
    found = make_candidate(space, space.made_with(fractions))
    assert found is not None
    return found


def nickel_manganese(x: str = "1", ion: str = "Na") -> Candidate:
    return candidate("layered-o3", ion, x, {"TM": {"Ni": ([2, 3], "1/2"), "Mn": ([4], "1/2")}})


@pytest.mark.parametrize(
    ("compound", "n_A", "t", "tau"),
    [("Ca Ti", 2, 0.97, 3.88), ("La Cr", 3, 0.97, 1.64), ("Ba Hf", 2, 1.01, 3.51), ("Sr Ce", 2, 0.88, 4.18)],
)
def test_tolerance_factors_are_those_of_bartel(compound: str, n_A: int, t: float, tau: float) -> None:
    """Table S1 of Sci. Adv. 5, eaav0693 (2019) prints two decimals."""
    first, second = compound.split()
    r_A, r_B = shannon_radius(Ion(first, n_A), 12), shannon_radius(Ion(second, 6 - n_A), 6)
    assert r_A is not None
    assert r_B is not None
    assert goldschmidt_tolerance(r_A, r_B, 1.40) == pytest.approx(t, abs=0.0051)
    assert bartel_tolerance(r_A, r_B, 1.40, n_A) == pytest.approx(tau, abs=0.0051)


def test_a_small_cation_a_has_no_tolerance_factor_of_bartel() -> None:
    assert bartel_tolerance(0.6, 0.6, 1.4, 3) is None


def test_tolerance_factors_of_a_candidate_take_mean_radii() -> None:
    found = candidate("perovskite", None, "0", {"A": {"La": ([3], "1")}, "B": {"Cr": ([3], "1/2"), "Fe": ([3], "1/2")}})
    values = found.all_descriptors
    assert values["goldschmidt_tolerance"] == pytest.approx(goldschmidt_tolerance(1.36, (0.615 + 0.645) / 2, 1.40))
    assert values["bartel_tolerance"] == pytest.approx(bartel_tolerance(1.36, 0.63, 1.40, 3))
    assert "cationic_potential_per_A" not in values


def test_the_cationic_potential_by_hand() -> None:
    """NaNi0.5Mn0.5O2: Phi_TM = 0.5 (2 / 0.69 + 4 / 0.53), Phi_Na = 1 / 1.02, Phi_O = 2 / 1.4."""
    expected = 0.5 * (2 / 0.69 + 4 / 0.53) / 1.02 / (2 / 1.4)
    values = nickel_manganese().all_descriptors
    assert values["cationic_potential_per_A"] == pytest.approx(expected)
    assert values["cationic_potential_as_published"] is True
    assert values["in_p2_o3_radius_window"] is True
    ions = {Ion("Ni", 2): 0.5, Ion("Mn", 4): 0.5}
    radii = {Ion("Ni", 2): 0.69, Ion("Mn", 4): 0.53}
    assert cationic_potential(ions, radii, 0.5, 1.02) == pytest.approx(expected / 2)
    assert "cationic_potential_per_A" not in nickel_manganese(ion="Li").all_descriptors


def test_lithium_in_the_slab_is_outside_of_what_was_published() -> None:
    found = candidate("layered-o3", "Na", "1", {"TM": {"Li": ([1], "1/3"), "Mn": ([4], "2/3")}})
    assert found.all_descriptors["cationic_potential_as_published"] is False
    assert found.all_descriptors["in_p2_o3_radius_window"] is (0.583 <= (0.76 + 2 * 0.53) / 3 <= 0.637)


def test_functions_of_elements_give_their_shares() -> None:
    parts = {"Ni": ([2], "1/3"), "Mg": ([2], "1/6"), "Mn": ([4], "1/3"), "Ti": ([4], "1/6")}
    found = candidate("layered-o3", "Na", "1", {"TM": parts})
    functions, values = functions_of(found)["TM"], found.all_descriptors
    assert functions["Mg"] == "inert"
    assert {functions["Ni"], functions["Mn"], functions["Ti"]} == {"active"}
    assert values["active_fraction"] == pytest.approx(5 / 6)
    assert values["active_to_inert_ratio"] == pytest.approx(5)
    assert nickel_manganese().all_descriptors["active_to_inert_ratio"] is None
    assert nickel_manganese().null_reasons["active_to_inert_ratio"] == "nothing is inert"


def test_the_energy_of_the_ladder_is_electrons_times_potentials() -> None:
    """NaFeO2 gives one electron at 3.3 V: F V / M."""
    found = candidate("layered-o3", "Na", "1", {"TM": {"Fe": ([3], "1")}})
    capacity = FARADAY_MAH / found.composition.molar_mass
    energy = found.all_descriptors["ladder_energy_Wh_per_kg"]
    assert energy == pytest.approx(3.3 * capacity)
    cost = found.all_descriptors["cost_USD_per_kg"]
    assert isinstance(cost, float)
    assert found.all_descriptors["cost_USD_per_kWh"] == pytest.approx(1000 * cost / (3.3 * capacity))


def test_what_is_not_known_is_null_with_the_reason() -> None:
    cobalt = candidate("layered-o3", "Na", "1", {"TM": {"Co": ([3], "1")}})
    assert cobalt.all_descriptors["cost_USD_per_kWh"] is None
    assert cobalt.null_reasons["ladder_energy_Wh_per_kg"] == "no potential of Co 3+/4+ is known"
    lithium = nickel_manganese(ion="Li")
    assert lithium.null_reasons["cost_USD_per_kWh"] == "the potentials of the ladder refer to Na+/Na"
    salt = candidate("rocksalt", None, "0", {"M": {"Mg": ([2], "1/2"), "Ni": ([2], "1/2")}})
    assert salt.null_reasons["capacity_redox_mAh_g"] == "no working ion"
    assert "cost_USD_per_kWh" not in salt.all_descriptors
    for one in (cobalt, lithium, salt):
        nulls = {name for name, value in one.all_descriptors.items() if value is None}
        assert nulls == set(one.null_reasons)


def test_prices_add_by_mass() -> None:
    """Water: 2.016 of 18.015 parts by mass are hydrogen, whose price is not listed; iron costs what iron costs."""
    prices = resources.element_data().price
    assert resources.cost({"Fe": 3.0})[0] == pytest.approx(prices["Fe"][0])
    value, _ = resources.cost({"Na": 1.0, "Fe": 1.0})
    expected = (22.98977 * prices["Na"][0] + 55.845 * prices["Fe"][0]) / (22.98977 + 55.845)
    assert value == pytest.approx(expected, rel=1e-4)
    assert resources.cost({"H": 2.0, "O": 1.0}) == (None, "no price is known of H")


def test_the_rarest_element_decides_how_much_crust_is_needed() -> None:
    """Iron is 5.63 % of the crust, cobalt 25 mg per kg."""
    assert resources.crust({"Fe": 1.0})[0] == pytest.approx(1 / 0.0563)
    shares = resources.mass_fractions({"Fe": 0.99, "Co": 0.01})
    assert resources.crust({"Fe": 0.99, "Co": 0.01})[0] == pytest.approx(shares["Co"] / 25e-6)


def test_sodium_is_more_abundant_than_lithium_by_three_orders() -> None:
    """Reviews give 420 to 457 by weight from 2.74 % and 0.006 %; the handbook has 2.36 % and 20 mg per kg."""
    crust = resources.element_data().crust_mg_per_kg
    assert 400 < crust["Na"] / crust["Li"] < 2000


def test_limits_of_exposure_add() -> None:
    value, _ = resources.exposure({"Co": 1.0, "O": 1.0})
    assert value == pytest.approx(resources.mass_fractions({"Co": 1.0, "O": 1.0})["Co"] * 1e6 / 0.05)
    assert resources.exposure({"Na": 1.0, "O": 1.0}) == (0.0, None)
    assert resources.exposure({"Xe": 1.0})[1] == "no limit of exposure is known of Xe"


def test_every_price_has_a_year_and_a_publisher() -> None:
    data = resources.element_data()
    assert all(price > 0 and 2000 < year < 2030 and publisher for price, year, publisher in data.price.values())
    assert not set(data.exposure_none) & set(data.exposure_mg_per_m3)
    for element in (
        "Li",
        "Na",
        "K",
        "Ni",
        "Mn",
        "Co",
        "Fe",
        "Ti",
        "Cu",
        "Zn",
        "Sn",
        "Sb",
        "V",
        "P",
        "O",
        "F",
        "La",
        "Zr",
    ):
        assert element in data.price
        assert element in data.crust_mg_per_kg


def test_the_entropy_pays_for_mixing_at_the_firing_temperature() -> None:
    """Half and half at 900 degC: k ln 2 times 1173.15 K."""
    value = nickel_manganese().all_descriptors["firing_entropy_eV_per_site"]
    assert value == pytest.approx(8.617333e-5 * 1173.15 * math.log(2), rel=1e-6)


def test_descriptors_travel_with_a_candidate() -> None:
    found = nickel_manganese()
    spec = candidate_spec(found, {"TM": {"Ni": (2, 3), "Mn": (4,)}})
    assert spec.descriptors == found.all_descriptors
    document = found.document()
    assert document["descriptors"]["cost_USD_per_kWh"] == spec.descriptors["cost_USD_per_kWh"]
    assert document["functions"] == {"TM": {"Ni": "active", "Mn": "active"}}
