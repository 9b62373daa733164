"""PromoteMaker: the border of two stages, where the next one is decided and asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, Response, job

from hebe.analyses.registry import objectives_of
from hebe.config.keep import Keep
from hebe.config.ranking import Rank
from hebe.science.choosing.promotion import promote

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.promotion import PromotionDoc
    from hebe.schemas.spec import MemberSpec


@dataclass(kw_only=True)
class PromoteMaker(Maker):
    """Choose the candidates that go on, and replace itself by the flow of the next stage for them.

    Parameters
    ----------
    following
        Maker whose ``make`` returns the flow of the next stage for a list of members, best first.
    campaign, stage
        Campaign and number of the next stage.
    keep, rank
        Rule and objectives, as the campaign file has them.
    analyses
        Analyses of the stage before; objectives that it does not compute are left out.
    """

    name: str = "promote"
    following: Maker | None = None
    campaign: str = ""
    stage: int = 1
    keep: dict[str, Any] = field(default_factory=dict)
    rank: dict[str, Any] = field(default_factory=dict)
    analyses: list[str] = field(default_factory=list)
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(self, specs: list[MemberSpec], candidates: list[CandidateDoc | None]) -> Response[PromotionDoc]:
        """Decide by what the candidates of the stage before are worth.

        Parameters
        ----------
        specs
            Members of the campaign.
        candidates
            What the stage before says of them, in any order; those without a document stay behind.
        """
        found = [candidate for candidate in candidates if candidate is not None]
        objectives = objectives_of(Rank.model_validate(self.rank), self.analyses)
        document = promote(found, Keep.model_validate(self.keep), objectives)
        document = document.model_copy(update={"campaign": self.campaign, "stage": self.stage})
        of = {spec.candidate_id: spec for spec in specs}
        chosen = [of[name] for name in document.promoted]
        if not chosen or self.following is None:
            return Response(output=document)
        return Response(output=document, replace=self.following.make(chosen))
