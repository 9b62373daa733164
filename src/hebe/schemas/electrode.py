"""Voltage and strain of one configuration over x; field names follow emmet where they exist."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class VoltageStep(Document):
    """Voltage (V) between two neighbouring hull points; x in ions per formula unit."""

    x_high: float
    x_low: float
    voltage_V: float


class XState(Document):
    """The lowest state found at one x that is still the host; ``energy_eV_per_fu`` on the engine's scale.

    ``left`` marks the lowest of all where none is the host: it enters no average, strain or hull. ``*_sd_starts`` are
    standard deviations over the starts of its cell, None for fewer than two.
    """

    x: float
    energy_eV_per_fu: float
    volume_A3_per_fu: float
    on_hull: bool
    topology: str | None
    left: bool = False
    energy_sd_starts_eV_per_fu: float | None = None
    volume_sd_starts_A3_per_fu: float | None = None
    anion_oxidation: float = 0.0
    volume_strain: float | None = None
    axis_strain: list[float] | None = None
    calculation: str | None = None


class VoltageDoc(ResultDoc):
    """Voltage of one configuration: average over the window, profile, states; ``*_sd_starts`` from its ends.

    ``capacity_window_mAh_g`` is what the window holds per gram of the as-made formula, between the contents that the
    cell holds where the voltage is taken over them; ``engine_error_V`` is the error of the engine that the campaign
    gives, which goes before the documented one.
    """

    average_voltage_V: float | None = None
    average_voltage_V_sd_starts: float | None = None
    voltage_profile: list[VoltageStep] = Field(default_factory=list)
    x_states: list[XState] = Field(default_factory=list)
    energy_made_eV_per_fu: float | None = None
    capacity_window_mAh_g: float | None = None
    engine_error_V: float | None = None


class StrainDoc(ResultDoc):
    """Volume change of one configuration over the window, relative to the as-made cell.

    ``max_volume_strain`` is the largest absolute one, ``volume_strain_at_max`` the same with its sign.
    """

    max_volume_strain: float | None = None
    max_volume_strain_sd_starts: float | None = None
    volume_strain_at_max: float | None = None
    max_delta_volume: float | None = None
    x_states: list[XState] = Field(default_factory=list)
