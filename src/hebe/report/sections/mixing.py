"""Mixing temperatures of both reference sets as a figure; decompositions as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hebe.analyses.mixing import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.campaigns.contract import without_versions
from hebe.report.axes import axis
from hebe.report.figures import LEFT, RIGHT, TOP, WIDTH, mark_name
from hebe.report.formation import formation_lines, phases_text
from hebe.report.markup import Markup, escape, tag
from hebe.report.svg import Style, document, element, error_bar, legend, line, marker, text, x_numbers
from hebe.report.values import DASH, NEVER, condition_of, error_of, number, percent, quantity_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.axes import Axis
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.mixing import DecompositionPhase, MixingDoc, MixingResult

MAX_ROWS: Final = 40
"""Candidates whose mixing temperatures are drawn, best first."""

_COMPETING: Final = Style("#2f7fc1", 0)
_SAME_HOST: Final = Style("#d9772b", 1)
_OF: Final = {quantity.name: quantity for quantity in ANALYSIS.quantities}
_MARGIN: Final = _OF["formation_margin"]
_ROW: Final = 26.0
_PERCENT: Final = RIGHT - 24
_SETS: Final = (_OF["mixing_temperature"], _OF["mixing_temperature_same_host"])


def mixing_temperatures(candidates: Sequence[RankedCandidate]) -> str:
    """Mixing temperatures of both reference sets in one row per candidate, with their intervals.

    An arrow marks a lower bound (hull coverage below grade B).
    """
    rows = candidates[:MAX_ROWS]
    known = [_temperature(c, quantity) for c in rows for quantity in _SETS]
    ends = [end for one in known if one is not None for end in one if math.isfinite(end)]
    bottom = TOP + 26.0 * max(1, len(rows)) + 6
    x_axis = axis("mixing temperature / K", ends, LEFT, RIGHT - 20, zero=True)
    parts = x_numbers(x_axis, TOP, bottom)
    for i, candidate in enumerate(rows):
        y = TOP + 26.0 * i + 16
        parts.append(text(LEFT - 10, y + 4, mark_name(candidate), anchor="end"))
        parts.append(line(LEFT, y, RIGHT - 20, y, stroke_opacity=0.08))
        parts.append(_temperature_marks(candidate, _SETS[0], _COMPETING, x_axis, y - 5))
        parts.append(_temperature_marks(candidate, _SETS[1], _SAME_HOST, x_axis, y + 5))
    keys = [(_COMPETING, "against competing phases", True), (_SAME_HOST, "against the same host", False)]
    parts.append(legend(keys, LEFT + 8, 20, 190))
    middle = (TOP + bottom) / 2
    parts.append(text(14, middle, "rank", anchor="middle", transform=f"rotate(-90 14 {middle:.1f})"))
    return document("".join(parts), WIDTH, bottom + 48, "Mixing temperatures")


def _temperature(candidate: RankedCandidate, quantity: Quantity[MixingDoc]) -> tuple[float, float, float] | None:
    """Low end, value and high end (K) of what is drawn, 0 for what lies below; None without a finite value."""
    value = quantity.of(candidate)
    if value is None or (value.mean is None and value.median is None):
        return None
    if value.low is not None and value.median is not None and value.high is not None:
        found = (value.low, value.median, value.high)
    else:
        mean, sd = value.mean or 0.0, error_of(quantity, value) or 0.0
        found = (mean - sd, mean, mean + sd)
    low, middle, high = (max(0.0, end) for end in found)
    return (low, middle, high) if math.isfinite(middle) else None


def _temperature_marks(
    candidate: RankedCandidate, quantity: Quantity[MixingDoc], style: Style, x_axis: Axis, y: float
) -> str:
    value, found = quantity.of(candidate), _temperature(candidate, quantity)
    if value is None or found is None:
        reason = "no value" if value is None else value.why_null or "no value"
        never = NEVER in (reason, quantity_text(quantity, candidate, spread=False))
        words = element("title", escape(f"{candidate.formula}: {NEVER if never else reason}"))
        return element("g", words + text(RIGHT - 16, y + 4, NEVER if never else DASH, font_size="10"))
    low, middle, high = found
    parts = []
    x = x_axis.pixel(middle)
    if low != high:
        end = x_axis.pixel(high) if math.isfinite(high) else RIGHT - 20
        parts.append(error_bar(x_axis.pixel(low), y, end, y, style.colour))
    if value.lower_bound:
        parts.append(_arrow(x + 6, y, style.colour))
    words = f"{candidate.formula}: {quantity_text(quantity, candidate)} K"
    parts.append(marker(x, y, style, words, filled=quantity is _SETS[0]))
    return "".join(parts)


def _arrow(x: float, y: float, colour: str) -> str:
    path = f"M{x:.2f} {y - 3.5:.2f} L{x + 6:.2f} {y:.2f} L{x:.2f} {y + 3.5:.2f}"
    return element("path", d=path, fill="none", stroke=colour, stroke_width=1.6, class_="bound")


def formation(candidates: Sequence[RankedCandidate]) -> str:
    """Margin at the firing temperature with its interval, and the probability that the candidate forms beside it."""
    rows = [(c, margin) for c in candidates[:MAX_ROWS] if (margin := _margin(c)) is not None]
    bottom = TOP + _ROW * len(rows) + 6
    condition = condition_of(_MARGIN, candidates) or "when fired"
    label = f"free energy above the lowest mixture {condition} / meV per mixed site"
    x_axis = axis(label, [end for _, margin in rows for end in margin], LEFT, _PERCENT - 30, zero=True)
    zero = x_axis.pixel(0.0)
    parts = [*x_numbers(x_axis, TOP, bottom), line(zero, TOP, zero, bottom, stroke_opacity=0.7)]
    parts.append(text(_PERCENT, TOP - 10, "forms / %", anchor="middle", font_weight="bold"))
    for at, (candidate, (low, middle, high)) in enumerate(rows):
        y = TOP + _ROW * (at + 0.5) + 3
        share = candidate.mean("formation_probability")
        parts.append(text(LEFT - 10, y + 4, mark_name(candidate), anchor="end"))
        parts.append(line(LEFT, y, _PERCENT - 30, y, stroke_opacity=0.08))
        parts.append(error_bar(x_axis.pixel(low), y, x_axis.pixel(high), y, _COMPETING.colour) if low < high else "")
        words = f"{candidate.formula}: {quantity_text(_MARGIN, candidate)} {_MARGIN.shown.unit}"
        parts.append(marker(x_axis.pixel(middle), y, _COMPETING, words))
        parts.append(text(_PERCENT, y + 4, DASH if share is None else percent(share), anchor="middle"))
    return document("".join(parts), WIDTH, bottom + 48, "Formation at the firing temperature")


def _margin(candidate: RankedCandidate) -> tuple[float, float, float] | None:
    """Low end, middle and high end of the margin (meV per mixed site)."""
    value = _MARGIN.of(candidate)
    if value is None or (value.median is None and value.mean is None):
        return None
    middle = value.median if value.median is not None else value.mean or 0.0
    ends = (middle if value.low is None else value.low, middle, middle if value.high is None else value.high)
    low, middle, high = (1000 * end for end in ends)
    return (low, middle, high) if all(map(math.isfinite, (low, middle, high))) else None


def card(candidate: RankedCandidate) -> Markup:
    """Whether a candidate forms, and what it decomposes to, against both sets."""
    found = ANALYSIS.best(candidate)
    if found is None:
        return Markup()
    sets = (("Against competing phases", found.competing), ("Against the same host", found.same_host))
    formation = None if found.formation is None else without_versions(found.formation.model_dump(mode="json"))
    lines = [tag("p", line) for line in formation_lines(formation)]
    return Markup("".join([*lines, *(_decomposition(words, result) for words, result in sets)]))


def _decomposition(words: str, result: MixingResult) -> Markup:
    if result.dH_eV_per_site is None:
        return tag("p", f"{words}: {DASH} ({result.reason or 'no value'})", class_="note")
    enthalpy = number(result.dH_eV_per_site, 1, 1000)
    text_ = f"{words}: dH {enthalpy} meV per mixed site from {_phases(result.decomposition)}"
    binding = result.decomposition_at_T_mix or result.decomposition
    if result.T_mix_K and binding != result.decomposition:
        text_ += f"; at the mixing temperature it competes with {_phases(binding)}"
    return tag("p", text_ + ".")


def _phases(decomposition: Sequence[DecompositionPhase]) -> str:
    return phases_text([part.model_dump() for part in decomposition])


FIGURES: Final = (
    Figure(
        name="mixing_temperatures",
        title="Mixing temperature",
        caption="Bars: engine and configurations, the middle 68 %. Arrow: lower bound, the hull lacks known phases",
        draw=lambda candidates: (
            mixing_temperatures(candidates)
            if any(c.mean(quantity.name) is not None for c in candidates for quantity in _SETS)
            else None
        ),
    ),
    Figure(
        name="formation",
        title="Formation",
        caption="Bars: the middle 68 % of the draws of the errors. Below zero the phase is stable in equilibrium",
        draw=lambda candidates: (
            formation(candidates) if any(_margin(candidate) is not None for candidate in candidates) else None
        ),
    ),
)
