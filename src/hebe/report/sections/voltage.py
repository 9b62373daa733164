"""Figures of voltages: over the content of the working ion, over the capacity, against the entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.protocol import Figure
from hebe.analyses.voltage import ANALYSIS
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, Point, framed, mark_name, scatter
from hebe.report.svg import frame, marker, polyline, style_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrode import VoltageStep


def _profile(candidate: RankedCandidate) -> Sequence[VoltageStep]:
    found = ANALYSIS.best(candidate)
    return [] if found is None else found.voltage_profile


def ion_of(candidates: Sequence[RankedCandidate]) -> str:
    """Working ion of candidates."""
    return next((c.working_ion for c in candidates if c.working_ion is not None), "ion")


def voltage_over_content(candidates: Sequence[RankedCandidate]) -> str:
    """Voltage steps over the working-ion content, falling from left to right as on charge."""
    curves = [(c, [(s.x_high, s.x_low, s.voltage_V) for s in _profile(c)]) for c in candidates]
    ion = ion_of(candidates)
    label = f"x ({ion} per formula unit), charge to the right"
    return _steps(curves, label, f"Voltage over {ion} content", falling=True)


def voltage_over_capacity(candidates: Sequence[RankedCandidate]) -> str:
    """Voltage steps over the capacity taken out (mAh per gram of the as-made formula)."""
    curves = [(c, capacity_steps(c)) for c in candidates]
    return _steps(curves, "capacity / mAh g⁻¹", "Voltage over capacity", falling=False)


def capacity_steps(candidate: RankedCandidate) -> list[tuple[float, float, float]]:
    """Steps ``(Q from, Q to, V)`` of a voltage profile; ``Q = Q_theoretical (x_made - x) / x_made`` in mAh/g."""
    full, made = candidate.mean("capacity_theoretical"), candidate.x_made
    if full is None or not made:
        return []
    return [
        (full * (made - step.x_high) / made, full * (made - step.x_low) / made, step.voltage_V)
        for step in _profile(candidate)
    ]


def _steps(
    curves: Sequence[tuple[RankedCandidate, list[tuple[float, float, float]]]], label: str, title: str, *, falling: bool
) -> str:
    drawn = [(c, style_of(i), steps) for i, (c, steps) in enumerate(curves[:MAX_CURVES]) if steps]
    every = [step for _, _, steps in drawn for step in steps]
    ends = (RIGHT, LEFT) if falling else (LEFT, RIGHT)
    x_axis = axis(label, [x for a, b, _ in every for x in (a, b)], *ends)
    y_axis = axis("voltage / V", [v for _, _, v in every], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, steps in drawn:
        corners = [(x_axis.pixel(x), y_axis.pixel(v)) for a, b, v in sorted(steps, reverse=falling) for x in (a, b)]
        parts.append(polyline(corners, style.colour))
        for a, b, v in steps:
            words = f"{candidate.formula}: {v:.3f} V from {a:.4g} to {b:.4g}"
            parts.append(marker(x_axis.pixel((a + b) / 2), y_axis.pixel(v), style, words))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], title)


def entropy_against_voltage(candidates: Sequence[RankedCandidate], convention: str = "mixed-site") -> str:
    """Average voltage of every candidate against its ideal entropy, with the spread over configurations."""
    points: list[Point | None] = []
    for candidate in candidates:
        value, entropy = candidate.values.get("average_voltage"), candidate.entropy_R.get(convention)
        if value is None or value.mean is None or entropy is None:
            points.append(None)
            continue
        words = f"{candidate.formula}: {value.mean:.3f} V, {entropy:.3f} R"
        points.append(Point(entropy, value.mean, words, value.sd_configurations or 0.0))
    label = f"ideal entropy, {convention} / R"
    return scatter(candidates, points, label, "average voltage / V", "Average voltage against entropy")


def _profiles(candidates: Sequence[RankedCandidate]) -> bool:
    return any(_profile(candidate) for candidate in candidates)


FIGURES: Final = (
    Figure(
        name="voltage_over_content",
        title="Voltage profile",
        caption="Lower hull of the configuration of lowest energy",
        draw=lambda candidates: voltage_over_content(candidates) if _profiles(candidates) else None,
    ),
    Figure(
        name="voltage_over_capacity",
        title="Voltage against capacity",
        caption="Capacity per gram of the as-made formula",
        draw=lambda candidates: voltage_over_capacity(candidates) if _profiles(candidates) else None,
    ),
    Figure(
        name="entropy_against_voltage",
        title="Entropy and voltage",
        caption="Numbers are ranks; bars are standard deviations over configurations",
        draw=lambda candidates: (
            entropy_against_voltage(candidates)
            if any(c.mean("average_voltage") is not None for c in candidates)
            else None
        ),
    ),
)
