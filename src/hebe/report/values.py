"""Values as the report prints them: as everything does, by the rule in `hebe.analyses.printing`."""

from __future__ import annotations

from hebe.analyses.printing import (
    DASH,
    ENGINE_ERROR,
    NEVER,
    capital,
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
