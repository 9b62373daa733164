"""From the members that go on to the flow of their stage, with the border to the stage after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Job, Maker

from hebe.config.campaign import Campaign
from hebe.flows.calibrate import CalibrateStage
from hebe.flows.controls import CHOSEN, choose_controls
from hebe.flows.later import LaterStage
from hebe.flows.members import constrained_campaign
from hebe.flows.promotion_cost import promotion_cost
from hebe.flows.wired import Chosen, wire_stage
from hebe.makers.agree import AgreeMaker
from hebe.makers.identity import ADDED_LATER
from hebe.makers.promote import PromoteMaker
from hebe.makers.promote_by_gain import PromoteByGainMaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.flows.wiring import StageWiring
    from hebe.schemas.spec import MemberSpec

_BORDER_PRIORITY: Final = -1_000_000
_PROMOTE: Final = "border/s{number}/promote"
_AGREE: Final = "border/s{number}/agree"
"""Labels of the jobs of a border; those of all rounds of a promotion have the same."""


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
        wiring.add(job, _AGREE.format(number=number), _BORDER_PRIORITY)
    _add_end(wiring, specs, chosen)
    return wiring.jobs


def _add_end(wiring: StageWiring, specs: Sequence[MemberSpec], chosen: Chosen) -> None:
    """Add what comes after all candidates of a stage: its controls, and who goes on."""
    campaign, number = wiring.campaign, wiring.number
    controls = choose_controls(campaign, number, wiring.summaries, chosen)
    if controls is not None:
        summaries = [wiring.summaries[spec.candidate_id].output for spec in specs]
        wiring.add(controls.make(list(specs), summaries), CHOSEN.format(number=number), _BORDER_PRIORITY)
    if number + 1 < len(campaign.stages):
        add_promotion(wiring, number + 1, specs, chosen)


def add_promotion(wiring: StageWiring, number: int, specs: Sequence[MemberSpec], chosen: Chosen = ()) -> None:
    """Add the job that decides who goes on to a stage, or who does first, to the wiring of the one before it."""
    summaries = [wiring.summaries[spec.candidate_id].output for spec in specs]
    if wiring.campaign.stages[number].promote is None:
        promote = _promote(wiring.campaign, number, chosen).make(list(specs), summaries)
    else:
        promote = _promote_by_gain(wiring.campaign, number, chosen, []).make(list(specs), summaries, [])
    wiring.add(promote, _PROMOTE.format(number=number), _BORDER_PRIORITY)


def _promote_by_gain(
    campaign: Campaign, number: int, chosen: Chosen, promoted: Sequence[Sequence[str]]
) -> PromoteByGainMaker:
    plain = constrained_campaign(campaign, number)
    following = PromotionFlowMaker(campaign=plain, stage=number, chosen=tuple(chosen))
    return PromoteByGainMaker(
        following=following, campaign=plain, stage=number, promoted=[list(part) for part in promoted]
    )


def _promote(campaign: Campaign, number: int, chosen: Chosen) -> PromoteMaker:
    stage = campaign.stages[number]  # all go on to a calibration, what may have no rank before it too
    return PromoteMaker(
        following=StageFlowMaker(campaign=constrained_campaign(campaign, number), stage=number, chosen=tuple(chosen)),
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


@dataclass(kw_only=True)
class PromotionFlowMaker(Maker):
    """Makes the flows of a later stage whose candidates go on in rounds.

    Jobs of the rounds before and of the stage before are wired again to know their ids, and what is shared with them;
    they are not part of the flow, so that a manager that checks for that has to be told
    (``allow_external_references``).

    Parameters
    ----------
    campaign, stage, chosen
        As of `StageFlowMaker`.
    """

    name: str = "promotion"
    campaign: dict[str, Any] = field(default_factory=dict)
    stage: int = 1
    chosen: Chosen = field(default=(), metadata=ADDED_LATER)

    def cpu_s(self, specs: list[MemberSpec]) -> dict[str, float]:
        """Estimated CPU time (s) of candidates in the stage, by id."""
        campaign = Campaign.model_validate(self.campaign)
        return {spec.candidate_id: promotion_cost(campaign, self.stage, spec) for spec in specs}

    def make(self, specs: list[MemberSpec], promoted: list[list[str]]) -> Flow:
        """Flow of the last round: its candidates, how far both stages agree by then, and who goes on next.

        Parameters
        ----------
        specs
            All members of the stage before.
        promoted
            Ids of those that went on by each round.
        """
        wiring, known = self._wired(specs, promoted[:-1])
        begin = len(wiring.jobs)
        of = {spec.candidate_id: spec for spec in specs}
        every = [*known, *(of[name] for name in promoted[-1])]
        for position, spec in enumerate(every[len(known) :], start=len(known)):
            wiring.candidate(spec, position)
        number, after = len(promoted), [wiring.summaries[spec.candidate_id].output for spec in every]
        first = {spec.candidate_id: wiring.before.summaries[spec.candidate_id].output for spec in specs}
        agree = AgreeMaker(campaign=wiring.campaign.name, stage=self.stage, round=number)
        compared = agree.make([first[spec.candidate_id] for spec in every], after)
        wiring.add(compared, _AGREE.format(number=self.stage), _BORDER_PRIORITY)
        further = _promote_by_gain(wiring.campaign, self.stage, self._chosen, promoted)
        job = further.make(list(specs), list(first.values()), after)
        wiring.add(job, _PROMOTE.format(number=self.stage), _BORDER_PRIORITY)
        return Flow(list(wiring.jobs[begin:]), name=f"{wiring.campaign.name} promotion {number}")

    def finish(self, specs: list[MemberSpec], promoted: list[list[str]]) -> Flow | None:
        """Flow of what comes after the last round, None where there is nothing."""
        wiring, known = self._wired(specs, promoted)
        begin = len(wiring.jobs)
        if known:
            _add_end(wiring, known, self._chosen)
        if len(wiring.jobs) == begin:
            return None
        return Flow(list(wiring.jobs[begin:]), name=f"{wiring.campaign.name} after promotion")

    @property
    def _chosen(self) -> Chosen:
        return tuple((int(number), str(uuid)) for number, uuid in self.chosen)

    def _wired(self, specs: list[MemberSpec], promoted: list[list[str]]) -> tuple[LaterStage, list[MemberSpec]]:
        """Wiring of the stage with the candidates of some rounds, and these."""
        wiring = wire_stage(Campaign.model_validate(self.campaign), self.stage, specs, self._chosen)
        assert isinstance(wiring, LaterStage)  # noqa: S101 - a stage that calibrates is not promoted to in rounds
        of = {spec.candidate_id: spec for spec in specs}
        known = [of[name] for part in promoted for name in part]
        wiring.before.candidates(specs)
        for position, spec in enumerate(known):
            wiring.candidate(spec, position)
        return wiring, known
