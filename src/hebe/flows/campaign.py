"""campaign_flow: the DAG of a campaign; that of its first stage is known in full before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobflow import Flow

from hebe.config.reading.refusal import bad_key
from hebe.flows.member_checks import check_members
from hebe.flows.rounds import first_round_jobs
from hebe.flows.stage import stage_jobs
from hebe.science.chemistry.member import candidate_spec
from hebe.science.chemistry.screening import screen, with_series
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.keys import content_hash
from hebe.science.learning.study import row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.flows.rounds import Prior
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.candidate import Candidate
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.screening import Screening, Tell


SELECTION_VERSION: Final = 1
"""Counts up when the same file selects other candidates than before."""


def selection_key(campaign: Campaign) -> str:
    """Key of everything that decides which candidates a campaign has, its family's data included."""
    decides = campaign.model_dump(mode="json", include={"host", "filters", "select", "series"})
    family = {} if campaign.host.crystal is not None else campaign.host.data.model_dump(mode="json")
    prior: Prior | None = campaign._prior  # noqa: SLF001 - set by hebe.campaigns.prior alone
    before = [list(prior.jobs)] if prior is not None and prior.jobs else []
    return content_hash([SELECTION_VERSION, decides, list(campaign.filters.order), family, *before])


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
    return members_of(campaign, screened(campaign).selected)


def screened(campaign: Campaign, *, kept: Sequence[HostComposition] = (), tell: Tell | None = None) -> Screening:
    """Screening of a campaign; the first round of one that learns leaves out what is known beforehand.

    Parameters are those of `hebe.science.chemistry.screening.screen`, as are the errors.

    Raises
    ------
    BadInputError
        Also if everything that passes is known beforehand.
    """
    prior: Prior | None = campaign._prior  # noqa: SLF001 - set by hebe.campaigns.prior alone
    if prior is None or not prior.compositions:
        return screen(campaign, kept=kept, tell=tell)
    space = CompositionSpace.from_campaign(campaign)
    rows = {row for one in prior.compositions if (row := row_of(one, space)) is not None}
    known = [space.composition(row) for row in sorted(rows)]
    batch = campaign.select.first().n or 0
    more = campaign.model_copy(update={"select": campaign.select.first(batch + len(known))})
    found = screen(more, kept=known, tell=tell)
    new = [one for one in found.selected if space.row(one.composition) not in rows]
    found.selected = with_series(campaign, space, new)
    if not found.selected:
        reason = f"all {len(found.passed)} compositions that pass are known beforehand: there is nothing to compute"
        raise bad_key(campaign, ("select", "prior"), reason, "allow other species or amounts, or remove the key")
    return found


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
