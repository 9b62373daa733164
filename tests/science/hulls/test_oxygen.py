"""Oxygen gas: tabulated functions, its energy on the scale of an engine, temperatures at which oxides reduce in air."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.oxygen import OxygenFit
from hebe.science.constants import BOLTZMANN, KJ_PER_EV
from hebe.science.hulls.oxide_heat import oxide_heat
from hebe.science.hulls.oxygen import (
    fit_energies,
    fit_oxygen,
    gas_entry,
    gas_potential,
    oxidation,
    oxidation_enthalpy,
    oxygen_data,
    oxygen_energy,
    oxygen_oxides,
    pressure_of,
)
from support.oxides import chgnet_oxides

AIR: Final = 0.21
REDUCED_IN_AIR: Final = {
    ("Cu2O", "CuO"): 1300.0,
    ("CoO", "Co3O4"): 1170.0,
    ("Mn3O4", "Mn2O3"): 1150.0,
    ("Fe3O4", "Fe2O3"): 1660.0,
}
"""Temperatures (K) at which the second gives the first in air."""

FREE_ENERGY_FUNCTION: Final = {500: 208.524, 1000: 220.875, 1500: 231.002}
"""-(G - H(298.15 K)) / T of O2, J/mol/K: NIST-JANAF Thermochemical Tables, 4th ed. (1998)."""

OTHER_TABLES: Final = {
    "MnO": -384.9,
    "Mn3O4": -1387.4,
    "Mn2O3": -958.1,
    "Fe3O4": -1118.4,
    "Fe2O3": -824.2,
    "CoO": -237.9,
    "Cu2O": -168.6,
    "CuO": -157.3,
}
"""Enthalpies of formation at 298 K, kJ/mol: Kubaschewski, Alcock and Spencer, Materials Thermochemistry, 6th ed. (1993)
for manganese; Wagman et al., NBS tables, J. Phys. Chem. Ref. Data 11, Suppl. 2 (1982) for the others."""


def made_energies(oxygen: float) -> dict[str, float]:
    """Energies of oxides whose oxidations all have the tabulated enthalpies with O2 of that energy (eV)."""
    energies = {"MnO": -18.0, "Fe3O4": -56.0, "CoO": -14.0, "Cu2O": -15.0}
    for low, high in oxygen_data().oxidations:
        a, b = oxidation(low, high)
        energies[high] = (oxidation_enthalpy(low, high) / KJ_PER_EV + oxygen + a * energies[low]) / b
    return energies


def release(low: str, high: str, temperature: float) -> float:
    """Free energy of ``b high -> a low + O2`` in air from tables and the gas function, kJ per mol of O2."""
    a, b = oxidation(low, high)
    solids = a * oxide_heat(low, temperature) - b * oxide_heat(high, temperature)
    return (gas_potential(temperature, AIR) + solids) * KJ_PER_EV - oxidation_enthalpy(low, high)


def zero(function: Any, low: float, high: float) -> float:
    """Where a falling function vanishes."""
    assert function(low) > 0 > function(high)
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return low


@pytest.mark.parametrize(("temperature", "expected"), FREE_ENERGY_FUNCTION.items())
def test_the_potential_is_that_of_the_tables(temperature: int, expected: float) -> None:
    increment = 8.683
    found = gas_potential(temperature, 1.0) * KJ_PER_EV
    assert found == pytest.approx(increment - temperature * expected / 1000, abs=0.005)


def test_an_atom_loses_1_10_ev_by_1000_kelvin() -> None:
    assert gas_potential(1000.0, 1.0) / 2 == pytest.approx(-1.10, abs=0.005)
    assert gas_potential(0.0, 1.0) == 0.0


@pytest.mark.parametrize("border", [100.0, 700.0, 2000.0])
def test_it_goes_on_over_the_borders_of_the_ranges(border: float) -> None:
    assert gas_potential(border - 1e-6, 1.0) == pytest.approx(gas_potential(border + 1e-6, 1.0), abs=1e-4)


@pytest.mark.parametrize("temperature", [20.0, 298.15, 900.0, 2500.0])
def test_it_falls_by_the_entropy(temperature: float) -> None:
    """``d mu / d T = -S``, at 298.15 K 205.15 J/mol/K (CODATA)."""
    step = 0.01
    slope = (gas_potential(temperature + step, 1.0) - gas_potential(temperature - step, 1.0)) / (2 * step)
    entropy = -1000 * slope * KJ_PER_EV
    if temperature == 298.15:
        assert entropy == pytest.approx(205.15, abs=0.02)
    part = next((r for r in oxygen_data().gas.ranges if r.low < temperature <= r.high), None)
    if part is not None:
        assert entropy == pytest.approx(part.entropy(temperature), abs=0.02)
    assert entropy > 0


def test_a_decade_of_pressure_is_kt_ln_10_and_potentials_become_pressures() -> None:
    assert gas_potential(1173.0, 0.1) - gas_potential(1173.0, 0.01) == pytest.approx(BOLTZMANN * 1173.0 * math.log(10))
    assert pressure_of(gas_potential(1173.0, 0.21), 1173.0) == pytest.approx(math.log10(0.21))


@pytest.mark.parametrize(("temperature", "pressure"), [(-1.0, 1.0), (7000.0, 1.0), (1000.0, 0.0)])
def test_what_the_tables_do_not_hold_is_refused(temperature: float, pressure: float) -> None:
    with pytest.raises(BadInputError):
        gas_potential(temperature, pressure)


@pytest.mark.parametrize("pair", oxygen_data().oxidations)
def test_oxidations_balance(pair: tuple[str, str]) -> None:
    low, high = pair
    a, b = oxidation(low, high)
    left, right = Composition(low) * a + Composition("O2"), Composition(high) * b
    assert left.almost_equals(right, rtol=1e-12)


def test_oxides_have_the_formula_of_their_phase() -> None:
    for oxide, phase in zip(oxygen_data().oxides, oxygen_oxides(), strict=True):
        assert phase.id == oxide.phase
        assert phase.structure().composition.reduced_formula == oxide.formula
        assert phase.doubt is None


def test_enthalpies_agree_with_calorimetry_and_other_tables() -> None:
    """Fritsch and Navrotsky, J. Am. Ceram. Soc. 79, 1761 (1996): -441.4 +- 5.8 and -201.8 +- 8.7 kJ per mol of O2."""
    assert oxidation_enthalpy("MnO", "Mn3O4", at_zero=False) == pytest.approx(-441.4, abs=3 * 5.8)
    assert oxidation_enthalpy("Mn3O4", "Mn2O3", at_zero=False) == pytest.approx(-201.8, abs=3 * 8.7)
    for oxide in oxygen_data().oxides:
        if oxide.formula in OTHER_TABLES:
            assert oxide.enthalpy == pytest.approx(OTHER_TABLES[oxide.formula], abs=3.2), oxide.formula


def test_at_zero_the_enthalpy_is_that_of_the_tables_at_zero() -> None:
    """From enthalpies of formation at 0 K of the same tables (kJ/mol), for the oxides that have increments."""
    at_zero = {"CoO": -238.056, "Co3O4": -896.309, "CuO": -153.807, "Cu2O": -168.952, "Fe3O4": -1114.579}
    at_zero["Fe2O3"] = -819.025
    for low, high in (("CoO", "Co3O4"), ("Cu2O", "CuO"), ("Fe3O4", "Fe2O3")):
        a, b = oxidation(low, high)
        assert oxidation_enthalpy(low, high) == pytest.approx(b * at_zero[high] - a * at_zero[low], abs=0.05)


@pytest.mark.parametrize(("pair", "expected"), REDUCED_IN_AIR.items())
def test_oxides_reduce_in_air_where_they_do(pair: tuple[str, str], expected: float) -> None:
    """From tabulated oxides and the function of the gas alone."""
    # the gas gains what the oxide loses: above that temperature its potential is lower than the oxide's
    found = zero(lambda temperature: release(*pair, temperature), expected - 100, expected + 100)
    assert found == pytest.approx(expected, abs=15)


def test_the_fit_gives_back_the_energy_that_oxides_were_made_with() -> None:
    fit = fit_energies(made_energies(-9.8), "s")
    assert fit.energy_eV == pytest.approx(-9.8)
    assert fit.sd_eV == pytest.approx(0.0, abs=1e-9)
    assert list(fit.residuals_eV) == [f"{low} -> {high}" for low, high in oxygen_data().oxidations]
    assert max(map(abs, fit.residuals_eV.values())) < 1e-9


def test_leaving_one_out_is_the_mean_of_the_others() -> None:
    rng = np.random.default_rng(1)
    energies = {formula: energy + rng.normal(0, 0.1) for formula, energy in made_energies(-9.8).items()}
    fit = fit_energies(energies, "s")
    found = {f"{low} -> {high}": oxygen_energy(low, high, energies) for low, high in oxygen_data().oxidations}
    for name, left_out in fit.leave_one_out_eV.items():
        others = [energy for other, energy in found.items() if other != name]
        assert left_out == pytest.approx(found[name] - np.mean(others))
    assert fit.sd_eV == pytest.approx(np.std(list(found.values()), ddof=1))


def test_an_error_linear_in_the_metal_cancels() -> None:
    """Energies of the metals are not on the hull: a shift per atom of a metal leaves the fit as it is."""
    energies = made_energies(-9.8)
    shifted = {formula: energy + 0.3 * Composition(formula)["Mn"] for formula, energy in energies.items()}
    assert fit_energies(shifted).energy_eV == pytest.approx(-9.8)


def calculated(phase: str, formula: str, energy: float, scale: str = "s") -> CalculationDoc:
    """Relaxation of two formulas of an oxide."""
    composition = Composition(formula) * 2
    sites = [str(element) for element, n in composition.items() for _ in range(int(n))]
    cell = Structure(Lattice.cubic(10), sites, [[i / len(sites), 0, 0] for i in range(len(sites))])
    return CalculationDoc(
        key=phase,
        engine="e",
        energy_scale=scale,
        task="relax",
        status="converged",
        structure=cell,
        energy_eV=2 * energy,
    )


def test_energies_are_taken_per_formula_and_what_is_missing_is_said() -> None:
    energies = made_energies(-9.8)
    documents = {
        oxide.phase: calculated(oxide.phase, oxide.formula, energies[oxide.formula]) for oxide in oxygen_data().oxides
    }
    fit = fit_oxygen({**documents, "CoO": None})
    assert fit.energy_eV == pytest.approx(-9.8)
    assert fit.left_out == ["CoO -> Co3O4"]
    assert fit.energy_scale == "s"
    assert fit_oxygen({}).energy_eV is None
    mixed = fit_oxygen({**documents, "CuO": calculated("CuO", "CuO", energies["CuO"], "other")})
    assert mixed.energy_eV is None
    assert "more than one energy scale" in str(mixed.reason)


def test_the_gas_as_a_phase() -> None:
    entry = gas_entry(OxygenFit(energy_eV=-9.8, energy_scale="s"), 1173.15, AIR, "s")
    assert entry.energy == pytest.approx(-9.8 + gas_potential(1173.15, AIR))
    assert (entry.amounts, entry.entropy) == ({"O": 2.0}, 0.0)
    with pytest.raises(BadInputError, match="nothing was computed"):
        gas_entry(OxygenFit(reason="nothing was computed"), 1173.15, AIR, "s")


@pytest.fixture(scope="module")
def chgnet() -> dict[str, float]:
    pytest.importorskip("torch", reason="needs the packages of chgnet")
    return chgnet_oxides()


@pytest.mark.slow
def test_what_chgnet_makes_of_oxygen(chgnet: dict[str, float]) -> None:
    """The figures of docs/science.md: which oxidations it gets wrong, and by how much."""
    fit = fit_energies(chgnet)
    assert fit.energy_eV == pytest.approx(-10.18, abs=0.02)
    assert fit.sd_eV == pytest.approx(0.81, abs=0.02)
    expected = {"MnO": -0.10, "Mn3O4": -0.99, "Fe3O4": 1.14, "CoO": 0.37, "Cu2O": -0.42}
    found = {name.split(" ", maxsplit=1)[0]: residual for name, residual in fit.residuals_eV.items()}
    assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pair", "expected"),
    [(("Cu2O", "CuO"), 1507), (("CoO", "Co3O4"), 1067), (("Mn3O4", "Mn2O3"), 1699), (("Fe3O4", "Fe2O3"), 1271)],
)
def test_where_oxides_reduce_with_chgnet(chgnet: dict[str, float], pair: tuple[str, str], expected: float) -> None:
    """The figures of docs/science.md: 210, -100, 550 and -390 K from experiment, in the order of the residuals."""
    fit = fit_energies(chgnet)
    assert fit.energy_eV is not None
    a, b = oxidation(*pair)
    gained = b * chgnet[pair[1]] - a * chgnet[pair[0]] - fit.energy_eV

    def left(temperature: float) -> float:
        heat = a * oxide_heat(pair[0], temperature) - b * oxide_heat(pair[1], temperature)
        return gas_potential(temperature, AIR) + heat - gained

    assert zero(left, 500, 3000) == pytest.approx(expected, abs=25)
