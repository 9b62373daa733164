"""How far a candidate differs from its low-entropy controls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hebe.schemas.controls import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.candidate import CandidateDoc


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
