"""Quantities, exact fractions and ranges as people write them in a campaign file.

A number without a unit is in the unit of the documentation; a written unit is converted to it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.wording import shown

GAS_CONSTANT: Final = 8.31446261815324
"""Molar gas constant, J mol-1 K-1 (CODATA 2018, exact)."""

RYDBERG_EV: Final = 13.605693122994
"""Rydberg energy, eV (CODATA 2018)."""

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_FRACTION = re.compile(rf"{_NUMBER}(?:/[0-9]+)?")
_QUANTITY = re.compile(rf"(?P<value>{_NUMBER}(?: */ *[0-9]+)?) *(?P<unit>\S*)")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_LONGEST: Final = 40

_UNITS: Final[dict[str, dict[str, float]]] = {
    "entropy": {"": 1.0, "R": 1.0, "J/mol/K": 1 / GAS_CONSTANT},
    "ratio": {"": 1.0, "%": 0.01},
    "energy_per_atom": {"": 1.0, "eV/atom": 1.0, "meV/atom": 1e-3, "eV": 1.0, "meV": 1e-3},
    "voltage": {"": 1.0, "V": 1.0, "mV": 1e-3},
    "force": {"": 1.0, "eV/A": 1.0, "meV/A": 1e-3},
    "energy": {"": 1.0, "eV": 1.0, "meV": 1e-3, "Ry": RYDBERG_EV},
    "inverse length": {"": 1.0, "1/A": 1.0},
    "length": {"": 1.0, "A": 1.0, "pm": 0.01, "nm": 10.0},
    "time": {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "length of a run": {"": 1.0, "ps": 1.0, "fs": 1e-3, "ns": 1000.0},
    "time step": {"": 1.0, "fs": 1.0, "ps": 1000.0},
    "pressure": {"": 1.0, "bar": 1.0, "mbar": 1e-3, "atm": 1.01325, "Pa": 1e-5, "kPa": 1e-2, "MPa": 10.0},
    "memory": {"": 1.0, "MB": 1.0, "GB": 1000.0, "MiB": 1.048576, "GiB": 1073.741824},
}
_KELVIN_OFFSET: Final = {"": 0.0, "K": 0.0, "degC": 273.15, "C": 273.15}


def parse_fraction(value: Any) -> Fraction:
    """Exact fraction of ``2/3``, ``0.25``, ``1`` or ``10 %``.

    Raises
    ------
    ValueError
        If the text is not a number.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"expected a number or a fraction such as 1/3, got {shown(value)}")  # noqa: TRY004 - pydantic collects ValueError
    text = str(value).strip()
    percent = text.endswith("%")
    body = text.removesuffix("%").replace(" ", "")
    if len(body) > _LONGEST or _FRACTION.fullmatch(body) is None:
        raise ValueError(f"expected a number or a fraction such as 1/3, got {shown(value)}")
    above, _, below = body.partition("/")
    if below and int(below) == 0:
        raise ValueError(f"expected a number or a fraction such as 1/3, got {shown(value)}")
    result = Fraction(above) / int(below or 1)
    return result / 100 if percent else result


def parse_quantity(value: Any, kind: str) -> float:
    """Value of ``1.5 R`` or ``10 %`` in the documented unit of `kind`.

    Parameters
    ----------
    value
        A number, or a text with a number and a unit.
    kind
        ``entropy`` (R), ``ratio`` (1), ``energy_per_atom`` (eV/atom), ``energy`` (eV), ``voltage`` (V),
        ``force`` (eV/A), ``length`` (A), ``inverse length`` (1/A), ``time`` (s), ``length of a run`` (ps),
        ``time step`` (fs), ``pressure`` (bar), ``memory`` (MB) or ``temperature`` (K).

    Raises
    ------
    ValueError
        If there is no number or the unit does not belong to `kind`.
    """
    units = list(_KELVIN_OFFSET) if kind == "temperature" else list(_UNITS[kind])
    wanted = f"expected a number, alone or with the unit {' or '.join(u for u in units if u)}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{wanted}, got {shown(value)}")  # noqa: TRY004 - pydantic collects ValueError
    text = str(value).strip()
    match = _QUANTITY.fullmatch(text) if len(text) <= 2 * _LONGEST else None
    if match is None or match["unit"] not in units:
        raise ValueError(f"{wanted}, got {shown(value)}")
    number = float(parse_fraction(match["value"])) if "/" in match["value"] else float(match["value"])
    if not math.isfinite(number):
        raise ValueError(f"{wanted}, got {shown(value)}")
    if kind == "temperature":
        return number + _KELVIN_OFFSET[match["unit"]]
    return number * _UNITS[kind][match["unit"]]


