"""Spread between configurations: every cell of a candidate beside the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities, get_analysis, source_of
from hebe.report.axes import axis
from hebe.report.figures import LEFT, RIGHT, TOP, WIDTH, mark_name
from hebe.report.sections.pareto import label_of
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.svg import COLOURS, Style, document, error_bar, legend, line, marker, text, x_numbers
from hebe.report.values import capital, factor, quantity_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.data import Page
    from hebe.report.markup import Markup
    from hebe.schemas.candidate import RankedCandidate

MAX_ROWS: Final = 40
"""Candidates whose configurations are drawn, best first."""

_MOST: Final = 3
_ROW: Final = 22.0
_ONE, _MEAN = Style(COLOURS[0], 0), Style(COLOURS[1], 3)


def quantities_of(page: Page) -> list[Quantity[Any]]:
    """Quantities that every configuration has one of, those that candidates are ranked by first."""
    found = dict.fromkeys(name for candidate in page.latest for name in candidate.results)
    per_cell = [name for name in found if get_analysis(name).per == "configuration"]
    known = all_quantities(per_cell)
    own = [known[name] for name in page.ranked_by if name in known and source_of(name) in per_cell]
    return own or [get_analysis(name).quantities[0] for name in per_cell]


def values_of(candidate: RankedCandidate, quantity: Quantity[Any]) -> list[float]:
    """Value of each configuration that has one, in the unit of tables; signed where tables print that."""
    source = source_of(quantity.name)
    if source is None:
        return []
    read = quantity.signed or quantity.read
    found = [read(result) for result in get_analysis(source).of(candidate) if result is not None]
    return [value * factor(quantity) for value in found if value is not None]


def _titled(at: int) -> Callable[[Page], str]:
    return lambda page: capital(quantities_of(page)[at].title)


def _draw(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        chosen = quantities_of(page)
        return _figure(page, chosen[at]) if at < len(chosen) else None

    return draw


def _figure(page: Page, quantity: Quantity[Any]) -> str | None:
    rows = [(c, values) for c in page.latest[:MAX_ROWS] if (values := values_of(c, quantity))]
    if not any(len(values) > 1 for _, values in rows):
        return None
    bottom = TOP + _ROW * len(rows) + 6
    ends = [end for c, values in rows for end in (*values, *_bar(c, values, quantity))]
    x_axis = axis(label_of(quantity, page.latest), ends, LEFT, RIGHT)
    parts = x_numbers(x_axis, TOP, bottom)
    for at, (candidate, values) in enumerate(rows):
        y, mean = TOP + _ROW * (at + 0.5) + 3, sum(values) / len(values)
        low, high = _bar(candidate, values, quantity)
        parts.append(line(LEFT, y, RIGHT, y, stroke_opacity=0.08))
        parts.append(text(LEFT - 10, y + 4, mark_name(candidate), anchor="end"))
        parts.append(error_bar(x_axis.pixel(low), y, x_axis.pixel(high), y, _MEAN.colour) if low < high else "")
        for one in values:
            words = f"{candidate.formula}: one configuration, {one:.4g} {quantity.shown.unit}"
            parts.append(marker(x_axis.pixel(one), y, _ONE, words, filled=False))
        words = f"{candidate.formula}: {quantity_text(quantity, candidate)} {quantity.shown.unit}"
        parts.append(marker(x_axis.pixel(mean), y, _MEAN, words))
    keys = [(_ONE, "one configuration", False), (_MEAN, "mean with its standard error", True)]
    parts.append(legend(keys, LEFT + 8, 20, 150))
    return document("".join(parts), WIDTH, bottom + 48, f"Configurations: {quantity.title}")


def _bar(candidate: RankedCandidate, values: Sequence[float], quantity: Quantity[Any]) -> tuple[float, float]:
    """Ends of the bar around a mean: its standard error to either side."""
    value, mean = quantity.of(candidate), sum(values) / len(values)
    half = 0.0 if value is None or value.se is None else value.se * factor(quantity)
    return mean - half, mean + half


def _render(page: Page) -> Iterable[Markup]:
    return figures(SECTION.pictures, page)


SECTION = Section(
    title="Spread between configurations",
    render=_render,
    pictures=tuple(
        Picture(
            name="spread" if at == 0 else f"spread_{at + 1}",
            title="a quantity of every configuration" if at == 0 else f"quantity {at + 1} of every configuration",
            caption="Ordered cells that stand for one disordered composition, and their mean",
            draw=_draw(at),
            titled=_titled(at),
        )
        for at in range(_MOST)
    ),
)
