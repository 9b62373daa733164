"""What intervals and orders of synthetic campaigns are worth: coverage of the truth, and pairs in their true order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from support.synthetic_truth import INDEPENDENT, Kind, SyntheticCampaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hebe.science.errors.entry_errors import Vector
    from hebe.science.mixing.formation import Judgement

STAGES: Final = ("documented", "calibrated", "random")
"""With documented errors, after small cells that were chosen, and after as many at random."""
LEVELS: Final = (0.68, 0.95)


@dataclass(frozen=True)
class Score:
    """One campaign.

    Parameters
    ----------
    margins, temperatures
        Stage -> place of the true value among the draws, 0 to 1: of each difference of margins, and of each mixing
        temperature.
    ordered
        Stage -> whether each pair of candidates is in its true order; ``computed`` without any errors, and
        ``independent`` if the truth differed from what was computed by independent errors of the same size.
    spread
        Stage -> mean standard deviation of the differences (eV per site).
    """

    margins: dict[str, list[float]]
    temperatures: dict[str, list[float]]
    ordered: dict[str, list[bool]]
    spread: dict[str, float]


def score(campaign: SyntheticCampaign, stages: Sequence[str] = STAGES) -> Score:
    """Run one campaign."""
    true, first = campaign.true, campaign.judged(campaign.prior)
    judged = {"documented": first}
    for stage in stages[1:]:
        judged[stage] = campaign.judged(campaign.calibrated(first, greedy=stage == "calibrated"))
    truth = differences([one.margins[1] for one in true])
    drawn = {stage: pairwise([one.margins[1:] for one in found]) for stage, found in judged.items()}
    computed = differences([one.margins[0] for one in first])
    noise = np.random.default_rng(30_000_000 + campaign.seed).normal(0, campaign.noise * INDEPENDENT, len(true))
    ordered = {stage: in_order([float(np.median(d)) for d in found], truth) for stage, found in drawn.items()}
    ordered["computed"] = in_order(computed, truth)
    ordered["independent"] = in_order(
        computed, [d + e for d, e in zip(computed, differences(noise.tolist()), strict=True)]
    )
    return Score(
        {stage: [place(d, t) for d, t in zip(found, truth, strict=True)] for stage, found in drawn.items()},
        {stage: _temperatures(found, true) for stage, found in judged.items()},
        ordered,
        {stage: float(np.mean([np.std(d) for d in found])) for stage, found in drawn.items()},
    )


def _temperatures(judged: Sequence[Judgement], true: Sequence[Judgement]) -> list[float]:
    return [place(j.temperatures[1:], t.temperatures[1]) for j, t in zip(judged, true, strict=True)]


def pairwise(values: Sequence[Vector]) -> list[Vector]:
    """Differences of every two samples."""
    return [one - other for one, other in combinations(values, 2)]


def differences(values: Sequence[float]) -> list[float]:
    """Differences of every two numbers."""
    return [float(one - other) for one, other in combinations(values, 2)]


def in_order(found: Sequence[float], truth: Sequence[float]) -> list[bool]:
    """Whether differences have the sign of the true ones."""
    return [bool(one * other > 0) for one, other in zip(found, truth, strict=True)]


def place(drawn: Vector, truth: float) -> float:
    """Place of a value among draws, 0 to 1; among equal ones in their middle."""
    below, same = int(np.sum(drawn < truth)), int(np.sum(drawn == truth))
    return (below + same / 2 + 0.5) / (len(drawn) + 1)


def covered(places: Iterable[float], level: float) -> float:
    """Share of values inside the central interval of a level."""
    return float(np.mean([abs(place - 0.5) < level / 2 for place in places]))


def uncertainty(campaigns: Sequence[Sequence[float]], level: float) -> float:
    """Standard error of a coverage: values of one campaign hang together, campaigns do not."""
    each = [covered(places, level) for places in campaigns]
    return float(np.std(each, ddof=1) / np.sqrt(len(each)))


def kind_of(seed: int) -> Kind:
    """A third of the campaigns break what the model assumes."""
    kinds: tuple[Kind, ...] = ("right", "right", "triplets", "right", "right", "tails")
    return kinds[seed % len(kinds)]
