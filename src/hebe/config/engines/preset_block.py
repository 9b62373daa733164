"""Blocks of engines that have presets: complete choices of settings with a name."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from hebe.config.engines.base import FMAX_COSTLY, BuiltInBlock, LargestForce
from hebe.config.reading.wording import RefusedValueError, suggest


class PresetBlock(BuiltInBlock):
    """An engine with density-functional theory: a preset, and what its own ``settings`` change in it."""

    preset: str | None = None
    fmax: LargestForce = FMAX_COSTLY
    check_minimum: bool = False

    @property
    def chosen_preset(self) -> str:
        """The preset, that of the engine by default."""
        return self.preset or self.traits.default_preset

    @model_validator(mode="after")
    def _known_preset(self) -> Self:
        if self.preset is not None and self.preset not in self.traits.presets:
            hint = suggest(self.preset, self.traits.presets)
            raise RefusedValueError(f"{self.title} has no preset {self.preset!r}", key="preset", suggestion=hint)
        return self
