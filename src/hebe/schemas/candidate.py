"""One candidate with everything that is known about it: what people query and rank."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document, ErrorInfo
from hebe.schemas.electrode import VoltageStep, XState
from hebe.schemas.mixing import MixingDoc


class CandidateDoc(Document):
    """A candidate after one stage; scalars are means over its configurations.

    Beside a scalar stand ``*_sd``, its standard deviation over configurations, ``*_sd_starts``, that over the starts of
    its cells (root mean square over configurations), and ``*_error``, the documented error of the engine on hosts with
    measured values, None where none was measured; ``n_values`` says over how many configurations each is a mean.
    ``volume_strain_at_max`` is ``max_volume_strain`` with its sign. ``composition`` maps sublattice -> species ->
    amount per formula unit; entropies in R by convention; ``calculations`` maps label -> content key; ``marks`` are
    names of `hebe.science.analysis.marks`; ``states_left`` says which states left the host.
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
    n_values: dict[str, int] = Field(default_factory=dict)
    average_voltage_V: float | None = None
    average_voltage_V_sd: float | None = None
    average_voltage_V_sd_starts: float | None = None
    average_voltage_V_error: float | None = None
    voltage_profile: list[VoltageStep] = Field(default_factory=list)
    x_states: list[XState] = Field(default_factory=list)
    capacity_theoretical_mAh_g: float | None = None
    capacity_redox_mAh_g: float | None = None
    capacity_window_mAh_g: float | None = None
    max_volume_strain: float | None = None
    max_volume_strain_sd: float | None = None
    max_volume_strain_sd_starts: float | None = None
    max_volume_strain_error: float | None = None
    volume_strain_at_max: float | None = None
    max_delta_volume: float | None = None
    max_delta_volume_sd: float | None = None
    mixing: MixingDoc = Field(default_factory=MixingDoc)
    marks: list[str] = Field(default_factory=list)
    states_left: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    error: ErrorInfo | None = None
    calculations: dict[str, str] = Field(default_factory=dict)
    calculation_status: dict[str, str] = Field(default_factory=dict)
