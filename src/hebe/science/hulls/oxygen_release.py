"""Release of oxygen by a host that decomposes: at which oxygen potential, into what, and with which heat.

A charged host is heated in a gas that takes oxygen up but has none to give: Wang, Maxisch and Ceder, Chem. Mater. 19,
543 (2007). The lowest mixture of its composition then holds O2 below the potential that oxygen has in the lowest
mixture without gas. Entropies of solids are left out; temperature and pressure enter through the gas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import scipy

from hebe.schemas.oxygen import OxygenFit
from hebe.science.constants import KJ_PER_EV
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.oxygen import GAS, gas_entry, gas_potential, oxygen_data, pressure_of

_HOST: Final = "the host itself"
_OXYGEN: Final = "O"


@dataclass(frozen=True)
class HeatedHost:
    """A host in a gas.

    Parameters
    ----------
    amounts, energy
        Atoms of a formula unit, and its energy (eV).
    entries
        Phases that it can decompose to, on the energy scale of the fit.
    fit
        Energy of O2, which has one.
    temperature, pressure
        K, bar.
    """

    amounts: Mapping[str, float]
    energy: float
    entries: Sequence[PhaseEntry]
    fit: OxygenFit
    temperature: float
    pressure: float

    @property
    def _scale(self) -> str:
        return self.entries[0].energy_scale if self.entries else str(self.fit.energy_scale)

    def release_potential(self) -> float | None:
        """Oxygen potential (eV per atom, from half of O2 at 0 K) below which it gives off O2; None if it never does.

        The lowest potential that prices no phase above its energy and the lowest closed mixture, the host among its
        phases, at that of its own.

        Raises
        ------
        InfeasibleError
            If the phases cannot make it.
        """
        if not self.amounts.get(_OXYGEN):
            return None
        own = PhaseEntry(_HOST, self.amounts, self.energy, self._scale)
        low, _ = PhaseEquilibrium([*self.entries, own]).potential_range(self.amounts, _OXYGEN)
        return None if math.isinf(low) else low - (self.fit.energy_eV or 0.0) / 2

    def decomposition(self) -> Reaction:
        """Lowest mixture of the phases and O2 at the temperature and pressure, and the heat of becoming it.

        Raises
        ------
        InfeasibleError
            If the phases cannot make it.
        """
        gas = gas_entry(self.fit, self.temperature, self.pressure, self._scale)
        hull = PhaseEquilibrium([*self.entries, gas])
        found = hull.decompose(self.amounts)
        oxygen = found.amounts.get(GAS, 0.0)
        free = found.energy - self.energy
        products = [(hull.entries[name], n) for name, n in found.amounts.items() if name != GAS]
        return Reaction(products, oxygen, free - oxygen * gas_potential(self.temperature, self.pressure), free)


@dataclass(frozen=True)
class Reaction:
    """A formula unit becomes a mixture.

    Parameters
    ----------
    products
        Phases, and formulas of each.
    oxygen
        Molecules of O2.
    energy
        Heat at 0 K, eV; negative where it is given off.
    free_energy
        With the oxygen at temperature and pressure, eV.
    """

    products: Sequence[tuple[PhaseEntry, float]]
    oxygen: float
    energy: float
    free_energy: float


def release_temperature(potential: float, pressure: float) -> float | None:
    """Temperature (K) above which oxygen of a pressure (bar) has less than a potential (eV per atom).

    Potentials are counted from half of O2 at 0 K.

    Returns
    -------
    float or None
        0 where it has less at every temperature (at a positive potential); None above the tables of the gas.
    """
    highest = oxygen_data().gas.ranges[-1].high
    if potential >= 0:
        return 0.0
    if gas_potential(highest, pressure) / 2 > potential:
        return None
    low = 1.0
    if gas_potential(low, pressure) / 2 < potential:
        return 0.0
    found: float = scipy.optimize.brentq(lambda t: gas_potential(t, pressure) / 2 - potential, low, highest, xtol=1e-6)
    return found


def release_pressure(potential: float, temperature: float) -> float:
    """``log10(p / bar)`` below which oxygen at a temperature (K) has less than a potential (eV per atom)."""
    return pressure_of(2 * potential, temperature)


def heat_of(energy: float, mass: float) -> tuple[float, float]:
    """Heat (eV per formula unit) in kJ/mol and in J/g, for a formula unit of a mass (g/mol)."""
    return energy * KJ_PER_EV, 1000 * energy * KJ_PER_EV / mass
