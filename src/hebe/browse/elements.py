"""The periodic table as a filter: each element of the candidates is wanted, unwanted or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.browse.frame import link
from hebe.report.markup import Markup, details, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_LANTHANIDES: Final = range(57, 72)
_GROUPS: Final = 18


def element_filter(
    elements: Sequence[str], having: Collection[str], lacking: Collection[str], turned: Callable[[str], str]
) -> Markup:
    """Part of the periodic table that holds some elements, each a link to the table with it turned on, out or off.

    Parameters
    ----------
    having, lacking
        Elements that are wanted, and unwanted.
    turned
        Address in which an element has its next state.
    """
    places = {element: _place(element) for element in elements}
    rows = sorted({row for row, _ in places.values()})
    lines = []
    for row in rows:
        cells = {column: element for element, (at, column) in places.items() if at == row}
        lines.append(tag("tr", *(_cell(cells.get(column), having, lacking, turned) for column in _columns(places))))
    table = tag("table", tag("tbody", *lines), class_="periodic")
    note = tag("p", "A click requires an element, a second one excludes it, a third one forgets it.", class_="note")
    chosen = [f"with {one}" for one in having] + [f"without {one}" for one in lacking]
    summary = "Elements" + (f": {', '.join(chosen)}" if chosen else "")
    return details(summary, table, note, open="", id="elements")


def _columns(places: dict[str, tuple[int, int]]) -> list[int]:
    return sorted({column for _, column in places.values()})


def _place(element: str) -> tuple[int, int]:
    """Row and column in the periodic table; what is no element stands below it."""
    from pymatgen.core import Element

    try:
        found = Element(element)
    except ValueError:
        return 10, 1
    if found.Z in _LANTHANIDES:
        return 8, 3 + found.Z - _LANTHANIDES[0]
    return int(found.row), int(found.group)


def _cell(
    element: str | None, having: Collection[str], lacking: Collection[str], turned: Callable[[str], str]
) -> Markup:
    if element is None:
        return tag("td")
    state, words = ("on", "required") if element in having else ("out", "excluded") if element in lacking else ("", "")
    label = f"{element}, {words}" if words else element
    return tag("td", link(element, turned(element), class_=f"element {state}".strip(), aria_label=label))
