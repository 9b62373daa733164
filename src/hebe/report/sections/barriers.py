"""Migration barriers: the hops that were computed, and where hops connect."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hebe.analyses.barriers import ANALYSIS
from hebe.report.markup import Markup, table, tag
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.barriers import BarrierDoc, BarriersDoc
    from hebe.schemas.candidate import RankedCandidate

_HEAD = ("gate", "anions", "length / Å", "gate / Å²", "clearance / Å", "forward / eV", "backward / eV", "steps")


def card(candidate: RankedCandidate) -> Markup:
    """Hops of the configuration of lowest energy."""
    result = ANALYSIS.best(candidate)
    if result is None or not result.hops:
        return Markup()
    rows = [
        [
            ", ".join(hop.gate_ions) or hop.environment,
            _counted(hop.anions),
            number(hop.length_A, 2),
            number(hop.gate_area_A2, 2),
            number(hop.bottleneck_A, 2),
            number(hop.forward_eV, 2),
            number(hop.backward_eV, 2),
            _steps(hop),
        ]
        for hop in result.hops
    ]
    return Markup(tag("p", _note(result), class_="note") + table(_HEAD, rows, range(2, 8)))


def _counted(anions: Sequence[str]) -> str:
    """Anions around a way, ``3 O, 1 F``."""
    return ", ".join(f"{n} {symbol}" for symbol, n in Counter(anions).most_common())


def _steps(hop: BarrierDoc) -> str:
    """Steps of a hop, and where it rests between them."""
    rests = ", ".join(f"{number(rest.energy_eV, 2)} eV at {number(rest.along_A, 1)} Å" for rest in hop.rests)
    return f"{hop.steps}, rests: {rests}" if rests else str(hop.steps)


def _note(result: BarriersDoc) -> str:
    ways = [
        f"in {one.directions} direction{'s' if one.directions > 1 else ''} at {number(one.barrier_eV, 2)} eV"
        + ("" if one.computed else " (not computed)")
        for one in result.connections
    ]
    connect = f" Hops connect {', '.join(ways)} above the lowest site." if ways else ""
    ions = ("empty sites as made", "one ion taken out", "two ions taken out")[result.taken_out]
    high = f" {len(result.above)} lie too high for a band before they are relaxed." if result.above else ""
    return f"{len(result.hops)} of {result.n_hops} hops, {ions}.{high}{connect}{_model_note(result)}"


def _model_note(result: BarriersDoc) -> str:
    """What stands for the hops that were not computed."""
    if not result.filled:
        return ""
    error = "" if result.model_error_eV is None else f", error {number(result.model_error_eV, 2)} eV"
    what = {"mean": "the mean", "environment": "the mean of their environment", "ridge": "a regression"}
    return f" {result.filled_share:.0%} of the hops are filled by {what[result.model or 'mean']}{error}."
