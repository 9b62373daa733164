"""Release of oxygen: limits and identities of the potential, another way to the same number, heats of the tables."""

from __future__ import annotations

import math

import pytest

from hebe.schemas.oxygen import OxygenFit
from hebe.science.constants import BOLTZMANN, KJ_PER_EV
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.oxygen import GAS, gas_potential
from hebe.science.hulls.oxygen_release import HeatedHost, heat_of, release_pressure, release_temperature

O2 = -9.8
"""Energy of the molecule (eV); with it and metals at 0, energies below are formation enthalpies of the tables."""
FIT = OxygenFit(energy_scale="s", energy_eV=O2)

# enthalpies of formation at 298.15 K, kJ/mol: JANAF; LiCoO2 and LiNiO2 from the oxides -142.54 and -56.21 (Wang and
# Navrotsky, Solid State Ionics 166, 167 (2004)), with Li2O -597.9, CoO -237.7, NiO -239.7
TABLES = {
    "Li2O": -597.9,
    "CoO": -237.7,
    "Co3O4": -910.0,
    "NiO": -239.7,
    "LiCoO2": -597.9 / 2 - 237.7 - 142.54,
    "LiNiO2": -597.9 / 2 - 239.7 - 56.21,
}


def amounts(formula: str) -> dict[str, float]:
    from pymatgen.core.composition import Composition

    return {str(e): float(n) for e, n in Composition(formula).items()}


def entry(formula: str, enthalpy: float | None = None) -> PhaseEntry:
    held = amounts(formula)
    heat = TABLES[formula] if enthalpy is None else enthalpy
    return PhaseEntry(formula, held, heat / KJ_PER_EV + held.get("O", 0) * O2 / 2, "s", formula=formula)


def host(formula: str, enthalpy: float, names: tuple[str, ...], t: float = 523.15, p: float = 0.21) -> HeatedHost:
    made = entry(formula, enthalpy)
    return HeatedHost(made.amounts, made.energy, [entry(name) for name in names], FIT, t, p)


@pytest.mark.parametrize("pressure", [1e-6, 0.21, 1.0, 10.0])
@pytest.mark.parametrize("potential", [-0.01, -0.3, -1.0, -2.5])
def test_the_gas_has_the_potential_at_the_temperature_of_release(potential: float, pressure: float) -> None:
    found = release_temperature(potential, pressure)
    assert found is not None
    assert gas_potential(found, pressure) / 2 == pytest.approx(potential, abs=1e-8)


def test_a_host_without_oxygen_gives_off_none() -> None:
    phases = [PhaseEntry(name, amounts(name), 0.0, "s", formula=name) for name in ("Li", "F2", "O2")]
    fluoride = HeatedHost(amounts("LiF"), -6.0, [*phases, PhaseEntry("LiF", amounts("LiF"), -6.4, "s")], FIT, 500, 0.21)
    assert fluoride.release_potential() is None
    reaction = fluoride.decomposition()
    assert reaction.oxygen == 0.0
    assert reaction.energy == reaction.free_energy == pytest.approx(-0.4)


def test_limits_of_the_temperature() -> None:
    """Oxygen that is above the molecule at 0 K leaves at every temperature; T goes to 0 as the potential does."""
    assert release_temperature(0.2, 0.21) == 0.0
    small = [release_temperature(-x, 1.0) or 0.0 for x in (1e-1, 1e-2, 1e-3)]
    assert small == sorted(small, reverse=True)
    assert small[-1] < 10
    assert release_temperature(-50.0, 0.21) is None


@pytest.mark.parametrize("temperature", [300.0, 1200.0])
def test_pressure_shifts_the_potential_by_half_of_kt_ln_p(temperature: float) -> None:
    at_one, at_less = (gas_potential(temperature, p) / 2 for p in (1.0, 1e-3))
    assert at_one - at_less == pytest.approx(BOLTZMANN * temperature * math.log(1e3) / 2)
    assert release_pressure(at_less, temperature) == pytest.approx(-3)


def test_the_potential_of_an_oxide_is_the_heat_of_its_reduction() -> None:
    """2 Co3O4 -> 6 CoO + O2: 393.8 kJ per mol of O2, and the potential half of it, whatever the host's own amounts."""
    found = host("Co3O4", TABLES["Co3O4"], ("CoO",)).release_potential()
    heat = 6 * TABLES["CoO"] - 2 * TABLES["Co3O4"]
    assert found == pytest.approx(-heat / KJ_PER_EV / 2)


