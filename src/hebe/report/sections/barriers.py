"""Migration barriers: the hops that were computed, and where hops connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.barriers import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from hebe.schemas.barriers import BarriersDoc
    from hebe.schemas.candidate import RankedCandidate

_HEAD = ("gate", "length / Å", "gate / Å²", "clearance / Å", "forward / eV", "backward / eV", "steps")


def card(candidate: RankedCandidate) -> Markup:
    """Hops of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.hops:
        return Markup()
    rows = [
        [
            hop.environment,
            number(hop.length_A, 2),
            number(hop.gate_area_A2, 2),
            number(hop.bottleneck_A, 2),
            number(hop.forward_eV, 2),
            number(hop.backward_eV, 2),
            str(hop.steps),
        ]
        for hop in result.hops
    ]
    return Markup(tag("p", _note(result), class_="note") + table(_HEAD, rows, range(1, 7)))


def _note(result: BarriersDoc) -> str:
    ways = [
        f"in {one.directions} direction{'s' if one.directions > 1 else ''} at {number(one.barrier_eV, 2)} eV"
        + ("" if one.computed else " (not computed)")
        for one in result.connections
    ]
    connect = f" Hops connect {', '.join(ways)} above the lowest site." if ways else ""
    ions = ("empty sites as made", "one ion taken out", "two ions taken out")[result.taken_out]
    return f"{len(result.hops)} of {result.n_hops} hops, {ions}.{connect}{_model_note(result)}"


def _model_note(result: BarriersDoc) -> str:
    """What stands for the hops that were not computed."""
    if not result.filled:
        return ""
    error = "" if result.model_error_eV is None else f", error {number(result.model_error_eV, 2)} eV"
    what = {"mean": "the mean", "environment": "the mean of their environment", "ridge": "a regression"}
    return f" {result.filled_share:.0%} of the hops are filled by {what[result.model or 'mean']}{error}."
