"""Volumes over the content of the working ion: figure, and table of states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses import voltage
from hebe.analyses.protocol import Figure
from hebe.analyses.volume_strain import ANALYSIS
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.voltage import ion_of
from hebe.report.svg import frame, marker, polyline, style_of
from hebe.report.values import DASH, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrode import XState


def states_of(candidate: RankedCandidate) -> Sequence[XState]:
    """States over the content of the working ion of the configuration of lowest energy."""
    found = voltage.ANALYSIS.best(candidate) or ANALYSIS.best(candidate)
    return [] if found is None else found.x_states


def volume_over_content(candidates: Sequence[RankedCandidate]) -> str:
    """Volume over the working-ion content; hollow marks are off the hull or no longer the host."""
    ion = ion_of(candidates)
    drawn = [(c, style_of(i), s) for i, c in enumerate(candidates[:MAX_CURVES]) if (s := states_of(c))]
    every = [state for _, _, states in drawn for state in states]
    x_axis = axis(f"x ({ion} per formula unit), charge to the right", [s.x for s in every], RIGHT, LEFT)
    y_axis = axis("volume / Å³ per formula unit", [s.volume_A3_per_fu for s in every], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, states in drawn:
        points = [(x_axis.pixel(s.x), y_axis.pixel(s.volume_A3_per_fu)) for s in states]
        parts.append(polyline(sorted(points), style.colour, stroke_opacity=0.7))
        for state, (x, y) in zip(states, points, strict=True):
            kept = state.topology in (None, "host")
            words = f"{candidate.formula}: {state.volume_A3_per_fu:.2f} Å³ at x = {state.x:.4g}"
            words += "" if kept else f" ({state.topology})"
            parts.append(marker(x, y, style, words, filled=kept and state.on_hull))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], f"Volume over {ion} content")


def card(candidate: RankedCandidate) -> Markup:
    """States of a candidate as a table."""
    states = states_of(candidate)
    if not states:
        return tag("p", "No states over the working-ion content.", class_="note")
    head = ["x", "volume / Å³ per f.u.", "volume change / %", "on hull", "topology"]
    rows = [
        [
            number(state.x, 3),
            number(state.volume_A3_per_fu, 2),
            number(state.volume_strain, 2, 100),
            "yes" if state.on_hull else "no",
            state.topology or DASH,
        ]
        for state in states
    ]
    return table(head, rows, range(3))


FIGURES: Final = (
    Figure(
        name="volume_over_content",
        title="Volume",
        caption=(
            "Lowest state at each content, of the configuration of lowest energy. Hollow: off the hull, or no longer "
            "the host"
        ),
        draw=lambda candidates: volume_over_content(candidates) if any(map(states_of, candidates)) else None,
    ),
)
