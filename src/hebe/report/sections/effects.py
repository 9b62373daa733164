"""What each element, and each pair of elements, does to each property; what cannot be told is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.analyses.columns import columns_of
from hebe.report.axes import axis
from hebe.report.composition import fractions_of
from hebe.report.figures import RIGHT, WIDTH
from hebe.report.formulas import indexed
from hebe.report.markup import Markup, details, table, tag, unordered
from hebe.report.sections.pareto import label_of
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.svg import COLOURS, Style, document, error_bar, line, marker, text, x_numbers
from hebe.report.values import decimals, factor, known_number, signed
from hebe.science.choosing.effects import LEVEL, SHARE, STEP, element_effects, pair_effects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.data import Page
    from hebe.science.choosing.effects import Effect, Fit, Place

_MOST: Final = 6
_STRONGEST: Final = 20
_LEFT: Final = 96.0
_ROW: Final = 24.0
_STYLE: Final = Style(COLOURS[0], 0)

CAPTION: Final = (
    f"Change as an element grows by {100 * STEP:.0f} % of its sublattice at the expense of the others in proportion; "
    f"bars: {100 * LEVEL:.0f} % intervals of a linear mixture model"
)


def quantities_of(page: Page) -> list[Quantity[Any]]:
    """Properties whose effects are looked at: what candidates are ranked by first."""
    shown = columns_of(page.latest, page.ranked_by)
    first = [quantity for quantity in shown if quantity.name in page.ranked_by]
    return [*first, *(quantity for quantity in shown if quantity not in first)][:_MOST]


def known_of(page: Page, quantity: Quantity[Any]) -> tuple[list[dict[Place, float]], list[float]]:
    """Fractions and values, in the unit of tables, of the candidates that have a finite value."""
    pairs = [(fractions_of(c), c.mean(quantity.name)) for c in page.latest]
    known = [(f, v * factor(quantity)) for f, v in pairs if v is not None and np.isfinite(v)]
    return [f for f, _ in known], [v for _, v in known]


def name_of(effect: Effect, fit: Fit) -> str:
    """Elements of an effect; with their sublattice where several mix."""
    words = " with ".join(element for _, element in effect.places)
    several = len({one.places[0][0] for one in fit.effects}) > 1
    return f"{words} on {effect.places[0][0]}" if several else words


def value_text(effect: Effect) -> str:
    """Effect with its interval, with the digits that the interval leaves."""
    if effect.value is None or effect.low is None or effect.high is None:
        return "cannot be told"
    half = (effect.high - effect.low) / 2
    known = min(decimals(half), 4) if half > 0 else 4
    texts = [signed(known_number(one, known)) for one in (effect.value, effect.low, effect.high)]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def _titled(at: int) -> Callable[[Page], str]:
    return lambda page: f"Effects on {quantities_of(page)[at].title}"


def _draw(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        found = quantities_of(page)
        if at >= len(found):
            return None
        fit = element_effects(*known_of(page, found[at]))
        return _figure(fit, f"change of {label_of(found[at], page.latest)}") if fit.effects else None

    return draw


def _figure(fit: Fit, label: str) -> str:
    ends = [end for e in fit.effects for end in (e.low, e.high) if end is not None]
    bottom = 10 + _ROW * len(fit.effects)
    x_axis = axis(label, [*ends, 0.0], _LEFT, RIGHT)
    zero = x_axis.pixel(0.0)
    parts = [*x_numbers(x_axis, 6, bottom), line(zero, 6, zero, bottom, stroke_opacity=0.7)]
    for row, effect in enumerate(fit.effects):
        y = 10 + _ROW * (row + 0.5)
        name = name_of(effect, fit)
        parts.append(text(_LEFT - 10, y + 4, name, anchor="end"))
        if effect.value is None or effect.low is None or effect.high is None:
            parts.append(text(zero + 6, y + 4, "cannot be told", font_size="10"))
            continue
        parts.append(error_bar(x_axis.pixel(effect.low), y, x_axis.pixel(effect.high), y, _STYLE.colour))
        clear = effect.low > 0 or effect.high < 0
        parts.append(marker(x_axis.pixel(effect.value), y, _STYLE, f"{name}: {value_text(effect)}", filled=clear))
    return document("".join(parts), WIDTH, bottom + 48, f"Effects of elements: {label}")


def _render(page: Page) -> Iterable[Markup]:
    found = quantities_of(page)
    if not page.latest or not found:
        return
    fits = [(quantity, *known_of(page, quantity)) for quantity in found]
    mains = [(quantity, element_effects(given, values)) for quantity, given, values in fits]
    pairs = [(quantity, pair_effects(given, values)) for quantity, given, values in fits]
    if any(fit.effects for _, fit in mains):
        yield tag("p", f"{CAPTION}. Filled: the interval does not hold zero, of which one in {_odds()} is by chance.")
    yield from figures(SECTION.pictures, page)
    yield from _without(mains, "Effects of elements")
    yield from _bound(mains)
    yield from _without(pairs, "Interactions of pairs")
    for quantity, fit in pairs:
        if fit.effects:
            yield _pair_table(quantity, fit)


def _odds() -> int:
    return round(1 / (1 - LEVEL))


def _without(fits: Sequence[tuple[Quantity[Any], Fit]], what: str) -> Iterable[Markup]:
    """Why there are no effects; one sentence where it is the same for all properties."""
    lacking = [(quantity.title, fit.reason) for quantity, fit in fits if not fit.effects]
    for reason in dict.fromkeys(reason for _, reason in lacking):
        titles = [title for title, why in lacking if why == reason]
        whose = "" if len(titles) == len(fits) else f" on {', '.join(titles)}"
        yield tag("p", indexed(f"{what}{whose} are not printed: {reason}."), class_="note")


def _bound(fits: Sequence[tuple[Quantity[Any], Fit]]) -> Iterable[Markup]:
    """Which fractions hang together in all candidates, so that no single effect can be told."""
    sets = {effect.bound: [] for _, fit in fits for effect in fit.effects if effect.value is None}  # type: dict[tuple[Place, ...], list[str]]
    for _, fit in fits:
        for effect in fit.effects:
            if effect.value is None and effect.places[0][1] not in sets[effect.bound]:
                sets[effect.bound].append(effect.places[0][1])
    for bound, elements in sets.items():
        together = ", ".join(dict.fromkeys(element for _, element in bound))
        yield tag(
            "p",
            f"The effect of {', '.join(elements)} cannot be told: in all candidates the fractions of {together} hang "
            "together, as charge neutrality demands it, and none of them changes alone.",
            class_="note",
        )


def _pair_table(quantity: Quantity[Any], fit: Fit) -> Markup:
    unit = quantity.shown.unit
    told = [effect for effect in fit.effects if effect.value is not None]
    hidden = [name_of(effect, fit) for effect in fit.effects if effect.value is None]
    told.sort(key=lambda effect: -abs(effect.value or 0.0))
    rows = [[name_of(effect, fit), value_text(effect)] for effect in told[:_STRONGEST]]
    words = (
        f"Departure from mixing linearly where each of both has {100 * SHARE:.0f} % of the sublattice, with "
        f"{100 * LEVEL:.0f} % intervals; {fit.n} candidates, {fit.terms} independent terms."
    )
    parts = [tag("p", words, class_="note")]
    if rows:
        parts.append(table(["pair", indexed(f"{quantity.title} / {unit}" if unit else quantity.title)], rows, [1]))
    if hidden:
        parts.append(tag("p", f"{len(hidden)} pairs cannot be told apart from others:", class_="note"))
        parts.append(unordered([", ".join(hidden)]))
    return details(indexed(f"Interactions of pairs: {quantity.title}"), *parts)


SECTION = Section(
    title="Effects of elements",
    render=_render,
    pictures=tuple(
        Picture(
            name="effects" if at == 0 else f"effects_{at + 1}",
            title="effects of elements on a property" if at == 0 else f"effects of elements on property {at + 1}",
            caption=CAPTION,
            draw=_draw(at),
            titled=_titled(at),
        )
        for at in range(_MOST)
    ),
)
