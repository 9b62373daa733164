"""Temperatures between which a phase is on the hull, where free energies are not linear in the temperature.

The free energy of the phase above the lowest mixture is followed on a grid from the top; where its sign changes the
temperature is bisected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STEP: Final = 50.0
_PRECISION: Final = 0.1


def stable_intervals(excess: Callable[[float], float], highest: float) -> Iterator[tuple[float, float]]:
    """Intervals of temperatures (K) in which `excess` is not positive, the hottest first.

    Parameters
    ----------
    excess
        Free energy above the lowest mixture at a temperature (K).
    highest
        K; the search goes from there to 0 K. Ends are exact to 0.1 K and lie inside of the interval; intervals
        narrower than 50 K can be overlooked.
    """
    top, above, stable = highest, highest, excess(highest) <= 0
    while above > 0:
        below = max(above - _STEP, 0.0)
        if (excess(below) <= 0) is not stable:
            inside = _end(excess, above, below) if stable else _end(excess, below, above)
            if stable:
                yield inside, top
            top, stable = inside, not stable
        above = below
    if stable:
        yield 0.0, top


def _end(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """End of an interval between a temperature in it and one outside of it."""
    while abs(inside - outside) > _PRECISION:
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if excess(middle) > 0 else (middle, outside)
    return inside
