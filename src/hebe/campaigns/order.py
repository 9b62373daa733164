"""How sure the order of two candidates is, by one quantity or by the whole ranking of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import all_quantities, objectives_of
from hebe.analyses.samples import samples_of
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.science.choosing.ranking import Objective, cost_table
from hebe.science.choosing.sample import draws_for, share_before
from hebe.science.choosing.standing import drawn_ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.ranking import Rank
    from hebe.schemas.candidate import RankedCandidate

WHOLE: Final = "rank"
"""Name of the ranking by all objectives."""


def order_probability(
    candidates: Sequence[RankedCandidate], chosen: Rank, quantity: str, first: str, second: str
) -> float:
    """Probability that the first candidate is before the second; see `hebe.campaigns.results.Results`.

    Raises
    ------
    BadInputError
        If there is no such candidate or quantity, the two come from different stages, or nothing says what is better.
    """
    one, other = (_named(candidates, name) for name in (first, second))
    if one.stage != other.stage:
        reason = f"{first} and {second} come from different stages, whose numbers are not compared"
        raise BadInputError(reason, suggestion="two candidates of one stage")
    part = [candidate for candidate in candidates if candidate.stage == one.stage]
    if quantity == WHOLE:
        return _by_all(part, objectives_of(chosen, one.results), part.index(one), part.index(other))
    objective = _objective(quantity, chosen, one)
    sign = -1.0 if objective.maximize else 1.0
    table = sign * samples_of([one, other], quantity)
    return share_before(table[0], table[1])


def _by_all(part: Sequence[RankedCandidate], objectives: Sequence[Objective], first: int, second: int) -> float:
    if not objectives:
        raise BadInputError("the campaign ranks by nothing", suggestion="rank: {maximize: [...], minimize: [...]}")
    for at in (first, second):
        if part[at].rank is None:
            raise BadInputError(f"{part[at].candidate_id} has no rank", suggestion="a quantity that it has")
    samples = {one.name: samples_of(part, one.name, draws_for(len(part))) for one in objectives}
    inside = [i for i, candidate in enumerate(part) if candidate.rank is not None]
    drawn = drawn_ranks(cost_table(part, objectives), objectives, samples, inside).best
    return share_before(drawn[inside.index(first)], drawn[inside.index(second)])


def _named(candidates: Sequence[RankedCandidate], name: str) -> RankedCandidate:
    known = {candidate.candidate_id: candidate for candidate in candidates}
    if name not in known:
        raise BadInputError(f"no candidate is called {shown(name)}", suggestion=suggest(name, known))
    return known[name]


def _objective(quantity: str, chosen: Rank, candidate: RankedCandidate) -> Objective:
    """The quantity as an objective: as the campaign ranks by it, else as it is better."""
    known = all_quantities(candidate.results)
    if quantity not in known:
        hint = suggest(quantity, [WHOLE, *known])
        raise BadInputError(f"the campaign has no quantity {shown(quantity)}", suggestion=hint)
    better = known[quantity].better
    if quantity in (*chosen.maximize, *chosen.minimize):
        return Objective(quantity, maximize=quantity in chosen.maximize)
    if better is None:
        reason = f"nothing says whether a high or a low {quantity} is better"
        raise BadInputError(reason, suggestion=f"name {quantity} under rank")
    return Objective(quantity, maximize=better == "high")
