"""What is known of one quantity of many candidates, as a table of draws.

Column k stands for the same errors of the engine in every row, so that rows are compared draw by draw: an error that
candidates share cancels in their differences. What belongs to one candidate alone, the standard error of its mean over
configurations, is drawn independently.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

DRAWS: Final = 2000
"""Draws where nothing says how many: a share of 16 % is then known to 0.8 %."""

_FEWEST_DRAWS: Final = 200
_MOST_VALUES: Final = 500_000

LOW, HIGH = 0.16, 0.84
"""Shares below which the ends of an interval lie: one standard deviation of a normal distribution to either side."""

MIDDLE: Final = f"{100 * (HIGH - LOW):.0f} %"
"""Share of the draws between the ends of an interval."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What is known of a quantity of one candidate.

    Parameters
    ----------
    candidate_id
        Seeds what is drawn for the candidate alone.
    mean
        Value, None where there is none.
    draws
        The value under errors that candidates share, shape ``(n,)``; None where such errors are not known.
    se
        Standard error of the mean over configurations.
    """

    candidate_id: str
    mean: float | None
    draws: Array | None = None
    se: float | None = None


def draws_for(candidates: int) -> int:
    """In how many draws a number of candidates is ranked: all for up to 250, 200 for 2,500 and more."""
    return min(DRAWS, max(_FEWEST_DRAWS, _MOST_VALUES // max(1, candidates)))


def sample_table(known: Sequence[Known], errors_of: str = "", most: int = DRAWS) -> Array:
    """Draws of a quantity of candidates.

    ``value + se z``: the value as drawn, or its mean in every draw; z standard normal, independent between candidates.

    Parameters
    ----------
    errors_of
        Quantity from whose spread the standard errors come: quantities that share it share z.
    most
        Draws that are taken at most, from the first.

    Returns
    -------
    ndarray
        Shape ``(candidates, draws)``; NaN in the row of a candidate without value and draws.
    """
    number = min([most, *(len(one.draws) for one in known if one.draws is not None)])
    table = np.full((len(known), number), np.nan)
    for i, one in enumerate(known):
        if one.draws is not None:
            table[i] = one.draws[:number]
        elif one.mean is not None:
            table[i] = one.mean
        if one.se:
            table[i] += one.se * own_errors(one.candidate_id, errors_of, number)
    return table


def own_errors(candidate_id: str, errors_of: str, number: int) -> Array:
    """Standard normal numbers of one candidate, the same on every machine and in every order of candidates."""
    digest = hashlib.sha256(f"{candidate_id} {errors_of}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal(number)


def is_uncertain(table: Array) -> bool:
    """Whether draws of any candidate differ."""
    return bool(((table != table[:, :1]) & ~np.isnan(table)).any())


def share_before(first: Array, second: Array) -> float:
    """Probability that the first of two costs is smaller, draw by draw; equal ones count one half.

    Parameters
    ----------
    first, second
        Shape ``(draws,)``; NaN, no value, comes after everything.
    """
    return float(shares_before(first, second[None, :])[0])


def shares_before(first: NDArray[Any], others: NDArray[Any]) -> Array:
    """Probability that a cost, shape ``(draws,)``, is smaller than each of others, shape ``(costs, draws)``."""
    one, other = (np.where(np.isnan(values), np.inf, values) for values in (first, others))
    shares: Array = (one < other).mean(axis=1) + 0.5 * (one == other).mean(axis=1)
    return shares
