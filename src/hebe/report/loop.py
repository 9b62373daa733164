"""Figures of a campaign that learns: the hypervolume of the front over calculations, and the front round by round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH, Labels
from hebe.report.svg import (
    COLOURS,
    Style,
    document,
    element,
    frame,
    legend,
    line,
    marker,
    polyline,
    text,
)
from hebe.report.values import DASH, capital, decimals, factor, measured
from hebe.science.learning.chance import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.axes import Axis
    from hebe.schemas.loop import Forecast, LoopDoc, LoopMember, Why

START, EARLY, LATE = Style(COLOURS[0], 0), Style(COLOURS[2], 2), Style(COLOURS[1], 3)
"""Marks of candidates that a loop began with, and of its earlier and later rounds."""

LEFT: Final = 78.0
"""Left edge of figures whose numbers may have many digits."""

WHY: Final[dict[Why, str]] = {
    "start": "start",
    "no_model": "no model yet",
    "as_predicted": "predicted better",
    "exploration": "exploration",
    "little": "little left to gain",
    "gain": "expected gain",
}
"""Reasons by which candidates are chosen, in words."""

_KEY: Final = 120.0
_FEW, _MANY = 0.01, 1e5
_EXPECTED: Final = Style(COLOURS[2], 3)
_FAINT: Final = {"stroke_opacity": 0.35, "stroke_dasharray": "2 4"}


def volume_scale(loop: LoopDoc) -> tuple[float, str]:
    """What a hypervolume is multiplied with to be shown, and the unit it then has.

    The unit is that of all objectives in tables multiplied, probits for a probability, times a power of ten where
    numbers would be very small or large.
    """
    known = [learned_in(all_quantities()[name]) for name in loop.objectives]
    scale, unit = math.prod(part for part, _ in known), " ".join(unit for _, unit in known if unit)
    most = max((scale * (step.hypervolume or 0.0) for step in loop.course), default=0.0)
    if not most or _FEW < most < _MANY:
        return scale, unit
    power = math.floor(math.log10(most))
    return scale / 10.0**power, f"1e{power} {unit}".strip()


def learned_in(quantity: Quantity[Any]) -> tuple[float, str]:
    """Factor and unit in which the scale on which a quantity is learned is shown: probits of a probability."""
    return (1.0, UNIT) if quantity.shown.share else (factor(quantity), quantity.shown.unit)


def volume_text(value: float | None, scale: float) -> str:
    """A hypervolume or a gain, as scaled."""
    return DASH if value is None else f"{scale * value:.3g}"


def round_heads(loop: LoopDoc) -> list[str]:
    """Heads of a table of rounds, all of numbers."""
    _, unit = volume_scale(loop)
    per = f" / {unit}" if unit else ""
    return ["round", "chosen", "computed", "on the front", f"hypervolume{per}", f"grew by{per}", f"expected{per}"]


def round_rows(loop: LoopDoc) -> list[list[str]]:
    """Its rows."""
    scale, _ = volume_scale(loop)
    rows = []
    for one in loop.rounds:
        volumes = (volume_text(value, scale) for value in (one.hypervolume, one.grown, one.expected))
        rows.append([str(one.round), str(one.chosen), str(one.computed), str(one.on_front), *volumes])
    return rows


def why_text(loop: LoopDoc, one: LoopMember) -> str:
    """Why a candidate was chosen, in words."""
    return f"{WHY[one.why]}, {loop.start}" if one.why == "start" else WHY[one.why]


def choice_text(loop: LoopDoc, one: LoopMember) -> str:
    """When and why a candidate was chosen, what was predicted of it and what was found, in a sentence."""
    scale, unit = volume_scale(loop)
    parts = [f"Round {one.round} of the loop: {why_text(loop, one)}"]
    if one.gain:
        parts.append(f"expected gain {volume_text(one.gain, scale)} {unit}".strip())
    for name, told in one.forecasts.items():
        quantity = all_quantities()[name]
        before, after = compared(quantity, told)
        predicted = "" if told.mean is None else f" predicted {before},"
        parts.append(f"{quantity.title}{predicted} computed {after} {quantity.shown.unit}".strip())
    return "; ".join(parts) + "."


def reference_text(loop: LoopDoc) -> str:
    """Values that have to be surpassed to count: ``voltage 3.10 V, volume change 4.2 %``."""
    known = all_quantities()
    parts = [(known[name], value) for name, value in loop.reference.items()]
    return ", ".join(f"{one.title} {shown(one, value)} {one.shown.unit}".strip() for one, value in parts)


def shown(quantity: Quantity[Any], value: float | None, error: float | None = None, width: float = 0.0) -> str:
    """Value of a quantity in the unit of tables, with its error.

    Parameters
    ----------
    width
        Half the width of an interval that it is compared with, which may ask for more digits.
    """
    scale = factor(quantity)
    digits = max(quantity.shown.digits, decimals(scale * width) if width else 0)
    return measured(value, error, digits, scale)


def between(quantity: Quantity[Any], low: float, high: float) -> str:
    """Interval of a quantity in the unit of tables."""
    width = 0.5 * (high - low)
    return f"{shown(quantity, low, width=width)} to {shown(quantity, high, width=width)}"


def compared(quantity: Quantity[Any], told: Forecast) -> tuple[str, str]:
    """Interval of 90 % that was predicted, and the computed value, with the digits that tell them apart."""
    width = 0.0 if told.low is None or told.high is None else 0.5 * (told.high - told.low)
    before = DASH if told.low is None or told.high is None else between(quantity, told.low, told.high)
    return before, shown(quantity, told.value, told.error, width)


def titled(name: str) -> str:
    """Title of a quantity with its unit."""
    quantity = all_quantities()[name]
    return f"{quantity.title} / {quantity.shown.unit}" if quantity.shown.unit else quantity.title


def course(loop: LoopDoc) -> str | None:
    """Hypervolume of the front over the number of computed candidates, with what was expected of each round."""
    steps = [(step.n, step.hypervolume) for step in loop.course if step.hypervolume is not None]
    if not steps:
        return None
    scale, unit = volume_scale(loop)
    pairs = [(n, scale * volume) for n, volume in steps]
    ended = [one for one in loop.rounds if one.hypervolume is not None]
    before = {one.round: one.hypervolume or 0.0 for one in ended}
    expected = [
        (one.known, scale * (before[one.round - 1] + one.expected), one)
        for one in ended
        if one.expected and one.round - 1 in before
    ]
    x_axis = axis("candidates computed", [0.0, *(float(n) for n, _ in pairs)], LEFT, RIGHT)
    values = [*(v for _, v in pairs), *(v for _, v, _ in expected)]
    y_axis = axis(f"hypervolume / {unit}" if unit else "hypervolume", values, BOTTOM, TOP, zero=True)
    corners = [(0.0, 0.0)]
    for n, volume in pairs:
        corners += [(float(n), corners[-1][1]), (float(n), volume)]
    parts = [frame(x_axis, y_axis), *_borders(loop, x_axis)]
    parts.append(polyline([(x_axis.pixel(x), y_axis.pixel(y)) for x, y in corners], COLOURS[0]))
    for n, volume, one in expected:
        words = f"round {one.round}: expected to grow by {scale * (one.expected or 0.0):.3g} {unit}".strip()
        parts.append(marker(x_axis.pixel(n), y_axis.pixel(volume), _EXPECTED, words, filled=False))
    for one in ended:
        volume = scale * (one.hypervolume or 0.0)
        words = f"after round {one.round}: {one.known} computed, {volume:.3g} {unit}, {one.on_front} on the front"
        parts.append(marker(x_axis.pixel(one.known), y_axis.pixel(volume), START, words))
    beyond = f"beyond {reference_text(loop)}"
    parts.append(text(RIGHT - 6, BOTTOM - 8, beyond, anchor="end", font_size="11"))
    keys = [(START, "after a round", True)]
    keys += [(_EXPECTED, "as it was expected before it", False)] if expected else []
    parts.append(legend(keys, LEFT + 8, 20, 120))
    return document("".join(parts), WIDTH, HEIGHT, "Hypervolume of the front over calculations")


def _borders(loop: LoopDoc, x_axis: Axis) -> list[str]:
    """Lines where rounds end."""
    ends = sorted({one.known for one in loop.rounds if one.computed})
    return [line(x_axis.pixel(n), TOP, x_axis.pixel(n), BOTTOM, **_FAINT) for n in ends]


def front(loop: LoopDoc, x: str, y: str) -> str | None:
    """Two objectives of every candidate by the part of the loop that chose it; the fronts of these two are lines."""
    known = all_quantities()
    points = [(one, place) for one in loop.members if (place := _place(one, x, y)) is not None]
    if not points:
        return None
    edge = (loop.reference[x] * factor(known[x]), loop.reference[y] * factor(known[y])) if loop.reference else None
    given = [place for _, place in points] + ([edge] if edge else [])
    x_axis = axis(_labelled(loop, x), [px for px, _ in given], LEFT, RIGHT)
    y_axis = axis(_labelled(loop, y), [py for _, py in given], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    counting = [(one.round, place) for one, place in points if one.counts]
    ways = tuple(-1.0 if loop.objectives[name] == "maximize" else 1.0 for name in (x, y))
    if edge is not None:
        first = [place for number, place in counting if number == 1]
        parts.append(_region(first, edge, ways, x_axis, y_axis, START.colour, "5 4"))
        parts.append(_region([place for _, place in counting], edge, ways, x_axis, y_axis, LATE.colour, ""))
        parts.append(_cross(x_axis.pixel(edge[0]), y_axis.pixel(edge[1])))
    named, names = Labels(), list[str]()
    for one, place in points:
        at = x_axis.pixel(place[0]), y_axis.pixel(place[1])
        words = f"{one.formula}: round {one.round}; {_values(one, (x, y))}"
        words += "" if one.counts else "; misses a constraint"
        parts.append(marker(*at, _part_of(loop, one), words, filled=one.counts, identity=one.candidate_id))
        label = named.place(*at, str(one.round)) if one.on_front else None
        if label is not None:
            names.append(text(*label, str(one.round), font_size="11"))
    keys = _parts(loop)
    parts += [*names, legend(keys, LEFT + 8, 20, _KEY)]
    if edge is not None:
        end = LEFT + 8 + _KEY * len(keys)
        parts += [_cross(end, 16), text(end + 9, 20, "reference")]
    title = f"{capital(known[y].title)} against {known[x].title}, round by round"
    return document("".join(parts), WIDTH, HEIGHT, title)


def _labelled(loop: LoopDoc, name: str) -> str:
    return f"{titled(name)} ({'high' if loop.objectives[name] == 'maximize' else 'low'} is better)"


def _place(one: LoopMember, x: str, y: str) -> tuple[float, float] | None:
    """Values of two objectives in the units of tables, None where one is missing."""
    known = all_quantities()
    values = [one.forecasts[name].value if name in one.forecasts else None for name in (x, y)]
    if values[0] is None or values[1] is None:
        return None
    return factor(known[x]) * values[0], factor(known[y]) * values[1]


def _values(one: LoopMember, names: Sequence[str]) -> str:
    known, parts = all_quantities(), []
    for name in names:
        told = one.forecasts[name]
        parts.append(f"{known[name].title} {shown(known[name], told.value, told.error)} {known[name].shown.unit}")
    return ", ".join(part.strip() for part in parts)


def _middle(loop: LoopDoc) -> int:
    """Last of the earlier rounds."""
    return max(2, (loop.rounds[-1].round + 1) // 2 + 1) if len(loop.rounds) > 1 else 1


def _part_of(loop: LoopDoc, one: LoopMember) -> Style:
    return START if one.round == 1 else EARLY if one.round <= _middle(loop) else LATE


def _parts(loop: LoopDoc) -> list[tuple[Style, str, bool]]:
    """Legend of the parts of a loop."""
    last, middle = loop.rounds[-1].round, _middle(loop)
    found = [(START, "start (round 1)", True)]
    if last > 1:
        found.append((EARLY, "round 2" if middle == 2 else f"rounds 2 to {middle}", True))
    if last > middle:
        first = middle + 1
        found.append((LATE, f"round {last}" if first == last else f"rounds {first} to {last}", True))
    return found


def _cross(x: float, y: float) -> str:
    return line(x - 6, y, x + 6, y, stroke_width=1.6) + line(x, y - 6, x, y + 6, stroke_width=1.6)


def _region(
    places: Sequence[tuple[float, float]],
    edge: tuple[float, float],
    ways: Sequence[float],
    x_axis: Axis,
    y_axis: Axis,
    colour: str,
    dashes: str,
) -> str:
    """What the best of some places have beyond a reference in two objectives; ``ways`` are -1 where more is better."""
    beyond = sorted(
        (ways[0] * x, ways[1] * y)
        for x, y in places
        if all(way * value < way * end for way, value, end in zip(ways, (x, y), edge, strict=True))
    )
    best = list[tuple[float, float]]()
    for cost in beyond:
        if not best or cost[1] < best[-1][1]:
            best.append(cost)
    if not best:
        return ""
    corners = [(best[0][0], ways[1] * edge[1])]
    for at, (x, y) in enumerate(best):
        corners += [(x, y), (best[at + 1][0] if at + 1 < len(best) else ways[0] * edge[0], y)]
    corners.append((ways[0] * edge[0], ways[1] * edge[1]))
    pixels = [(x_axis.pixel(ways[0] * x), y_axis.pixel(ways[1] * y)) for x, y in corners]
    path = "M" + " L".join(f"{x:.2f} {y:.2f}" for x, y in pixels) + " Z"
    look = {"stroke_dasharray": dashes} if dashes else {}
    return element("path", d=path, fill=colour, fill_opacity=0.07, stroke=colour, stroke_width=1.4, **look)
