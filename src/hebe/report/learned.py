"""Figures of what was learned: computed against predicted values, and errors over the number of candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import all_quantities
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH
from hebe.report.loop import LEFT, compared, learned_in, titled
from hebe.report.svg import COLOURS, Style, document, error_bar, frame, legend, line, marker, polyline, style_of, text
from hebe.report.values import capital, factor
from hebe.science.learning.held_out import LEVELS

if TYPE_CHECKING:
    from hebe.schemas.learned import LearnedDoc
    from hebe.schemas.loop import Coverage, LoopDoc

_INSIDE, _OUTSIDE = Style(COLOURS[0], 0), Style(COLOURS[1], 3)
_MOST_BARS: Final = 60


def predictions(loop: LoopDoc, held: Coverage) -> str | None:
    """Computed against predicted values of one quantity, and how many lie inside the intervals of 50 and 90 %."""
    known = all_quantities()[held.quantity]
    scale, unit = factor(known), known.shown.unit
    pairs = [(one, told) for one in loop.members if (told := one.forecasts[held.quantity]).off is not None]
    if not pairs:
        return None
    middles = [scale * (value or 0.0) for _, told in pairs for value in (told.mean, told.value)]
    ends = [scale * (value or 0.0) for _, told in pairs[:_MOST_BARS] for value in (told.low, told.high)]
    x_axis = axis(f"{titled(held.quantity)}, predicted", [*middles, *ends], LEFT, RIGHT)
    y_axis = axis(f"{titled(held.quantity)}, computed", [*middles, *ends], BOTTOM, TOP)
    both = [(x_axis.pixel(value), y_axis.pixel(value)) for value in (x_axis.low, x_axis.high)]
    parts = [frame(x_axis, y_axis), line(*both[0], *both[1], stroke_opacity=0.5, stroke_dasharray="5 4")]
    bars, marks = list[str](), list[str]()
    for at, (one, told) in enumerate(pairs):
        style = _INSIDE if (told.off or 0.0) <= LEVELS["90"] else _OUTSIDE
        x, y = x_axis.pixel(scale * (told.mean or 0.0)), y_axis.pixel(scale * (told.value or 0.0))
        if at < _MOST_BARS:
            low, high = (x_axis.pixel(scale * (end or 0.0)) for end in (told.low, told.high))
            bars.append(error_bar(low, y, high, y, style.colour))
        before, after = compared(known, told)
        words = f"{one.formula}: predicted {before}, computed {after} {unit}".strip()
        marks.append(marker(x, y, style, words, identity=one.candidate_id))
    count = f"{held.inside_50} of {held.n} inside 50 %, {held.inside_90} of {held.n} inside 90 %"
    parts += [*bars, *marks, text(RIGHT - 6, BOTTOM - 8, count, anchor="end", font_size="11")]
    parts.append(legend([(_INSIDE, "inside 90 %", True), (_OUTSIDE, "outside", True)], LEFT + 8, 20, 110))
    return document("".join(parts), WIDTH, HEIGHT, f"{capital(known.title)}: computed against predicted")


def learning(learned: LearnedDoc) -> str | None:
    """Errors of the models of all quantities over the number of candidates that they know, in spreads of the values."""
    curves = [
        (name, [(float(step.n), step.rmse / one.spread) for step in one.learning_curve])
        for name, one in learned.quantities.items()
        if one.spread and one.learning_curve
    ]
    if not curves:
        return None
    known = all_quantities()
    x_axis = axis("candidates that the model knows", [n for _, part in curves for n, _ in part], LEFT, RIGHT)
    values = [1.0, *(error for _, part in curves for _, error in part)]
    y_axis = axis("error of the others / spread of the values", values, BOTTOM, TOP, zero=True)
    one = y_axis.pixel(1.0)
    parts = [frame(x_axis, y_axis), line(LEFT, one, RIGHT, one, stroke_opacity=0.5, stroke_dasharray="5 4")]
    for at, (name, part) in enumerate(curves):
        style = style_of(at)
        places = [(x_axis.pixel(n), y_axis.pixel(error)) for n, error in part]
        parts.append(polyline(places, style.colour))
        quantity, spread = known[name], learned.quantities[name].spread or 0.0
        for (n, error), place in zip(part, places, strict=True):
            scale, unit = learned_in(quantity)
            off = f"{scale * error * spread:.3g} {unit}".strip()
            words = f"{quantity.title}: {off} after {n:.0f} candidates"
            parts.append(marker(*place, style, words))
        parts.append(legend([(style, quantity.title, True)], LEFT + 14, BOTTOM - 12 - 17 * (len(curves) - 1 - at), 0))
    return document("".join(parts), WIDTH, HEIGHT, "Error of predictions over the number of candidates")
