"""Stability against air: reactions of the working ion with carbon dioxide and water."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.air_stability import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate


def card(candidate: RankedCandidate) -> Markup:
    """Reactions of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.reactions:
        return Markup()
    head = ["product", "with", "x", "free energy / eV per ion", "error / eV", "in air at / V"]
    rows = [
        [
            one.product,
            one.gas,
            f"{one.x_high:.3g} to {one.x_low:.3g}",
            f"{one.free_energy_eV_per_ion:+.2f}",
            number(one.error_eV_per_ion, 2),
            number(one.potential_V, 2),
        ]
        for one in result.reactions
    ]
    air = f"CO2 {result.co2_bar:.2g} bar, O2 {result.oxygen_bar:.2g} bar, humidity {100 * result.humidity:.0f} %"
    title = f"In air at {result.temperature_K:.0f} K ({air}): ions leave where the free energy is negative"
    return Markup(tag("p", title, class_="note") + table(head, rows, range(3, 6)))
