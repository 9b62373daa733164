"""What "still the host" means after a relaxation, and the measurements that say so."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel


class MeasuredSpacing(ConfigModel):
    """Repeat per layer at one content of the working ion ``ion``, relative to that of the material as made.

    ``state`` says what the structure is there: still the host, another stacking of the same slabs, or none of both.
    """

    material: str
    ion: str
    ratio: float = Field(gt=0)
    state: Literal["host", "stacking", "left"]
    source: str


class Topology(ConfigModel):
    """What "still the host" means after a relaxation.

    ``bond_stretch`` is the longest ratio of a cation-anion bond to its length in the host before the
    bond counts as broken, ``broken_bonds`` the number of broken bonds from which a cation has left its
    site, ``glide`` the lateral shift (A) of neighbouring slabs from which the stacking is another one,
    ``gap`` the ratio of the distance between slabs to that of the start from which the layers have come apart.
    ``spacing`` is, per working ion, the range of the repeat per layer relative to that of the start, or of the relaxed
    cell as made: above it the layers have come apart, below it they have collapsed. ``measured`` is what it was derived
    from.
    """

    bond_stretch: float = 1.35
    broken_bonds: int = 3
    glide: float | None = None
    gap: float = 1.3
    spacing: dict[str, tuple[float, float]] = Field(default_factory=dict)
    measured: tuple[MeasuredSpacing, ...] = ()

    @model_validator(mode="after")
    def _ranges(self) -> Topology:
        for ion, (lowest, highest) in self.spacing.items():
            if not 0 < lowest < 1 < highest:
                raise ValueError(
                    f"spacing of {ion} is a range around 1: smallest and largest repeat per layer of the host"
                )
        for one in self.measured:
            if one.ion not in self.spacing:
                raise ValueError(f"{one.material} was measured with {one.ion}, for which there is no spacing")
            lowest, highest = self.spacing[one.ion]
            inside = lowest < one.ratio < highest
            if one.state == "host" and not inside:
                raise ValueError(f"{one.material} was measured at {one.ratio} as the host, outside its spacing")
            if one.state == "left" and inside:
                raise ValueError(f"{one.material} has left the host at {one.ratio}, inside its spacing")
        return self

    def spacing_with(self, ion: str | None) -> tuple[float, float]:
        """Smallest and largest repeat per layer with a working ion, the widest range where it has none of its own."""
        ranges = [self.spacing[ion]] if ion in self.spacing else list(self.spacing.values())
        if not ranges:
            return 0.0, math.inf
        return min(lowest for lowest, _ in ranges), max(highest for _, highest in ranges)
