"""The rank block of a campaign: which candidate scalars are maximized and which minimized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

from pydantic import model_validator

from hebe.config.model import ConfigModel

if TYPE_CHECKING:
    from collections.abc import Collection

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


NEEDED_ANALYSIS: Final[dict[str, str]] = {
    "average_voltage": "voltage",
    "capacity_window": "voltage",
    "max_volume_strain": "volume_strain",
    "max_delta_volume": "volume_strain",
    "mixing_temperature": "mixing",
    "mixing_temperature_same_host": "mixing",
    "mixing_enthalpy": "mixing",
    "mixing_enthalpy_same_host": "mixing",
    "energy_above_hull": "mixing",
}
"""The analysis from which a ranking objective comes; the others follow from the composition."""


def is_made(objective: str, analyses: Collection[str]) -> bool:
    """Whether a stage with these analyses computes an objective."""
    return NEEDED_ANALYSIS.get(objective) in {None, *analyses}


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
