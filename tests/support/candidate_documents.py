"""Candidates with nothing but the values that a test is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.result import Value

if TYPE_CHECKING:
    from collections.abc import Mapping


def candidate(
    name: str = "c", values: Mapping[str, float | Value | None] | None = None, **fields: Any
) -> RankedCandidate:
    """A complete candidate; a number stands for a value without spread."""
    given = {n: v if isinstance(v, Value) else Value(mean=v, n=v is not None) for n, v in (values or {}).items()}
    usual: dict[str, Any] = {
        "campaign": "c",
        "status": "complete",
        "formula": name,
        "family": "layered-o3",
        "x_made": 1.0,
        "composition": {},
        "entropy_R": {},
        "engine": "chgnet",
        "energy_scale": "s",
    }
    return RankedCandidate(candidate_id=name, values=given, **{**usual, **fields})
