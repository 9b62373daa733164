"""How a campaign that learns went, from what its rounds said and what is computed: `hebe.schemas.loop`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.analyses.chances import is_chance, level_of
from hebe.analyses.constraint import Constraint
from hebe.analyses.errors import with_errors
from hebe.analyses.registry import all_quantities, objectives_of
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.learned import ProposalDoc
from hebe.schemas.loop import Coverage, Forecast, LoopDoc, LoopMember, LoopRound, LoopStep
from hebe.science.choosing.fronts import first_front
from hebe.science.learning.chance import UNIT, ends_in_probits, error_in_probits
from hebe.science.learning.held_out import LEVELS
from hebe.science.learning.hypervolume import hypervolume

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.learned import Predicted, Proposed
    from hebe.schemas.loop import Why
    from hebe.science.learning.gaussian_process import Array

_HALF: Final = 0.5
_LITTLE: Final = 1e-3
"""Share of the hypervolume below which an expected gain is none to speak of."""

_START: Final = 1

_BEYOND_PRIOR: Final = (
    "front and hypervolume are among its own candidates; gains were expected beyond the front of those in the store "
    "too, so that no growth that was expected stands beside that which came"
)


def loop_of(
    campaign: Campaign,
    rounds: Iterable[Mapping[str, Any]],
    started: Sequence[str],
    candidates: Sequence[CandidateDoc],
) -> LoopDoc:
    """How a loop went.

    Parameters
    ----------
    campaign
        With its selection and ranking.
    rounds
        Documents of its rounds in their order; without any it is in its first round.
    started
        Ids of the candidates that it began with, in their order.
    candidates
        What the first stage computed of any of them, in any order.
    """
    told = [ProposalDoc.model_validate(one) for one in rounds]
    objectives = objectives_of(campaign.rank, campaign.stages[0].analyses)
    limits = [Constraint.parse(text) for text in campaign.select.where or ()]
    names = list(dict.fromkeys([*(one.name for one in objectives), *(one.name for one in limits)]))
    plain = [RankedCandidate(**dict(one)) for one in candidates]
    known = {one.candidate_id: one for one in with_errors(plain)}
    members = [_counted(one, names, limits) for one in _members(told, started, known, names)]
    signs = {one.name: -1.0 if one.maximize else 1.0 for one in objectives}
    reference = _reference(told, list(signs))
    members, course = _course(members, signs, reference)
    return LoopDoc(
        campaign=campaign.name,
        start=campaign.select.start or "diverse",
        objectives={one.name: "maximize" if one.maximize else "minimize" for one in objectives},
        constraints=[str(one) for one in limits],
        reference=reference,
        unit=_unit(list(signs)),
        looked_at=max((one.looked_at for one in told if one.candidates), default=0),
        of=max((one.of for one in told), default=0),
        stopped=told[-1].stopped if told else None,
        rounds=_rounds(told, members, course, among_own=not campaign.select.takes_prior),
        members=members,
        course=course,
        coverage=[found for name in names if (found := _coverage(name, members)).n],
        remarks=[_BEYOND_PRIOR] if campaign.select.takes_prior else [],
    )


def _reference(told: Sequence[ProposalDoc], names: Sequence[str]) -> dict[str, float]:
    """Reference of the last round that has one; none where the campaign has other objectives since."""
    found = next((one.reference for one in reversed(told) if one.reference), {})
    return {name: found[name] for name in names} if set(names) <= found.keys() else {}


def _unit(names: Sequence[str]) -> str:
    known = all_quantities()
    return " ".join(unit for name in names if (unit := UNIT if is_chance(name) else known[name].unit))


def _members(
    told: Sequence[ProposalDoc], started: Sequence[str], known: Mapping[str, RankedCandidate], names: Sequence[str]
) -> Iterable[LoopMember]:
    """Those that it began with, then those of each round in the order of their choice; each once."""
    chosen = [(one, c) for one in told if not one.stopped for c in one.candidates]
    later = {c.candidate_id for _, c in chosen}
    for name in (name for name in started if name not in later):
        found = known.get(name)
        if found is not None:
            made = _forecasts(found, {}, names)
            yield LoopMember(
                candidate_id=name,
                formula=found.formula,
                round=_START,
                why="start",
                status=found.status,
                marks=found.marks,
                forecasts=made,
            )
    for said, one in chosen:
        found = known.get(one.candidate_id)
        yield LoopMember(
            candidate_id=one.candidate_id,
            formula=one.formula,
            round=said.round + 1,
            why=_why(one, said.hypervolume),
            gain=one.gain if one.predicted else None,
            gain_as_predicted=one.gain_as_predicted,
            probability=one.probability if one.predicted else None,
            new=one.new,
            status=None if found is None else found.status,
            marks=[] if found is None else found.marks,
            forecasts=_forecasts(found, one.predicted, names),
        )


def _why(one: Proposed, volume: float) -> Why:
    """Why a candidate was chosen when the front had a hypervolume."""
    if not one.predicted:
        return "no_model"
    if one.gain < _LITTLE * volume:
        return "little"
    if one.gain_as_predicted is None:
        return "gain"
    return "as_predicted" if one.gain_as_predicted >= _HALF * one.gain else "exploration"


def _forecasts(
    found: RankedCandidate | None, predicted: Mapping[str, Predicted], names: Sequence[str]
) -> dict[str, Forecast]:
    return {name: _forecast(found, predicted.get(name), name) for name in names}


def _forecast(found: RankedCandidate | None, told: Predicted | None, name: str) -> Forecast:
    value = None if found is None or found.status == "failed" else found.values.get(name)
    mean = None if value is None or value.mean is None or not math.isfinite(value.mean) else value.mean
    error = None if value is None or mean is None else value.se
    if told is None or told.mean is None or told.low is None or told.high is None:
        return Forecast(value=mean, error=error)
    made = Forecast(mean=told.mean, low=told.low, high=told.high, value=mean, error=error)
    if mean is None:
        return made
    return made.model_copy(update={"off": _off(name, mean, error, told.mean, told.low, told.high)})


def _off(name: str, value: float, error: float | None, mean: float, low: float, high: float) -> float | None:
    """Standard deviations between a value and what was predicted; those of a probability are the same in probits."""
    if is_chance(name):
        error = error_in_probits(value, error) if error else None
        low, high = ends_in_probits(mean, low, high)
    sd = math.hypot((high - low) / (2 * LEVELS["90"]), error or 0.0)
    return abs(level_of(name, value) - level_of(name, mean)) / sd if sd else None


def _counted(one: LoopMember, names: Sequence[str], limits: Sequence[Constraint]) -> LoopMember:
    """A member that says whether it may be on the front."""
    values = {name: one.forecasts[name].value for name in names}
    if any(value is None for value in values.values()):
        return one
    met = all(limit.met_by(values[limit.name] or 0.0) for limit in limits)
    return one.model_copy(update={"counts": met})


def _course(
    members: Sequence[LoopMember], signs: Mapping[str, float], reference: Mapping[str, float]
) -> tuple[list[LoopMember], list[LoopStep]]:
    """State after each computed member; and the members, which then know whether they are on the last front."""
    edge = np.array([sign * level_of(name, reference[name]) for name, sign in signs.items()]) if reference else None
    best, costs = list[str](), np.empty((0, len(signs)))
    steps, volume = list[LoopStep](), None if edge is None else 0.0
    for one in (one for one in members if one.status is not None):
        if one.counts:
            costs = np.concatenate([costs, [_costs(one, signs)]])
            front = first_front(costs)
            best = [name for name, first in zip([*best, one.candidate_id], front.tolist(), strict=True) if first]
            costs = costs[front]
            volume = None if edge is None else hypervolume(costs, edge)
        step = LoopStep(n=len(steps) + 1, round=one.round, candidate_id=one.candidate_id)
        steps.append(step.model_copy(update={"hypervolume": volume, "on_front": len(best)}))
    return [one.model_copy(update={"on_front": one.candidate_id in best}) for one in members], steps


def _costs(one: LoopMember, signs: Mapping[str, float]) -> Array:
    """Objectives of a member that counts on the scales on which they are learned, as gains are; less is better."""
    return np.array([sign * level_of(name, one.forecasts[name].value or 0.0) for name, sign in signs.items()])


def _rounds(
    told: Sequence[ProposalDoc], members: Sequence[LoopMember], course: Sequence[LoopStep], *, among_own: bool
) -> list[LoopRound]:
    """Rounds in their order, the one that is being computed included.

    Parameters
    ----------
    among_own
        Whether gains are expected beyond the front of these members alone.
    """
    found, said = list[LoopRound](), {one.round: one for one in told}
    for number in sorted({_START, *(one.round for one in members)}):
        own, before = [one for one in members if one.round == number], said.get(number - 1)
        ended = [step for step in course if step.round <= number]
        last = ended[-1] if ended else None
        volume, earlier = last.hypervolume if last else None, found[-1].hypervolume if found else None
        tells = among_own and before is not None and any(one.predicted for one in before.candidates)
        end = said.get(number)
        found.append(
            LoopRound(
                round=number,
                chosen=len(own),
                computed=sum(one.status is not None for one in own),
                known=len(ended),
                expected=sum(one.gain or 0.0 for one in own) if tells else None,
                grown=None if volume is None or earlier is None else volume - earlier,
                hypervolume=volume,
                on_front=last.on_front if last else 0,
                decided=end is not None,
                stopped=end.stopped if end else None,
                remarks=end.remarks if end else [],
            )
        )
    return found


def _coverage(name: str, members: Sequence[LoopMember]) -> Coverage:
    """How far predictions of a quantity held."""
    found = [one.forecasts[name] for one in members if one.forecasts[name].off is not None]
    off = np.array([one.off for one in found], dtype=np.float64)
    misses = np.array([(one.value or 0.0) - (one.mean or 0.0) for one in found])
    return Coverage(
        quantity=name,
        unit=all_quantities()[name].unit,
        n=len(found),
        inside_50=int((off <= LEVELS["50"]).sum()),
        inside_90=int((off <= LEVELS["90"]).sum()),
        rmse=float(np.sqrt(np.mean(misses**2))) if found else None,
        mean_off=float(misses.mean()) if found else None,
    )
