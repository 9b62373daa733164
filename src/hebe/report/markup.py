"""Small pieces of HTML; every text is escaped here and nowhere else."""

from __future__ import annotations

from html import escape as without_markup
from typing import TYPE_CHECKING

from hebe.config.reading.hiding import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(text: str) -> str:
    """A text as HTML or SVG shows it; characters that steer, which neither may hold, are written as codes."""
    return without_markup(printable(text))


def html(value: object) -> Markup:
    """`value` as HTML; only `Markup` passes as it is."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def tag(name: str, /, *content: object, **attributes: str) -> Markup:
    """Element with its content; attribute names take ``_`` for ``-``, ``class_`` is ``class``."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{''.join(map(html, content))}</{name}>")


def table(
    head: Sequence[object], rows: Iterable[Sequence[object]], numbers: Iterable[int] = (), **attributes: str
) -> Markup:
    """Table; `numbers` are the positions of columns set flush right."""
    right = set(numbers)

    def row(cells: Sequence[object], kind: str) -> Markup:
        marked = ({"class_": "n"} if position in right else {} for position in range(len(cells)))
        return tag("tr", *(tag(kind, cell, **look) for cell, look in zip(cells, marked, strict=True)))

    body = tag("tbody", *(row(cells, "td") for cells in rows))
    return tag("table", tag("thead", row(head, "th")), body, **attributes)


def details(summary: object, *content: object, **attributes: str) -> Markup:
    """Content that is shown when asked for."""
    return tag("details", tag("summary", summary), *content, **attributes)


def definitions(pairs: Iterable[tuple[object, object]]) -> Markup:
    """List of terms with what they mean."""
    return tag("dl", *(part for term, meaning in pairs for part in (tag("dt", term), tag("dd", meaning))))


def unordered(items: Iterable[object]) -> Markup:
    """Bulleted list."""
    return tag("ul", *(tag("li", item) for item in items))
