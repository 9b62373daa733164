"""What can be chosen for the engine gpaw: presets as a data file, and the settings that override them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final, Literal

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.plane_waves import PlaneWavePreset, PlaneWaveSettings
from hebe.config.yamlfile import load_model, parse_yaml

PRESETS: Final = ("ci", "screen", "accurate")

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
    file = resources.files("hebe.config") / "presets" / "gpaw.yaml"
    return load_model(GPAWTables, parse_yaml(file.read_bytes(), file="presets/gpaw.yaml"))


def gpaw_choice(preset: str, settings: GPAWSettings | None) -> GPAWPreset:
    """Preset with the overrides of a user."""
    given = {} if settings is None else settings.model_dump(exclude_none=True)
    chosen = gpaw_tables().presets[preset]
    return GPAWPreset.model_validate(chosen.model_dump() | given)
