"""The engine block of a campaign: which program gives energies, and how tightly it relaxes."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from hebe.config.abinit import ABINIT_PRESETS, AbinitSettings
from hebe.config.gpaw import PRESETS, GPAWSettings
from hebe.config.model import ConfigModel
from hebe.config.units import Force, Whole
from hebe.config.vasp import VASP_PRESETS, VaspSettings, vasp_choice
from hebe.config.wording import RefusedValueError, suggest

ENGINES: Final = ("chgnet", "gpaw", "abinit", "atomate2", "vasp")
"""Engines that can be named; any ASE calculator can be given by import path instead."""

STARTS_FROM_IONS: Final = ("abinit", "vasp")
"""Engines whose initial moments are those of the ions that the redox ladder gives."""

_PRESETS: Final = {"gpaw": PRESETS, "abinit": ABINIT_PRESETS, "vasp": VASP_PRESETS}
_SETTINGS: Final[dict[str, type[ConfigModel]]] = {"gpaw": GPAWSettings, "abinit": AbinitSettings, "vasp": VaspSettings}


class EngineSpec(ConfigModel):
    """An engine by name, or an ASE calculator by import path with its energy scale; fmax in eV/A.

    ``preset`` and ``settings`` belong to gpaw, abinit and vasp: a preset (else ``screen``, with vasp ``mp-gga``)
    and what to change in it.
    """

    name: Literal["chgnet", "gpaw", "abinit", "atomate2", "vasp"] | None = None
    preset: str | None = None
    settings: GPAWSettings | AbinitSettings | VaspSettings | None = None
    ase: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    energy_scale: str | None = None
    fmax: Force = Field(default=0.05, gt=0, le=1)
    steps: Whole = Field(default=200, ge=1, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("settings", mode="before")
    @classmethod
    def _of_the_engine(cls, value: Any, info: ValidationInfo) -> Any:
        """Settings of the engine that is named, so that a mistake in them is one of that engine's."""
        if not isinstance(value, dict):
            return value
        return _SETTINGS.get(info.data.get("name", ""), GPAWSettings).model_validate(value)

    @model_validator(mode="after")
    def _one(self) -> EngineSpec:
        if (self.name is None) == (self.ase is None):
            raise ValueError(f"give the name of an engine ({', '.join(ENGINES)}) or ase: package.module:factory")
        if self.ase is not None and not self.energy_scale:
            raise ValueError("an ASE calculator needs energy_scale, a name shared only by comparable energies")
        if self.name not in (None, "atomate2") and (self.energy_scale or self.arguments):
            raise ValueError("energy_scale and arguments belong to an ASE calculator or to atomate2")
        if self.name not in _PRESETS and (self.preset or self.settings):
            raise ValueError("preset and settings belong to the engines gpaw, abinit and vasp")
        if self.preset is not None and self.preset not in _PRESETS[str(self.name)]:
            hint = suggest(self.preset, _PRESETS[str(self.name)])
            raise RefusedValueError(f"{self.name} has no preset {self.preset!r}", key="preset", suggestion=hint)
        if self.name == "vasp":
            _check_vasp(self)
        return self


def _check_vasp(spec: EngineSpec) -> None:
    try:
        vasp_choice(spec.preset or "mp-gga", spec.settings if isinstance(spec.settings, VaspSettings) else None)
    except RefusedValueError as err:
        raise RefusedValueError(f"{err.key}: {err}", key="settings", suggestion=err.suggestion) from err
