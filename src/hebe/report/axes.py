"""Axes of figures: round ticks, and the map from values to pixels.

Tick steps are 1, 2, 2.5 or 5 times a power of ten, after Heckbert, Graphics Gems (1990), p. 61.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_MARGIN: Final = 0.04


@dataclass(frozen=True)
class Axis:
    """A linear axis.

    Parameters
    ----------
    label
        What is shown, with its unit.
    low, high
        Values at its ends.
    start, stop
        Pixels of ``low`` and ``high``; a falling axis has them swapped.
    ticks
        Values that are marked, all within the ends.
    """

    label: str
    low: float
    high: float
    start: float
    stop: float
    ticks: tuple[float, ...]

    def pixel(self, value: float) -> float:
        """Position of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def value(self, pixel: float) -> float:
        """Value at a position."""
        return self.low + (pixel - self.start) / (self.stop - self.start) * (self.high - self.low)

    def text(self, tick: float) -> str:
        """Number beside a tick, with as many decimals as the distance of ticks needs."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        digits = next((d for d in range(9) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 9)
        text = f"{tick:.{digits}f}"
        return text.removeprefix("-") if float(text) == 0 else text


def axis(label: str, values: Iterable[float], start: float, stop: float, *, ticks: int = 6, zero: bool = False) -> Axis:
    """Axis that holds all values with a small margin.

    Parameters
    ----------
    values
        What will be drawn; without any the axis goes from 0 to 1.
    ticks
        About how many ticks.
    zero
        Whether 0 belongs to it.
    """
    known = [value for value in values if math.isfinite(value)]
    if zero or not known:
        known.append(0.0)
    low, high = min(known), max(known)
    if high - low <= 1e-8 * max(1.0, abs(low), abs(high)):
        half = 0.05 * abs(low) if abs(low) > 1e-8 else 0.5
        low, high = low - half, high + half
    if zero:
        low = min(low, 0.0) if min(known) < 0 else 0.0
    margin = _MARGIN * (high - low)
    low = low if zero and low == 0 else low - margin
    high += margin
    return Axis(label, low, high, start, stop, round_ticks(low, high, ticks))


def round_ticks(low: float, high: float, wanted: int) -> tuple[float, ...]:
    """Round values between `low` and `high`, about `wanted` of them."""
    raw = (high - low) / max(1, wanted - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in _STEPS if factor * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(i * step, 12) for i in range(first, last + 1))
