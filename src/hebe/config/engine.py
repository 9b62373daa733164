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

FMAX: Final = 0.01
FMAX_COSTLY: Final = 0.05
"""Largest force (eV/A) at the end of a relaxation by default: with potentials, and with density-functional theory."""

COSTLY: Final = ("gpaw", "abinit", "vasp")
"""Engines of which an evaluation takes minutes: by default one start, and no look for a minimum."""

_OWN_OPTIMIZER: Final = ("atomate2", "vasp")

_PRESETS: Final = {"gpaw": PRESETS, "abinit": ABINIT_PRESETS, "vasp": VASP_PRESETS}
_SETTINGS: Final[dict[str, type[ConfigModel]]] = {"gpaw": GPAWSettings, "abinit": AbinitSettings, "vasp": VaspSettings}


class EngineSpec(ConfigModel):
    """An engine by name, or an ASE calculator by import path with its energy scale; fmax in eV/A.

    ``preset`` and ``settings`` belong to gpaw, abinit and vasp: a preset (else ``screen``, with vasp ``mp-gga``)
    and what to change in it. ``check_minimum`` has a relaxed cell looked at along its softest direction and pushed on
    until it is a minimum.
    """

    name: Literal["chgnet", "gpaw", "abinit", "atomate2", "vasp"] | None = None
    preset: str | None = None
    settings: GPAWSettings | AbinitSettings | VaspSettings | None = None
    ase: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    energy_scale: str | None = None
    fmax: Annotated[Force, Field(gt=0, le=1)] = FMAX
    steps: Whole = Field(default=300, ge=1, le=100_000)
    check_minimum: bool = True

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        fields = {"name": value} if isinstance(value, str) else value
        if not isinstance(fields, dict):
            return fields
        name = fields.get("name")
        defaults: dict[str, Any] = {"fmax": FMAX_COSTLY} if name in COSTLY else {}
        if name in (*COSTLY, *_OWN_OPTIMIZER):
            defaults["check_minimum"] = False
        return {**defaults, **fields}

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
        if self.check_minimum and self.name in _OWN_OPTIMIZER:
            reason = f"{self.name} has an optimizer of its own, which does not look for minima"
            raise RefusedValueError(reason, key="check_minimum", suggestion="remove the key")
        if self.name == "vasp":
            _check_vasp(self)
        return self


def _check_vasp(spec: EngineSpec) -> None:
    try:
        vasp_choice(spec.preset or "mp-gga", spec.settings if isinstance(spec.settings, VaspSettings) else None)
    except RefusedValueError as err:
        raise RefusedValueError(f"{err.key}: {err}", key="settings", suggestion=err.suggestion) from err
