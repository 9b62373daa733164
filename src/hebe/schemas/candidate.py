"""One candidate with everything that is known about it: what people query and rank."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document, ErrorInfo
from hebe.schemas.electrode import VoltageStep, XState
from hebe.schemas.mixing import MixingDoc


class CandidateDoc(Document):
    """A candidate after one stage; scalars are means over its configurations, ``*_sd`` their spread.

    ``composition`` maps sublattice -> species -> amount per formula unit; entropies in R by convention;
    ``calculations`` maps label -> content key.
    """

    candidate_id: str
    campaign: str
    stage: int = 0
    status: Literal["complete", "partial", "failed"]
    formula: str
    family: str
    working_ion: str | None = None
    x_made: float
    composition: dict[str, dict[str, float]]
    entropy_R: dict[str, float]
    descriptors: dict[str, float | bool | None] = Field(default_factory=dict)
    engine: str
    energy_scale: str
    configuration: str | None = None
    n_configurations: int = 0
    average_voltage_V: float | None = None
    average_voltage_V_sd: float | None = None
    voltage_profile: list[VoltageStep] = Field(default_factory=list)
    x_states: list[XState] = Field(default_factory=list)
    capacity_theoretical_mAh_g: float | None = None
    capacity_redox_mAh_g: float | None = None
    capacity_window_mAh_g: float | None = None
    max_volume_strain: float | None = None
    max_volume_strain_sd: float | None = None
    max_delta_volume: float | None = None
    max_delta_volume_sd: float | None = None
    mixing: MixingDoc = Field(default_factory=MixingDoc)
    warnings: list[str] = Field(default_factory=list)
    error: ErrorInfo | None = None
    calculations: dict[str, str] = Field(default_factory=dict)
    calculation_status: dict[str, str] = Field(default_factory=dict)
