"""Heat map over the periodic table: one cell per element, divided between its oxidation states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.report import svg
from hebe.report.markup import escape
from hebe.report.values import DASH, known_number
from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL: Final = 58.0
_MARGIN: Final = 26.0
_LOW: Final = (44, 123, 182)
_MIDDLE: Final = (247, 240, 205)
_HIGH: Final = (202, 62, 52)
_NOTHING: Final = "#9aa0a6"


@dataclass(frozen=True)
class HeatCell:
    """Value of one ion; None is drawn grey, ``words`` appear under the pointer; ``text`` is written into the cell."""

    ion: Ion
    value: float | None
    words: str
    text: str | None = None


def heat_colour(value: float, low: float, high: float) -> str:
    """Colour between blue (low) and red (high) as ``#rrggbb``."""
    share = 0.5 if high <= low else min(max((value - low) / (high - low), 0.0), 1.0)
    first, second = (_LOW, _MIDDLE) if share < 0.5 else (_MIDDLE, _HIGH)
    weight = 2 * share if share < 0.5 else 2 * share - 1
    mixed = (round(a + weight * (b - a)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def periodic_map(cells: Sequence[HeatCell], title: str, unit: str, *, digits: int | None = None) -> str:
    """Heat map of the part of the periodic table that holds the ions, as one SVG document.

    Parameters
    ----------
    cells
        Values; several oxidation states share the cell of their element.
    title
        Title of the figure.
    unit
        Unit of the values, for the scale.
    digits
        Decimals of the scale; three significant digits by default.
    """
    from pymatgen.core import Element

    known = [cell.value for cell in cells if cell.value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    places: dict[str, list[HeatCell]] = {}
    for cell in cells:
        places.setdefault(cell.ion.element, []).append(cell)
    position = {element: (int(Element(element).group), int(Element(element).row)) for element in places}
    groups = sorted({group for group, _ in position.values()})
    rows = sorted({row for _, row in position.values()})
    parts = [svg.text(_MARGIN, 20, title, font_size=14, font_weight="bold")]
    parts += [
        svg.text(_MARGIN + (i + 0.5) * _CELL, 40, str(group), anchor="middle", font_size=10)
        for i, group in enumerate(groups)
    ]
    for element, shared in places.items():
        group, row = position[element]
        left, top = _MARGIN + groups.index(group) * _CELL, 46 + rows.index(row) * _CELL
        parts += _element(element, sorted(shared, key=lambda cell: cell.ion.charge), left, top, low, high)
    bottom = 46 + len(rows) * _CELL + 14
    ends = [f"{end:.3g}" if digits is None else known_number(end, digits) for end in (low, high)]
    parts += _scale(ends, unit, bottom)
    return svg.document("".join(parts), 2 * _MARGIN + max(len(groups), 5) * _CELL, bottom + 34, title)


def _element(element: str, shared: Sequence[HeatCell], left: float, top: float, low: float, high: float) -> list[str]:
    width = (_CELL - 4) / len(shared)
    parts = []
    for i, cell in enumerate(shared):
        colour = _NOTHING if cell.value is None else heat_colour(cell.value, low, high)
        x = left + i * width
        tip = svg.element("title", escape(cell.words))
        parts.append(svg.element("rect", tip, x=x, y=top, width=width, height=_CELL - 4, fill=colour, class_="mark"))
        number = DASH if cell.value is None else cell.text or f"{cell.value:.3g}"
        parts.append(_black(x + width / 2, top + 50, number, 10))
        parts.append(_black(x + width / 2, top + 36, str(cell.ion).removeprefix(element), 10))
    parts.append(_black(left + (_CELL - 4) / 2, top + 20, element, 15))
    return parts


def _black(x: float, y: float, words: str, size: int) -> str:
    """Words on a coloured cell: black on either page."""
    return svg.element("text", escape(words), x=x, y=y, text_anchor="middle", fill="#111", font_size=size)


def _scale(ends: Sequence[str], unit: str, top: float) -> list[str]:
    steps, width = 40, 5.0
    parts = [
        svg.element(
            "rect", x=_MARGIN + i * width, y=top, width=width + 0.5, height=10, fill=heat_colour(i / (steps - 1), 0, 1)
        )
        for i in range(steps)
    ]
    end = _MARGIN + steps * width
    parts.append(svg.text(_MARGIN, top + 24, ends[0], font_size=10))
    parts.append(svg.text(end, top + 24, f"{ends[1]} {unit}", anchor="end", font_size=10))
    return parts
