"""The size check of a candidate as campaigns: the same composition in cells of several sizes, as made."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from hebe.config.campaign import Filters, Selection
from hebe.config.ranking import Rank
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_members
from hebe.science.chemistry.screening import screen

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign


def size_campaign(campaign: Campaign, candidate: str, cations: int, configurations: int) -> Campaign:
    """Campaign that computes one candidate of another as made, in cells of `cations` mixed sites.

    Engine, displacement, seed and shells are those of the first stage; its name is that of the campaign with
    ``-sqs`` and the number of sites, so that a check is resumed and found like any campaign.

    Raises
    ------
    BadInputError
        If the campaign has no such candidate; names the nearest.
    """
    found = _formula(campaign, candidate)
    if found is None:
        known = [spec.candidate_id for spec in campaign_members(campaign)]
        near = difflib.get_close_matches(candidate, known, n=1, cutoff=0.0)
        raise BadInputError(
            f"campaign {campaign.name} has no candidate {candidate!r}",
            suggestion=f"nearest: {near[0]}" if near else None,
        )
    stage = campaign.stages[0].model_copy(update={"x": (), "window": None, "analyses": ("mixing",)})
    structures = campaign.structures.model_copy(update={"cations": cations, "per_candidate": configurations})
    made = campaign.model_copy(
        update={
            "name": f"{campaign.name}-sqs{cations}",
            "filters": Filters(),
            "select": Selection(method="explicit", formulas=(found,)),
            "structures": structures,
            "stages": (stage,),
            "rank": Rank(),
        }
    )
    back = [one.candidate_id for one in screen(made).selected]
    if back != [candidate]:
        raise BadInputError(f"the formula of {candidate} does not lead back to it, but to {', '.join(back)}")
    return made


def _formula(campaign: Campaign, candidate: str) -> str | None:
    """Formula of a candidate that the campaign selects, or of another composition that passes its filters."""
    for spec in campaign_members(campaign):
        if spec.candidate_id == candidate:
            return spec.formula
    passed = (one.composition for one in screen(campaign).passed)
    return next((one.formula for one in passed if one.candidate_id == candidate), None)
