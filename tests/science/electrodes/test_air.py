"""Stability against air: the free energy is the voltage of the host less that of the product."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from hebe.schemas.calculation import CalculationDoc
from hebe.science.electrodes.air_document import AirInput, Atmosphere, air_document
from hebe.science.electrodes.voltage import EnergyPoint, voltage
from hebe.science.hulls.air_gases import air_data, air_phases
from hebe.science.hulls.oxygen import gas_potential, oxygen_data, oxygen_oxides
from support.insertion_states import METAL, inputs, state

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.air import AirDoc

KJ = 96.48533212331002


def solids() -> dict[str, CalculationDoc]:
    """Solids whose energies are their tabulated enthalpies, with C -9, O -5, H -3 eV and metals 0 beside."""
    parts = {"C": -9.0, "O": -5.0, "H": -3.0, "Na": METAL.energy_per_atom}
    found = {}
    for solid, phase in zip(air_data().solids, air_phases(), strict=True):
        structure = phase.structure()
        structure.remove_oxidation_states()
        reduced, n = structure.composition.get_reduced_composition_and_factor()
        energy = solid.enthalpy / KJ + sum(parts.get(str(e), 0.0) * x for e, x in reduced.items())
        found[phase.id] = calculation(structure, n * energy)
    return found


def oxides() -> dict[str, CalculationDoc]:
    """Oxides that give oxygen of -10 eV per molecule at 298.15 K (their increments are tabulated with it)."""
    found = {}
    for oxide, phase in zip(oxygen_data().oxides, oxygen_oxides(), strict=True):
        structure = phase.structure()
        structure.remove_oxidation_states()
        reduced, n = structure.composition.get_reduced_composition_and_factor()
        zero = oxide.enthalpy - (oxide.increment or 0.0)
        energy = zero / KJ + reduced["O"] * (-5.0)
        found[phase.id] = calculation(structure, n * energy)
    return found


def calculation(structure: Structure, energy: float) -> CalculationDoc:
    return CalculationDoc(
        key="k", engine="e", energy_scale="s", task="relax", status="converged", structure=structure, energy_eV=energy
    )


def document(*energies: tuple[float, float], air: Atmosphere | None = None) -> AirDoc:
    made, *others = (state(x, e) for x, e in energies)
    return air_document(AirInput(inputs(made, *others), (0.5, 1.0), solids(), oxides(), METAL, air or Atmosphere()))


def test_the_free_energy_is_the_voltage_less_that_of_the_carbonate() -> None:
    found = document((1.0, -20.0), (0.5, -17.9))
    host = voltage(EnergyPoint(0.5, -17.9), EnergyPoint(1.0, -20.0), METAL.energy_per_atom)
    for reaction in found.reactions:
        assert reaction.potential_V is not None
        assert reaction.free_energy_eV_per_ion == pytest.approx(host - reaction.potential_V)
        assert (reaction.x_high, reaction.x_low) == (1.0, 0.5)
    assert [r.product for r in found.reactions] == ["Na2CO3", "NaOH"]


def test_the_potential_of_sodium_carbonate_is_that_of_the_tables() -> None:
    """2 Na + CO2 + 1/2 O2 -> Na2CO3 by enthalpies of formation, entropies of the gases at their pressures."""
    air = Atmosphere()
    (carbonate, hydroxide) = document((1.0, -20.0), (0.5, -17.9), air=air).reactions
    kt = 8.617333262e-5 * 298.15
    co2 = -298.15 * 213.79 / 1000 / KJ + kt * math.log(air.co2)
    o2 = gas_potential(298.15, 0.21)
    enthalpy = (-1130.7 + 393.51) / KJ
    assert carbonate.potential_V == pytest.approx(-(enthalpy - co2 - o2 / 2) / 2, abs=0.03)
    assert 3.1 < float(carbonate.potential_V or 0) < 3.7
    water = -298.15 * 69.95 / 1000 / KJ + kt * math.log(0.5)
    formed = -425.8 / KJ + 285.83 / KJ / 2
    assert hydroxide.potential_V == pytest.approx(-(formed - water / 2 - o2 / 4), abs=0.03)


@pytest.mark.parametrize(("more", "less"), [(Atmosphere(co2=1e-2), Atmosphere(co2=1e-5))])
def test_more_carbon_dioxide_takes_more(more: Atmosphere, less: Atmosphere) -> None:
    rich, poor = (document((1.0, -20.0), (0.5, -17.9), air=air) for air in (more, less))
    kt = 8.617333262e-5 * 298.15
    difference = (poor.carbonate_eV_per_ion or 0.0) - (rich.carbonate_eV_per_ion or 0.0)
    assert difference == pytest.approx(kt / 2 * math.log(1e3))
    assert poor.hydroxide_eV_per_ion == rich.hydroxide_eV_per_ion


def test_what_is_missing_is_said() -> None:
    made = state(1.0, -20.0)
    found = air_document(AirInput(inputs(made), (0.5, 1.0), {}, oxides(), METAL))
    assert found.carbonate_eV_per_ion is None
    assert any("CO2 has no energy" in text for text in found.warnings)
    assert any("not known as made and at a lower content" in text for text in found.warnings)


def test_a_host_that_is_made_with_less_than_it_can_hold_begins_as_made() -> None:
    """The as-made cell comes first, then the others: one of them holds more ions than it was made with."""
    made, fuller, emptier = state(0.75, -19.0), state(1.0, -20.0), state(0.5, -17.9)
    found = air_document(AirInput(inputs(made, fuller, emptier), (0.5, 1.0), solids(), oxides(), METAL))
    assert [(r.x_high, r.x_low) for r in found.reactions] == [(0.75, 0.5)] * 2
    lost = air_document(AirInput(inputs(made, fuller), (0.5, 1.0), solids(), oxides(), METAL))
    assert lost.reactions == []
