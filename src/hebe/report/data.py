"""What a report is made of: the campaign, its ranked candidates, and what else the project knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import objectives_of
from hebe.analyses.samples import samples_of
from hebe.config.campaign import Campaign
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.learned import LearnedDoc
from hebe.schemas.loop import LoopDoc
from hebe.science.choosing.front import front_probability
from hebe.science.choosing.fronts import first_front
from hebe.science.choosing.ranking import cost_table
from hebe.science.choosing.sample import draws_for

if TYPE_CHECKING:
    from hebe.science.choosing.ranking import Objective

MOST_DETAILED: Final = 50
"""Candidates of which a report has everything, best first, beside those on the front."""

_MOST_ON_FRONT: Final = 100


@dataclass(frozen=True)
class Funnel:
    """How the space of a campaign narrowed: all compositions, what each filter left, what was selected."""

    size: int
    by_filter: Mapping[str, int]
    selected: int


@dataclass(frozen=True)
class Page:
    """Everything that sections of a report read.

    Parameters
    ----------
    candidates
        Ranked, in the order to be shown.
    promotions, agreement, calibrations, controls
        What happened at the borders of stages, what calibrations told, and how far candidates differ from their
        controls, as ``hebe results --json`` prints it.
    loop, learned
        How a campaign that learns went, and the models that ``hebe learn`` kept of it.
    funnel
        How the space narrowed; None where nobody counted.
    crystals
        By candidate: what the viewer draws, by name of the state.
    failures
        Failed jobs by reason, as ``hebe status --json`` prints them.
    weights
        Weights of objectives that somebody chose; without any there are no scores.
    written
        Date for the foot of the page.
    """

    campaign: Campaign
    candidates: Sequence[RankedCandidate]
    promotions: Sequence[Mapping[str, Any]] = ()
    agreement: Sequence[Mapping[str, Any]] = ()
    calibrations: Sequence[Mapping[str, Any]] = ()
    controls: Sequence[Mapping[str, Any]] = ()
    loop: LoopDoc | None = None
    learned: LearnedDoc | None = None
    funnel: Funnel | None = None
    crystals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: Sequence[Mapping[str, Any]] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    written: str | None = None

    @property
    def ranked_by(self) -> tuple[str, ...]:
        """Names of the objectives of the campaign."""
        return (*self.campaign.rank.maximize, *self.campaign.rank.minimize)

    @cached_property
    def latest(self) -> list[RankedCandidate]:
        """Candidates with a rank of the last stage that has some: only those are compared with each other."""
        inside = [candidate for candidate in self.candidates if candidate.rank is not None]
        last = max((candidate.stage for candidate in inside), default=0)
        return [candidate for candidate in inside if candidate.stage == last]

    @cached_property
    def objectives(self) -> list[Objective]:
        """Objectives that the latest stage computes."""
        if not self.latest:
            return []
        return objectives_of(self.campaign.rank, self.campaign.stages[self.latest[0].stage].analyses)

    @cached_property
    def on_front(self) -> frozenset[str]:
        """Ids of the candidates of the latest stage that no other one is better than in every objective."""
        if not self.objectives:
            return frozenset()
        costs = cost_table(self.latest, self.objectives)
        return frozenset(c.candidate_id for c, first in zip(self.latest, first_front(costs), strict=True) if first)

    @cached_property
    def front_shares(self) -> dict[str, float]:
        """Probability (0 to 1) of being on that front, by id, under the errors that are known."""
        if not self.objectives:
            return {}
        most = draws_for(len(self.latest))
        samples = {one.name: samples_of(self.latest, one.name, most) for one in self.objectives}
        shares = front_probability(self.latest, self.objectives, samples)
        return {c.candidate_id: share for c, share in zip(self.latest, shares, strict=True)}

    @cached_property
    def detailed(self) -> list[RankedCandidate]:
        """Candidates that are shown with everything: the best, and those on the front."""
        best = {c.candidate_id for c in self.candidates[:MOST_DETAILED]}
        front = [c.candidate_id for c in self.candidates if c.candidate_id in self.on_front]
        best |= set(front[:_MOST_ON_FRONT])
        return [candidate for candidate in self.candidates if candidate.candidate_id in best]
