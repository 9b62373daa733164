"""A property along the entropy of a series of compositions, with the spread over configurations and with a trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.candidate import CandidateDoc


@dataclass(frozen=True)
class SeriesPoint:
    """One composition: entropy (R, in the convention asked for), value and its spread, None where not known."""

    candidate_id: str
    formula: str
    entropy_R: float  # noqa: N815 - R is the gas constant
    value: float | None
    sd: float | None


@dataclass(frozen=True)
class Trend:
    """Rank correlation of value and entropy, and its two-sided p-value."""

    n: int
    spearman: float
    p_value: float


def series_points(
    candidates: Sequence[CandidateDoc], quantity: str, convention: str = "mixed-site"
) -> list[SeriesPoint]:
    """Points of a series by rising entropy.

    Parameters
    ----------
    candidates
        Documents of its candidates.
    quantity
        Name of a quantity.
    convention
        Convention of the entropy.
    """
    points = [
        SeriesPoint(
            candidate_id=candidate.candidate_id,
            formula=candidate.formula,
            entropy_R=candidate.entropy_R[convention],
            value=candidate.mean(quantity),
            sd=None if (value := candidate.values.get(quantity)) is None else value.sd_configurations,
        )
        for candidate in candidates
    ]
    return sorted(points, key=lambda point: (point.entropy_R, point.candidate_id))


def trend(points: Sequence[SeriesPoint]) -> Trend | None:
    """Spearman's rank correlation (Am. J. Psychol. 15, 72 (1904)); None for fewer than three values or no range."""
    from scipy.stats import spearmanr

    known = [(point.entropy_R, point.value) for point in points if point.value is not None]
    if len(known) < 3 or any(len(set(column)) < 2 for column in zip(*known, strict=True)):
        return None
    found: Any = spearmanr([entropy for entropy, _ in known], [value for _, value in known])
    return Trend(len(known), float(found.statistic), float(found.pvalue))
