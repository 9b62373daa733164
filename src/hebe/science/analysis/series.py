"""A property along the entropy of a series of compositions, with the spread over configurations and with a trend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hebe.science.analysis.ranking import PATHS, value_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
    candidates: Sequence[Mapping[str, Any]], quantity: str, convention: str = "mixed-site"
) -> list[SeriesPoint]:
    """Points of a series by rising entropy.

    Parameters
    ----------
    candidates
        Documents of its candidates.
    quantity
        Name of a value by which a campaign can rank.
    convention
        Convention of the entropy.
    """
    path = PATHS[quantity]
    points = [
        SeriesPoint(
            candidate_id=str(candidate["candidate_id"]),
            formula=str(candidate["formula"]),
            entropy_R=float(candidate["entropy_R"][convention]),
            value=_number(value_at(candidate, path)),
            sd=_number(value_at(candidate, _SPREADS.get(quantity, f"{path}_sd"))),
        )
        for candidate in candidates
    ]
    return sorted(points, key=lambda point: (point.entropy_R, point.candidate_id))


_SPREADS = {
    "mixing_temperature": "mixing.T_mix_sd_configurations_K",
    "mixing_enthalpy": "mixing.dH_sd_eV_per_site",
    "mixing_enthalpy_same_host": "mixing.dH_sd_eV_per_site",
    "energy_above_hull": "mixing.energy_above_hull_sd",
}


def trend(points: Sequence[SeriesPoint]) -> Trend | None:
    """Spearman's rank correlation (Am. J. Psychol. 15, 72 (1904)); None for fewer than three values or no range."""
    from scipy.stats import spearmanr

    known = [(point.entropy_R, point.value) for point in points if point.value is not None]
    if len(known) < 3 or any(len(set(column)) < 2 for column in zip(*known, strict=True)):
        return None
    found: Any = spearmanr([entropy for entropy, _ in known], [value for _, value in known])
    return Trend(len(known), float(found.statistic), float(found.pvalue))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
