"""The wiring of a stage, with those of the stages before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.flows.calibrate import CalibrateStage
from hebe.flows.first import BuiltStage, GivenStage
from hebe.flows.later import LaterStage
from hebe.science.structures.given_cells import assign_cells, metal_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.flows.wiring import StageWiring
    from hebe.schemas.spec import MemberSpec

Chosen = tuple[tuple[int, str], ...]


def wire_stage(
    campaign: Campaign, number: int, specs: Sequence[MemberSpec], chosen: Chosen = (), *, prefix: str = ""
) -> StageWiring:
    """Empty wiring of a stage, with those of the stages before it.

    Parameters
    ----------
    campaign, number, specs
        The stage and its candidates.
    chosen
        Stages before that calibrate, each with the id of the job that chose its cells.
    prefix
        Of the labels of all its jobs.

    Raises
    ------
    BadInputError
        If a structure file of the campaign cannot be used.
    """
    if number:
        before = wire_stage(campaign, number - 1, specs, chosen, prefix=prefix)
        if campaign.stages[number].calibrate is not None:
            known = dict(chosen).get(number)
            return CalibrateStage(campaign=campaign, number=number, prefix=prefix, before=before, chosen=known)
        return LaterStage(campaign=campaign, number=number, prefix=prefix, before=before)
    if campaign.structures.method == "explicit":
        return GivenStage(campaign=campaign, cells=assign_cells(campaign, specs), metal_cell=metal_cell(campaign))
    return BuiltStage(campaign=campaign, prefix=prefix)
