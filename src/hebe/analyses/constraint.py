"""Constraints on quantities, as people write them: ``formation_probability > 0.8``, ``max_volume_strain < 3 %``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from hebe.analyses.chances import is_chance
from hebe.analyses.registry import all_quantities
from hebe.config.reading.units import unit_factors
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.science.learning.chance import CLOSEST

_PERCENT: Final = 100
_DIGITS: Final = 9
"""Of a probability: one that was written in percent has others from the conversion."""

_WRITTEN: Final = re.compile(
    r"\s*(?P<name>[A-Za-z]\w*)\s*(?P<sign>[<>]=?)\s*(?P<value>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(?P<unit>\S*)\s*"
)


@dataclass(frozen=True)
class Constraint:
    """A quantity at least (``above``) or at most ``value``, in the unit of the quantity."""

    name: str
    above: bool
    value: float

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Read one comparison of a quantity with a number, with a unit or without.

        Raises
        ------
        BadInputError
            If it cannot be read, names no quantity or a unit of something else, or asks for a probability that none
            is known to have.
        """
        match = _WRITTEN.fullmatch(text) if len(text) < 200 else None
        if match is None:
            hint = "write one comparison: formation_probability > 0.8"
            raise BadInputError(f"{shown(text)} is no constraint", suggestion=hint)
        known = all_quantities()
        if match["name"] not in known:
            reason = f"no quantity is called {shown(match['name'])}"
            raise BadInputError(reason, suggestion=suggest(match["name"], known))
        value = in_unit_of(match["name"], match["value"], match["unit"])
        if is_chance(match["name"]):
            _check_chance(match["name"], match["sign"], value)
        return cls(match["name"], match["sign"].startswith(">"), value)

    def met_by(self, value: float) -> bool:
        """Whether a value is within it."""
        return value >= self.value if self.above else value <= self.value

    def __str__(self) -> str:
        """Text as it can be written."""
        unit = all_quantities()[self.name].unit
        return f"{self.name} {'>' if self.above else '<'} {self.value:g}{f' {unit}' if unit else ''}"


def _check_chance(name: str, sign: str, value: float) -> None:
    """Refuse a probability that is none, or that is told apart from 0 or 1 by nothing that is learned.

    Raises
    ------
    BadInputError
        Names what is possible.
    """
    if 1 < value <= _PERCENT * (1 - CLOSEST):
        hint = f"write {name} {sign} {value / _PERCENT:g} or {name} {sign} {value:g} %"
        raise BadInputError(f"{name} is a probability, from 0 to 1, got {value:g}", suggestion=hint)
    if not CLOSEST <= round(value, _DIGITS) <= 1 - CLOSEST:
        least, most = _PERCENT * CLOSEST, _PERCENT * (1 - CLOSEST)
        reason = f"{name} is known from {least:g} to {most:g} % only, got {_PERCENT * value:g} %"
        raise BadInputError(reason, suggestion=f"write a number from {CLOSEST:g} to {1 - CLOSEST:g}")


def in_unit_of(name: str, number: str, unit: str) -> float:
    """Number in the unit of a quantity; without a unit it is in that already.

    Raises
    ------
    BadInputError
        If the unit is one of something else, or the number is none.
    """
    factor, offset = factor_to(name, unit)
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInputError(f"expected a number, got {shown(number)}")
    return value * factor + offset


def factor_to(name: str, unit: str) -> tuple[float, float]:
    """Factor and offset from a unit to that of a quantity.

    Raises
    ------
    BadInputError
        If the unit is one of something else.
    """
    own = all_quantities()[name].unit
    units = {"": (1.0, 0.0), **unit_factors(own)}
    if unit not in units:
        listed = " or ".join(one for one in units if one) or "no unit"
        raise BadInputError(f"{name} is in {own or 'no unit'}, got {shown(unit)}", suggestion=f"write {listed}")
    return units[unit]
