"""How far a candidate differs from its low-entropy controls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from hebe.schemas.controls import CurveDifference, Difference
from hebe.science.errors.spread import mean_and_sd, pooled_sd, standard_error

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc

Curves = Sequence[Mapping[float, float]]
"""Values by x (ions per formula unit) of each configuration."""

SAME_X: Final = 0.03
"""Difference of contents up to which cells are compared in any case."""


def same_content(*n_fu: int | None) -> float:
    """Largest difference of contents at which cells of some sizes (formula units) are compared.

    They hold whole ions: one of n units is up to 1 / (2 n) off the content that it stands for.
    """
    return max([SAME_X, *(0.5 / n + 1e-6 for n in n_fu if n)])


def differences(candidate: CandidateDoc, control: CandidateDoc, units: Mapping[str, str]) -> list[Difference]:
    """Quantities of a candidate less those of a control, those that both have.

    Configurations of the two are independent, so that variances add; so do those of the means.

    Parameters
    ----------
    candidate, control
        Computed alike, with standard errors where they are known.
    units
        Unit of each quantity, ``1`` without one.
    """
    found = []
    for name, unit in units.items():
        first, second = candidate.values.get(name), control.values.get(name)
        if first is None or second is None or first.mean is None or second.mean is None:
            continue
        difference = Difference(
            quantity=name,
            unit=unit,
            candidate=first.mean,
            control=second.mean,
            difference=first.mean - second.mean,
            sd=_together(first.sd_configurations, second.sd_configurations),
            se=_together(first.se, second.se),
        )
        found.append(difference)
    return found


def _together(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else math.hypot(first, second)


def curve_differences(
    name: str, unit: str, candidate: Curves, control: Curves, alike: Sequence[Curves], within: float = SAME_X
) -> list[CurveDifference]:
    """Values over x of a candidate less those of a control, at the contents that both have, highest first.

    Parameters
    ----------
    name, unit
        Of what is compared.
    candidate, control
        Values of each configuration.
    alike
        Those of all that were computed alike, over which spreads at each x are pooled where configurations are few.
    within
        Largest difference of contents; see `same_content`.
    """
    contents = sorted({round(x, 6) for one in candidate for x in one}, reverse=True)
    found = []
    for x in contents:
        first, second = _near(candidate, x, within), _near(control, x, within)
        (mean, sd), (other, other_sd) = mean_and_sd(first), mean_and_sd(second)
        if mean is None or other is None:
            continue
        pooled = pooled_sd((mean_and_sd(part)[1], len(part)) for part in (_near(one, x, within) for one in alike))
        errors = standard_error(sd, len(first), pooled), standard_error(other_sd, len(second), pooled)
        found.append(
            CurveDifference(
                quantity=name,
                unit=unit,
                x=x,
                candidate=mean,
                control=other,
                difference=mean - other,
                sd=_together(sd, other_sd),
                se=_together(*errors),
            )
        )
    return found


def _near(curves: Curves, x: float, within: float) -> list[float]:
    """Values at the content nearest to x, of the configurations that have one near enough."""
    nearest = [(abs(content - x), value) for one in curves if one for content, value in [_closest(one, x)]]
    return [value for off, value in nearest if off <= within]


def _closest(curve: Mapping[float, float], x: float) -> tuple[float, float]:
    content = min(curve, key=lambda one: (abs(one - x), one))
    return content, curve[content]
