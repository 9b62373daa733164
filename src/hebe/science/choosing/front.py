"""How likely a candidate is on the first front, under errors that candidates share.

The front is found again in every draw of the errors, as the ranking is (`hebe.science.choosing.standing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.science.choosing.fronts import first_front
from hebe.science.choosing.ranking import cost_table
from hebe.science.choosing.sample import is_uncertain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.ranking import Objective
    from hebe.science.choosing.sample import Array


def front_probability(
    candidates: Sequence[CandidateDoc], objectives: Sequence[Objective], samples: Mapping[str, Array]
) -> list[float]:
    """Share of the draws in which no other candidate is better in one objective and worse in none.

    Parameters
    ----------
    samples
        Draws of the objectives by name, shape ``(candidates, draws)``, column k under the same errors; without one its
        values are exact. A candidate without a value in a draw is not on the front there.

    Returns
    -------
    list of float
        Between 0 and 1; 0 or 1 where nothing is uncertain.
    """
    costs = cost_table(candidates, objectives)
    drawn = {o.name: samples[o.name] for o in objectives if o.name in samples and is_uncertain(samples[o.name])}
    if not drawn:
        return [float(inside) for inside in first_front(costs)]
    number = min(table.shape[1] for table in drawn.values())
    times = np.zeros(len(candidates))
    for k in range(number):
        for column, objective in enumerate(objectives):
            if objective.name in drawn:
                values = drawn[objective.name][:, k]
                costs[:, column] = -values if objective.maximize else values
        times += first_front(costs)
    return [float(share) for share in times / number]
