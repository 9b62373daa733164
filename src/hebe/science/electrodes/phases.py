"""Phases of one host along the content of its working ion: which is lowest where, and where two coexist.

The hull is taken over (phase, x): Van der Ven, Aydinol, Ceder, Phys. Rev. B 58, 2975 (1998), who compare O3, O1 and the
staged phase of LixCoO2 so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hebe.science.electrodes.voltage import EnergyPoint, lower_hull

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class PhasePoint:
    """Energy (eV per formula unit) of a phase at x ions per formula unit."""

    phase: str
    x: float
    energy: float


def lowest_points(points: Sequence[PhasePoint]) -> list[PhasePoint]:
    """Lowest point of every phase at every x, highest x first, then by name."""
    found: dict[tuple[float, str], PhasePoint] = {}
    for point in points:
        key = (round(point.x, 6), point.phase)
        if key not in found or point.energy < found[key].energy:
            found[key] = point
    return sorted(found.values(), key=lambda p: (-round(p.x, 6), p.phase))


def relative_energies(points: Sequence[PhasePoint], own: str) -> dict[str, dict[float, float]]:
    """Energy (eV per formula unit) of every other phase above the phase `own`, by phase and x, where both are known."""
    lowest = lowest_points(points)
    base = {round(p.x, 6): p.energy for p in lowest if p.phase == own}
    found: dict[str, dict[float, float]] = {}
    for point in lowest:
        x = round(point.x, 6)
        if point.phase != own and x in base:
            found.setdefault(point.phase, {})[x] = point.energy - base[x]
    return found


def onset(relative: Mapping[float, float]) -> float | None:
    """Content at which a phase becomes the lower one when ions leave; None where it does not.

    Linear between the contents that are known. A phase that is lower at the highest content has that one as its onset.
    """
    known = sorted(relative.items(), reverse=True)
    if known and known[0][1] < 0:
        return known[0][0]
    for (high, above), (low, below) in pairwise(known):
        if above >= 0 > below:
            return low + (high - low) * (-below) / (above - below)
    return None


def hull_of_phases(points: Sequence[PhasePoint]) -> list[PhasePoint]:
    """Vertices of the lower hull over all phases, highest x first; of equal energies the first by name."""
    lowest: dict[float, PhasePoint] = {}
    for point in lowest_points(points):
        x = round(point.x, 6)
        if x not in lowest or point.energy < lowest[x].energy:
            lowest[x] = point
    vertices = lower_hull([EnergyPoint(x, point.energy) for x, point in lowest.items()]) if lowest else []
    return [lowest[round(vertex.x, 6)] for vertex in reversed(vertices)]


def coexistences(hull: Sequence[PhasePoint]) -> list[tuple[PhasePoint, PhasePoint]]:
    """Neighbouring vertices of a hull that are of different phases, the one of higher x first."""
    return [(high, low) for high, low in pairwise(hull) if high.phase != low.phase]
