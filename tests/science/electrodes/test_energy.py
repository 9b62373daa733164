"""Energy of voltage profiles, against numbers that others print."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.science.electrodes.energy import density, differential_capacity, energy_of

STEPS = [(0.0, 80.0, 3.0), (80.0, 160.0, 4.0)]


def test_lithium_cobalt_oxide() -> None:
    """273.8 mAh/g at 3.9 V are 1068 Wh/kg; with the density of 5.05 g/cm3 of its crystal 5.4 kWh/L.

    Capacity and density: Nitta, Wu, Lee, Yushin, Mater. Today 18, 252 (2015); the density of the crystal is that of
    97.87 g/mol in 32.2 A3.
    """
    crystal = density(97.87, 32.2)
    assert crystal == pytest.approx(5.05, abs=0.01)
    found = energy_of([(0.0, 273.8, 3.9)], crystal)
    assert found is not None
    assert found.energy_Wh_kg == pytest.approx(1067.8, abs=0.1)
    assert found.energy_Wh_L == pytest.approx(1067.8 * crystal, rel=1e-4)


def test_rock_salt_weighs_what_it_weighs() -> None:
    """NaCl, 58.44 g/mol, four formula units in a cube of 5.6402 A: 2.163 g/cm3 (CRC Handbook: 2.17)."""
    assert density(58.44, 5.6402**3 / 4) == pytest.approx(2.163, abs=0.002)


def test_energy_is_charge_times_mean_voltage_either_way_round() -> None:
    found, back = energy_of(STEPS), energy_of([(b, a, v) for a, b, v in STEPS])
    assert found is not None
    assert found == back
    assert (found.low_V, found.high_V, found.capacity_mAh_g) == (3.0, 4.0, 160.0)
    assert found.energy_Wh_kg == pytest.approx(160 * 3.5)
    assert found.energy_Wh_L is None
    assert energy_of([]) is None


@pytest.mark.parametrize("width", [0.01, 0.05, 0.2])
def test_the_area_of_the_differential_capacity_is_the_charge(width: float) -> None:
    voltages = np.linspace(1.0, 6.0, 20_001)
    charge = differential_capacity(STEPS, voltages, width)
    assert np.trapezoid(charge, voltages) == pytest.approx(160.0, rel=1e-6)
    assert np.trapezoid(charge * voltages, voltages) == pytest.approx(160 * 3.5, rel=1e-6), (
        "and its first moment energy"
    )
