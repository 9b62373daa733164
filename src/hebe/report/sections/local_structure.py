"""Local structure: bonds and axes by element, slabs and gaps, local strain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.local_structure import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def card(candidate: RankedCandidate) -> Markup:
    """Local structure of the configuration of lowest energy: elements as made, then states over the content."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.states:
        return Markup()
    made = result.states[0]
    head = ["element", "bond / Å", "spread / Å", "axis ratio", "angle variance / deg²"]
    shapes = [
        [
            s.element,
            number(s.length_A, 3),
            number(s.length_sd_A, 3),
            number(s.axis_ratio, 3),
            number(s.angle_variance_deg2, 1),
        ]
        for s in made.species
    ]
    columns = ["x", "bond spread / Å", "local strain / %", "slab / Å", "gap / Å"]
    states = [
        [
            number(s.x, 3),
            number(s.bond_spread_A, 3),
            number(s.strain_rms, 2, 100),
            number(s.slab_A, 3),
            number(s.gap_A, 3),
        ]
        for s in result.states
    ]
    title = tag("p", f"Octahedra at x = {made.x:.3g}, and the states", class_="note")
    return Markup(title + table(head, shapes, range(1, 5)) + table(columns, states, range(5)))
