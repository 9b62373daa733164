"""Polymorphs of a host, as data: other crystals of one composition that no gliding of slabs makes."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged_rules
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError

Angles = tuple[float, float, float]


class PolymorphRule(ConfigModel):
    """One polymorph.

    ``of`` is what it is made from: ``slabs`` are stretched in a ``stacking``, ``layered`` oxides have spinels and rock
    salts on the same anions, a cubic ``framework`` of cyanides is tilted. ``exclusion`` is in A; ``even`` and ``odd``
    are tilts in degrees, ``stretch`` a strain, ``shift`` moves working ions (A): see the data file.
    """

    of: Literal["slabs", "layered", "framework"]
    stacking: str = ""
    ratio: float = Field(default=1.0, gt=0)
    exclusion: float = Field(default=0.0, ge=0)
    even: Angles = (0.0, 0.0, 0.0)
    odd: float = 0.0
    stretch: float = 0.0
    shift: Angles = (0.0, 0.0, 0.0)
    source: str

    @model_validator(mode="after")
    def _distorts(self) -> PolymorphRule:
        if (self.of == "framework") != (any(self.even) or bool(self.odd)):
            raise ValueError("a framework is tilted, and nothing else is")
        if (self.of == "slabs") != bool(self.stacking):
            raise ValueError("slabs have a stacking, and nothing else has")
        return self


@cache
def polymorphs() -> dict[str, PolymorphRule]:
    """Polymorphs by name."""
    return packaged_rules(PolymorphRule, "hebe.config", "polymorphs.yaml")


def get_polymorph(name: str) -> PolymorphRule:
    """Polymorph of that name.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    found = polymorphs().get(name)
    if found is None:
        raise BadInputError(f"no polymorph is called {name!r}", suggestion=suggest(name, polymorphs()))
    return found
