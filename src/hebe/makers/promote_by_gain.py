"""PromoteByGainMaker: a round at the border of two stages, where it is decided who goes on next and asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from jobflow import JobConfig, Maker, OnMissing, Response, job

from hebe.analyses.constraint import Constraint
from hebe.analyses.promoting import Border, next_promotion
from hebe.analyses.registry import all_quantities, objectives_of
from hebe.config.campaign import Campaign
from hebe.exceptions import HebeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow import Flow

    from hebe.config.stage import Stage
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.promotion import GainPromotionDoc
    from hebe.schemas.spec import MemberSpec


class Following(Protocol):
    """What makes the flow of a round, and that of what comes after the last."""

    def cpu_s(self, specs: Sequence[MemberSpec]) -> dict[str, float]:
        """Estimated CPU time (s) of candidates in the next stage, by id."""

    def make(self, specs: Sequence[MemberSpec], promoted: Sequence[Sequence[str]]) -> Flow:
        """Flow of the last of the rounds that say who went on."""

    def finish(self, specs: Sequence[MemberSpec], promoted: Sequence[Sequence[str]]) -> Flow | None:
        """Flow of what comes after the last round, None for nothing."""


def _constraints(campaign: Campaign, before: Stage) -> list[Constraint]:
    """Constraints of a selection on what a stage computes."""
    limits, made = map(Constraint.parse, campaign.select.where or ()), all_quantities(before.analyses)
    return [one for one in limits if one.name in made]


@dataclass(kw_only=True)
class PromoteByGainMaker(Maker):
    """Choose the candidates that go on next, and replace itself by the flow of the next stage for them.

    Parameters
    ----------
    following
        Makes that flow.
    campaign
        The campaign as plain data.
    stage
        Number of the next stage.
    promoted
        Ids of the candidates that went on by each round so far.
    """

    name: str = "promote"
    following: Any = None
    campaign: dict[str, Any] = field(default_factory=dict)
    stage: int = 1
    promoted: list[list[str]] = field(default_factory=list)
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, specs: list[MemberSpec], before: list[CandidateDoc | None], after: list[CandidateDoc | None]
    ) -> Response[GainPromotionDoc]:
        """Decide by what both stages say so far.

        Parameters
        ----------
        specs
            Members of the campaign.
        before
            What the stage before says of them, in any order.
        after
            What the next stage says of those that went on.
        """
        campaign = Campaign.model_validate(self.campaign)
        following: Following | None = self.following
        stages = campaign.stages[self.stage - 1 : self.stage + 1]
        common = set(stages[0].analyses) & set(stages[1].analyses)
        if stages[1].promote is None or following is None:
            raise HebeError(f"stage {self.stage + 1} of {campaign.name} does not promote in rounds")
        border = Border(
            campaign,
            stages[1].promote,
            self.stage,
            objectives_of(campaign.rank, common),
            self.promoted,
            [one for one in before if one is not None],
            [one for one in after if one is not None],
            following.cpu_s(specs),
            _constraints(campaign, stages[0]),
        )
        document = next_promotion(border)
        now = [row.candidate_id for row in document.candidates if row.round == document.round]
        flow = following.make(specs, [*self.promoted, now]) if now else following.finish(specs, self.promoted)
        return Response(output=document) if flow is None else Response(output=document, replace=flow)
