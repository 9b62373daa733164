"""Diffusion by kinetic Monte Carlo: coefficients over temperature, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.kinetics import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.figures import Point, scatter
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.kinetics import KineticsDoc, KineticsPointDoc

_HEAD = ("T / K", "D / cm² s⁻¹", "D of the charge / cm² s⁻¹", "conductivity / S cm⁻¹", "Haven ratio", "jumps")


def card(candidate: RankedCandidate) -> Markup:
    """Temperatures of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.points:
        return Markup()
    rows = [
        [
            number(point.temperature_K, 0),
            _diffusion(point),
            _spread(point.collective_cm2_per_s, point.collective_se_cm2_per_s),
            _spread(point.conductivity_S_per_cm, point.conductivity_se_S_per_cm),
            number(point.haven, 2),
            f"{point.n_jumps:,}",
        ]
        for point in result.points
    ]
    return Markup(tag("p", _note(result), class_="note") + table(_HEAD, rows, range(6)))


def _diffusion(point: KineticsPointDoc) -> str:
    if point.tracer_cm2_per_s is None and point.bound_cm2_per_s is not None:
        return f"< {point.bound_cm2_per_s:.1e}"
    return _spread(point.tracer_cm2_per_s, point.tracer_se_cm2_per_s)


def _spread(value: float | None, error: float | None) -> str:
    if value is None:
        return number(None, 2)
    return f"{value:.2e}" + ("" if error is None else f" ± {error:.0e}")


def _note(result: KineticsDoc) -> str:
    slope = ""
    if result.activation_eV is not None:
        low, high = number(result.activation_low_eV, 3), number(result.activation_high_eV, 3)
        slope = f" Activation energy {number(result.activation_eV, 3)} eV ({low} to {high}, 95 %)."
    filled = (
        f" {result.filled_share:.0%} of the hops are filled by a model, not computed." if result.filled_share else ""
    )
    return (
        f"{result.n_ions} ions on {result.n_sites} sites, one on each at most, {result.attempts_THz:g} THz attempts."
        f"{slope}{filled}"
    )


def draw(candidates: Sequence[RankedCandidate]) -> str | None:
    """Activation energy against the diffusion coefficient at 300 K."""
    points: list[Point | None] = []
    for candidate in candidates:
        energy, log = candidate.mean("hopping_activation_energy"), candidate.mean("log10_hopping_diffusion_300K")
        words = "" if energy is None or log is None else f"{candidate.formula}: {energy:.3f} eV, {10**log:.1e} cm²/s"
        points.append(None if energy is None or log is None else Point(energy, log, words))
    if not any(points):
        return None
    title = "Activation energy and diffusion at 300 K"
    return scatter(candidates, points, "activation energy / eV", "log10 D / cm² s⁻¹", title)


FIGURES: Final = (
    Figure(
        name="kinetics",
        title="Diffusion",
        caption="Tracer diffusion at 300 K against the activation energy, by kinetic Monte Carlo on hops.",
        draw=draw,
    ),
)
