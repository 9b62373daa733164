"""The structures block of a campaign: how a disordered candidate becomes ordered supercells."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.units import Length, Whole


class StructureSpec(ConfigModel):
    """How a disordered candidate becomes ordered supercells; lengths in A."""

    method: Literal["sqs"] = "sqs"
    cations: Whole = Field(default=12, ge=1, le=512)
    per_candidate: Whole = Field(default=2, ge=1, le=100)
    seed: Whole = Field(default=0, ge=0, lt=2**32)
    displacement: Length = Field(default=0.02, ge=0, le=0.2)
    shells: Whole = Field(default=2, ge=1, le=6)
