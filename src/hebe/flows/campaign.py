"""campaign_flow: the DAG of a campaign; that of its first stage is known in full before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobflow import Flow

from hebe.flows.member_checks import check_members
from hebe.flows.rounds import first_round_jobs
from hebe.flows.stage import stage_jobs
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.candidate import Candidate


SELECTION_VERSION: Final = 1
"""Counts up when the same file selects other candidates than before."""


def selection_key(campaign: Campaign) -> str:
    """Key of everything that decides which candidates a campaign has, its family's data included."""
    decides = campaign.model_dump(mode="json", include={"host", "filters", "select", "series"})
    family = {} if campaign.host.crystal is not None else campaign.host.data.model_dump(mode="json")
    return content_hash([SELECTION_VERSION, decides, list(campaign.filters.order), family])


def campaign_members(campaign: Campaign) -> list[MemberSpec]:
    """Candidates of a campaign as plain data, in the order of its selection; those that are known are not looked for.

    Raises
    ------
    BadInputError
        If the space is empty or nothing passes the filters.
    """
    known = campaign._selected  # noqa: SLF001 - set by hebe.campaigns.selection alone
    if known is not None and known.key == selection_key(campaign):
        return list(known.members)
    return members_of(campaign, screen(campaign).selected)


def members_of(campaign: Campaign, candidates: Sequence[Candidate]) -> list[MemberSpec]:
    """Candidates as plain data."""
    valences = CompositionSpace.from_campaign(campaign).valences
    return [candidate_spec(candidate, valences) for candidate in candidates]


def campaign_flow(campaign: Campaign) -> Flow:
    """Flow of a campaign, ready for any jobflow manager; job ids depend on its content alone.

    A campaign with several stages has the jobs of the first, and one that asks for those of the next when it is known
    which candidates go on; one that learns has those of the first round, and one that asks for the second.

    Raises
    ------
    BadInputError
        If the space is empty, nothing passes the filters, a structure file cannot be used, or one site is to hold
        several species.
    """
    members = campaign_members(campaign)
    check_members(campaign, members)
    jobs = first_round_jobs(campaign, members) if campaign.select.learns else stage_jobs(campaign, 0, members)
    return Flow(list(jobs), name=campaign.name)
