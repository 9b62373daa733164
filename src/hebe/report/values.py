"""Values as the report prints them: as everything does, by the rule in `hebe.analyses.printing`."""

from hebe.analyses.printing import (
    DASH,
    ENGINE_ERROR,
    NEVER,
    condition_of,
    engine_error,
    error_of,
    error_remarks,
    has_ranges,
    interval,
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
    "condition_of",
    "engine_error",
    "error_of",
    "error_remarks",
    "has_ranges",
    "interval",
    "measured",
    "number",
    "percent",
    "quantity_text",
    "rank_range",
    "rank_text",
    "signed",
]
