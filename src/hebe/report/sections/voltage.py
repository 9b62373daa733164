"""Figures of voltages: over the content of the working ion, over the capacity, against the entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.analyses.protocol import Figure
from hebe.analyses.voltage import ANALYSIS
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, Point, framed, mark_name, scatter
from hebe.report.formulas import formula
from hebe.report.markup import Markup, table, tag
from hebe.report.svg import frame, marker, polyline, style_of
from hebe.report.values import DASH, known_number, number, rank_text
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.space import working_charge
from hebe.science.electrodes.energy import density, differential_capacity, energy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrode import VoltageStep, XState
    from hebe.science.electrodes.energy import Energy

WIDTH_V: Final = 0.05
"""Standard deviation that makes a step visible in the differential capacity."""

_SAME: Final = 1e-6


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


def charge_by_voltage(candidates: Sequence[RankedCandidate]) -> str:
    """Differential capacity dQ/dV over the voltage, the steps of the profiles broadened by `WIDTH_V`."""
    curves = [(c, style_of(i), capacity_steps(c)) for i, c in enumerate(candidates[:MAX_CURVES])]
    drawn = [(c, style, steps) for c, style, steps in curves if steps]
    ends = [v for _, _, steps in drawn for _, _, v in steps]
    low, high = (min(ends) - 4 * WIDTH_V, max(ends) + 4 * WIDTH_V) if ends else (0.0, 1.0)
    voltages = np.linspace(low, high, 400)
    charges = [differential_capacity(steps, voltages, WIDTH_V) for _, _, steps in drawn]
    x_axis = axis("voltage / V", [low, high], LEFT, RIGHT)
    y_axis = axis("dQ/dV / mAh g⁻¹ V⁻¹", [0.0, *(float(q.max()) for q in charges)], BOTTOM, TOP, zero=True)
    parts = [frame(x_axis, y_axis)]
    for (candidate, style, steps), charge in zip(drawn, charges, strict=True):
        places = [(x_axis.pixel(v), y_axis.pixel(q)) for v, q in zip(voltages.tolist(), charge.tolist(), strict=True)]
        parts.append(polyline(places, style.colour))
        for start, stop, voltage in steps:
            top = float(differential_capacity(steps, np.array([voltage]), WIDTH_V)[0])
            words = f"{candidate.formula}: {abs(stop - start):.0f} mAh/g at {voltage:.3f} V"
            parts.append(marker(x_axis.pixel(voltage), y_axis.pixel(top), style, words))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Charge by voltage")


def overview(candidates: Sequence[RankedCandidate]) -> Markup:
    """Voltages, charge and energy of each profile, per mass and volume of the host as made."""
    rows = [(candidate, found) for candidate in candidates if (found := _energy(candidate)) is not None]
    if not rows:
        return Markup()
    head = ["candidate", "x", "lowest / V", "highest / V", "mAh g⁻¹", "Wh kg⁻¹", "Wh L⁻¹"]
    body = [
        [
            Markup(f"{place_of(candidate)} {formula(candidate.formula)}"),
            f"{one_end(candidate, max):.3g} to {one_end(candidate, min):.3g}",
            number(one.low_V, 2),
            number(one.high_V, 2),
            number(one.capacity_mAh_g, 0),
            known_number(one.energy_Wh_kg, -1),
            DASH if one.energy_Wh_L is None else known_number(one.energy_Wh_L, -1),
        ]
        for candidate, one in rows
    ]
    words = (
        "Of the profile of the configuration of lowest energy, per mass and volume of the host as made, against the "
    )
    note = tag("p", f"{words}metal of the working ion: no other part of a cell is counted.", class_="note")
    return Markup(tag("div", table(head, body, range(1, 7)), class_="scroll") + note)


def _energy(candidate: RankedCandidate) -> Energy | None:
    full, made, ion = candidate.mean("capacity_theoretical"), candidate.x_made, candidate.working_ion
    states = [state for state in states_with_volume(candidate) if abs(state.x - made) < _SAME]
    if full is None or not made or ion is None:
        return None
    mass = FARADAY_MAH * made * working_charge(ion) / full
    return energy_of(capacity_steps(candidate), density(mass, states[0].volume_A3_per_fu) if states else None)


def states_with_volume(candidate: RankedCandidate) -> Sequence[XState]:
    """States over the content of the working ion of the configuration of lowest energy."""
    found = ANALYSIS.best(candidate)
    return [] if found is None else found.x_states


def one_end(candidate: RankedCandidate, which: Callable[[Iterable[float]], float]) -> float:
    """Largest or smallest content that a profile reaches."""
    return which(x for step in _profile(candidate) for x in (step.x_high, step.x_low))


def place_of(candidate: RankedCandidate) -> str:
    """Rank in front of a formula; nothing without one."""
    return "" if candidate.rank is None else f"{rank_text(candidate)}."


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
        name="charge_by_voltage",
        title="Differential capacity",
        caption=f"Each step of the profile as a normal distribution of {1000 * WIDTH_V:.0f} mV; its area is its charge",
        draw=lambda candidates: charge_by_voltage(candidates) if _profiles(candidates) else None,
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
