"""Parity of two stages: the same quantity of the same candidates, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities
from hebe.report.axes import axis
from hebe.report.figures import Labels, mark_name
from hebe.report.svg import document, frame, line, marker, style_of, text
from hebe.report.values import factor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.candidate import RankedCandidate

_WIDTH: Final = 560.0
_HEIGHT: Final = 360.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 130.0, 430.0, 14.0, 314.0


def parity(quantity: Mapping[str, Any], before: str, after: str, candidates: Sequence[RankedCandidate]) -> str:
    """Figure of one quantity; the line is where both stages agree.

    Parameters
    ----------
    quantity
        Entry of an agreement document.
    before, after
        What the stages are called.
    candidates
        In the order of the ranking, for numbers and marks.
    """
    known = all_quantities()[quantity["quantity"]]
    name, unit = known.title, known.shown.unit
    places = {candidate.candidate_id: (i, candidate) for i, candidate in enumerate(candidates)}
    points = [(i, factor(known) * x, factor(known) * y) for i, x, y in quantity["pairs"] if i in places]
    values = [value for _, x, y in points for value in (x, y)]
    x_axis = axis(f"{name} / {unit}, {before}", values, _LEFT, _RIGHT)
    y_axis = axis(f"{name} / {unit}, {after}", values, _BOTTOM, _TOP)
    ends = [(x_axis.pixel(v), y_axis.pixel(v)) for v in (x_axis.low, x_axis.high)]
    parts = [frame(x_axis, y_axis), line(*ends[0], *ends[1], stroke_opacity=0.5, stroke_dasharray="5 4")]
    named = Labels()
    for identifier, x, y in points:
        place, candidate = places[identifier]
        at = x_axis.pixel(x), y_axis.pixel(y)
        parts.append(marker(*at, style_of(place), f"{candidate.formula}: {x:.4g} and {y:.4g} {unit}"))
        beside = named.place(*at, mark_name(candidate))
        if beside is not None:
            parts.append(text(*beside, mark_name(candidate), font_size="11"))
    return document("".join(parts), _WIDTH, _HEIGHT, f"{name}: {after} against {before}")
