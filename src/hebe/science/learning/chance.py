"""Probabilities on a scale without ends: probits, quantiles of a normal distribution (Bliss, Science 79, 38 (1934)).

A process has no limits. On this scale its intervals stay between 0 and 1, and what is nearly certain is told apart from
what is likely. Beyond 0.5 and 99.5 % no digits of a share of draws are known: what is closer to an end stands there.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hebe.schemas.learned import Predicted

UNIT: Final = "probit"
"""What stands for the unit of values on this scale."""

CLOSEST: Final = 0.005

_HALF: Final = 0.5
_LEAST: Final = 1e-15
"""Probability, and from 1, of which a float has digits."""

_NORMAL: Final = NormalDist()


def probit(share: float) -> float:
    """Quantile of a probability."""
    return _NORMAL.inv_cdf(min(max(share, CLOSEST), 1 - CLOSEST))


def share(quantile: float) -> float:
    """Probability of a quantile."""
    return 0.5 * math.erfc(-quantile * math.sqrt(0.5))


def error_in_probits(probability: float, error: float) -> float:
    """Standard deviation on this scale of a probability with one of its own, to first order."""
    return error / _NORMAL.pdf(probit(probability))


def ends_in_probits(mean: float, low: float, high: float) -> tuple[float, float]:
    """Interval around a predicted probability on this scale, where it is symmetric.

    The end that is nearer to 1/2 says how wide it is: of the other one, which may be 0 or 1, no digits are left.
    """
    middle, end = (_NORMAL.inv_cdf(min(max(one, _LEAST), 1 - _LEAST)) for one in (mean, low if mean > _HALF else high))
    half = abs(middle - end)
    return middle - half, middle + half


def as_share(found: Predicted) -> Predicted:
    """Prediction in probits as one of a probability: its median and interval; the standard deviation to first order."""
    if found.mean is None or found.sd is None or found.low is None or found.high is None:
        return found
    ends = {"mean": share(found.mean), "low": share(found.low), "high": share(found.high)}
    return found.model_copy(update={**ends, "sd": found.sd * _NORMAL.pdf(found.mean)})
