"""Electrons over the content of the working ion: share of the anions in the highest states, gaps, centres, ions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.electronic import ANALYSIS
from hebe.analyses.protocol import Figure
from hebe.report.axes import axis
from hebe.report.figures import BOTTOM, LEFT, MAX_CURVES, RIGHT, TOP, framed, mark_name
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.voltage import ion_of
from hebe.report.svg import frame, line, marker, polyline, style_of
from hebe.report.values import number
from hebe.science.electrodes.electron_document import ANION_REDOX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrons import ElectronState


def shares(candidate: RankedCandidate) -> list[tuple[ElectronState, float]]:
    """States of the configuration of lowest energy with the share of the anions (%), where there are projections."""
    result = ANALYSIS.best(candidate)
    found = [] if result is None else result.states
    return [(state, 100 * state.anion_share) for state in found if state.anion_share is not None]


def share_over_content(candidates: Sequence[RankedCandidate]) -> str | None:
    """Share of the anions in the highest occupied states (%) over x; filled where they outweigh the metals."""
    drawn = [(c, style_of(i), s) for i, c in enumerate(candidates[:MAX_CURVES]) if (s := shares(c))]
    if not drawn:
        return None
    ion, every = ion_of(candidates), [state for _, _, states in drawn for state in states]
    x_axis = axis(f"x ({ion} per formula unit), charge to the right", [s.x for s, _ in every], RIGHT, LEFT)
    y_axis = axis("anions in the highest states / %", [0, 100, *(share for _, share in every)], BOTTOM, TOP)
    limit = y_axis.pixel(100 * ANION_REDOX)
    parts = [frame(x_axis, y_axis), line(LEFT, limit, RIGHT, limit, stroke_opacity=0.8)]
    for candidate, style, states in drawn:
        points = [(x_axis.pixel(state.x), y_axis.pixel(share)) for state, share in states]
        parts.append(polyline(sorted(points), style.colour, stroke_opacity=0.7))
        for (state, share), (x, y) in zip(states, points, strict=True):
            words = f"{candidate.formula}: {share:.0f} % at x = {state.x:.4g}"
            parts.append(marker(x, y, style, words, filled=bool(state.anion_redox)))
    return framed(parts, [(style, mark_name(c), True) for c, style, _ in drawn], "Anions in the highest states")


def card(candidate: RankedCandidate) -> Markup:
    """Electrons of the configuration of lowest energy, one row for each content."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.states:
        return Markup()
    head = ["x", "band gap / eV", "p centre of anions / eV", "d centres / eV", "anions / %", "ions (moment)"]
    note = tag("p", "Electrons, from the highest occupied level", class_="note")
    return Markup(note + table(head, [_row(state) for state in result.states], (0, 1, 2, 4)))


def _row(state: ElectronState) -> list[str]:
    centres = ", ".join(f"{element} {number(centre, 2)}" for element, centre in state.d_centres_eV.items())
    ions = ", ".join(
        f"{one.n} {one.element}{'' if one.valence is None else f'{one.valence}+'} ({number(one.moment, 1)})"
        for one in state.ions
    )
    gap, p_centre = number(state.band_gap_eV, 2), number(state.anion_p_centre_eV, 2)
    return [number(state.x, 3), gap, p_centre, centres, number(state.anion_share, 0, 100), ions]


FIGURES: Final = (
    Figure(
        name="anion_share",
        title="Anions in the highest states",
        caption=(
            "Share of the anions' p states against the metals' d states in the highest occupied eV, from where "
            "charging takes its electrons. Filled: the anions outweigh the metals"
        ),
        draw=share_over_content,
    ),
)
