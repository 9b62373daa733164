"""campaign_flow: the DAG of a campaign; that of its first stage is known in full before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobflow import Flow

from hebe.flows.following import stage_jobs
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.structures.explicit import check_cells

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec


def campaign_members(campaign: Campaign) -> list[MemberSpec]:
    """Candidates of a campaign as plain data, in the order of its selection.

    Raises
    ------
    BadInputError
        If the space is empty or nothing passes the filters.
    """
    valences = CompositionSpace.from_campaign(campaign).valences
    return [candidate_spec(candidate, valences) for candidate in screen(campaign).selected]


def campaign_flow(campaign: Campaign) -> Flow:
    """Flow of a campaign, ready for any jobflow manager; job ids depend on its content alone.

    A campaign with several stages has the jobs of the first, and one that asks for those of the next when it is known
    which candidates go on.

    Raises
    ------
    BadInputError
        If the space is empty, nothing passes the filters, or a structure file cannot be used.
    """
    members = campaign_members(campaign)
    if campaign.structures.method == "explicit":
        check_cells(campaign, members)
    return Flow(list(stage_jobs(campaign, 0, members)), name=campaign.name)
