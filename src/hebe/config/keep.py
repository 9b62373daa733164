"""How many candidates a stage keeps of the stage before."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction, Whole
from hebe.config.reading.wording import shown

_PARETO: Final = re.compile(r"pareto(?:\((?P<names>[\w, ]*)\))?")
_WANTED: Final = "expected a number of candidates, a share such as 20 %, pareto, pareto(average_voltage, ...) or all"


class Keep(ConfigModel):
    """What is promoted: a number, a share, a front, or (all three empty) every candidate that has a rank.

    A share is rounded up. ``pareto`` holds the objectives whose first non-dominated front is kept; an empty list
    means those of the campaign's ranking.
    """

    n: Whole | None = Field(default=None, ge=1)
    share: ExactFraction | None = Field(default=None, gt=0, le=1)
    pareto: tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"n": value}
        if isinstance(value, dict):
            return value
        text = value.strip() if isinstance(value, str) else ""
        front = _PARETO.fullmatch(text)
        if front is not None:
            return {"pareto": [name.strip() for name in (front["names"] or "").split(",") if name.strip()]}
        if text == "all":
            return {}
        if text.endswith("%"):
            return {"share": text}
        if text.isdigit():
            return {"n": text}
        raise ValueError(f"{_WANTED}, got {shown(value)}")

    @model_validator(mode="after")
    def _one(self) -> Keep:
        if sum(given is not None for given in (self.n, self.share, self.pareto)) > 1:
            raise ValueError("give one of n, share and pareto")
        return self

    def most(self, n_candidates: int) -> int:
        """How many of a number of candidates go on at most."""
        if self.n is not None:
            return min(self.n, n_candidates)
        return n_candidates if self.share is None else math.ceil(self.share * n_candidates)

    def __str__(self) -> str:
        """Text as a campaign file has it."""
        if self.n is not None:
            return str(self.n)
        if self.share is not None:
            return f"{float(100 * self.share):g} %"
        if self.pareto is not None:
            return f"pareto({', '.join(self.pareto)})" if self.pareto else "pareto"
        return "all"
