"""The size check of a candidate as campaigns: the same composition in cells of several sizes, as made."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from hebe.config.campaign import Filters, Selection
from hebe.config.ranking import Rank
from hebe.exceptions import BadInputError
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
    passed = {found.candidate_id: found for found in screen(campaign).passed}
    if candidate not in passed:
        near = difflib.get_close_matches(candidate, passed, n=1, cutoff=0.0)
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
            "select": Selection(method="explicit", formulas=(passed[candidate].composition.formula,)),
            "structures": structures,
            "stages": (stage,),
            "rank": Rank(),
        }
    )
    found = [one.candidate_id for one in screen(made).selected]
    if found != [candidate]:
        raise BadInputError(f"the formula of {candidate} does not lead back to it, but to {', '.join(found)}")
    return made
