"""Candidates that cannot be built or wired are refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.config.reading.refusal import bad_key
from hebe.flows.stage import stage_jobs
from hebe.flows.wired import wire_stage
from hebe.science.chemistry.member import composition_of
from hebe.science.structures.configuration import cell_size, crowded_sublattice
from hebe.science.structures.given_cells import check_cells
from hebe.science.structures.host import host_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.spec import MemberSpec


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
