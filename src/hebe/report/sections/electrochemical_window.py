"""Electrochemical window: limits of the candidates, and what they become beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.electrochemical_window import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.figures import Point, scatter
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.voltage import ion_of
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrochemical_window import PhaseAmount, PhaseCoverage, WindowDoc, WindowReaction

_HEAD: Final = ("", "at / V", "becomes, per formula unit", "ions taken up", "energy / meV/atom")
_LISTED: Final = 8


def limits(candidates: Sequence[RankedCandidate]) -> str | None:
    """Oxidation limit against reduction limit (V); None where no candidate has both."""
    points = [_point(candidate) for candidate in candidates]
    if not any(points):
        return None
    ion = ion_of(candidates)
    labels = (f"reduced below / V against {ion}", f"oxidised above / V against {ion}")
    return scatter(candidates, points, *labels, "Electrochemical windows")


def _point(candidate: RankedCandidate) -> Point | None:
    """Means of a candidate over its configurations."""
    low, high = candidate.mean("reduction_limit"), candidate.mean("oxidation_limit")
    if low is None or high is None:
        return None
    return Point(low, high, f"{candidate.formula}: {low:.2f} to {high:.2f} V")


def card(candidate: RankedCandidate) -> Markup:
    """Decomposition and reactions of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or result.above_hull_eV_per_atom is None:
        return Markup()
    known = (("with the metal", result.at_metal), ("reduced", result.reduced), ("oxidised", result.oxidised))
    rows = [_row(what, reaction) for what, reaction in known if reaction is not None]
    parts = [tag("p", _note(result), class_="note"), table(_HEAD, rows, (1, 3, 4)) if rows else Markup()]
    if result.coverage is not None:
        parts.append(tag("p", covered(result.coverage), class_="note"))
    return Markup("".join(parts))


def covered(coverage: PhaseCoverage) -> str:
    """Grade of the hull, and what it lacks, in words."""
    said = [f"Hull of grade {coverage.grade}"]
    for what, names in (("without", coverage.missing), ("nobody looked for phases in", coverage.unlisted)):
        if names:
            said.append(f"{what} {', '.join(names[:_LISTED])}{' ...' if len(names) > _LISTED else ''}")
    return "; ".join(said)


def _row(what: str, reaction: WindowReaction) -> list[str]:
    return [
        what,
        number(reaction.voltage_V, 2),
        formulas(reaction.products),
        f"{reaction.uptake:+.2f}",
        f"{1000 * reaction.energy_eV_per_atom:+.0f}",
    ]


def formulas(products: Sequence[PhaseAmount]) -> str:
    """Products of a reaction as text."""
    return " + ".join(f"{one.amount:.3g} {one.formula}" for one in products)


def _note(result: WindowDoc) -> str:
    above = 1000 * (result.above_hull_eV_per_atom or 0.0)
    limits = f"{number(result.reduction_V, 2)} to {number(result.oxidation_V, 2)} V against {result.ion}"
    if above <= 0:
        return f"Window {limits}; {-above:.0f} meV/atom below all mixtures of other phases"
    becomes = formulas(result.becomes)
    return f"Window of the decomposition {limits}; {above:.0f} meV/atom above {becomes}, which it would become"


FIGURES: Final = (
    Figure(
        name="electrochemical_windows",
        title="Electrochemical windows",
        caption=(
            "Limits of the equilibrium with the metal of the working ion: of a metastable electrolyte those of its "
            "decomposition"
        ),
        draw=limits,
    ),
)
