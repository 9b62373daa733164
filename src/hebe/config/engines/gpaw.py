"""What can be chosen for the engine gpaw: presets as a data file, and the settings that override them."""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Final, Literal

from pydantic import Field

from hebe.config.engines.base import Traits
from hebe.config.engines.plane_waves import PlaneWaveBlock, PlaneWavePreset, PlaneWaveSettings
from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged

GPAW_PRESETS: Final = ("ci", "screen", "accurate")

Functional = Literal["LDA", "PBE", "PBEsol", "RPBE"]


class Convergence(ConfigModel):
    """When a density is self-consistent: eV per valence electron, electrons per valence electron, eV^2 per electron."""

    energy: float = Field(gt=0, le=1e-2)
    density: float = Field(gt=0, le=1e-1)
    eigenstates: float = Field(gt=0, le=1e-3)


class GPAWPreset(PlaneWavePreset):
    """A complete choice: every setting has a value."""

    xc: Functional
    convergence: Convergence


class GPAWSettings(PlaneWaveSettings):
    """Overrides of a preset."""

    xc: Functional | None = None
    convergence: Convergence | None = None


class GPAWTables(ConfigModel):
    """The file ``presets/gpaw.yaml``."""

    presets: dict[str, GPAWPreset]
    data_sets: dict[str, str]


@cache
def gpaw_tables() -> GPAWTables:
    """Presets and tables of the package."""
    return packaged(GPAWTables, "hebe.config", "presets/gpaw.yaml")


def gpaw_choice(preset: str, settings: GPAWSettings | None) -> GPAWPreset:
    """Preset with the overrides of a user."""
    given = {} if settings is None else settings.model_dump(exclude_none=True)
    chosen = gpaw_tables().presets[preset]
    return GPAWPreset.model_validate(chosen.model_dump() | given)


class GPAWBlock(PlaneWaveBlock):
    """GPAW with a preset and what is changed in it."""

    traits: ClassVar[Traits] = Traits(
        factory="hebe.engines.gpaw:from_block",
        called="gpaw",
        capabilities=frozenset({"forces", "stress", "magmoms", "electrons", "U", "oxides", "metals", "molecules"}),
        presets=GPAW_PRESETS,
        default_preset="screen",
        costly=True,
    )

    name: Literal["gpaw"] = "gpaw"
    settings: GPAWSettings | None = None

    @property
    def choice(self) -> GPAWPreset:
        """Preset with the overrides of a user."""
        return gpaw_choice(self.chosen_preset, self.settings)


Block = GPAWBlock