def test_the_potential_is_where_gas_appears_in_the_lowest_mixture() -> None:
    """Another way: potentials of the gas tried one after another in the program of the closed system."""
    for enthalpy, formula in ((-470.0, "Li0.5CoO2"), (-520.0, "Li0.5CoO2"), (-400.0, "Li0.25CoO2")):
        one = host(formula, enthalpy, ("Li2O", "CoO", "Co3O4", "LiCoO2"))
        own = PhaseEntry("host", one.amounts, one.energy, "s")

        def gives(potential: float, one: HeatedHost = one, own: PhaseEntry = own) -> bool:
            gas = PhaseEntry(GAS, {"O": 2.0}, O2 + 2 * potential, "s")
            hull = PhaseEquilibrium([*one.entries, own, gas])
            return hull.decompose(one.amounts).amounts.get(GAS, 0.0) > 1e-6

        low, high = -6.0, 6.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if gives(middle) else (low, middle)
        assert one.release_potential() == pytest.approx(low, abs=1e-6)


def test_a_stable_host_gives_off_nothing_until_its_potential() -> None:
    one = host("LiCoO2", TABLES["LiCoO2"], ("Li2O", "CoO", "Co3O4"))
    potential = one.release_potential()
    assert potential is not None
    assert potential < -0.5
    before = host("LiCoO2", TABLES["LiCoO2"], ("Li2O", "CoO", "Co3O4", "LiCoO2")).decomposition()
    assert [name.formula for name, _ in before.products] == ["LiCoO2"]
    assert before.oxygen == pytest.approx(0.0)
    assert before.energy == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("formula", "voltage", "parent", "products", "oxygen"),
    [
        ("Li0.5CoO2", 3.97, "LiCoO2", {"LiCoO2": 1 / 2, "Co3O4": 1 / 6}, 1 / 6),
        ("Li0.5NiO2", 3.75, "LiNiO2", {"LiNiO2": 1 / 2, "NiO": 1 / 2}, 1 / 4),
    ],
)
def test_heats_of_charged_cathodes_from_calorimetry_and_voltage(
    formula: str, voltage: float, parent: str, products: dict[str, float], oxygen: float
) -> None:
    """Enthalpies of the lithiated oxides, less half a lithium at the measured voltage, entropies left out.

    Heated they give off little heat as such: a few kJ/mol (Wang, Maxisch and Ceder, Chem. Mater. 19, 543 (2007), find
    LixNiO2 to become endothermic above x = 0.5); what burns in cells is the electrolyte.
    """
    charged = TABLES[parent] + voltage / 2 * KJ_PER_EV
    reaction = host(formula, charged, ("Li2O", "CoO", "Co3O4", "NiO", "LiCoO2", "LiNiO2")).decomposition()
    assert {one.formula: n for one, n in reaction.products} == pytest.approx(products)
    assert reaction.oxygen == pytest.approx(oxygen)
    heat = sum(n * TABLES[name] for name, n in products.items()) - charged
    assert reaction.energy * KJ_PER_EV == pytest.approx(heat)
    assert heat == pytest.approx({"LiCoO2": -3.6, "LiNiO2": -3.3}[parent], abs=0.1)
    gained = reaction.free_energy - reaction.energy
    assert gained == pytest.approx(oxygen * gas_potential(523.15, 0.21))
    assert gained < 0


def test_heat_per_mass() -> None:
    """-10 kJ/mol of CoO2, 90.93 g/mol, is -110 J/g."""
    per_mol, per_g = heat_of(-10 / KJ_PER_EV, 90.932)
    assert per_mol == pytest.approx(-10)
    assert per_g == pytest.approx(-109.97, abs=0.01)


def test_the_heat_of_losing_all_oxygen_of_an_oxide_adds_up() -> None:
    """CoO -> Co + 1/2 O2 at a temperature where cobalt is stable: minus its enthalpy of formation."""
    hot = host("CoO", TABLES["CoO"], ("Co3O4",), t=6000, p=1e-20)
    metal = PhaseEntry("Co", {"Co": 1.0}, 0.0, "s", formula="Co")
    reaction = HeatedHost(hot.amounts, hot.energy, [*hot.entries, metal], FIT, 6000, 1e-20).decomposition()
    assert reaction.oxygen == pytest.approx(0.5)
    assert reaction.energy * KJ_PER_EV == pytest.approx(237.7)
