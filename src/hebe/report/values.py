"""Values as the report prints them: as everything does, by the rule in `hebe.analyses.printing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.analyses.printing import (
    DASH,
    ENGINE_ERROR,
    NEVER,
    condition_of,
    decimals,
    engine_error,
    error_of,
    error_remarks,
    factor,
    has_ranges,
    interval,
    known_number,
    measured,
    number,
    percent,
    quantity_text,
    rank_range,
    rank_text,
    signed,
)

if TYPE_CHECKING:
    from hebe.analyses.quantity import Quantity

__all__ = [
    "DASH",
    "ENGINE_ERROR",
    "NEVER",
    "capital",
    "condition_of",
    "decimals",
    "engine_error",
    "error_of",
    "error_remarks",
    "factor",
    "has_ranges",
    "interval",
    "known_number",
    "measured",
    "number",
    "percent",
    "quantity_text",
    "rank_range",
    "rank_text",
    "signed",
]


def factor(quantity: Quantity[Any]) -> float:
    """What a stored value is multiplied with to be in the unit of tables; probabilities are in percent there."""
    return 100.0 if quantity.shown.share else quantity.shown.scale


def capital(title: str) -> str:
    """A title at the beginning of a line."""
    return title[:1].upper() + title[1:]
