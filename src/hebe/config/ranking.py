"""The rank block of a campaign: which quantities are maximized and which minimized."""

from __future__ import annotations

from pydantic import model_validator

from hebe.config.model import ConfigModel


class Rank(ConfigModel):
    """Objectives of the ranking: names of quantities."""

    maximize: tuple[str, ...] = ()
    minimize: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> Rank:
        both = set(self.maximize) & set(self.minimize)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} cannot be both maximized and minimized")
        return self
