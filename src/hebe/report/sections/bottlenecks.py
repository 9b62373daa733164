"""Bottlenecks: the widest ways through the crystal, and the gates by the cations beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.bottlenecks import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

_HEAD: Final = ("cations beside", "hops", "radius / Å", "spread / Å", "triangle / Å²", "spread / Å²")


def card(candidate: RankedCandidate) -> Markup:
    """Gates of the configuration of lowest energy, widest first."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.gates:
        return Markup()
    rows = [
        [
            one.environment,
            str(one.n),
            number(one.radius_A, 2),
            number(one.radius_sd_A, 2),
            number(one.area_A2, 2),
            number(one.area_sd_A2, 2),
        ]
        for one in result.gates
    ]
    ways = [f"{number(one.radius_A, 2)} Å in {one.directions}" for one in result.ways]
    note = f"Largest spheres through the crystal, by directions: {', '.join(ways)}" if ways else "Sites do not connect"
    return Markup(tag("p", note, class_="note") + table(_HEAD, rows, range(1, 6)))
