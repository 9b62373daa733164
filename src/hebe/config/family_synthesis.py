"""How hosts of a family are made: the firing at which a campaign asks whether a candidate is a single phase."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Temperature

FiringTemperature = Annotated[Temperature, Field(gt=0, le=5000)]
"""Temperature of a furnace (K)."""


class Synthesis(ConfigModel):
    """Usual last firing of hosts of a family: temperature (K), gas of the furnace, and where both were published."""

    temperature: FiringTemperature
    atmosphere: str
    source: str
