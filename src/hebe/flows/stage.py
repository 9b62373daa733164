"""From the members that go on to the flow of their stage, with the border to the stage after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Job, Maker

from hebe.config.campaign import Campaign
from hebe.flows.calibrate import CalibrateStage
from hebe.flows.controls import CHOSEN, choose_controls
from hebe.flows.later import LaterStage
from hebe.flows.members import plain_campaign
from hebe.flows.wired import Chosen, wire_stage
from hebe.makers.agree import AgreeMaker
from hebe.makers.identity import ADDED_LATER
from hebe.makers.promote import PromoteMaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.flows.wiring import StageWiring
    from hebe.schemas.spec import MemberSpec

_BORDER_PRIORITY: Final = -1_000_000


def stage_jobs(campaign: Campaign, number: int, specs: Sequence[MemberSpec], chosen: Chosen = ()) -> list[Job]:
    """Jobs of a stage for some members, best first: theirs, how it agrees with the last, controls, who goes on.

    Parameters are those of `wire_stage`.
    """
    wiring = wire_stage(campaign, number, specs, chosen)
    wiring.candidates(specs)
    summaries = [wiring.summaries[spec.candidate_id].output for spec in specs]
    if isinstance(wiring, LaterStage | CalibrateStage):
        before = [wiring.before.summaries[spec.candidate_id].output for spec in specs]
        only: tuple[str, ...] = ()
        if isinstance(wiring, CalibrateStage):
            chosen, only = (*chosen, (number, str(wiring.chosen))), wiring.judged
        job = AgreeMaker(campaign=campaign.name, stage=number, only=only).make(before, summaries)
        wiring.add(job, f"border/s{number}/agree", _BORDER_PRIORITY)
    controls = choose_controls(campaign, number, wiring.summaries, chosen)
    if controls is not None:
        wiring.add(controls.make(list(specs), summaries), CHOSEN.format(number=number), _BORDER_PRIORITY)
    if number + 1 < len(campaign.stages):
        add_promotion(wiring, number + 1, specs, chosen)
    return wiring.jobs


def add_promotion(wiring: StageWiring, number: int, specs: Sequence[MemberSpec], chosen: Chosen = ()) -> None:
    """Add the job that decides who goes on to a stage to the wiring of the one before it."""
    summaries = [wiring.summaries[spec.candidate_id].output for spec in specs]
    promote = _promote(wiring.campaign, number, chosen).make(list(specs), summaries)
    wiring.add(promote, f"border/s{number}/promote", _BORDER_PRIORITY)


def _promote(campaign: Campaign, number: int, chosen: Chosen) -> PromoteMaker:
    stage = campaign.stages[number]  # all go on to a calibration, what may have no rank before it too
    return PromoteMaker(
        following=StageFlowMaker(campaign=plain_campaign(campaign), stage=number, chosen=tuple(chosen)),
        campaign=campaign.name,
        stage=number,
        keep={} if stage.keep is None else stage.keep.model_dump(mode="json", exclude_none=True),
        rank={} if stage.calibrate is not None else campaign.rank.model_dump(mode="json"),
        analyses=list(campaign.stages[number - 1].analyses),
    )


@dataclass(kw_only=True)
class StageFlowMaker(Maker):
    """Makes the flow of a later stage for the members that go on.

    Its jobs read outputs of the stage before, which are not in the flow: a manager that checks for that has to be told
    (``allow_external_references``).

    Parameters
    ----------
    campaign
        The campaign as plain data, without what only chooses candidates.
    stage
        Number of the stage, 1 for the second.
    chosen
        As in `wire_stage`.
    """

    name: str = "stage"
    campaign: dict[str, Any] = field(default_factory=dict)
    stage: int = 1
    chosen: Chosen = field(default=(), metadata=ADDED_LATER)

    def make(self, specs: list[MemberSpec]) -> Flow:
        """Flow of the stage for members, best first."""
        campaign = Campaign.model_validate(self.campaign)
        chosen = tuple((int(number), str(uuid)) for number, uuid in self.chosen)
        return Flow(list(stage_jobs(campaign, self.stage, specs, chosen)), name=f"{campaign.name} stage {self.stage}")
