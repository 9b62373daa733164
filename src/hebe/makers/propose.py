"""ProposeMaker: the end of a round of a campaign that learns, where the next one is decided and asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from jobflow import JobConfig, Maker, OnMissing, Response, job

from hebe.analyses.rounds import next_round
from hebe.config.campaign import Campaign
from hebe.makers.identity import ADDED_LATER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobflow import Flow

    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.learned import ProposalDoc
    from hebe.schemas.spec import MemberSpec


class Following(Protocol):
    """What makes the flow of the next round, and that of what comes after the last."""

    def refuses(self, spec: MemberSpec) -> str | None:
        """Why a member cannot be built or wired, None if it can."""

    def make(self, known: Sequence[MemberSpec], new: Sequence[MemberSpec], reference: Mapping[str, float]) -> Flow:
        """Flow of the next round."""

    def finish(self, specs: Sequence[MemberSpec]) -> Flow | None:
        """Flow of what comes after the last round, None for nothing."""


@dataclass(kw_only=True)
class ProposeMaker(Maker):
    """Choose the candidates that come next, and replace itself by the flow of their round.

    Parameters
    ----------
    following
        Makes the flow of the next round.
    campaign
        The campaign as plain data, with its filters, selection and ranking.
    number
        Of the round that is over, from 1.
    reference
        Value of each objective that has to be surpassed to count, as the first round set it.
    told
        What the document says of candidates that were known beforehand.
    """

    name: str = "propose"
    following: Any = None
    campaign: dict[str, Any] = field(default_factory=dict)
    number: int = 1
    reference: dict[str, float] = field(default_factory=dict)
    told: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self,
        specs: list[MemberSpec],
        candidates: list[CandidateDoc | None],
        *,
        prior: list[CandidateDoc | None] | None = None,
    ) -> Response[ProposalDoc]:
        """Decide by what all candidates so far tell.

        Parameters
        ----------
        specs
            Members that were chosen so far.
        candidates
            What is known of them, in any order; those without a document are not learned from.
        prior
            Candidates that were known before the loop started.
        """
        known = [candidate for candidate in candidates if candidate is not None]
        before = [candidate for candidate in prior or () if candidate is not None]
        following: Following | None = self.following
        campaign, further = Campaign.model_validate(self.campaign), () if following is None else (following.refuses,)
        found = next_round(campaign, self.number, specs, known, self.reference, *further, prior=before)
        document = found.document.model_copy(update={"remarks": [*self.told, *found.document.remarks]})
        if following is None:
            return Response(output=document)
        if found.members:
            flow: Flow | None = following.make(specs, found.members, document.reference)
        else:
            flow = following.finish(specs)
        return Response(output=document) if flow is None else Response(output=document, replace=flow)
