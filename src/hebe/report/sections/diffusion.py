"""Diffusion: coefficients over temperature with their Arrhenius line, and what each run tells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hebe.analyses.diffusion import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag
from hebe.report.svg import error_bar, frame, marker, polyline, style_of
from hebe.report.values import DASH, number
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.report.axes import Axis
    from hebe.report.svg import Style
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.diffusion import DiffusionAtDoc, Interval, IonDiffusionDoc

_HEAD: Final = (
    "T / K",
    "time / ps",
    "jumps",
    "MSD / Å²",
    "D / cm² s⁻¹",
    "σ of single ions / mS cm⁻¹",
    "σ of all together / mS cm⁻¹",
    "Haven ratio",
    "blind above / eV",
)


def arrhenius(candidates: Sequence[RankedCandidate]) -> str | None:
    """Logarithm of D over 1000/T with the lines through them; hollow marks are upper limits."""
    drawn = [
        (c, style_of(i), found, rows)
        for i, c in enumerate(candidates[:MAX_CURVES])
        if (found := ANALYSIS.best(c)) is not None and (rows := _drawn(found))
    ]
    every = [one for _, _, _, rows in drawn for one in rows]
    if not every:
        return None
    x_axis = axis("1000 K / T", [1000 / one.temperature_K for one in every], LEFT, RIGHT)
    y_axis = axis("log10 of D in cm²/s", [math.log10(_height(one)) for one in every], BOTTOM, TOP)
    parts = [frame(x_axis, y_axis)]
    for candidate, style, found, rows in drawn:
        parts += _line(found, rows, style, x_axis, y_axis)
        for one in rows:
            x, y = x_axis.pixel(1000 / one.temperature_K), y_axis.pixel(math.log10(_height(one)))
            told = one.tracer_cm2_per_s
            if told is not None and told.low > 0:
                ends = (y_axis.pixel(math.log10(end)) for end in (told.low, told.high))
                parts.append(error_bar(x, next(ends), x, next(ends), style.colour))
            words = (
                f"{candidate.formula}: {'' if told else 'below '}{_height(one):.2e} cm²/s at {one.temperature_K:g} K"
            )
            parts.append(marker(x, y, style, words, filled=told is not None))
    return framed(parts, [(style, mark_name(c), True) for c, style, _, _ in drawn], "Diffusion over temperature")


def _drawn(found: IonDiffusionDoc) -> list[DiffusionAtDoc]:
    """Runs that are used and tell a coefficient or a limit."""
    return [one for one in found.temperatures if not one.faults and (one.tracer_cm2_per_s or one.bound_cm2_per_s)]


def _height(one: DiffusionAtDoc) -> float:
    """Coefficient, or the limit where there is none."""
    return one.tracer_cm2_per_s.value if one.tracer_cm2_per_s is not None else float(one.bound_cm2_per_s or 0.0)


def _line(
    found: IonDiffusionDoc, rows: Sequence[DiffusionAtDoc], style: Style, x_axis: Axis, y_axis: Axis
) -> list[str]:
    """Arrhenius line between the temperatures that are drawn, through its value at 300 K with its slope."""
    if found.arrhenius is None:
        return []
    room = math.log10(found.arrhenius.tracer_300K_cm2_per_s.value)
    slope = found.arrhenius.activation_eV.value / (BOLTZMANN * math.log(10))
    ends = [(1 / one.temperature_K, room - slope * (1 / one.temperature_K - 1 / 300)) for one in rows]
    points = [(x_axis.pixel(1000 * x), y_axis.pixel(y)) for x, y in sorted(ends)]
    return [polyline(points, style.colour, stroke_opacity=0.7)]


def card(candidate: RankedCandidate) -> Markup:
    """Runs of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.temperatures:
        return Markup()
    rows = [
        [
            f"{one.temperature_K:g}",
            number(one.time_ps, 1),
            str(one.n_jumps),
            number(one.msd_A2, 2),
            _coefficient(one),
            _range(one.conductivity_mS_per_cm),
            _range(one.collective_mS_per_cm),
            _range(one.haven),
            number(one.blind_eV, 2),
        ]
        for one in result.temperatures
    ]
    return Markup(tag("p", _note(result), class_="note") + table(_HEAD, rows, range(9)))


def _coefficient(one: DiffusionAtDoc) -> str:
    if one.faults:
        return "not used"
    if one.tracer_cm2_per_s is None:
        return DASH if one.bound_cm2_per_s is None else f"< {one.bound_cm2_per_s:.1e}"
    return _range(one.tracer_cm2_per_s)


def _range(found: Interval | None) -> str:
    """Value with the ends of its interval."""
    return DASH if found is None else f"{found.value:.2g} ({found.low:.2g} to {found.high:.2g})"


def _note(result: IonDiffusionDoc) -> str:
    ions = f"{result.taken_out} ions taken out of the cell as made" if result.taken_out else "the ions as made"
    line = result.arrhenius
    if line is None:
        return f"Molecular dynamics with {ions}. Intervals are at 95 % confidence."
    return (
        f"Molecular dynamics with {ions}. Activation energy {_range(line.activation_eV)} eV; at 300 K, extrapolated"
        f" from {line.lowest_K:g} K on, D is {_range(line.tracer_300K_cm2_per_s)} cm²/s and the conductivity of single"
        f" ions {_range(line.conductivity_300K_mS_per_cm)} mS/cm. Intervals are at 95 % confidence."
    )


FIGURES: Final = (
    Figure(
        name="diffusion_over_temperature",
        title="Diffusion",
        caption="Tracer coefficients from molecular dynamics with 95 % intervals; hollow: upper limits",
        draw=arrhenius,
    ),
)
