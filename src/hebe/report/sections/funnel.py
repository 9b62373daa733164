"""How the space narrowed: all compositions, what each filter left, what was selected, computed and promoted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hebe.report.figures import LEFT, RIGHT, WIDTH
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.svg import COLOURS, document, element, line, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page

_ROW: Final = 30.0
_START: Final = LEFT + 140.0


def steps(page: Page) -> list[tuple[str, int]]:
    """What each step left, in order."""
    found: list[tuple[str, int]] = []
    if page.funnel is not None:
        found.append(("neutral compositions", page.funnel.size))
        found += [(f"after {name.replace('_', ' ')}", left) for name, left in page.funnel.by_filter.items()]
        found.append(("selected", page.funnel.selected))
    finished = sum(candidate.status != "failed" for candidate in page.candidates)
    found.append(("computed", finished))
    for border in page.promotions:
        promoted = sum(bool(one["promoted"]) for one in border["candidates"])
        found.append((f"promoted to stage {border['stage'] + 1}", promoted))
    return found + ([("on the front", len(page.on_front))] if page.on_front else [])


def _draw(page: Page) -> str | None:
    rows = steps(page)
    if page.funnel is None or not page.funnel.size:
        return None
    top = math.log10(max(count for _, count in rows)) or 1.0
    height = _ROW * len(rows) + 44
    parts = []
    for decade in range(math.ceil(top) + 1):
        x = _START + (RIGHT - 40 - _START) * min(1.0, decade / top)
        if decade <= top:
            parts += [line(x, 8, x, height - 34, stroke_opacity=0.13)]
            parts += [text(x, height - 20, f"{10**decade:,}", anchor="middle", font_size="11")]
    for at, (name, count) in enumerate(rows):
        y = 8 + _ROW * at
        wide = (RIGHT - 40 - _START) * (math.log10(count) / top if count > 1 else 0.0)
        words = element("title", f"{count:,} {name}")
        bar = {"x": _START, "y": y + 5, "width": max(2.0, wide), "height": _ROW - 10, "fill": COLOURS[0]}
        parts.append(element("rect", words, **bar, fill_opacity=0.75, class_="mark"))
        parts.append(text(_START - 8, y + _ROW / 2 + 4, name, anchor="end"))
        parts.append(text(_START + max(2.0, wide) + 6, y + _ROW / 2 + 4, f"{count:,}"))
    parts.append(text((_START + RIGHT) / 2, height - 4, "number of compositions (logarithmic)", anchor="middle"))
    return document("".join(parts), WIDTH, height, "How the space narrowed")


def _render(page: Page) -> Iterable[Markup]:
    drawn = figures(SECTION.pictures, page)
    if drawn:
        yield from drawn
    elif len(steps(page)) > 1:
        yield table(["step", "compositions"], [[name, f"{count:,}"] for name, count in steps(page)], [1])
        yield tag("p", "The space of this campaign was not counted when it ran.", class_="note")


SECTION = Section(
    title="How the space narrowed",
    render=_render,
    pictures=(
        Picture(
            name="funnel",
            title="From the space to the front",
            caption="Charge-neutral compositions within the bounds, what each filter left, and what was computed",
            draw=_draw,
        ),
    ),
)
