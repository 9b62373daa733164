"""A quantity of the entropy series of a campaign against entropy."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from hebe.analyses.registry import all_quantities
from hebe.config.campaign import EntropyConvention
from hebe.config.reading.refusal import campaign_source
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import series_candidates
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.choosing.series import series_points, trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import RankedCandidate


def series_document(
    campaign: Campaign, candidates: Sequence[RankedCandidate], quantity: str, convention: str = "mixed-site"
) -> dict[str, Any]:
    """What ``hebe series --json`` prints.

    Parameters
    ----------
    candidates
        Finished candidates of the campaign.
    quantity
        Name of a quantity.
    convention
        Convention of the entropy.

    Raises
    ------
    BadInputError
        If the campaign has no series, or there is no such quantity or convention.
    """
    _check(campaign, quantity, convention)
    finished = {candidate.candidate_id: candidate for candidate in candidates}
    space = CompositionSpace.from_campaign(campaign)
    series = []
    for name in campaign.series:
        wanted = [candidate.candidate_id for candidate in series_candidates(campaign, space, name)]
        points = series_points([finished[i] for i in wanted if i in finished], quantity, convention)
        found = trend(points)
        series.append(
            {
                "name": name,
                "points": [asdict(point) for point in points],
                "unfinished": [i for i in wanted if i not in finished],
                "trend": None if found is None else asdict(found),
            }
        )
    return {"campaign": campaign.name, "of": quantity, "convention": convention, "series": series}


def _check(campaign: Campaign, quantity: str, convention: str) -> None:
    if not campaign.series:
        raise campaign_source(campaign).mistake((), "the campaign has no series", "add a block series")
    if quantity not in all_quantities():
        hint = suggest(quantity, all_quantities())
        raise BadInputError(f"{quantity!r} is no name by which campaigns rank", suggestion=hint)
    known = get_args(EntropyConvention)
    if convention not in known:
        hint = suggest(convention, known)
        raise BadInputError(f"no convention of entropy is called {convention!r}", suggestion=hint)
