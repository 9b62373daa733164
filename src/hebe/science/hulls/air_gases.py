"""Carbon dioxide and water on the energy scale of an engine, from oxides that become carbonates and hydroxides.

As for oxygen (`hebe.science.hulls.oxygen`): the energy of a gas is the mean of those that give the tabulated
enthalpies of ``oxide + gas -> product`` with the engine's solids, so that hydrogen and carbon are never on the scale by
themselves.
Enthalpies are those at 298.15 K; the increments to 0 K of solids and gases, some 0.05 eV, are left out. The phase of
water is the liquid; its vapour follows from the tables. The data stand in ``air.yaml``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import ExactFraction
from hebe.exceptions import BadInputError
from hebe.schemas.air import GasFit
from hebe.science.constants import BOLTZMANN, KJ_PER_EV
from hebe.science.hulls.competing import phases_called
from hebe.science.hulls.gas_fit import GasMean, formula_energies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.calculation import CalculationDoc
    from hebe.science.hulls.phase import Phase

Gas = Literal["CO2", "H2O"]
_FILE: Final = "air.yaml"
_STANDARD: Final = 298.15


class AirGas(ConfigModel):
    """A gas, or liquid water: enthalpy of formation (kJ/mol) and entropy (J/mol/K) at 298.15 K."""

    enthalpy: float
    entropy: float
    state: Literal["gas", "liquid"]


class Vapour(ConfigModel):
    """Water as a gas: enthalpy above the liquid (kJ/mol), entropy (J/mol/K) and vapour pressure (bar) at 298.15 K."""

    enthalpy: float
    entropy: float
    pressure: float


class SolidData(ConfigModel):
    """A solid: enthalpy of formation at 298.15 K, kJ/mol of the formula."""

    formula: str
    phase: str
    enthalpy: float
    source: str


class GasReaction(ConfigModel):
    """One formula of the oxide and one molecule of the gas give ``amount`` formulas of the product."""

    oxide: str
    gas: Gas
    product: str
    amount: int = Field(ge=1)

    @property
    def text(self) -> str:
        """The reaction as it is written."""
        return f"{self.oxide} + {self.gas} -> {'' if self.amount == 1 else f'{self.amount} '}{self.product}"


class IonProduct(ConfigModel):
    """What ions become: per formula so many ions, molecules of the gas, and of O2."""

    formula: str
    gas: Gas
    ions: int = Field(ge=1)
    molecules: ExactFraction
    oxygen: ExactFraction


class AirFile(ConfigModel):
    """Gases, solids, reactions between them, products of the working ions."""

    gases: dict[Gas, AirGas]
    vapour: Vapour
    solids: tuple[SolidData, ...]
    sources: dict[str, str]
    reactions: tuple[GasReaction, ...]
    products: dict[str, tuple[IonProduct, ...]]

    @model_validator(mode="after")
    def _known(self) -> AirFile:
        formulas = {solid.formula for solid in self.solids}
        named = {f for one in self.reactions for f in (one.oxide, one.product)}
        named |= {one.formula for products in self.products.values() for one in products}
        if named - formulas:
            raise ValueError(f"no solid has the formula {', '.join(sorted(named - formulas))}")
        nameless = sorted({solid.source for solid in self.solids} - set(self.sources))
        if nameless:
            raise ValueError(f"no source is called {', '.join(nameless)}")
        return self

    @property
    def by_formula(self) -> dict[str, SolidData]:
        """Solids by formula."""
        return {solid.formula: solid for solid in self.solids}


@cache
def air_data() -> AirFile:
    """The data file.

    Raises
    ------
    BadInputError
        If it does not fit the model.
    """
    return packaged(AirFile, "hebe.science.hulls", _FILE)


@cache
def air_phases() -> tuple[Phase, ...]:
    """Solids whose energies give those of the gases, and what the working ions become.

    Raises
    ------
    BadInputError
        If the package has no such phase.
    """
    return phases_called([solid.phase for solid in air_data().solids], _FILE)


def solid_energies(solids: Mapping[str, CalculationDoc | None]) -> dict[str, float]:
    """Energy (eV) of one formula of each solid that has one, from calculations by id of the phase."""
    return formula_energies([(solid.formula, solid.phase) for solid in air_data().solids], solids)


def reaction_enthalpy(reaction: GasReaction) -> float:
    """Tabulated enthalpy at 298.15 K, eV per molecule of the gas."""
    data = air_data()
    solids = data.by_formula
    product, oxide = solids[reaction.product].enthalpy, solids[reaction.oxide].enthalpy
    return (reaction.amount * product - oxide - data.gases[reaction.gas].enthalpy) / KJ_PER_EV


def fit_gas(gas: Gas, energies: Mapping[str, float], *, without: str | None = None) -> GasFit:
    """Energy of a molecule (eV) on the scale of the solids: the mean over the reactions whose solids have energies.

    Parameters
    ----------
    gas
        Which one.
    energies
        Of one formula of each solid, eV.
    without
        An oxide whose reaction is left out, so that it can be predicted.

    Returns
    -------
    GasFit
        Without an energy, with the reason, where no reaction is left.
    """
    found: dict[str, float] = {}
    lost = []
    for reaction in air_data().reactions:
        if reaction.gas != gas or reaction.oxide == without:
            continue
        if reaction.oxide in energies and reaction.product in energies:
            solids = reaction.amount * energies[reaction.product] - energies[reaction.oxide]
            found[reaction.text] = solids - reaction_enthalpy(reaction)
        else:
            lost.append(reaction.text)
    if not found:
        return GasFit(gas=gas, left_out=lost, reason="no reaction has energies")
    mean = GasMean.of(found)
    return GasFit(
        gas=gas,
        state=air_data().gases[gas].state,
        energy_eV=mean.mean,
        sd_eV=mean.sd,
        leave_one_out_eV=mean.leave_one_out,
        left_out=lost,
    )


def gas_free_energy(gas: Gas, fit: GasFit, temperature: float, activity: float) -> float:
    """Free energy of a molecule (eV) on the scale of the solids, those without entropies.

    Parameters
    ----------
    gas, fit
        The gas and its energy.
    temperature
        K; entropies are those at 298.15 K.
    activity
        Partial pressure of CO2 in bar, relative humidity of water (1 is saturated vapour, and the liquid).

    Raises
    ------
    BadInputError
        If the fit has no energy, or the activity is not positive.
    """
    if fit.energy_eV is None:
        raise BadInputError(f"{gas} has no energy: {fit.reason}")
    if activity <= 0:
        raise BadInputError(f"{gas} needs a positive pressure or humidity, got {activity:g}")
    entropy = air_data().gases[gas].entropy
    return fit.energy_eV - temperature * entropy / 1000 / KJ_PER_EV + BOLTZMANN * temperature * math.log(activity)


def vapour_free_energy(fit: GasFit, temperature: float, pressure: float) -> float:
    """Free energy of a molecule of water vapour (eV) at a pressure (bar), from the enthalpy and entropy of the gas."""
    if fit.energy_eV is None:
        raise BadInputError(f"H2O has no energy: {fit.reason}")
    vapour = air_data().vapour
    standard = fit.energy_eV + (vapour.enthalpy - temperature * vapour.entropy / 1000) / KJ_PER_EV
    return standard + BOLTZMANN * temperature * math.log(pressure)
