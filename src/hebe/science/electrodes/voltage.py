"""Average voltage and voltage profile from energies over the working-ion content.

``V = -[E(x2) - E(x1) - (x2 - x1) E(A)] / (z (x2 - x1))`` with energies per host formula unit: Aydinol et al., Phys.
Rev. B 56, 1354 (1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hebe.schemas.electrode import VoltageStep

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class EnergyPoint:
    """Energy (eV per formula unit) at x working ions per formula unit."""

    x: float
    energy: float


def voltage(low: EnergyPoint, high: EnergyPoint, metal: float, charge: int = 1) -> float:
    """Voltage (V) between two contents against the metal.

    Parameters
    ----------
    low, high
        States with fewer and more working ions.
    metal
        Energy of the elemental metal, eV/atom, from the same engine.
    charge
        Charge z of the working ion.

    Raises
    ------
    ValueError
        If `high` does not hold more ions than `low`.
    """
    dx = high.x - low.x
    if dx <= 0:
        raise ValueError(f"x must rise from {low.x} to {high.x}")
    return -(high.energy - low.energy - dx * metal) / (charge * dx)


def lower_hull(points: Sequence[EnergyPoint]) -> list[EnergyPoint]:
    """Vertices of the lower convex hull of energy over x, in rising x.

    Of several points at one x the lowest counts. Source: Andrew's monotone chain.
    """
    lowest: dict[float, EnergyPoint] = {}
    for point in points:
        if point.x not in lowest or point.energy < lowest[point.x].energy:
            lowest[point.x] = point
    hull: list[EnergyPoint] = []
    for point in sorted(lowest.values(), key=lambda p: p.x):
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _turns_down(first: EnergyPoint, middle: EnergyPoint, last: EnergyPoint) -> bool:
    """Whether `middle` lies on or above the line from `first` to `last`."""
    line = first.energy + (last.energy - first.energy) * (middle.x - first.x) / (last.x - first.x)
    return middle.energy >= line - 1e-12


def voltage_profile(points: Sequence[EnergyPoint], metal: float, charge: int = 1) -> list[VoltageStep]:
    """Voltage steps between hull vertices, from full to empty (voltage rises along the list)."""
    hull = lower_hull(points)
    return [
        VoltageStep(x_high=high.x, x_low=low.x, voltage_V=voltage(low, high, metal, charge))
        for low, high in zip(hull[-2::-1], hull[:0:-1], strict=True)
    ]
