"""Site energies: the sites whose ion was taken out, by environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.site_energies import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def card(candidate: RankedCandidate) -> Markup:
    """Environments of the configuration of lowest energy, deepest first."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.sites:
        return Markup()
    rows = [
        [one.name, str(one.n_sites), str(one.n_computed), number(one.mean_eV, 3), number(one.sd_eV, 3)]
        for one in sorted(result.environments, key=lambda one: one.mean_eV)
    ]
    note = f"{len(result.sites)} of {result.n_sites} sites; energies against their mean, the lower the deeper"
    head = ("site and cations around it", "sites", "computed", "mean / eV", "spread / eV")
    return Markup(tag("p", note, class_="note") + table(head, rows, range(1, 5)))
