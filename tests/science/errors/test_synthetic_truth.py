"""Campaigns with a known truth: intervals hold it as often as they say, and calibration puts candidates in order.

1,000 campaigns, also with other compositions of the host on the hull: ``benchmarks/synthetic_truth.py``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from support.synthetic_score import LEVELS, Score, covered, kind_of, score, uncertainty
from support.synthetic_truth import SyntheticCampaign

N_CAMPAIGNS = 40
N_DRAWS = 400


@cache
def campaigns(noise: float) -> tuple[tuple[str, Score], ...]:
    """Scores with what the errors are like."""
    made = [SyntheticCampaign(seed, kind_of(seed), noise, N_DRAWS, solution=False) for seed in range(N_CAMPAIGNS)]
    return tuple((one.kind, score(one)) for one in made)


def right(noise: float) -> list[Score]:
    """Those that the model describes."""
    return [one for kind, one in campaigns(noise) if kind == "right"]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [1.0, 2.0])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stage", ["documented", "calibrated"])
def test_intervals_hold_the_truth_as_often_as_they_say(noise: float, level: float, stage: str) -> None:
    """Within 4 points, and twice what so few campaigns leave open."""
    for found in ([one.margins[stage] for one in right(noise)], [one.temperatures[stage] for one in right(noise)]):
        share = covered([place for places in found for place in places], level)
        assert share == pytest.approx(level, abs=0.04 + 2 * uncertainty(found, level))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_a_calibration_puts_candidates_in_order(noise: float) -> None:
    found = right(noise)
    share = {stage: np.mean([one.ordered[stage] for one in found]) for stage in found[0].ordered}
    assert share["independent"] < 0.65  # hardly better than tossing a coin
    assert share["calibrated"] >= (0.85 if noise == 1 else 0.75)  # ten cells leave twice as much of twice the noise
    assert share["calibrated"] > share["computed"] + 0.05


@pytest.mark.slow
@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_cells_that_are_chosen_tell_more_than_cells_at_random(noise: float) -> None:
    found = [one for _, one in campaigns(noise)]
    narrower = [one.spread["calibrated"] < one.spread["random"] for one in found]
    assert np.mean(narrower) > 0.7
    ordered = {stage: np.mean([one.ordered[stage] for one in found]) for stage in ("calibrated", "random")}
    assert ordered["calibrated"] > ordered["random"]