def unit_factors(unit: str) -> dict[str, tuple[float, float]]:
    """Units in which a value may be written that is kept in `unit` (empty: a ratio): factor and offset to that."""
    if unit == "K":
        return {name: (1.0, offset) for name, offset in _KELVIN_OFFSET.items() if name}
    kinds = [units for units in _UNITS.values() if (_base(units) == unit if unit else set(units) == {"", "%"})]
    found = {name: (factor, 0.0) for units in kinds[:1] for name, factor in units.items() if name}
    return found | ({unit: (1.0, 0.0)} if unit else {})


def _base(units: dict[str, float]) -> str:
    """Unit in which values of a kind are kept: one per atom may be written in eV, but none in eV as one per atom."""
    return next((name for name, factor in units.items() if name and factor == 1.0), "")


def celsius(temperature: float) -> str:
    """Text of a temperature (K) as furnaces have it, ``900 degC``."""
    return f"{temperature - _KELVIN_OFFSET['degC']:.4g} degC"


@dataclass(frozen=True)
class Unit:
    """Metadata of a type: what a bare number is in, and the kind of `parse_quantity`."""

    kind: str

    @property
    def name(self) -> str:
        """Text of the unit in which values are kept; empty for a ratio."""
        units = _KELVIN_OFFSET if self.kind == "temperature" else _UNITS[self.kind]
        return next((unit for unit in units if unit and _is_base(unit, self.kind)), "")

    def value_of(self, given: object) -> float | None:
        """A value that was given in another unit, in that of `name`; None where it is in that already or no number."""
        if not isinstance(given, str):
            return None
        try:
            value = parse_quantity(given, self.kind)
        except ValueError:
            return None
        bare = _QUANTITY.fullmatch(given.strip())
        return None if bare is None or bare["unit"] in {"", self.name} else value


def _is_base(unit: str, kind: str) -> bool:
    return _KELVIN_OFFSET[unit] == 0.0 if kind == "temperature" else _UNITS[kind][unit] == 1.0


def _quantity(kind: str) -> BeforeValidator:
    return BeforeValidator(lambda value: parse_quantity(value, kind))


ExactFraction = Annotated[Fraction, BeforeValidator(parse_fraction), PlainSerializer(str, return_type=str)]
EntropyR = Annotated[float, Unit("entropy"), _quantity("entropy")]
Ratio = Annotated[float, Unit("ratio"), _quantity("ratio")]
EnergyPerAtom = Annotated[float, Unit("energy_per_atom"), _quantity("energy_per_atom")]
Voltage = Annotated[float, Unit("voltage"), _quantity("voltage")]
Force = Annotated[float, Unit("force"), _quantity("force")]
Energy = Annotated[float, Unit("energy"), _quantity("energy")]
InverseLength = Annotated[float, Unit("inverse length"), _quantity("inverse length")]
Length = Annotated[float, Unit("length"), _quantity("length")]
Temperature = Annotated[float, Unit("temperature"), _quantity("temperature")]
Seconds = Annotated[float, Unit("time"), _quantity("time")]
Picoseconds = Annotated[float, Unit("length of a run"), _quantity("length of a run")]
TimeStep = Annotated[float, Unit("time step"), _quantity("time step")]
Pressure = Annotated[float, Unit("pressure"), _quantity("pressure")]
Megabytes = Annotated[float, Unit("memory"), _quantity("memory")]


def parse_whole(value: Any) -> int:
    """Whole number of ``12`` or ``"12"``; true and false are none.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str) and len(value) <= _LONGEST and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise ValueError(f"expected a whole number, got {shown(value)}")


Whole = Annotated[int, BeforeValidator(parse_whole)]


def _ends(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, str | int | float | Fraction) or isinstance(value, bool):
        raise ValueError(f"expected a range such as 1..2, got {shown(value)}")  # noqa: TRY004 - pydantic collects ValueError
    if isinstance(value, str) and "..." in value:
        raise ValueError(f"expected a range with two dots such as 1..2, got {shown(value)}")
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        return low.strip(), high.strip()
    return value, value


class FractionRange(ConfigModel):
    """A closed range of exact numbers, written ``1/12..1/2`` (either way round) or as one number."""

    low: ExactFraction
    high: ExactFraction

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        first, second = (parse_fraction(end) for end in _ends(value))
        return {"low": min(first, second), "high": max(first, second)}

    def __contains__(self, value: Fraction) -> bool:
        return self.low <= value <= self.high


class IntRange(ConfigModel):
    """A closed range of whole numbers, written ``5..6`` (either way round) or as one number."""

    low: Whole
    high: Whole

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        ends = []
        for end in _ends(value):
            number = parse_fraction(end)
            if number.denominator != 1:
                raise ValueError(f"expected whole numbers such as 5..6, got {shown(value)}")
            ends.append(int(number))
        return {"low": min(ends), "high": max(ends)}

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high
