"""Orderings of the literature (level Q of the targets) that computed rows decide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPACING_ERROR: Final = 0.02
"""Differences of thicknesses (A) that count; assumed: with one configuration each, the spread was not measured."""


@dataclass(frozen=True)
class Order:
    """What was found: whether the ordering holds, None where differences are within the error or rows are missing."""

    text: str
    holds: bool | None = None


def order_found(target_id: str, rows: Mapping[str, Mapping[str, Any]]) -> Order | None:
    """Verdict on an ordering from computed rows; None where no rule reads it.

    Parameters
    ----------
    target_id
        Of level Q.
    rows
        Id of a material -> its row.
    """
    rule = _RULES.get(target_id)
    return None if rule is None else rule(rows)


def _increasing(rows: Mapping[str, Mapping[str, Any]], names: tuple[str, ...], key: str) -> Order:
    """Whether a thickness rises from one material to the next, each time by more than the error."""
    values = [rows.get(name, {}).get(key) for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if value is None]
    if missing:
        return Order(f"no relaxed cell of {', '.join(missing)}")
    known = [float(value) for value in values if value is not None]
    text = ", ".join(f"{name} {value:.3f}" for name, value in zip(names, known, strict=True)) + " A"
    steps = [second - first for first, second in pairwise(known)]
    if all(step > SPACING_ERROR for step in steps):
        return Order(text, holds=True)
    if any(step < -SPACING_ERROR for step in steps):
        return Order(text, holds=False)
    return Order(f"differences within {SPACING_ERROR} A: {text}")


def _both(*found: Order) -> Order:
    text = "; ".join(one.text for one in found)
    holds = [one.holds for one in found]
    return Order(text, holds=False if False in holds else None if None in holds else True)


def _mts(rows: Mapping[str, Mapping[str, Any]]) -> Order:
    return _increasing(rows, ("na-o3-mts45", "na-o3-mts35", "na-o3-mts25", "na-o3-mts15"), "gap_A")


def _thin_slabs(rows: Mapping[str, Mapping[str, Any]]) -> Order:
    thinner = _increasing(rows, ("na-o3-nanfcmtc", "na-o3-nfm226"), "slab_A")
    return _both(thinner, _increasing(rows, ("na-o3-nfm226", "na-o3-nanfcmtc"), "gap_A"))


def _layers_of_mps3(rows: Mapping[str, Mapping[str, Any]]) -> Order:
    """Whether the repeat of the mixture is larger than that of every member of one metal."""
    row = rows.get("mps3-li-he", {})
    own, members = row.get("repeat_A"), row.get("members_repeat_A")
    if own is None or not members:
        return Order("no relaxed cell of mps3-li-he and its members")
    if row["topology"] != "host":
        return Order(f"the layers of the computed cell come apart ({own:.2f} A): the engine has no dispersion")
    text = f"mixture {own:.3f}, " + ", ".join(f"{name} {value:.3f}" for name, value in members.items()) + " A"
    steps = [own - value for value in members.values()]
    if any(step < -SPACING_ERROR for step in steps):
        return Order(text, holds=False)
    if all(step > SPACING_ERROR for step in steps):
        return Order(text, holds=True)
    return Order(f"differences within {SPACING_ERROR} A: {text}")


_RULES: Final[dict[str, Callable[[Mapping[str, Mapping[str, Any]]], Order]]] = {
    "q-ord-slab": _mts,
    "q-ord-slab-thin": _thin_slabs,
    "q-ord-mps3-c": _layers_of_mps3,
}
