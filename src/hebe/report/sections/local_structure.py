"""Local structure: bonds and axes by element, slabs and gaps, local strain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.local_structure import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def card(candidate: RankedCandidate) -> Markup:
    """Local structure of the configuration of lowest energy over the content: elements, then all sites together."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.states:
        return Markup()
    head = ["x", "element", "bond / Å", "spread / Å", "axis ratio", "angle variance / deg²", "elongation"]
    shapes = [
        [
            number(state.x, 3),
            s.element,
            number(s.length_A, 3),
            number(s.length_sd_A, 3),
            number(s.axis_ratio, 3),
            number(s.angle_variance_deg2, 1),
            number(s.elongation, 4),
        ]
        for state in result.states
        for s in state.species
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
    title = tag("p", "Octahedra by element along x, then all sites together", class_="note")
    return Markup(title + table(head, shapes, (0, *range(2, 7))) + table(columns, states, range(5)))
