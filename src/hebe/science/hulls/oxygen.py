"""Oxygen gas on the energy scale of an engine: its energy from oxides that oxidise to one another, its potential.

Energies of gases are off every scale of oxides, so that the energy of O2 is the mean of those that give the tabulated
enthalpies of ``a low + O2 -> b high`` with the engine's oxides: Wang, Maxisch and Ceder, Phys. Rev. B 73, 195107
(2006), between oxides instead of from the metals. Temperature and pressure enter as for an ideal gas, Shomate's
polynomials of the NIST-JANAF tables. The data stand in ``oxygen.yaml``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.exceptions import BadInputError
from hebe.schemas.oxygen import OxygenFit
from hebe.science.constants import BOLTZMANN, KJ_PER_EV
from hebe.science.hulls.competing import phases_called
from hebe.science.hulls.gas_fit import GasMean, formula_energies
from hebe.science.hulls.hull import PhaseEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.calculation import CalculationDoc
    from hebe.science.hulls.phase import Phase

GAS: Final = "O2"
"""Name of the gas among the phases."""

_FILE: Final = "oxygen.yaml"


class ShomateRange(ConfigModel):
    """Coefficients A to G between two temperatures (K), ``t = T / 1000 K``; J/mol/K and kJ/mol."""

    low: float
    high: float
    coefficients: tuple[float, float, float, float, float, float, float]

    def enthalpy(self, temperature: float) -> float:
        """``H(T) - H(298.15 K)``, kJ/mol."""
        a, b, c, d, e, f, _ = self.coefficients
        t = temperature / 1000
        return a * t + b * t**2 / 2 + c * t**3 / 3 + d * t**4 / 4 - e / t + f

    def entropy(self, temperature: float) -> float:
        """``S(T)``, J/mol/K."""
        a, b, c, d, e, _, g = self.coefficients
        t = temperature / 1000
        return a * math.log(t) + b * t + c * t**2 / 2 + d * t**3 / 3 - e / (2 * t**2) + g


class GasData(ConfigModel):
    """The gas: ``increment`` is ``H(298.15 K) - H(0 K)``, kJ/mol."""

    increment: float
    ranges: tuple[ShomateRange, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)


class OxideData(ConfigModel):
    """An oxide: enthalpy of formation at 298.15 K and ``H(298.15 K) - H(0 K)`` where known, kJ/mol of the formula."""

    formula: str
    phase: str
    enthalpy: float
    increment: float | None = None
    source: str


class HeatData(ConfigModel):
    """Temperatures (K) and ``-(G(T) - H(298.15 K)) / T`` of an oxide, J/mol/K of the formula."""

    formula: str
    source: str
    function: tuple[tuple[float, float], ...] = Field(min_length=2)


class OxygenFile(ConfigModel):
    """The gas, the oxides, which of them oxidise to which, and thermal functions of oxides."""

    gas: GasData
    oxides: tuple[OxideData, ...]
    sources: dict[str, str]
    oxidations: tuple[tuple[str, str], ...]
    heat: tuple[HeatData, ...]

    @model_validator(mode="after")
    def _known(self) -> OxygenFile:
        formulas = {oxide.formula for oxide in self.oxides}
        unknown = sorted({formula for pair in self.oxidations for formula in pair} - formulas)
        if unknown:
            raise ValueError(f"no oxide has the formula {', '.join(unknown)}")
        nameless = sorted({*(o.source for o in self.oxides), *(h.source for h in self.heat)} - set(self.sources))
        if nameless:
            raise ValueError(f"no source is called {', '.join(nameless)}")
        return self


@cache
def oxygen_data() -> OxygenFile:
    """The data file.

    Raises
    ------
    BadInputError
        If it does not fit the model.
    """
    return packaged(OxygenFile, "hebe.science.hulls", _FILE)


@cache
def oxygen_oxides() -> tuple[Phase, ...]:
    """Phases whose energies give that of the gas.

    Raises
    ------
    BadInputError
        If the package has no such phase.
    """
    return phases_called([oxide.phase for oxide in oxygen_data().oxides], _FILE)


def gas_potential(temperature: float, pressure: float) -> float:
    """Chemical potential of O2 less its energy at 0 K, eV per molecule: ``h(T) - h(0) - T s(T) + k T ln(p / 1 bar)``.

    Below the lowest range of the polynomials the heat capacity is taken as constant.

    Parameters
    ----------
    temperature
        K, up to 6000.
    pressure
        Partial pressure, bar.

    Raises
    ------
    BadInputError
        If the temperature is outside of the tables or the pressure is not positive.
    """
    gas = oxygen_data().gas
    if not 0 <= temperature <= gas.ranges[-1].high:
        raise BadInputError(f"no data for oxygen at {temperature:g} K", suggestion=f"0 to {gas.ranges[-1].high:g} K")
    if pressure <= 0:
        raise BadInputError(f"the pressure of oxygen must be positive, got {pressure:g} bar")
    if temperature == 0:
        return 0.0
    lowest = gas.ranges[0].low
    part = next(r for r in gas.ranges if temperature <= r.high)
    at = max(temperature, lowest)
    enthalpy, entropy = gas.increment + part.enthalpy(at), part.entropy(at)
    if temperature < lowest:
        entropy += 1000 * enthalpy / lowest * math.log(temperature / lowest)
        enthalpy *= temperature / lowest
    standard = (enthalpy - temperature * entropy / 1000) / KJ_PER_EV
    return standard + BOLTZMANN * temperature * math.log(pressure)


def pressure_of(potential: float, temperature: float) -> float:
    """``log10(p / bar)`` at which `gas_potential` is `potential` (eV per molecule)."""
    return (potential - gas_potential(temperature, 1.0)) / (BOLTZMANN * temperature * math.log(10))


def fit_oxygen(oxides: Mapping[str, CalculationDoc | None]) -> OxygenFit:
    """Energy of O2 at 0 K on the scale of an engine: the mean over the oxidations whose oxides have an energy.

    Parameters
    ----------
    oxides
        Phase id -> relaxation, all of one energy scale.

    Returns
    -------
    OxygenFit
        Without an energy, with the reason, where no oxidation is left or the scales differ.
    """
    known = {name: doc for name, doc in oxides.items() if doc is not None and doc.usable}
    scales = sorted({doc.energy_scale for doc in known.values()})
    if len(scales) > 1:
        return OxygenFit(reason=f"the oxides are on more than one energy scale: {', '.join(scales)}")
    energies = formula_energies([(oxide.formula, oxide.phase) for oxide in oxygen_data().oxides], known)
    return fit_energies(energies, scales[0] if scales else None)


def fit_energies(energies: Mapping[str, float], energy_scale: str | None = None) -> OxygenFit:
    """As `fit_oxygen`, from the energy (eV) of one formula of each oxide."""
    found: dict[str, float] = {}
    lost = []
    for low, high in oxygen_data().oxidations:
        if low in energies and high in energies:
            found[f"{low} -> {high}"] = oxygen_energy(low, high, energies)
        else:
            lost.append(f"{low} -> {high}")
    if not found:
        return OxygenFit(energy_scale=energy_scale, left_out=lost, reason="no pair of oxides has energies")
    mean = GasMean.of(found)
    return OxygenFit(
        energy_scale=energy_scale,
        energy_eV=mean.mean,
        sd_eV=mean.sd,
        residuals_eV=mean.residuals,
        leave_one_out_eV=mean.leave_one_out,
        left_out=lost,
    )


def oxygen_energy(low: str, high: str, energies: Mapping[str, float]) -> float:
    """Energy of O2 (eV) at which ``a low + O2 -> b high`` has its tabulated enthalpy at 0 K."""
    a, b = oxidation(low, high)
    return b * energies[high] - a * energies[low] - oxidation_enthalpy(low, high) / KJ_PER_EV


def oxidation(low: str, high: str) -> tuple[float, float]:
    """Amounts a and b of ``a low + O2 -> b high``."""
    from pymatgen.core.composition import Composition

    lower, higher = Composition(low), Composition(high)
    (metal,) = (str(element) for element in lower if str(element) != "O")
    ratio = higher[metal] / lower[metal]
    b = 2 / (higher["O"] - ratio * lower["O"])
    return ratio * b, b


def oxidation_enthalpy(low: str, high: str, *, at_zero: bool = True) -> float:
    """Enthalpy of ``a low + O2 -> b high``, kJ per mol of O2, at 0 K or at 298.15 K.

    From 298.15 K to 0 K the increment of the gas counts, and those of both oxides where the tables have both.
    """
    data = oxygen_data()
    oxides = {oxide.formula: oxide for oxide in data.oxides}
    (a, lower), (b, higher) = zip(oxidation(low, high), (oxides[low], oxides[high]), strict=True)
    enthalpy = b * higher.enthalpy - a * lower.enthalpy
    if not at_zero:
        return enthalpy
    if lower.increment is not None and higher.increment is not None:
        enthalpy -= b * higher.increment - a * lower.increment
    return enthalpy + data.gas.increment


def gas_entry(fit: OxygenFit, temperature: float, pressure: float, energy_scale: str) -> PhaseEntry:
    """O2 as a phase whose energy is its potential at exactly that temperature (K) and pressure (bar); no entropy.

    On a hull it lets mixtures give off oxygen. They take it up only from oxygen that the composition holds: a
    composition with O2 in excess, or `hebe.science.mixing.oxygen_mixing.open_entries`.

    Raises
    ------
    BadInputError
        If the fit has no energy.
    """
    if fit.energy_eV is None:
        raise BadInputError(f"oxygen has no energy: {fit.reason}")
    energy = fit.energy_eV + gas_potential(temperature, pressure)
    return PhaseEntry(GAS, {"O": 2.0}, energy, energy_scale, formula=GAS, source=oxygen_data().gas.sources[0])
