"""What figures of candidates have in common: the names and number of marks, a frame with a legend, a scatter plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.report.axes import axis
from hebe.report.svg import document, error_bar, frame, legend, marker, style_of, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.report.svg import Style
    from hebe.schemas.candidate import RankedCandidate

MAX_CURVES: Final = 12
"""Candidates whose curves are drawn in one figure, best first."""

WIDTH: Final = 560.0
HEIGHT: Final = 360.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 540.0, 34.0, 312.0


def mark_name(candidate: RankedCandidate) -> str:
    """Rank or, without one of its own, last digits of the id, by which figures and tables name a candidate."""
    return candidate.candidate_id[-4:] if candidate.rank is None or candidate.tied else str(candidate.rank)


def framed(parts: Sequence[str], keys: Sequence[tuple[Style, str, bool]], title: str) -> str:
    """Whole figure of the usual size, with a legend of styles, names and whether the mark is filled."""
    row = legend(keys, LEFT + 8, 20, min(60.0, (RIGHT - LEFT) / max(1, len(keys)))) if keys else ""
    return document("".join(parts) + row, WIDTH, HEIGHT, title)


@dataclass(frozen=True)
class Point:
    """A candidate in a scatter plot; ``words`` appear under the pointer."""

    x: float
    y: float
    words: str
    sd: float = 0.0


def scatter(
    candidates: Sequence[RankedCandidate], points: Sequence[Point | None], x_label: str, y_label: str, title: str
) -> str:
    """Marks of candidates, numbered by rank, with error bars.

    Parameters
    ----------
    points
        Of each candidate, None where there is nothing to draw.
    """
    known = [(i, c, p) for i, (c, p) in enumerate(zip(candidates, points, strict=True)) if p is not None]
    ends = [p.y + sign * p.sd for _, _, p in known for sign in (-1, 1)]
    x_axis = axis(x_label, [p.x for _, _, p in known], LEFT, RIGHT)
    y_axis = axis(y_label, ends, BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for i, candidate, point in known:
        style, x, y = style_of(i), x_axis.pixel(point.x), y_axis.pixel(point.y)
        if point.sd:
            low, high = y_axis.pixel(point.y - point.sd), y_axis.pixel(point.y + point.sd)
            parts.append(error_bar(x, low, x, high, style.colour))
        parts.append(marker(x, y, style, point.words))
        parts.append(text(x + 7, y - 6, mark_name(candidate), font_size="11"))
    return framed(parts, [], title)
