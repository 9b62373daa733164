"""Energy and charge of a voltage profile: what it holds per mass and volume, and at which voltage it gives it.

All against the metal of the working ion and of the host alone: no binder, no electrolyte, no other electrode.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

AVOGADRO: Final = 6.02214076e23
"""Per mol, exact: SI Brochure, 9th edition (2019)."""

_CM3_PER_A3: Final = 1e-24

Step = tuple[float, float, float]
"""Charge at both ends (mAh/g of the host as made) and voltage between them (V)."""


@dataclass(frozen=True)
class Energy:
    """What a profile holds.

    Parameters
    ----------
    low_V, high_V
        Lowest and highest voltage.
    capacity_mAh_g
        Charge between its ends.
    energy_Wh_kg
        Energy between its ends, per mass of the host as made.
    energy_Wh_L
        The same per volume of the cell as made, None where that is not known.
    """

    low_V: float  # noqa: N815 - units keep their case
    high_V: float  # noqa: N815
    capacity_mAh_g: float  # noqa: N815
    energy_Wh_kg: float  # noqa: N815
    energy_Wh_L: float | None  # noqa: N815


def energy_of(steps: Sequence[Step], density_g_cm3: float | None = None) -> Energy | None:
    """Energy of a profile: the integral of the voltage over the charge; None without steps.

    1 V times 1 mAh/g is 1 Wh/kg; times the density in g/cm3 it is Wh/L.
    """
    if not steps:
        return None
    charge = sum(abs(stop - start) for start, stop, _ in steps)
    energy = sum(abs(stop - start) * voltage for start, stop, voltage in steps)
    voltages = [voltage for _, _, voltage in steps]
    volume = None if density_g_cm3 is None else energy * density_g_cm3
    return Energy(min(voltages), max(voltages), charge, energy, volume)


def density(molar_mass_g: float, volume_A3: float) -> float:
    """Density (g/cm3) of formula units of a mass (g/mol) and a volume (A3) each."""
    return molar_mass_g / AVOGADRO / (volume_A3 * _CM3_PER_A3)


def differential_capacity(steps: Sequence[Step], voltages: NDArray[np.float64], width_V: float) -> NDArray[np.float64]:
    """Charge per voltage dQ/dV (mAh/g/V): every step a normal distribution of standard deviation `width_V`.

    A profile of steps gives each charge at one voltage; the width only makes that visible. The integral over all
    voltages is the capacity.
    """
    found = np.zeros_like(voltages)
    for start, stop, voltage in steps:
        height = abs(stop - start) / (width_V * math.sqrt(2 * math.pi))
        found += height * np.exp(-0.5 * ((voltages - voltage) / width_V) ** 2)
    return found
