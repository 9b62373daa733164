"""Measured numbers of the table's materials beside those of their computed rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hebe.science.errors.model_error import strain_error, voltage_error, volume_error
from hebe.science.literature.score import Line, verdict_on
from hebe.science.literature.system import get_system

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from hebe.science.literature.experiments import Measured

_NEAR = 1e-6


def measured_line(one: Measured, rows: Mapping[str, Mapping[str, Any]]) -> Line:
    """Verdict on one measured number; an edge may be off by a third of the engine's relative error on volumes.

    Parameters
    ----------
    one
        The measured number.
    rows
        Id of a material -> its row.
    """
    row = rows.get(one.system_id)
    value = None if row is None else _value(one, row)
    if row is None or value is None:
        reason = "the material was not computed" if row is None else row["problem"] or _missing(one)
        return _line(one, None, None, None, f"cannot: {reason}")
    allowed = _allowed(one, row["energy_scale"])
    return _line(one, value, value - one.value, allowed, verdict_on(value - one.value, allowed, one.unit))


def _missing(one: Measured) -> str:
    return "not between these contents" if one.x_high is not None else "the result has no value"


def _value(one: Measured, row: Mapping[str, Any]) -> float | None:
    if one.x_high is None or one.x_low is None:
        found = row["volume_A3_per_fu"] if one.quantity == "volume" else row["cell"].get(one.quantity)
        return None if found is None else float(found)
    if one.quantity == "average voltage":
        return mean_voltage(row["voltage_profile"], one.x_high, one.x_low)
    volumes = {round(state["x"], 3): state["volume_A3_per_fu"] for state in row["x_states"] if not state["left"]}
    high, low = volumes.get(round(float(one.x_high), 3)), volumes.get(round(float(one.x_low), 3))
    return None if high is None or low is None else 100 * (low / high - 1)


def mean_voltage(profile: Sequence[Mapping[str, float]], x_high: Fraction, x_low: Fraction) -> float | None:
    """Mean of a profile of steps (V) between two contents; None where it does not cover them.

    Parameters
    ----------
    profile
        Steps with ``x_high``, ``x_low`` (ions per formula unit) and ``voltage_V``.
    x_high, x_low
        Ends of the window.
    """
    parts = [
        (min(step["x_high"], float(x_high)) - max(step["x_low"], float(x_low)), step["voltage_V"]) for step in profile
    ]
    inside = [(width, voltage) for width, voltage in parts if width > 0]
    whole = float(x_high - x_low)
    if math.fsum(width for width, _ in inside) < whole - _NEAR:
        return None
    return math.fsum(width * voltage for width, voltage in inside) / whole


def _allowed(one: Measured, scale: str) -> float | None:
    """Documented error in the unit of the number, that of hosts of the material's first working ion."""
    ion = next(iter(get_system(one.system_id).working_ion), None)
    if one.quantity == "average voltage":
        return voltage_error(scale, ion)
    if one.quantity == "volume change":
        strain = strain_error(scale, ion)
        return None if strain is None else 100 * strain
    volume = volume_error(scale, ion)
    return None if volume is None else one.value * volume / (1 if one.quantity == "volume" else 3)


def _line(one: Measured, value: float | None, error: float | None, allowed: float | None, verdict: str) -> Line:
    return Line(
        target_id=one.name,
        level="M",
        quantity=one.quantity,
        printed=f"{one.value:g}",
        unit=one.unit,
        computed=value,
        error=error,
        allowed=allowed,
        verdict=verdict,
        materials=(one.system_id,),
    )
