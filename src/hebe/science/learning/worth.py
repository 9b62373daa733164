"""Which of some candidates are worth a calculation that is dear: by what they are expected to gain for their cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hebe.science.learning.batch import six_digits

if TYPE_CHECKING:
    from hebe.science.learning.acquisition import Acquisition
    from hebe.science.learning.gaussian_process import Array


@dataclass(frozen=True)
class Worth:
    """A candidate that was chosen, by its number, and what it was expected to gain then."""

    at: int
    gain: float


def worth_most(
    acquisition: Acquisition, table: Array, costs: Array, number: int, most: float = float("inf")
) -> list[Worth]:
    """Choose candidates one after another by gain per cost, each as if those before it were found as expected.

    Ratios are told apart to six digits; ties go to the first.

    Parameters
    ----------
    acquisition
        Says what a candidate gains.
    table
        Scaled descriptors of candidates, shape ``(n, descriptors)``.
    costs
        Of each, above 0, shape ``(n,)``.
    number
        How many are wanted; fewer come back where no other gains anything, or costs what is left.
    most
        What all of them cost together, at most.
    """
    found, left = list[Worth](), most
    while len(found) < number and len(table):
        chosen = [one.at for one in found]
        gains = acquisition.gain(table, table[chosen] if chosen else np.empty((0, 0))).expected
        ratios = np.where(costs <= left, six_digits(gains / costs), 0.0)
        ratios[chosen] = 0.0
        at = int(np.argmax(ratios))
        if ratios[at] <= 0:
            break
        found.append(Worth(at, float(six_digits(gains[[at]])[0])))
        left -= float(costs[at])
    return found
