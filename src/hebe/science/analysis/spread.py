"""Spreads: means with their standard deviations and standard errors, pooled where there are few values.

Pooled variance of groups with different means: Snedecor and Cochran, Statistical Methods (1989), chapter 6.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

FEW: Final = 5
"""Values below which a standard deviation is pooled: from five, its own relative error is below 40 %."""


def mean_and_sd(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation of the values there are; the latter None for fewer than two."""
    known = [v for v in values if v is not None]
    if not known:
        return None, None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None


def root_mean_square(values: Iterable[float | None]) -> float | None:
    """Root mean square of the values there are, None if there are none."""
    known = [v for v in values if v is not None]
    return math.sqrt(statistics.fmean(v * v for v in known)) if known else None


def pooled_sd(groups: Iterable[tuple[float | None, int]]) -> float | None:
    """Standard deviation within groups, from that of each group and its number of values.

    ``sqrt(sum (n_i - 1) s_i^2 / sum (n_i - 1))``; None if no group has two values.
    """
    known = [(sd, n) for sd, n in groups if sd is not None and n > 1]
    freedom = sum(n - 1 for _, n in known)
    return math.sqrt(sum((n - 1) * sd * sd for sd, n in known) / freedom) if freedom else None


def standard_error(sd: float | None, n: int, pooled: float | None) -> float | None:
    """Standard error of a mean of `n` values: from their own standard deviation, or the pooled one where n is small.

    Parameters
    ----------
    sd
        Sample standard deviation of the values, None for one value.
    n
        Number of values.
    pooled
        Standard deviation pooled over groups that are alike, None if there is none.

    Returns
    -------
    float or None
        None if nothing is known of the spread.
    """
    if n < 1:
        return None
    used = pooled if n < FEW and pooled is not None else sd
    return None if used is None else used / math.sqrt(n)


def standard_errors(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, float | None]]:
    """Standard errors of the means of candidates that were computed alike (one stage of a campaign).

    Parameters
    ----------
    candidates
        Documents of candidates as plain data.

    Returns
    -------
    list of dict
        For each, in the same order: ``average_voltage_V_se``, ``max_volume_strain_se`` and
        ``dH_se_eV_per_site``, from the spread over its configurations, pooled over the candidates where there are few.
    """
    rows: list[dict[str, float | None]] = [{} for _ in candidates]
    for name, (value, sd, number) in _MEANS.items():
        spreads = [sd(c) if value(c) is not None else None for c in candidates]
        numbers = [number(c) if value(c) is not None else 0 for c in candidates]
        pooled = pooled_sd(zip(spreads, numbers, strict=True))
        for row, spread, n in zip(rows, spreads, numbers, strict=True):
            row[name] = standard_error(spread, n, pooled)
    return rows


_MEANS: Final = {
    "average_voltage_V_se": (
        lambda c: c["average_voltage_V"],
        lambda c: c["average_voltage_V_sd"],
        lambda c: c.get("n_values", {}).get("average_voltage_V", c["n_configurations"]),
    ),
    "max_volume_strain_se": (
        lambda c: c["max_volume_strain"],
        lambda c: c["max_volume_strain_sd"],
        lambda c: c.get("n_values", {}).get("max_volume_strain", c["n_configurations"]),
    ),
    "dH_se_eV_per_site": (
        lambda c: c["mixing"]["competing"]["dH_eV_per_site"],
        lambda c: c["mixing"]["dH_sd_eV_per_site"],
        lambda c: c["n_configurations"],
    ),
}
"""Name of a standard error -> where the mean, its standard deviation and number of values stand in a candidate."""
