"""Percolation: nets of channels in cells in random and short-range order, and in the configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.percolation import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.percolation import ChannelNetDoc, OrderDoc, PairFitDoc

_HEAD = ("cells", "gates", "tetrahedra / %", "ions on the net / %", "directions", "connects at x")


def card(candidate: RankedCandidate) -> Markup:
    """Nets by the cations in the gates, random order first."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.channels:
        return Markup()
    drawn = f"{result.n_cells} of {result.n_sites} sites, drawn at random"
    rows = list(_rows(drawn, result.channels))
    ordered = result.short_range
    if ordered is not None:
        rows += _rows(
            f"{ordered.n_cells} of {ordered.n_sites} sites, Monte Carlo at {ordered.temperature_K:.0f} K",
            ordered.channels,
        )
    for cell in result.cells:
        rows += _rows(f"{cell.label or 'configuration'}, {cell.n_sites} sites", cell.channels)
    note = (
        "A net connects where it wraps around the periodic cell. Short-range order, which real cells have, is not in"
        " cells drawn at random; a small cell repeats its own order."
    )
    return Markup(tag("p", note, class_="note") + table(_HEAD, rows, range(2, 6)) + _order(ordered))


def _order(found: OrderDoc | None) -> Markup:
    """Energies of pairs, where they come from, and the order that they make."""
    if found is None:
        return Markup()
    note = (
        f"Energies of pairs are {found.source}. alpha is 1 less the pairs over those of random order. Against random"
        f" order the cells gain {number(-found.energy_eV, 1, 1000)} meV per cation site; between the two halves of"
        f" their sweeps at the temperature they drift by {number(found.drift_eV, 2, 1000)}."
    )
    if found.fit is not None:
        note += (
            f" Fitted to {found.fit.n_cells} configurations: left out, one is missed by"
            f" {number(found.fit.error_eV, 1, 1000)} meV per cation site, by the mean of the others by"
            f" {number(found.fit.spread_eV, 1, 1000)}."
        )
        if found.fit.strengths_se_eV:
            note += (
                f" Each cell has strengths drawn from what the fit leaves open ({_strengths(found.fit)}), so that the"
                " errors of the nets are those of the fit too."
            )
    rows = [
        [one.pair, one.shell, number(one.energy_eV, 1, 1000), number(one.alpha, 2)]
        for one in found.pairs
        if one.energy_eV
    ]
    return Markup(tag("p", note, class_="note") + table(("pair", "shell", "energy / meV", "alpha"), rows, range(2, 4)))


def _strengths(fit: PairFitDoc) -> str:
    parts = (
        f"{shell} {number(value, 0, 1000)} ± {number(fit.strengths_se_eV[shell], 0, 1000)}"
        for shell, value in fit.strengths_eV.items()
    )
    return f"{', '.join(parts)} meV times both charges"


def _rows(cells: str, channels: Iterable[ChannelNetDoc]) -> Iterable[list[str]]:
    for net in channels:
        gates = "0-TM" if not net.blocking else f"up to {net.blocking}-TM"
        yield [
            cells,
            gates,
            number(net.tetrahedra, 1, 100),
            number(net.share, 0, 100),
            str(net.directions),
            number(net.threshold_x, 3),
        ]
