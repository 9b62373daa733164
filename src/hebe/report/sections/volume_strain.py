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
from hebe.report.svg import frame, marker, polyline, style_of, text
from hebe.report.values import DASH, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrode import XState

_GAP: Final = 22.0
"""Pixels between figures side by side."""


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
            words = f"{candidate.formula}: {state.volume_A3_per_fu:.2f} Å³ at x = {state.x:.4g}"
            words += "" if _kept(state) else f" ({state.topology})"
            parts.append(marker(x, y, style, words, filled=_kept(state) and state.on_hull))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], f"Volume over {ion} content")


def change_over_content(candidates: Sequence[RankedCandidate]) -> str:
    """Volume relative to the cell as made (%) over the working-ion content; marks as of the volumes."""
    ion = ion_of(candidates)
    drawn = [(c, style_of(i), s) for i, c in enumerate(candidates[:MAX_CURVES]) if (s := _strained(c))]
    every = [state for _, _, states in drawn for state in states]
    x_axis = axis(f"x ({ion} per formula unit), charge to the right", [s.x for s in every], RIGHT, LEFT)
    y_axis = axis("volume change / %", [100 * (s.volume_strain or 0.0) for s in every], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, states in drawn:
        points = [(s, x_axis.pixel(s.x), y_axis.pixel(100 * (s.volume_strain or 0.0))) for s in states]
        parts.append(polyline(sorted((x, y) for _, x, y in points), style.colour, stroke_opacity=0.7))
        for state, x, y in points:
            words = f"{candidate.formula}: {100 * (state.volume_strain or 0.0):+.2f} % at x = {state.x:.4g}"
            words += "" if _kept(state) else f" ({state.topology})"
            parts.append(marker(x, y, style, words, filled=_kept(state) and state.on_hull))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], f"Volume change over {ion} content")


def axes_over_content(candidates: Sequence[RankedCandidate]) -> str:
    """Lengths along the axes x, y and z relative to the cell as made (%), side by side, over the content."""
    ion = ion_of(candidates)
    drawn = [(c, style_of(i), s) for i, c in enumerate(candidates[:MAX_CURVES]) if (s := _strained(c, axes=True))]
    every = [state for _, _, states in drawn for state in states]
    y_axis = axis("length change / %", [100 * e for s in every for e in s.axis_strain or ()], BOTTOM, TOP)
    wide = (RIGHT - LEFT - 2 * _GAP) / 3
    parts = []
    for at, name in enumerate("xyz"):
        left = LEFT + at * (wide + _GAP)
        label = f"x ({ion} per f.u.)"
        x_axis = axis(label, [s.x for s in every], left + wide, left, ticks=3)
        parts.append(frame(x_axis, y_axis, labelled=at == 0))
        parts.append(text(left + 6, TOP + 14, f"along {name}", font_weight="bold"))
        for candidate, style, states in drawn:
            points = [(s, x_axis.pixel(s.x), y_axis.pixel(100 * (s.axis_strain or [0.0] * 3)[at])) for s in states]
            parts.append(polyline(sorted((x, y) for _, x, y in points), style.colour, stroke_opacity=0.7))
            for state, x, y in points:
                words = f"{candidate.formula}: {100 * (state.axis_strain or [0.0] * 3)[at]:+.2f} % at x = {state.x:.4g}"
                parts.append(marker(x, y, style, words, filled=_kept(state) and state.on_hull))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Change of lengths along three axes")


def _kept(state: XState) -> bool:
    return state.topology in (None, "host")


def _strained(candidate: RankedCandidate, *, axes: bool = False) -> list[XState]:
    """States whose volume, or axes, are compared with those as made."""
    return [s for s in states_of(candidate) if (s.axis_strain if axes else s.volume_strain) is not None]


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
    Figure(
        name="volume_change",
        title="Volume change",
        caption="Relative to the cell as made; hollow: off the hull, or no longer the host",
        draw=lambda candidates: change_over_content(candidates) if any(map(_strained, candidates)) else None,
    ),
    Figure(
        name="lattice_change",
        title="Change of lengths",
        caption="Along the Cartesian axes of the cell, relative to the cell as made, rotation taken out",
        draw=lambda candidates: (
            axes_over_content(candidates) if any(_strained(c, axes=True) for c in candidates) else None
        ),
    ),
)
