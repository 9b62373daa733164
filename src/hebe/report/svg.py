"""Pieces of SVG figures: elements, markers, frames and legends; text and axes take the colour of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.report.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hebe.report.axes import Axis

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#C86A9E", "#000000", "#7A3412", "#2A1E8C")
"""Colours of series, after Okabe and Ito, Color Universal Design (2008), with a contrast above 3 on white.

Told apart without red, green or blue cones too: a test has them differ by more than 15 in CIE L*a*b* then.
"""

_SIZE: Final = 4.6


@dataclass(frozen=True)
class Style:
    """How the marks of one series look."""

    colour: str
    shape: int


def style_of(position: int) -> Style:
    """Style of the series at a position; the first 42 differ in colour or shape."""
    return Style(COLOURS[position % len(COLOURS)], position % 6)


def element(tag: str, content: str = "", /, **attributes: object) -> str:
    """One element; `content` is markup, attribute names take ``_`` for ``-``."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"' for name, value in attributes.items()
    )
    return f"<{tag}{given}>{content}</{tag}>" if content else f"<{tag}{given}/>"


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, *, anchor: str = "start", **attributes: object) -> str:
    """Words at a position, in the colour of the page."""
    return element("text", _subscripts(escape(words)), x=x, y=y, text_anchor=anchor, fill="currentColor", **attributes)


def _subscripts(words: str) -> str:
    """``T_mix`` with its index below the line."""
    return words.replace("T_mix", 'T<tspan dy="3" font-size="80%">mix</tspan><tspan dy="-3"> </tspan>').replace(
        "</tspan> ", "</tspan>"
    )


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """Straight line; in the colour of the page unless a ``stroke`` is given."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": "currentColor", **attributes})


def polyline(points: Sequence[tuple[float, float]], colour: str, **attributes: object) -> str:
    """Open line through points."""
    path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return element("polyline", points=path, fill="none", stroke=colour, stroke_width=1.8, **attributes)


def marker(x: float, y: float, style: Style, title: str = "", *, filled: bool = True, identity: str = "") -> str:
    """Mark at a position with a text that appears under the pointer; `identity` is the candidate it stands for."""
    path = "M" + " L".join(f"{x + _SIZE * dx:.2f} {y + _SIZE * dy:.2f}" for dx, dy in _SHAPES[style.shape]) + " Z"
    look: dict[str, object] = {"stroke": style.colour, "stroke_width": 1.6}
    look |= {"fill": style.colour if filled else "none"}
    look |= {"data_id": identity} if identity else {}
    inside = element("title", escape(title)) if title else ""
    if style.shape == 0:
        return element("circle", inside, class_="mark", cx=f"{x:.2f}", cy=f"{y:.2f}", r=_SIZE * 0.85, **look)
    return element("path", inside, class_="mark", d=path, **look)


_SHAPES: Final = (
    (),
    ((-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)),
    ((0.0, -1.0), (0.95, 0.75), (-0.95, 0.75)),
    ((0.0, -1.1), (1.1, 0.0), (0.0, 1.1), (-1.1, 0.0)),
    ((0.0, 1.0), (0.95, -0.75), (-0.95, -0.75)),
    ((-1.0, 0.0), (-0.4, -0.4), (0.0, -1.0), (0.4, -0.4), (1.0, 0.0), (0.4, 0.4), (0.0, 1.0), (-0.4, 0.4)),
)


def error_bar(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """Bar between two positions with caps across its ends."""
    flat = abs(y2 - y1) < abs(x2 - x1)
    dx, dy = (0.0, 3.0) if flat else (3.0, 0.0)
    ends = "".join(line(x - dx, y - dy, x + dx, y + dy, stroke=colour) for x, y in ((x1, y1), (x2, y2)))
    return line(x1, y1, x2, y2, stroke=colour, class_="error") + ends


def frame(x_axis: Axis, y_axis: Axis, *, labelled: bool = True) -> str:
    """Grid, ticks, numbers and labels of both axes; without the numbers and the label of the vertical one on demand."""
    left, right = sorted((x_axis.start, x_axis.stop))
    top, bottom = sorted((y_axis.start, y_axis.stop))
    parts = []
    for tick in y_axis.ticks:
        y = y_axis.pixel(tick)
        parts.append(line(left, y, right, y, stroke_opacity=0.13))
        if labelled:
            parts.append(text(left - 8, y + 4, y_axis.text(tick), anchor="end"))
    parts += x_numbers(x_axis, top, bottom)
    parts.append(line(left, top, left, bottom, stroke_opacity=0.6))
    if labelled:
        middle = (top + bottom) / 2
        parts.append(text(14, middle, y_axis.label, anchor="middle", transform=f"rotate(-90 14 {middle:.1f})"))
    return "".join(parts)


def x_numbers(x_axis: Axis, top: float, bottom: float) -> list[str]:
    """Grid, ticks, numbers and label of a horizontal axis."""
    left, right = sorted((x_axis.start, x_axis.stop))
    parts = [line(left, bottom, right, bottom, stroke_opacity=0.6)]
    for tick in x_axis.ticks:
        x = x_axis.pixel(tick)
        parts.append(line(x, top, x, bottom, stroke_opacity=0.13))
        parts.append(line(x, bottom, x, bottom + 4, stroke_opacity=0.6))
        parts.append(text(x, bottom + 17, x_axis.text(tick), anchor="middle"))
    parts.append(text((left + right) / 2, bottom + 36, x_axis.label, anchor="middle"))
    return parts


def legend(entries: Iterable[tuple[Style, str, bool]], x: float, y: float, spacing: float) -> str:
    """Marks with their names in a row; an entry is a style, a name and whether the mark is filled."""
    parts = []
    for position, (style, name, filled) in enumerate(entries):
        at = x + position * spacing
        parts.append(marker(at, y - 4, style, filled=filled).replace('class="mark"', 'class="key"'))
        parts.append(text(at + 9, y, name))
    return "".join(parts)


def document(content: str, width: float, height: float, title: str) -> str:
    """Whole figure; `title` is what a screen reader says."""
    return element(
        "svg",
        element("title", escape(title)) + content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        font_family="system-ui, sans-serif",
        font_size="12",
    )
