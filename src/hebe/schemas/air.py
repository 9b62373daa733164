"""Stability against air: what carbon dioxide and water take out of a host."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class GasFit(Document):
    """Energy of a molecule of CO2 or H2O on an energy scale, eV.

    ``sd_eV`` is the standard deviation over the reactions, ``leave_one_out_eV`` how far the reaction of each oxide
    is from what all others say. ``state`` is that of the molecule whose energy it is.
    """

    gas: str
    state: str | None = None
    energy_eV: float | None = None
    sd_eV: float | None = None
    leave_one_out_eV: dict[str, float] = Field(default_factory=dict)
    left_out: list[str] = Field(default_factory=list)
    reason: str | None = None


class AirReaction(Document):
    """Ions of a host become a carbonate or hydroxide while oxygen oxidises the host.

    From ``x_high`` to ``x_low``; ``energy_eV_per_ion`` is the enthalpy, ``free_energy_eV_per_ion`` holds the entropies
    of the gases at their pressures, negative where it happens. ``error_eV_per_ion`` is that of the gas by the standard
    deviation over its reactions. ``potential_V`` is that of the product in air against the metal: ions leave hosts of
    lower voltage.
    """

    product: str
    gas: str
    x_high: float
    x_low: float
    energy_eV_per_ion: float
    free_energy_eV_per_ion: float
    error_eV_per_ion: float | None = None
    potential_V: float | None = None


class AirDoc(ResultDoc):
    """Stability of one configuration against air."""

    temperature_K: float
    co2_bar: float
    humidity: float
    oxygen_bar: float
    reactions: list[AirReaction] = Field(default_factory=list)
    gases: list[GasFit] = Field(default_factory=list)
    oxygen_eV: float | None = None
    carbonate_eV_per_ion: float | None = None
    hydroxide_eV_per_ion: float | None = None
