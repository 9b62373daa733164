"""Objectives against each other: who is on the front, and how sure that is."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, RIGHT, TOP, Point, framed, in_pixels, scatter_marks
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.svg import COLOURS, Style, frame, legend, polyline
from hebe.report.values import capital, condition_of, factor, percent, quantity_text
from hebe.science.choosing.fronts import first_front
from hebe.science.choosing.ranking import Objective, cost_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.axes import Axis
    from hebe.report.data import Page
    from hebe.report.markup import Markup
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.result import Value

_MOST: Final = 4
"""Objectives whose pairs are drawn, the first ones."""

_ON, _OFF = Style(COLOURS[1], 3), Style(COLOURS[0], 0)


def pairs_of(page: Page) -> list[tuple[Objective, Objective]]:
    """Pairs of objectives that are drawn."""
    return list(combinations(page.objectives[:_MOST], 2))


def label_of(quantity: Quantity[Any], candidates: Iterable[RankedCandidate]) -> str:
    """Label of the axis of a quantity: title, condition and unit."""
    words = " ".join(filter(None, (quantity.title, condition_of(quantity, list(candidates)))))
    return f"{words} / {quantity.shown.unit}" if quantity.shown.unit else words


def shown_value(quantity: Quantity[Any], value: Value | None) -> tuple[float, float, float] | None:
    """Low end, middle and high end of a value in the unit of tables; ends may be infinite, None without a middle."""
    middle = None if value is None else value.mean if value.median is None else value.median
    if value is None or middle is None or not math.isfinite(middle):
        return None
    spread, least = value.se or 0.0, -math.inf if quantity.shown.least is None else quantity.shown.least
    low = middle - spread if value.low is None else value.low
    high = middle + spread if value.high is None else value.high
    low, middle, high = (factor(quantity) * max(end, least) for end in (low, middle, high))
    return low, middle, high


def pareto(page: Page, x: Objective, y: Objective) -> str | None:
    """Two objectives of every candidate; the front of all objectives stands out, that of these two is a line."""
    known = all_quantities()
    qx, qy = known[x.name], known[y.name]
    order = sorted(page.latest, key=lambda candidate: candidate.candidate_id not in page.on_front)
    points = [_point(page, candidate, qx, qy) for candidate in order]
    given = [point for point in points if point is not None]
    if not given:
        return None
    x_axis = axis(_labelled(qx, x, page), in_pixels(given, "x"), LEFT, RIGHT)
    y_axis = axis(_labelled(qy, y, page), in_pixels(given, "y"), BOTTOM, TOP)
    parts = [frame(x_axis, y_axis), _stairs(order, (x, y), points, x_axis, y_axis)]
    styles = [_ON if candidate.candidate_id in page.on_front else _OFF for candidate in order]
    parts += scatter_marks(order, points, x_axis, y_axis, styles)
    keys = [(_ON, "on the front of all objectives", True), (_OFF, "behind it", True)]
    return framed([*parts, legend(keys, LEFT + 8, 20, 210)], [], f"{qy.title} against {qx.title}")


def _labelled(quantity: Quantity[Any], objective: Objective, page: Page) -> str:
    return f"{label_of(quantity, page.latest)} ({'high' if objective.maximize else 'low'} is better)"


def _point(page: Page, candidate: RankedCandidate, qx: Quantity[Any], qy: Quantity[Any]) -> Point | None:
    x, y = (shown_value(q, q.of(candidate)) for q in (qx, qy))
    if x is None or y is None:
        return None
    share = page.front_shares.get(candidate.candidate_id, 0.0)
    texts = [f"{q.title} {quantity_text(q, candidate)} {q.shown.unit}".strip() for q in (qx, qy)]
    words = f"{candidate.formula}: {', '.join(texts)}; on the front in {percent(share)} % of the draws"
    return Point(x[1], y[1], words, x_ends=(x[0], x[2]), y_ends=(y[0], y[2]))


def _stairs(
    order: Sequence[RankedCandidate],
    both: tuple[Objective, Objective],
    points: Sequence[Point | None],
    x_axis: Axis,
    y_axis: Axis,
) -> str:
    """Border between what the best of two objectives reach and what they do not."""
    inside = first_front(cost_table(order, both))
    best = sorted({(p.x, p.y) for p, first in zip(points, inside, strict=True) if first and p is not None})
    corners = best[:1]
    for (_, y1), (x2, y2) in pairwise(best):
        falling = both[0].maximize  # the better x lies to the right: the step is at the next y
        corners += [(corners[-1][0], y2) if falling else (x2, y1), (x2, y2)]
    places = [(x_axis.pixel(x), y_axis.pixel(y)) for x, y in corners]
    return polyline(places, COLOURS[1], stroke_dasharray="5 4", stroke_opacity=0.7) if len(places) > 1 else ""


def _draw(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        pairs = pairs_of(page)
        return pareto(page, *pairs[at]) if at < len(pairs) else None

    return draw


def _titled(at: int) -> Callable[[Page], str]:
    def titled(page: Page) -> str:
        x, y = (all_quantities()[objective.name].title for objective in pairs_of(page)[at])
        return f"{capital(y)} against {x}"

    return titled


def _render(page: Page) -> Iterable[Markup]:
    return figures(SECTION.pictures, page)


SECTION = Section(
    title="Objectives against each other",
    render=_render,
    pictures=tuple(
        Picture(
            name="pareto" if at == 0 else f"pareto_{at + 1}",
            title="two objectives against each other" if at == 0 else f"two objectives, pair {at + 1}",
            caption="Bars: standard error, or the middle 68 %. Dashed: the best of these two alone. Dots: all others",
            draw=_draw(at),
            titled=_titled(at),
        )
        for at in range(_MOST * (_MOST - 1) // 2)
    ),
)
