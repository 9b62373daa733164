"""The end of a round of a campaign that learns: what is known by then says what is computed next, or that all is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hebe.analyses.constraint import Constraint
from hebe.analyses.learning import acquisition_of, learn_from, proposal
from hebe.analyses.registry import objectives_of
from hebe.schemas.learned import ProposalDoc, Proposed
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.member import candidate_spec, composition_of
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.learning.proposing import pick

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hebe.analyses.learning import Learned
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.chemistry.candidate import Candidate
    from hebe.science.learning.acquisition import Acquisition

    Refuses = Callable[[MemberSpec], str | None]
    Row = tuple[int, ...]

_TRIES = 8
"""How often others are looked for in place of members that cannot be built; then only those that can are taken."""

_DIGITS = 6
"""Of the reference, which is part of the ids of the jobs that follow."""


@dataclass(frozen=True)
class Next:
    """What a round says: its document, and the members that are computed next."""

    document: ProposalDoc
    members: list[MemberSpec]


def next_round(
    campaign: Campaign,
    number: int,
    specs: Sequence[MemberSpec],
    candidates: Sequence[CandidateDoc],
    reference: Mapping[str, float],
    refuses: Refuses = lambda _spec: None,
    *,
    prior: Sequence[CandidateDoc] = (),
) -> Next:
    """Decide what comes after a round; the same whatever the order in which candidates were computed.

    Parameters
    ----------
    campaign
        With its filters, selection and ranking.
    number
        Of the round that is over, from 1.
    specs
        Members that were chosen so far.
    candidates
        What is known of them.
    reference
        Value of each objective that has to be surpassed to count, as the first round set it; empty before.
    refuses
        Why a member cannot be built or wired, None if it can; the next best stands in for it.
    prior
        Candidates that were known before the loop started; they are not chosen, and its own come before them.
    """
    select = campaign.select
    constraints = [Constraint.parse(text) for text in select.where or ()]
    objectives = objectives_of(campaign.rank, campaign.stages[0].analyses)
    names = list(dict.fromkeys([*(one.name for one in objectives), *(one.name for one in constraints)]))
    own = {spec.candidate_id for spec in specs}
    known = [*candidates, *(one for one in prior if one.candidate_id not in own)]
    learned = learn_from(campaign, known, names)
    wanted = min(select.batch or 1, select.most - len(specs))
    over = "the budget is used up" if wanted <= 0 else None
    if over is None and select.rounds is not None and number >= select.rounds:
        over = "all rounds are done"
    wanted = 0 if over else wanted
    if any(name not in learned.models for name in names):
        return _without_models(campaign, number, specs, learned, wanted, over, refuses)
    acquisition = acquisition_of(campaign, learned, objectives, constraints, reference)
    return _learned(campaign, number, specs, learned, acquisition, constraints, wanted, over, refuses)


def _learned(
    campaign: Campaign,
    number: int,
    specs: Sequence[MemberSpec],
    learned: Learned,
    acquisition: Acquisition,
    constraints: Sequence[Constraint],
    wanted: int,
    over: str | None,
    refuses: Refuses,
) -> Next:
    """The members that are worth most, as the models say."""
    space = learned.study.space
    taken = list(set().union(*_taken(learned, specs)))
    told = dict[str, str]()
    for _ in range(_TRIES):
        picks = pick(campaign, learned.study, acquisition, taken, wanted, campaign.select.seed + number)
        refused, found = _refusals([one.candidate for one in picks.picks], space, refuses)
        told |= found
        if not refused:
            break
        taken += [row for one in refused if (row := space.row(one.composition)) is not None]
    picks = replace(picks, picks=tuple(one for one in picks.picks if one.candidate not in refused))
    if over is None and refused and not picks.picks:
        over = "nothing of what is expected to improve on what is known can be built"
    document = proposal(campaign, learned, acquisition, picks, constraints)
    rounded = {name: float(f"{value:.{_DIGITS}g}") for name, value in document.reference.items()}
    if over is None:
        over = _hopeless(document, campaign.select.least_gain or 0.0)
    remarks = [*document.remarks, *_remarks(told)]
    document = document.model_copy(update={"round": number, "reference": rounded, "stopped": over, "remarks": remarks})
    members = [] if over else _specs([one.candidate for one in picks.picks], space)
    return Next(document, members)


def _taken(learned: Learned, specs: Sequence[MemberSpec]) -> tuple[set[Row], set[Row]]:
    """Rows of the members that were chosen, and of what else is known."""
    space = learned.study.space
    own = {row for spec in specs if (row := space.row(composition_of(spec))) is not None}
    known = {row for one in learned.study.known if (row := learned.study.row_of(one)) is not None}
    return own, known - own


def _hopeless(document: ProposalDoc, least: float) -> str | None:
    """Why going on would not pay, None if it would."""
    best = max((one.gain for one in document.candidates), default=0.0)
    if best <= 0:
        return "nothing is expected to improve on what is known"
    if best < least * document.hypervolume:
        share = 100 * best / document.hypervolume
        return f"the best is expected to add {share:.2g} % to the hypervolume, less than {100 * least:g} %"
    return None


def _without_models(
    campaign: Campaign,
    number: int,
    specs: Sequence[MemberSpec],
    learned: Learned,
    wanted: int,
    over: str | None,
    refuses: Refuses,
) -> Next:
    """Members as the first round would take more of them, where too little is known for a model."""
    space = CompositionSpace.from_campaign(campaign)
    told = [f"{name}: no model: {one.refused}" for name, one in learned.quantities.items() if one.refused]
    document = ProposalDoc(
        campaign=campaign.name, model=learned.key, round=number, known=len(learned.study.known), of=space.count()
    )
    found: list[Candidate] = []
    if not over:
        _, before = _taken(learned, specs)
        found, reasons = _others(campaign, specs, before, wanted, space, refuses)
        told += _remarks(reasons)
        over = None if found else "there is nothing else that can be built" if reasons else "there is nothing else"
    chosen = [Proposed(candidate_id=c.candidate_id, formula=c.composition.formula, gain=0.0) for c in found]
    update = {"candidates": chosen, "stopped": over, "remarks": told}
    return Next(document.model_copy(update=update), _specs(found, space))


def _others(
    campaign: Campaign,
    specs: Sequence[MemberSpec],
    before: Collection[Row],
    wanted: int,
    space: CompositionSpace,
    refuses: Refuses,
) -> tuple[list[Candidate], dict[str, str]]:
    """Members that are not known and can be built, and why others cannot; more are looked for in place of those."""
    known = {spec.candidate_id for spec in specs}
    kept = [*map(composition_of, specs), *map(space.composition, sorted(before))]
    bad: list[Candidate] = []
    told: dict[str, str] = {}
    for _ in range(_TRIES):
        more = campaign.model_copy(update={"select": campaign.select.first(len(kept) + wanted + len(bad))})
        others = [one for one in screen(more, kept=kept).selected if one.candidate_id not in known and one not in bad]
        others = [one for one in others if space.row(one.composition) not in before][:wanted]
        refused, reasons = _refusals(others, space, refuses)
        told |= reasons
        bad += refused
        if not refused:
            break
    return [one for one in others if one not in refused], told


def _refusals(
    candidates: Sequence[Candidate], space: CompositionSpace, refuses: Refuses
) -> tuple[list[Candidate], dict[str, str]]:
    """Those of some candidates that cannot be built, and the reasons by formula."""
    found = {one.candidate_id: (one, refuses(candidate_spec(one, space.valences))) for one in candidates}
    refused = [(one, reason) for one, reason in found.values() if reason is not None]
    return [one for one, _ in refused], {one.composition.formula: reason for one, reason in refused}


def _remarks(reasons: Mapping[str, str]) -> list[str]:
    return [f"{formula} is not proposed: {reason}" for formula, reason in reasons.items()]


def _specs(candidates: Sequence[Candidate], space: CompositionSpace) -> list[MemberSpec]:
    return [candidate_spec(one, space.valences) for one in candidates]
