"""Document of the stability of one configuration against air."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.schemas.air import AirDoc, AirReaction, GasFit
from hebe.schemas.calculation import CalculationDoc
from hebe.science.electrodes.electrode import SAME_X, StateInput, x_states
from hebe.science.hulls.air_gases import air_data, fit_gas, gas_free_energy, solid_energies
from hebe.science.hulls.oxygen import fit_oxygen, gas_potential

if TYPE_CHECKING:
    from hebe.schemas.electrode import XState
    from hebe.science.hulls.air_gases import IonProduct

_FIELDS: Final = {"CO2": "carbonate_eV_per_ion", "H2O": "hydroxide_eV_per_ion"}


@dataclass(frozen=True)
class Atmosphere:
    """Temperature (K), pressures of CO2 and O2 (bar), relative humidity (1 is saturated)."""

    temperature: float = 298.15
    co2: float = 4.2e-4
    oxygen: float = 0.21
    humidity: float = 0.5

    def activity(self, gas: str) -> float:
        """What `gas_free_energy` takes for a gas."""
        return self.co2 if gas == "CO2" else self.humidity


@dataclass(frozen=True)
class AirInput:
    """Calculations: of the configuration, of the solids of the gases and the oxides of oxygen by phase, the metal."""

    states: StateInput
    window: tuple[float, float]
    solids: Mapping[str, CalculationDoc | None]
    oxides: Mapping[str, CalculationDoc | None]
    metal: CalculationDoc | None
    atmosphere: Atmosphere = Atmosphere()


@dataclass(frozen=True)
class _Energies:
    """Energies (eV) of solids by formula, fits of the gases, energy of O2 at 0 K, of the metal per atom."""

    solids: Mapping[str, float]
    gases: Mapping[str, GasFit]
    oxygen: float
    metal: float | None


def air_document(inputs: AirInput, label: str = "") -> AirDoc:
    """Reactions with air from the as-made content to the next lower one of the window; null with a warning."""
    air = inputs.atmosphere
    document = AirDoc(
        label=label, temperature_K=air.temperature, co2_bar=air.co2, humidity=air.humidity, oxygen_bar=air.oxygen
    )
    document.warnings = inputs.states.problems()
    solids = solid_energies(inputs.solids)
    fits = {gas: fit_gas(gas, solids) for gas in ("CO2", "H2O")}
    oxygen = fit_oxygen(inputs.oxides)
    document.gases, document.oxygen_eV = list(fits.values()), oxygen.energy_eV
    missing = [f"{gas} has no energy: {fit.reason}" for gas, fit in fits.items() if fit.energy_eV is None]
    missing += [f"oxygen has no energy: {oxygen.reason}"] if oxygen.energy_eV is None else []
    kept = _from_made(inputs)
    if len(kept) < 2:
        missing.append("the host is not known as made and at a lower content")
    if missing or oxygen.energy_eV is None:
        document.warnings += missing
        return document
    metal = inputs.metal.energy_per_atom if inputs.metal is not None and inputs.metal.usable else None
    energies = _Energies(solids, fits, oxygen.energy_eV, metal)
    high, low = kept[0], kept[1]
    for product in air_data().products[str(inputs.states.spec.working_ion)]:
        if product.formula not in solids:
            document.warnings.append(f"{product.formula} has no energy")
            continue
        host = (low.energy_eV_per_fu - high.energy_eV_per_fu) / (high.x - low.x)
        reaction = _reaction(product, host, energies, air)
        document.reactions.append(reaction.model_copy(update={"x_high": high.x, "x_low": low.x}))
        setattr(document, _FIELDS[product.gas], reaction.free_energy_eV_per_ion)
    return document


def _from_made(inputs: AirInput) -> list[XState]:
    """States of the host from the content as made down, highest x first; none where that one is not known."""
    made = inputs.states.made
    if made is None or not made.usable or not inputs.states.n_fu:
        return []
    x_made = inputs.states.x_of(made)
    kept = [s for s in x_states(inputs.states, inputs.window) if not s.left and s.x <= x_made + SAME_X]
    return kept if kept and kept[0].x >= x_made - SAME_X else []


def _reaction(product: IonProduct, host: float, energies: _Energies, air: Atmosphere) -> AirReaction:
    """Reaction of one ion; `host` is the energy that the host gains when it loses one (eV).

    ``A(host) + m gas + n O2 -> product``, all per ion.
    """
    fit, ions = energies.gases[product.gas], product.ions
    molecules, oxygen = float(product.molecules) / ions, float(product.oxygen) / ions
    formed = energies.solids[product.formula] / ions
    gas = gas_free_energy(product.gas, fit, air.temperature, air.activity(product.gas))
    o2 = energies.oxygen + gas_potential(air.temperature, air.oxygen)
    cold = formed - molecules * (fit.energy_eV or 0.0) - oxygen * energies.oxygen
    warm = formed - molecules * gas - oxygen * o2
    return AirReaction(
        product=product.formula,
        gas=product.gas,
        x_high=0.0,
        x_low=0.0,
        energy_eV_per_ion=host + cold,
        free_energy_eV_per_ion=host + warm,
        error_eV_per_ion=None if fit.sd_eV is None else molecules * fit.sd_eV,
        potential_V=None if energies.metal is None else energies.metal - warm,
    )
