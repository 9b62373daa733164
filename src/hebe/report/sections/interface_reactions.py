"""Reactions with electrodes: the lowest one with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.interface_reactions import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.electrochemical_window import formulas
from hebe.report.values import DASH, number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.interface_reactions import ContactDoc

_HEAD: Final = (
    "electrode",
    "per formula unit",
    "give",
    "energy / meV/atom",
    "with own decomposition / meV/atom",
    "hull",
)


def card(candidate: RankedCandidate) -> Markup:
    """Reactions of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.contacts:
        return Markup()
    note = "Energies per atom of the mix of lowest energy; negative where electrode and electrolyte react"
    rows = [_row(one) for one in result.contacts]
    return Markup(tag("p", note, class_="note") + table(_HEAD, rows, (1, 3, 4)))


def _row(one: ContactDoc) -> list[str]:
    name = one.formula if one.electrode == one.formula else f"{one.electrode} ({one.formula})"
    return [
        name,
        number(one.partner_per_fu, 2),
        formulas(one.products) or DASH,
        f"{1000 * one.mutual_eV_per_atom:+.0f}",
        f"{1000 * one.total_eV_per_atom:+.0f}",
        one.coverage.grade,
    ]
