"""The rank block of a campaign: which candidate scalars are maximized and which minimized."""

from __future__ import annotations

from typing import Final, Literal, get_args

from pydantic import model_validator

from hebe.config.model import ConfigModel

Rankable = Literal[
    "average_voltage",
    "max_volume_strain",
    "max_delta_volume",
    "mixing_temperature",
    "mixing_temperature_same_host",
    "mixing_enthalpy",
    "mixing_enthalpy_same_host",
    "energy_above_hull",
    "capacity_theoretical",
    "capacity_redox",
    "capacity_window",
    "entropy",
]
RANKABLE: Final[tuple[str, ...]] = get_args(Rankable)
"""Candidate scalars by which a campaign can rank."""


class Rank(ConfigModel):
    """Objectives of the ranking."""

    maximize: tuple[Rankable, ...] = ()
    minimize: tuple[Rankable, ...] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> Rank:
        both = set(self.maximize) & set(self.minimize)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} cannot be both maximized and minimized")
        return self
