"""Percolation: nets of channels in cells drawn at random and in the configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.percolation import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.schemas.candidate import RankedCandidate
    from hebe.schemas.percolation import ChannelNetDoc

_HEAD = ("cells", "gates", "tetrahedra / %", "ions on the net / %", "directions", "connects at x")


def card(candidate: RankedCandidate) -> Markup:
    """Nets by the cations in the gates, random order first."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.channels:
        return Markup()
    drawn = f"{result.n_cells} of {result.n_sites} sites, drawn at random"
    rows = list(_rows(drawn, result.channels))
    for cell in result.cells:
        rows += _rows(f"{cell.label or 'configuration'}, {cell.n_sites} sites", cell.channels)
    note = (
        "A net connects where it wraps around the periodic cell. Short-range order, which real cells have, is not in"
        " cells drawn at random; a small cell repeats its own order."
    )
    return Markup(tag("p", note, class_="note") + table(_HEAD, rows, range(2, 6)))


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
