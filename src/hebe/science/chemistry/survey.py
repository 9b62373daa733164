"""How large a space is and what the filters leave: exactly where that ends in time, else from a uniform sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import Candidate
from hebe.science.chemistry.screening import (
    check_walk,
    checked_size,
    drawn_of,
    is_drawn,
    pass_all,
    screen,
    selected_of,
    with_series,
)
from hebe.science.chemistry.sieve import Sieve
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.screening import Tell

BUDGET_S: Final = 0.7
"""Seconds that a survey takes for an exact answer by default."""
DRAWN: Final = 100_000
"""Compositions of the sample from which counts are estimated."""
DRAWN_MASKED: Final = 5_000
"""The same where their charges have gaps, which takes longer."""
_QUANTILE: Final = 1.959964
"""Of the normal distribution, for intervals that hold with 95 %."""
_PART: Final = 10_000


@dataclass(frozen=True)
class Estimate:
    """A count as estimated from a sample, and the limits between which it lies with a probability of 95 %."""

    value: int
    low: int
    high: int

    def document(self) -> dict[str, Any]:
        """As ``hebe space --json`` prints it."""
        return {"estimate": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Survey:
    """What a space has and what each filter leaves.

    ``selected`` is None where it was not made, because the time was over or because of ``refused``: why the selection
    of the campaign cannot be made.
    """

    size: int
    by_filter: dict[str, int | Estimate]
    candidates: int
    selected: list[Candidate] | None
    refused: BadInputError | None = None


def survey(
    campaign: Campaign,
    budget_s: float = BUDGET_S,
    *,
    counted: Callable[[int], None] | None = None,
    tell: Tell | None = None,
) -> Survey:
    """Count a space and what its filters leave.

    Parameters
    ----------
    campaign
        The campaign.
    budget_s
        Seconds in which everything may be looked at; then counts are estimated. Up to 100,000 compositions are looked
        at in any case.
    counted
        Is told the exact number of compositions at once.
    tell
        Is told how far it is.

    Raises
    ------
    BadInputError
        If the space is empty, or nothing passes the filters and all was looked at.
    """
    learned, campaign = campaign.select, campaign.first_round
    space = CompositionSpace.from_campaign(campaign)
    size = checked_size(campaign, space)
    if counted is not None:
        counted(size)
    if campaign.select.method == "explicit":
        found = screen(campaign)
        return Survey(size, {**found.by_filter}, len(found.selected), found.selected)
    sieve, refused = Sieve(campaign, space), _refused(campaign, space)
    passed = pass_all(sieve, tell, budget_s)
    if passed is not None and not len(passed):
        screen(campaign)  # says which filter leaves nothing
    try:
        drawn = drawn_of(campaign, space, size)
        chosen = drawn if passed is None or drawn is not None else selected_of(campaign, space, passed)
    except BadInputError as error:
        chosen, refused = None, error
    selected = None if chosen is None else with_series(campaign, space, list(chosen))
    by_filter: dict[str, int | Estimate] = estimated(campaign, space) if passed is None else {**sieve.by_filter}
    number = _number(campaign, by_filter, size, selected)
    if learned.learns:
        number = min(_passed(by_filter, size), learned.most)
    return Survey(size, by_filter, number, selected, refused)


def _refused(campaign: Campaign, space: CompositionSpace) -> BadInputError | None:
    """Why a selection would look at too many compositions."""
    size = space.count()
    if is_drawn(campaign, size):
        return None
    sieve = Sieve(campaign, space)
    try:
        check_walk(campaign, sieve, sieve.space.count())
    except BadInputError as error:
        return error
    return None


def _number(
    campaign: Campaign, by_filter: dict[str, int | Estimate], size: int, selected: list[Candidate] | None
) -> int:
    """Number of candidates, as far as it is known."""
    if selected is not None:
        return len(selected)
    passed = _passed(by_filter, size)
    return passed if campaign.select.n is None else min(passed, campaign.select.n)


def _passed(by_filter: dict[str, int | Estimate], size: int) -> int:
    """Number of compositions that pass, as far as it is known."""
    last = next(reversed(by_filter.values()), size)
    return last.value if isinstance(last, Estimate) else last


def estimated(campaign: Campaign, space: CompositionSpace, seed: int = 0) -> dict[str, int | Estimate]:
    """What each filter leaves, estimated from a uniform sample where it is not known exactly.

    Limits by E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
    """
    sieve = Sieve(campaign, space, prunes=False)
    total = sieve.space.count()
    n = DRAWN_MASKED if space.layout.steps is None else DRAWN
    for begin in range(0, n if total else 0, _PART):
        rows = sieve.space.sample(min(_PART, n - begin), seed + begin, replace=True)
        sieve.sift(sieve.table(rows))
    return {**sieve.known, **{name: _estimate(total, hits, n) for name, hits in sieve.counts.items()}}


def _estimate(total: int, hits: int, n: int) -> Estimate:
    share, square = hits / n, _QUANTILE**2 / n
    middle = (share + square / 2) / (1 + square)
    half = _QUANTILE / (1 + square) * math.sqrt(share * (1 - share) / n + square / (4 * n))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Estimate(round(total * share), math.floor(total * low), math.ceil(total * high))
