"""campaign_flow: the DAG of a campaign; that of its first stage is known in full before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobflow import Flow

from hebe.config.reading.refusal import bad_key
from hebe.flows.rounds import first_round_jobs
from hebe.flows.stage import stage_jobs
from hebe.flows.wired import wire_stage
from hebe.science.chemistry.member import candidate_spec, composition_of
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.keys import content_hash
from hebe.science.structures.configuration import cell_size, crowded_sublattice
from hebe.science.structures.given_cells import check_cells
from hebe.science.structures.host import host_cell

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


def check_members(campaign: Campaign, members: Sequence[MemberSpec]) -> None:
    """Refuse candidates that cannot be built or wired, before anything runs.

    Raises
    ------
    BadInputError
        If a structure file cannot be used, one site is to hold several species, or a later stage cannot be wired.
    """
    if campaign.structures.method == "explicit":
        check_cells(campaign, members)
    else:
        _check_sizes(campaign, members)
    for number in range(1, len(campaign.stages)):
        stage_jobs(campaign, number, members[:1])  # what cannot be wired is refused before anything runs
        wiring = wire_stage(campaign, number, members)
        for spec in members:
            wiring.check_tiles(spec)


def _check_sizes(campaign: Campaign, members: Sequence[MemberSpec]) -> None:
    """Refuse cells in which several species are to share one site."""
    cell, wanted = host_cell(campaign.host.data, campaign.host.working_ion), campaign.structures.cations
    for spec in members:
        composition = composition_of(spec)
        if crowded_sublattice(composition, spec.primary, wanted, cell) is None:
            continue
        size = cell_size(composition, spec.primary, wanted)
        name = crowded_sublattice(composition, spec.primary, size, cell)
        if name is not None:
            number = len(composition.fractions[name])
            reason = f"{spec.formula}: {name} has one site in a cell of {size}, and {number} species are to share it"
            raise bad_key(campaign, ("structures", "cations"), reason, f"nearest: cations: {number * size}")
