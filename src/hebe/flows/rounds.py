"""Rounds of a campaign that learns: each is a flow of its own, asked for by the one before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Maker, OutputReference

from hebe.config.campaign import Campaign
from hebe.exceptions import BadInputError
from hebe.flows.member_checks import check_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import add_promotion
from hebe.flows.wired import wire_stage
from hebe.makers.identity import ADDED_LATER
from hebe.makers.propose import ProposeMaker
from hebe.science.learning.study import Composition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobflow import Job

    from hebe.flows.wiring import StageWiring
    from hebe.schemas.spec import MemberSpec

ROUND_LABEL: Final = "rounds/{number}/propose"
_PRIORITY: Final = -1_000_000


@dataclass(frozen=True)
class Prior:
    """What a loop starts from.

    Parameters
    ----------
    jobs
        Ids of the jobs whose candidates are learned from beside its own.
    told
        What is to be said of them, and of what is left out.
    compositions
        Of those candidates, as their documents have them; the first round leaves them out.
    """

    jobs: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    compositions: tuple[Composition, ...] = ()


def first_round_jobs(campaign: Campaign, specs: Sequence[MemberSpec]) -> list[Job]:
    """Jobs of the first round of a campaign that learns, best first, and the one that decides on the second.

    Where candidates of other campaigns are learned from, that one reads outputs which are not in the flow: a manager
    that checks for that has to be told (``allow_external_references``).
    """
    wiring = wire_stage(campaign, 0, specs)
    wiring.candidates(specs)
    known: Prior | None = campaign._prior  # noqa: SLF001 - set by hebe.campaigns.prior alone
    add_proposal(wiring, 1, specs, prior=Prior() if known is None else known)
    return wiring.jobs


def add_proposal(
    wiring: StageWiring,
    number: int,
    specs: Sequence[MemberSpec],
    reference: Mapping[str, float] | None = None,
    prior: Prior = Prior(),
) -> None:
    """Add the job that ends a round to the wiring of all candidates so far.

    Parameters
    ----------
    number
        Of the round, from 1.
    reference
        As the first round set it.
    prior
        What the loop started from.
    """
    campaign = wiring.campaign
    choosing = campaign.model_dump(mode="json", include={"filters", "select"})
    plain = {**plain_campaign(campaign), **choosing}
    maker = ProposeMaker(
        following=RoundFlowMaker(campaign=plain, number=number + 1, prior=prior.jobs),
        campaign=plain,
        number=number,
        reference=dict(reference or {}),
        told=prior.told,
    )
    summaries = [wiring.summaries[spec.candidate_id].output for spec in specs]
    before = {"prior": [OutputReference(uuid) for uuid in prior.jobs]} if prior.jobs else {}
    wiring.add(maker.make(list(specs), summaries, **before), ROUND_LABEL.format(number=number), _PRIORITY)


@dataclass(kw_only=True)
class RoundFlowMaker(Maker):
    """Makes the flow of a round, and that of what comes after the last one.

    Jobs of the rounds before are wired again to know their ids, and what is shared with them; they are not part of the
    flow, so that a manager that checks for that has to be told (``allow_external_references``).

    Parameters
    ----------
    campaign
        The campaign as plain data, with its filters and selection.
    number
        Of the round, from 2.
    prior
        Jobs whose candidates are learned from beside its own.
    """

    name: str = "round"
    campaign: dict[str, Any] = field(default_factory=dict)
    number: int = 2
    prior: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)

    def make(self, known: list[MemberSpec], new: list[MemberSpec], reference: Mapping[str, float]) -> Flow:
        """Flow of a round.

        Parameters
        ----------
        known
            Members of the rounds before.
        new
            Those of this round.
        reference
            As the first round set it.
        """
        wiring = self._wired(known)
        begin = len(wiring.jobs)
        for position, spec in enumerate(new, start=len(known)):
            wiring.candidate(spec, position)
        add_proposal(wiring, self.number, [*known, *new], reference, Prior(tuple(self.prior)))
        return Flow(list(wiring.jobs[begin:]), name=f"{wiring.campaign.name} round {self.number}")

    def refuses(self, spec: MemberSpec) -> str | None:
        """Why a member cannot be built or wired, None if it can; the first round is checked before anything runs."""
        campaign = Campaign.model_validate(self.campaign)
        try:
            check_members(campaign, [spec])
            wire_stage(campaign, 0, [spec]).check_tiles(spec)
        except BadInputError as err:
            return err.reason
        return None

    def finish(self, specs: list[MemberSpec]) -> Flow | None:
        """Flow of the border to the second stage, None where there is none."""
        wiring = self._wired(specs)
        if len(wiring.campaign.stages) < 2:
            return None
        begin = len(wiring.jobs)
        add_promotion(wiring, 1, specs)
        return Flow(list(wiring.jobs[begin:]), name=f"{wiring.campaign.name} after round {self.number - 1}")

    def _wired(self, specs: list[MemberSpec]) -> StageWiring:
        wiring = wire_stage(Campaign.model_validate(self.campaign), 0, specs)
        wiring.candidates(specs)
        return wiring
