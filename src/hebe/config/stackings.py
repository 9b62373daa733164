"""Stackings of layered hosts, as data: how slabs follow each other, and the family of each."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged_rules
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError

Step = Literal[-1, 0, 1]


class StackingRule(ConfigModel):
    """One stacking.

    ``slabs`` are +1 where the anions step from A to B (B to C, C to A) between the lower and the upper face of a slab,
    -1 where they step back; ``gaps`` the steps from a slab to the next, 0 for prisms. Both repeat. ``family`` names the
    host family that says where working ions may stand.
    """

    slabs: tuple[Literal[-1, 1], ...] = Field(min_length=1)
    gaps: tuple[Step, ...] = Field(min_length=1)
    family: str

    @model_validator(mode="after")
    def _repeats(self) -> StackingRule:
        if len(self.slabs) != len(self.gaps):
            raise ValueError("a stacking has as many gaps as slabs")
        return self

    @property
    def period(self) -> int:
        """Slabs after which the orientations and gaps repeat."""
        return len(self.slabs)

    @property
    def prisms(self) -> float:
        """Share of the gaps that hold prisms."""
        return self.gaps.count(0) / len(self.gaps)


def prism_share(stacking: str) -> float:
    """Share of the gaps of a stacking that hold prisms; of several joined by + each counts alike, unknown ones not."""
    known = [rule.prisms for name in stacking.split("+") if (rule := stackings().get(name)) is not None]
    return sum(known) / len(known) if known else 0.0


@cache
def stackings() -> dict[str, StackingRule]:
    """Stackings by name."""
    return packaged_rules(StackingRule, "hebe.config", "stackings.yaml")


def get_stacking(name: str) -> StackingRule:
    """Stacking of that name.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    found = stackings().get(name)
    if found is None:
        raise BadInputError(f"no stacking is called {name!r}", suggestion=suggest(name, stackings()))
    return found
