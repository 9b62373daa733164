"""Stackings over the content of the working ion: energies above the host's own, and what becomes lower where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.phases_along_x import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag, unordered
from hebe.report.sections.voltage import ion_of
from hebe.report.svg import frame, line, marker, polyline, style_of, text
from hebe.report.values import DASH, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.report.svg import Style
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.phases_along_x import PhaseState

_GAP: Final = 22.0
"""Pixels between figures side by side."""
_MOST_PANELS: Final = 4

Drawn = tuple["RankedCandidate", "Style", list["PhaseState"]]


def relative_states(candidate: RankedCandidate) -> list[PhaseState]:
    """States of the other stackings that are compared with the host's own, of the first configuration that has some."""
    for result in ANALYSIS.of(candidate):
        found = [] if result is None else [s for s in result.states if s.relative_eV_per_fu is not None]
        if found:
            return found
    return []


def energies_over_content(candidates: Sequence[RankedCandidate]) -> str | None:
    """Energy above the host's own stacking (meV per formula unit) over the content, one panel per stacking."""
    drawn: list[Drawn] = [
        (c, style_of(i), states) for i, c in enumerate(candidates[:MAX_CURVES]) if (states := relative_states(c))
    ]
    every = [state for _, _, states in drawn for state in states]
    names = sorted({state.stacking for state in every})[:_MOST_PANELS]
    if not names:
        return None
    ion = ion_of(candidates)
    y_axis = axis("energy above the host / meV per f.u.", [_milli(s) for s in every], BOTTOM, TOP, zero=True)
    wide = (RIGHT - LEFT - _GAP * (len(names) - 1)) / len(names)
    parts = []
    for at, name in enumerate(names):
        left = LEFT + at * (wide + _GAP)
        x_axis = axis(f"x ({ion} per f.u.)", [s.x for s in every], left + wide, left, ticks=4)
        parts.append(frame(x_axis, y_axis, labelled=at == 0))
        zero = y_axis.pixel(0.0)
        parts.append(line(left, zero, left + wide, zero, stroke_opacity=0.8))
        parts.append(text(left + wide - 6, TOP + 14, name, anchor="end", font_weight="bold"))
        for candidate, style, states in drawn:
            here = [s for s in states if s.stacking == name]
            points = [(x_axis.pixel(s.x), y_axis.pixel(_milli(s))) for s in here]
            parts.append(polyline(sorted(points), style.colour, stroke_opacity=0.7))
            for state, (x, y) in zip(here, points, strict=True):
                words = f"{candidate.formula}: {name} {_milli(state):+.0f} meV per f.u. at x = {state.x:.4g}"
                parts.append(marker(x, y, style, words, filled=state.on_hull))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Energies of stackings")


def _milli(state: PhaseState) -> float:
    return 1000 * (state.relative_eV_per_fu or 0.0)


def card(candidate: RankedCandidate) -> Markup:
    """Stackings of a candidate as a table, with onsets and two-phase regions."""
    result = next((r for r in ANALYSIS.of(candidate) if r is not None and r.states), None)
    if result is None:
        return Markup()
    head = ["x", "stacking", "started as", "above the host / meV per f.u.", "volume / Å³ per f.u.", "on hull"]
    rows = [
        [
            number(s.x, 3),
            s.stacking,
            s.started_as,
            DASH if s.relative_eV_per_fu is None else f"{_milli(s):+.0f}",
            number(s.volume_A3_per_fu, 2),
            "yes" if s.on_hull else "no",
        ]
        for s in result.states
    ]
    onsets = [f"{name}: {'no onset' if x is None else f'from x = {x:.2f}'}" for name, x in result.onsets.items()]
    both = [
        f"{t.from_stacking} and {t.to_stacking} coexist from x = {t.x_high:.3g} to {t.x_low:.3g}"
        + ("" if t.voltage_V is None else f", at {t.voltage_V:.2f} V")
        for t in result.transitions
    ]
    return Markup(
        tag("p", "Stackings along x", class_="note") + table(head, rows, (0, 3, 4)) + unordered([*onsets, *both])
    )


FIGURES: Final = (
    Figure(
        name="stackings",
        title="Stackings",
        caption=(
            "Energy of the other stackings above the host's own at equal content; below zero they are lower. "
            "Filled: on the hull over all stackings"
        ),
        draw=energies_over_content,
    ),
)
