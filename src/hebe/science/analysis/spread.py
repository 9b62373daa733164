"""Spreads: means with their standard deviations and standard errors, pooled where there are few values.

Pooled variance of groups with different means: Snedecor and Cochran, Statistical Methods (1989), chapter 6.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
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
        For each, in the same order: ``average_voltage_V_se``, ``max_volume_strain_se``, ``dH_se_eV_per_site`` and
        ``T_mix_se_configurations_K``, from the spread over its configurations, pooled over the candidates where there
        are few.
    """
    rows: list[dict[str, float | None]] = [{} for _ in candidates]
    for name, read in _MEANS.items():
        found = [read(c) for c in candidates]
        pooled = pooled_sd((sd, n) for sd, n in found)
        for row, (sd, n) in zip(rows, found, strict=True):
            row[name] = standard_error(sd, n, pooled)
    for row, candidate in zip(rows, candidates, strict=True):
        row["T_mix_se_configurations_K"] = _temperature(candidate["mixing"], row["dH_se_eV_per_site"])
    return rows


def _temperature(mixing: Mapping[str, Any], enthalpy: float | None) -> float | None:
    """Error (K) of the temperature that is ranked from that of the enthalpy (eV per site): ``dH / dS``."""
    found = mixing["competing"] if mixing["competing"]["T_mix_K"] is not None else mixing["same_host"]
    gained = found["dS_eV_per_K_per_site"]
    if gained is None or gained <= 0:
        gained = mixing["same_host"]["dS_eV_per_K_per_site"]
    return None if enthalpy is None or gained is None or gained <= 0 else enthalpy / gained


def _voltage(candidate: Mapping[str, Any]) -> tuple[float | None, int]:
    return candidate["average_voltage_V_sd"], _number(candidate, "average_voltage_V")


def _strain(candidate: Mapping[str, Any]) -> tuple[float | None, int]:
    return candidate["max_volume_strain_sd"], _number(candidate, "max_volume_strain")


def _enthalpy(candidate: Mapping[str, Any]) -> tuple[float | None, int]:
    known = candidate["mixing"]["competing"]["dH_eV_per_site"] is not None
    return candidate["mixing"]["dH_sd_eV_per_site"], candidate["n_configurations"] if known else 0


def _number(candidate: Mapping[str, Any], name: str) -> int:
    """Number of configurations whose value a mean is; documents from before do not say, and had all."""
    if candidate[name] is None:
        return 0
    return int((candidate.get("n_values") or {}).get(name, candidate["n_configurations"]))


_MEANS: Final[dict[str, Callable[[Mapping[str, Any]], tuple[float | None, int]]]] = {
    "average_voltage_V_se": _voltage,
    "max_volume_strain_se": _strain,
    "dH_se_eV_per_site": _enthalpy,
}
"""Name of a standard error -> standard deviation and number of the values whose mean it belongs to."""
