"""The engine block of a campaign: which program gives energies, and how tightly it relaxes."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from hebe.config.gpaw import GPAWSettings
from hebe.config.model import ConfigModel
from hebe.config.units import Force, Whole

ENGINES: Final = ("chgnet", "gpaw", "atomate2")
"""Engines that can be named; any ASE calculator can be given by import path instead."""


class EngineSpec(ConfigModel):
    """An engine by name, or an ASE calculator by import path with its energy scale; fmax in eV/A.

    ``preset`` and ``settings`` belong to gpaw: a preset (``screen`` if not given) and what to change in it.
    """

    name: Literal["chgnet", "gpaw", "atomate2"] | None = None
    preset: Literal["ci", "screen", "accurate"] | None = None
    settings: GPAWSettings | None = None
    ase: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    energy_scale: str | None = None
    fmax: Force = Field(default=0.05, gt=0, le=1)
    steps: Whole = Field(default=200, ge=1, le=100_000)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> EngineSpec:
        if (self.name is None) == (self.ase is None):
            raise ValueError(f"give the name of an engine ({', '.join(ENGINES)}) or ase: package.module:factory")
        if self.ase is not None and not self.energy_scale:
            raise ValueError("an ASE calculator needs energy_scale, a name shared only by comparable energies")
        if self.name not in (None, "atomate2") and (self.energy_scale or self.arguments):
            raise ValueError("energy_scale and arguments belong to an ASE calculator or to atomate2")
        if self.name != "gpaw" and (self.preset or self.settings):
            raise ValueError("preset and settings belong to the engine gpaw")
        return self
