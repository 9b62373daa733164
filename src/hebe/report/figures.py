"""What figures of candidates have in common: the names and number of marks, a frame with a legend, a scatter plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hebe.report.axes import axis
from hebe.report.svg import document, element, error_bar, frame, legend, marker, style_of, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.report.axes import Axis
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
    """A candidate in a scatter plot; ``words`` appear under the pointer.

    Bars go from one of the ends to the other, where they differ; ``sd`` is short for ends above and below.
    """

    x: float
    y: float
    words: str
    sd: float = 0.0
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None

    @property
    def vertical(self) -> tuple[float, float]:
        """Ends of the vertical bar."""
        return (self.y - self.sd, self.y + self.sd) if self.y_ends is None else self.y_ends

    @property
    def horizontal(self) -> tuple[float, float]:
        """Ends of the horizontal bar."""
        return (self.x, self.x) if self.x_ends is None else self.x_ends


MOST_MARKS: Final = 300
"""Candidates that all have a mark of their own in a scatter plot; of more, only the first have."""

_FEW_MARKS: Final = 60
_MOST_BARS: Final = 30
_MOST_NAMES: Final = 40


def scatter(
    candidates: Sequence[RankedCandidate], points: Sequence[Point | None], x_label: str, y_label: str, title: str
) -> str:
    """Marks of candidates, numbered by rank, with error bars.

    Parameters
    ----------
    points
        Of each candidate, None where there is nothing to draw.
    """
    known = [point for point in points if point is not None]
    x_axis = axis(x_label, in_pixels(known, "x"), LEFT, RIGHT)
    y_axis = axis(y_label, in_pixels(known, "y"), BOTTOM, TOP)
    styles = [style_of(at) for at in range(len(candidates))]
    return framed([frame(x_axis, y_axis), *scatter_marks(candidates, points, x_axis, y_axis, styles)], [], title)


def in_pixels(points: Sequence[Point], which: Literal["x", "y"]) -> list[float]:
    """Everything that an axis has to hold."""
    barred = [end for point in points[:_MOST_BARS] for end in _ends(point, which)]
    return [*barred, *(getattr(point, which) for point in points)]


def _ends(point: Point, which: Literal["x", "y"]) -> tuple[float, float]:
    return point.horizontal if which == "x" else point.vertical


def scatter_marks(
    candidates: Sequence[RankedCandidate],
    points: Sequence[Point | None],
    x_axis: Axis,
    y_axis: Axis,
    styles: Sequence[Style],
) -> list[str]:
    """Marks of candidates; the first of them have bars and names, and of very many all but the first are dots."""
    known = [(i, c, p) for i, (c, p) in enumerate(zip(candidates, points, strict=True)) if p is not None]
    most = MOST_MARKS if len(known) <= MOST_MARKS else _FEW_MARKS
    dots = "".join(f"M{x_axis.pixel(p.x):.1f} {y_axis.pixel(p.y):.1f}h0" for _, _, p in known[most:])
    look = {"stroke": "currentColor", "stroke_opacity": 0.35, "stroke_width": 2.6, "stroke_linecap": "round"}
    parts = [element("path", d=dots, fill="none", class_="dots", **look)] if dots else []
    named = Labels()
    bars, marks, names = [], [], []
    for at, (i, candidate, point) in enumerate(known[:most]):
        x, y = x_axis.pixel(point.x), y_axis.pixel(point.y)
        if at < _MOST_BARS:
            bars += _bars(point, x_axis, y_axis, styles[i].colour)
        marks.append(marker(x, y, styles[i], point.words, identity=candidate.candidate_id))
        place = named.place(x, y, mark_name(candidate)) if at < _MOST_NAMES else None
        if place is not None:
            names.append(text(*place, mark_name(candidate), font_size="11"))
    return [*parts, *bars, *marks, *names]


def _bars(point: Point, x_axis: Axis, y_axis: Axis, colour: str) -> list[str]:
    x, y = x_axis.pixel(point.x), y_axis.pixel(point.y)
    left, right = (_inside(x_axis, end) for end in point.horizontal)
    low, high = (_inside(y_axis, end) for end in point.vertical)
    flat = [error_bar(x_axis.pixel(left), y, x_axis.pixel(right), y, colour)] if left < right else []
    return flat + ([error_bar(x, y_axis.pixel(low), x, y_axis.pixel(high), colour)] if low < high else [])


def _inside(one: Axis, value: float) -> float:
    """A value, or the end of the axis that it lies beyond."""
    return min(max(value, one.low), one.high)


class Labels:
    """Places of names beside their marks: one that finds none that is free is left out."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float]] = []

    def place(self, x: float, y: float, words: str) -> tuple[float, float] | None:
        """Take a free place around a mark."""
        wide = 6.5 * len(words)
        for left, base in ((x + 7, y - 6), (x + 7, y + 14), (x - 7 - wide, y - 6), (x - 7 - wide, y + 14)):
            if all(abs(base - other) > 10 or left > end or left + wide < start for start, end, other in self._taken):
                self._taken.append((left, left + wide, base))
                return left, base
        return None
