"""Spreads: means with their standard deviations and standard errors, pooled where there are few values.

Pooled variance of groups with different means: Snedecor and Cochran, Statistical Methods (1989), chapter 6.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

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
