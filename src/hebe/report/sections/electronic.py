"""Electrons: gaps, centres of bands and ions over the content of the working ion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.electronic import ANALYSIS
from hebe.report.markup import Markup, table
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.electrons import ElectronState


def card(candidate: RankedCandidate) -> Markup:
    """Electrons of the configuration of lowest energy, one row for each content."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.states:
        return Markup()
    head = ["x", "band gap / eV", "p centre of anions / eV", "d centres / eV", "anions in the highest eV / %", "ions"]
    return table(head, [_row(state) for state in result.states], (0, 1, 2, 4))


def _row(state: ElectronState) -> list[str]:
    centres = ", ".join(f"{element} {number(centre, 2)}" for element, centre in state.d_centres_eV.items())
    ions = ", ".join(
        f"{one.n} {one.element}{'' if one.valence is None else f'{one.valence}+'} ({number(one.moment, 1)})"
        for one in state.ions
    )
    gap, p_centre = number(state.band_gap_eV, 2), number(state.anion_p_centre_eV, 2)
    return [number(state.x, 3), gap, p_centre, centres, number(state.anion_share, 0, 100), ions]
