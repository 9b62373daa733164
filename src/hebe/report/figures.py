"""Figures of a report: candidates in, the text of an SVG out. Marks are numbered by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hebe.report.axes import Axis, axis
from hebe.report.svg import (
    Style,
    document,
    element,
    error_bar,
    frame,
    legend,
    line,
    marker,
    polyline,
    style_of,
    text,
    x_numbers,
)
from hebe.report.values import COMPLETE_GRADES, lookup, temperature_sd

Candidate = Mapping[str, Any]

MAX_CURVES: Final = 12
"""Candidates whose curves are drawn in one figure, best first."""

MAX_ROWS: Final = 40
"""Candidates whose mixing temperatures are drawn, best first."""

_WIDTH: Final = 560.0
_HEIGHT: Final = 360.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 540.0, 34.0, 312.0
_COMPETING: Final = Style("#2f7fc1", 0)
_SAME_HOST: Final = Style("#d9772b", 1)


def mark_name(candidate: Candidate) -> str:
    """Number or, without a rank, last digits of the id, by which figures and tables name a candidate."""
    rank = candidate["rank"]
    return str(candidate["candidate_id"])[-4:] if rank is None else str(rank)


def voltage_over_content(candidates: Sequence[Candidate], ion: str) -> str:
    """Voltage steps over the working-ion content, falling from left to right as on charge."""
    curves = [(c, [(s["x_high"], s["x_low"], s["voltage_V"]) for s in c["voltage_profile"]]) for c in candidates]
    label = f"x ({ion} per formula unit), charge to the right"
    return _steps(curves, label, f"Voltage over {ion} content", falling=True)


def voltage_over_capacity(candidates: Sequence[Candidate]) -> str:
    """Voltage steps over the capacity taken out (mAh per gram of the as-made formula)."""
    curves = [(c, capacity_steps(c)) for c in candidates]
    return _steps(curves, "capacity / mAh g⁻¹", "Voltage over capacity", falling=False)


def capacity_steps(candidate: Candidate) -> list[tuple[float, float, float]]:
    """Steps ``(Q from, Q to, V)`` of a voltage profile; ``Q = Q_theoretical (x_made - x) / x_made`` in mAh/g."""
    full, made = candidate["capacity_theoretical_mAh_g"], candidate.get("x_made")
    if full is None or not made:
        return []
    return [
        (full * (made - step["x_high"]) / made, full * (made - step["x_low"]) / made, step["voltage_V"])
        for step in candidate["voltage_profile"]
    ]


def _steps(
    curves: Sequence[tuple[Candidate, list[tuple[float, float, float]]]], label: str, title: str, *, falling: bool
) -> str:
    drawn = [(c, style_of(i), steps) for i, (c, steps) in enumerate(curves[:MAX_CURVES]) if steps]
    every = [step for _, _, steps in drawn for step in steps]
    ends = (_RIGHT, _LEFT) if falling else (_LEFT, _RIGHT)
    x_axis = axis(label, [x for a, b, _ in every for x in (a, b)], *ends)
    y_axis = axis("voltage / V", [v for _, _, v in every], _BOTTOM, _TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, steps in drawn:
        corners = [(x_axis.pixel(x), y_axis.pixel(v)) for a, b, v in sorted(steps, reverse=falling) for x in (a, b)]
        parts.append(polyline(corners, style.colour))
        for a, b, v in steps:
            words = f"{candidate['formula']}: {v:.3f} V from {a:.4g} to {b:.4g}"
            parts.append(marker(x_axis.pixel((a + b) / 2), y_axis.pixel(v), style, words))
    return _figure(parts, [(style, mark_name(c), True) for c, style, _ in drawn], title)


def volume_over_content(candidates: Sequence[Candidate], ion: str) -> str:
    """Volume over the working-ion content; hollow marks are off the hull or no longer the host."""
    drawn = [(c, style_of(i), c["x_states"]) for i, c in enumerate(candidates[:MAX_CURVES]) if c["x_states"]]
    every = [state for _, _, states in drawn for state in states]
    x_axis = axis(f"x ({ion} per formula unit), charge to the right", [s["x"] for s in every], _RIGHT, _LEFT)
    y_axis = axis("volume / Å³ per formula unit", [s["volume_A3_per_fu"] for s in every], _BOTTOM, _TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, states in drawn:
        points = [(x_axis.pixel(s["x"]), y_axis.pixel(s["volume_A3_per_fu"])) for s in states]
        parts.append(polyline(sorted(points), style.colour, stroke_opacity=0.7))
        for state, (x, y) in zip(states, points, strict=True):
            kept = state["topology"] in (None, "host")
            words = f"{candidate['formula']}: {state['volume_A3_per_fu']:.2f} Å³ at x = {state['x']:.4g}"
            words += "" if kept else f" ({state['topology']})"
            parts.append(marker(x, y, style, words, filled=kept and bool(state["on_hull"])))
    return _figure(parts, [(style, mark_name(c), True) for c, style, _ in drawn], f"Volume over {ion} content")


def entropy_against_voltage(candidates: Sequence[Candidate], convention: str = "mixed-site") -> str:
    """Average voltage of every candidate against its ideal entropy, with the spread over configurations."""
    known = [
        (i, c, float(c["entropy_R"][convention]), float(c["average_voltage_V"]))
        for i, c in enumerate(candidates)
        if c["average_voltage_V"] is not None and lookup(c, f"entropy_R.{convention}") is not None
    ]
    spreads = [c.get("average_voltage_V_sd") or 0.0 for _, c, _, _ in known]
    ends = [v + sign * sd for (_, _, _, v), sd in zip(known, spreads, strict=True) for sign in (-1, 1)]
    x_axis = axis(f"ideal entropy, {convention} / R", [s for _, _, s, _ in known], _LEFT, _RIGHT)
    y_axis = axis("average voltage / V", ends, _BOTTOM, _TOP)
    parts = [frame(x_axis, y_axis)]
    for (i, candidate, entropy, voltage), sd in zip(known, spreads, strict=True):
        style, x, y = style_of(i), x_axis.pixel(entropy), y_axis.pixel(voltage)
        if sd:
            parts.append(error_bar(x, y_axis.pixel(voltage - sd), x, y_axis.pixel(voltage + sd), style.colour))
        words = f"{candidate['formula']}: {voltage:.3f} V, {entropy:.3f} R"
        parts.append(marker(x, y, style, words))
        parts.append(text(x + 7, y - 6, mark_name(candidate), font_size="11"))
    return _figure(parts, [], "Average voltage against entropy")


def mixing_temperatures(candidates: Sequence[Candidate]) -> str:
    """Mixing temperatures of both reference sets in one row per candidate, with standard deviations.

    An arrow marks a lower bound (hull coverage below grade B).
    """
    rows = candidates[:MAX_ROWS]
    values = [_temperature(c, name) for c in rows for name in ("competing", "same_host")]
    ends = [end for value, sd in values if value is not None for end in (max(0.0, value - sd), value + sd)]
    bottom = _TOP + 26.0 * max(1, len(rows)) + 6
    x_axis = axis("mixing temperature / K", ends, _LEFT, _RIGHT - 20, zero=True)
    parts = x_numbers(x_axis, _TOP, bottom)
    for i, candidate in enumerate(rows):
        y = _TOP + 26.0 * i + 16
        parts.append(text(_LEFT - 10, y + 4, mark_name(candidate), anchor="end"))
        parts.append(line(_LEFT, y, _RIGHT - 20, y, stroke_opacity=0.08))
        parts.append(_temperature_marks(candidate, "competing", _COMPETING, x_axis, y - 5))
        parts.append(_temperature_marks(candidate, "same_host", _SAME_HOST, x_axis, y + 5))
    keys = [(_COMPETING, "against competing phases", True), (_SAME_HOST, "against the same host", False)]
    parts.append(legend(keys, _LEFT + 8, 20, 190))
    middle = (_TOP + bottom) / 2
    parts.append(text(14, middle, "rank", anchor="middle", transform=f"rotate(-90 14 {middle:.1f})"))
    return document("".join(parts), _WIDTH, bottom + 48, "Mixing temperatures")


def _temperature(candidate: Candidate, name: str) -> tuple[float | None, float]:
    value: float | None = candidate["mixing"][name]["T_mix_K"]
    return value, temperature_sd(candidate["mixing"], name) or 0.0


def _temperature_marks(candidate: Candidate, name: str, style: Style, x_axis: Axis, y: float) -> str:
    value, sd = _temperature(candidate, name)
    formula = candidate["formula"]
    if value is None:
        reason = candidate["mixing"][name].get("reason") or "no value"
        words = element("title", _escaped(f"{formula}: {reason}"))
        return element("g", words + text(_RIGHT - 16, y + 4, "never" if reason == "never" else "–", font_size="10"))
    parts = []
    x, left = x_axis.pixel(value), x_axis.start
    if sd:
        low = max(left, x_axis.pixel(value - sd))
        parts.append(error_bar(low, y, x_axis.pixel(value + sd), y, style.colour))
    if name == "competing" and candidate["hull_grade"] not in COMPLETE_GRADES:
        parts.append(_arrow(x + 6, y, style.colour))
    words = f"{formula}: {value:.0f} ± {sd:.0f} K" if sd else f"{formula}: {value:.0f} K"
    parts.append(marker(x, y, style, words, filled=name == "competing"))
    return "".join(parts)


def _escaped(words: str) -> str:
    from html import escape

    return escape(words)


def _arrow(x: float, y: float, colour: str) -> str:
    path = f"M{x:.2f} {y - 3.5:.2f} L{x + 6:.2f} {y:.2f} L{x:.2f} {y + 3.5:.2f}"
    return element("path", d=path, fill="none", stroke=colour, stroke_width=1.6, class_="bound")


def _figure(parts: Sequence[str], keys: Sequence[tuple[Style, str, bool]], title: str) -> str:
    row = legend(keys, _LEFT + 8, 20, min(60.0, (_RIGHT - _LEFT) / max(1, len(keys)))) if keys else ""
    return document("".join(parts) + row, _WIDTH, _HEIGHT, title)
