"""The mixing block of a campaign: phases that it brings itself, and temperatures of interest."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.structures import CellFile
from hebe.config.units import Temperature


class MixingSpec(ConfigModel):
    """What the mixing analyses are given beside the phases of the package; temperatures in K.

    ``phases`` are structure files (one phase each) or YAML files of phases as the package has them, relative to the
    campaign's folder. They are calculated with the campaign's engine like every other phase. ``materials_project``
    asks for the structures of that database; reading the campaign puts them among ``phases``. ``members`` are formulas
    of the host that compete as disordered phases with their own entropy.
    """

    phases: tuple[CellFile, ...] = ()
    materials_project: bool = False
    members: tuple[str, ...] = ()
    temperatures: tuple[Annotated[Temperature, Field(ge=0, le=10_000)], ...] = ()
