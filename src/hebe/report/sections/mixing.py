"""Mixing temperatures of both reference sets as a figure; decompositions as text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from hebe.analyses.mixing import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import axis
from hebe.report.figures import LEFT, RIGHT, TOP, WIDTH, mark_name
from hebe.report.markup import Markup, tag
from hebe.report.svg import Style, document, element, error_bar, legend, line, marker, text, x_numbers
from hebe.report.values import DASH, error_of, number

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
_SETS: Final = (_OF["mixing_temperature"], _OF["mixing_temperature_same_host"])


def mixing_temperatures(candidates: Sequence[RankedCandidate]) -> str:
    """Mixing temperatures of both reference sets in one row per candidate, with standard deviations.

    An arrow marks a lower bound (hull coverage below grade B).
    """
    rows = candidates[:MAX_ROWS]
    values = [_temperature(c, quantity) for c in rows for quantity in _SETS]
    ends = [end for value, sd in values if value is not None for end in (max(0.0, value - sd), value + sd)]
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


def _temperature(candidate: RankedCandidate, quantity: Quantity[MixingDoc]) -> tuple[float | None, float]:
    value = quantity.of(candidate)
    return (None, 0.0) if value is None else (value.mean, error_of(quantity, value) or 0.0)


def _temperature_marks(
    candidate: RankedCandidate, quantity: Quantity[MixingDoc], style: Style, x_axis: Axis, y: float
) -> str:
    value = quantity.of(candidate)
    temperature, sd = _temperature(candidate, quantity)
    if value is None or temperature is None:
        reason = "no value" if value is None else value.why_null or "no value"
        words = element("title", escape(f"{candidate.formula}: {reason}"))
        return element("g", words + text(RIGHT - 16, y + 4, "never" if reason == "never" else "–", font_size="10"))
    parts = []
    x, left = x_axis.pixel(temperature), x_axis.start
    if sd:
        low = max(left, x_axis.pixel(temperature - sd))
        parts.append(error_bar(low, y, x_axis.pixel(temperature + sd), y, style.colour))
    if value.lower_bound:
        parts.append(_arrow(x + 6, y, style.colour))
    words = f"{candidate.formula}: {temperature:.0f} K" + (f" ± {sd:.0f} K" if sd else "")
    parts.append(marker(x, y, style, words, filled=quantity is _SETS[0]))
    return "".join(parts)


def _arrow(x: float, y: float, colour: str) -> str:
    path = f"M{x:.2f} {y - 3.5:.2f} L{x + 6:.2f} {y:.2f} L{x:.2f} {y + 3.5:.2f}"
    return element("path", d=path, fill="none", stroke=colour, stroke_width=1.6, class_="bound")


def card(candidate: RankedCandidate) -> Markup:
    """What a candidate decomposes to, against both sets."""
    found = ANALYSIS.best(candidate)
    if found is None:
        return Markup()
    sets = (("Against competing phases", found.competing), ("Against the same host", found.same_host))
    return Markup("".join(_decomposition(words, result) for words, result in sets))


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
    return " + ".join(f"{part.amount:.3g} {part.formula}" for part in decomposition)


FIGURES: Final = (
    Figure(
        name="mixing_temperatures",
        title="Mixing temperature",
        caption="Bars: configurations and engine in quadrature. Arrow: lower bound, the hull lacks known phases",
        draw=lambda candidates: (
            mixing_temperatures(candidates)
            if any(c.mean(quantity.name) is not None for c in candidates for quantity in _SETS)
            else None
        ),
    ),
)
