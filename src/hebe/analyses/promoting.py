"""A round of promotion to a later stage: who is expected to gain most there for what it costs.

Models of what the stage before computed are linked to what the later stage has found so far; they say what it would
find for the others, and with that what each is expected to add to the front.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.analyses.chances import is_chance, value_of
from hebe.analyses.constraint import Constraint
from hebe.analyses.learning import Learned, acquisition_of, learn_from, values_seen
from hebe.config.campaign import Campaign
from hebe.config.keep import Keep
from hebe.config.promote import PromoteSpec
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.learned import Predicted
from hebe.schemas.promotion import GainPromotionDoc, PromotedByGain
from hebe.science.choosing.promotion import promote
from hebe.science.choosing.ranking import Objective
from hebe.science.learning.acquisition import Acquisition, Gain
from hebe.science.learning.chance import as_share
from hebe.science.learning.gaussian_process import Array
from hebe.science.learning.held_out import LEVELS
from hebe.science.learning.hypervolume import hypervolume
from hebe.science.learning.linked import FEWEST_LINKED
from hebe.science.learning.worth import Worth, worth_most

if TYPE_CHECKING:
    from hebe.schemas.promotion import Promoted

_TOO_DEAR: Final = "is estimated to take less than what is left of the CPU time"
"""What is said of no candidate where the money is gone."""


@dataclass(frozen=True)
class Border:
    """What is known at the border of two stages.

    Parameters
    ----------
    campaign, spec
        The campaign, and how candidates are promoted.
    stage
        Number of the later stage.
    objectives
        Those of the ranking that both stages compute.
    promoted
        Ids of the candidates that went on by each round so far.
    before, after
        What both stages say of candidates.
    cpu_s
        Estimated CPU time (s) of each candidate in the later stage, by id.
    constraints
        Those of the selection on what the stage before computes.
    """

    campaign: Campaign
    spec: PromoteSpec
    stage: int
    objectives: Sequence[Objective]
    promoted: Sequence[Sequence[str]]
    before: Sequence[CandidateDoc]
    after: Sequence[CandidateDoc]
    cpu_s: Mapping[str, float]
    constraints: Sequence[Constraint] = ()

    @property
    def in_order(self) -> Border:
        """With candidates in the order of their ids: the last bits of sums go by it."""
        before, after = (sorted(part, key=lambda one: one.candidate_id) for part in (self.before, self.after))
        return replace(self, before=before, after=after)

    @cached_property
    def rows(self) -> list[Promoted]:
        """Candidates of the stage before, as ranked."""
        return promote(self.before, Keep(), self.objectives).candidates

    @cached_property
    def round_of(self) -> dict[str, int]:
        """In which round a candidate went on."""
        return {name: number for number, part in enumerate(self.promoted, start=1) for name in part}

    @cached_property
    def waiting(self) -> list[str]:
        """Candidates that have a rank and did not go on, best first."""
        return [row.candidate_id for row in self.rows if row.rank is not None and row.candidate_id not in self.round_of]

    @cached_property
    def missed(self) -> dict[str, str]:
        """First constraint that the value of a candidate in the stage before does not meet, by id."""
        found = {}
        for one in self.before:
            values = ((limit, one.mean(limit.name)) for limit in self.constraints)
            missed = [str(limit) for limit, value in values if value is None or not limit.met_by(value)]
            if missed:
                found[one.candidate_id] = missed[0]
        return found

    @property
    def spent_s(self) -> float:
        """Estimated CPU time (s) of what went on."""
        return math.fsum(self.cpu_s[name] for name in self.round_of)

    @property
    def left_s(self) -> float:
        """What is left of the CPU time (s)."""
        return math.inf if self.spec.cpu_time is None else self.spec.cpu_time - self.spent_s

    @property
    def wanted(self) -> int:
        """How many go on next at most; in the first round as many as a link needs."""
        number = self.spec.batch if self.promoted else max(self.spec.batch, FEWEST_LINKED)
        return number if self.spec.budget is None else min(number, self.spec.budget - len(self.round_of))

    @property
    def over(self) -> str | None:
        """Why nobody can go on, None if somebody can."""
        if self.wanted <= 0:
            return "the budget is used up"
        if not self.waiting:
            return "all candidates that have a rank went on" if self.promoted else self._nobody
        if min(self.cpu_s[name] for name in self.waiting) > self.left_s:
            return f"no candidate {_TOO_DEAR}"
        return None

    @property
    def _nobody(self) -> str:
        """Why no candidate has a rank."""
        if all(one.status == "failed" for one in self.before):
            return "all candidates of the stage before failed"
        return "no candidate of the stage before has a rank"


@dataclass(frozen=True)
class _Told:
    """What models say of the candidates that wait.

    Parameters
    ----------
    table
        Their scaled descriptors.
    linked
        Whether values of the later stage are linked to.
    """

    learned: Learned
    acquisition: Acquisition
    table: Array
    linked: bool

    @cached_property
    def alone(self) -> Gain:
        """What each alone is expected to gain."""
        return self.acquisition.gain(self.table, np.empty((0, 0)))

    def predicted(self) -> list[dict[str, Predicted]]:
        """What each is predicted to have, with an interval that holds 90 % of new values."""
        found: list[dict[str, Predicted]] = [{} for _ in self.table]
        for aim in (*self.acquisition.aims, *self.acquisition.limits):
            means, sds = aim.model.predict(self.table)
            halves = LEVELS["90"] * np.hypot(sds, aim.model.scatter)
            for row, mean, sd, half in zip(found, means.tolist(), sds.tolist(), halves.tolist(), strict=True):
                told = Predicted(mean=mean, sd=sd, low=mean - half, high=mean + half)
                row[aim.name] = as_share(told) if is_chance(aim.name) else told
        return found


def next_promotion(border: Border) -> GainPromotionDoc:
    """Decide who goes on next; the same whatever the order in which candidates were computed."""
    border = border.in_order
    objectives, limits = [one.name for one in border.objectives], [one.name for one in border.constraints]
    names = list(dict.fromkeys([*objectives, *limits]))
    dear = values_seen(border.after, names)
    learned = learn_from(border.campaign, border.before, names, dear, called=f"stage {border.stage + 1}")
    remarks = [f"{name}: no model: {one.refused}" for name, one in learned.quantities.items() if one.refused]
    document = GainPromotionDoc(
        campaign=border.campaign.name,
        stage=border.stage,
        round=len(border.promoted) + 1,
        keep=str(border.spec),
        maximize=[one.name for one in border.objectives if one.maximize],
        minimize=[one.name for one in border.objectives if not one.maximize],
        constraints=[str(one) for one in border.constraints],
        slopes={name: one.slope for name, one in learned.quantities.items() if one.slope is not None},
        remarks=[*learned.remarks, *remarks],
    )
    told = None if len(learned.models) < len(names) else _told(border, learned)
    chosen = [] if border.over else _chosen(border, told)
    over = border.over or _hopeless(border, told, chosen)
    chosen = [] if over else chosen
    return _with_rows(border, document.model_copy(update={"stopped": over}), told, chosen)


def _told(border: Border, learned: Learned) -> _Told:
    """Models with the front of the later stage: while too little is known there, with that of the stage before."""
    acquisition = acquisition_of(border.campaign, learned, border.objectives, border.constraints, {})
    names = [one.name for one in border.objectives]
    linked = all(learned.quantities[name].measured for name in names)
    composition = {one.candidate_id: one.composition for one in border.before}
    known = list(border.round_of)
    if linked:
        known = [name for name in known if all(name in learned.quantities[one].measured for one in names)]
    table = _table(learned, [composition[name] for name in known])
    waiting = _table(learned, [composition[name] for name in border.waiting])
    beside = Acquisition(acquisition.aims, acquisition.limits, table, acquisition.reference)
    return _Told(learned, beside, waiting, linked)


def _table(learned: Learned, compositions: Sequence[Mapping[str, Mapping[str, float]]]) -> Array:
    if not compositions:
        return np.empty((0, len(learned.study.descriptors.names)))
    return learned.study.of_members(compositions)


def _chosen(border: Border, told: _Told | None) -> list[Worth]:
    """Who goes on: by gain per cost, while nothing is linked also the best of the ranking, until there are enough.

    Of the ranking those that miss a constraint come last.
    """
    costs = np.array([border.cpu_s[name] for name in border.waiting])
    found = list[Worth]()
    if told is not None:
        found = worth_most(told.acquisition, told.table, costs, border.wanted, border.left_s)
    if told is None or not told.linked:
        left = border.left_s - math.fsum(costs[one.at] for one in found)
        taken = {one.at for one in found}
        for at in sorted(range(len(costs)), key=lambda at: border.waiting[at] in border.missed):
            if len(found) < border.wanted and at not in taken and costs[at] <= left:
                found.append(Worth(at, 0.0))
                left -= float(costs[at])
    return found


def _hopeless(border: Border, told: _Told | None, chosen: Sequence[Worth]) -> str | None:
    """Why going on would not pay, None if it would, or nothing is linked that could tell."""
    if told is None or not told.linked:
        return None
    best, least = max((one.gain for one in chosen), default=0.0), border.spec.least_gain or 0.0
    volume = hypervolume(told.acquisition.costs, told.acquisition.reference)
    if chosen and best >= least * volume:
        return None
    dear = [border.cpu_s[name] > border.left_s for name in border.waiting]
    most = max(told.alone.expected[dear], default=0.0)
    if most > 0 and most >= least * volume:
        add = f"add {100 * least:g} % to the hypervolume" if least else "improve on what is known"
        return f"no candidate that is expected to {add} {_TOO_DEAR}"
    if not chosen:
        return "nothing is expected to improve on what is known"
    return f"the best is expected to add {100 * best / volume:.2g} % to the hypervolume, less than {100 * least:g} %"


def _with_rows(
    border: Border, document: GainPromotionDoc, told: _Told | None, chosen: Sequence[Worth]
) -> GainPromotionDoc:
    """Document with a row of each candidate, and with what the models say."""
    now = {border.waiting[one.at]: one.gain for one in chosen}
    gains = dict.fromkeys(border.waiting, 0.0) if told is None else _by_name(border, told.alone.expected.tolist())
    predicted = {} if told is None else dict(zip(border.waiting, told.predicted(), strict=True))
    limited = told if border.constraints else None
    probable = {} if limited is None else _by_name(border, limited.alone.probability.tolist())
    whole = replace(border, promoted=[*border.promoted, list(now)])
    rows = []
    for row in border.rows:
        name = row.candidate_id
        number = document.round if name in now else border.round_of.get(name, 0)
        reason = row.reason if row.rank is None else None if number else _waits(whole, document, told, chosen, name)
        more = {"round": number, "cpu_s": border.cpu_s[name], "predicted": predicted.get(name, {})}
        gain = None if told is None else now.get(name, gains.get(name))
        plain = {**dict(row), "promoted": bool(number), "reason": reason}
        rows.append(PromotedByGain(**plain, **more, gain=gain, probability=probable.get(name)))
    update = {"candidates": rows, "spent_s": whole.spent_s}
    if told is not None:
        edges = zip(told.acquisition.aims, told.acquisition.reference.tolist(), strict=True)
        update["reference"] = {one.name: value_of(one.name, one.sign * edge) for one, edge in edges}
        update["hypervolume"] = hypervolume(told.acquisition.costs, told.acquisition.reference)
    return document.model_copy(update=update)


def _waits(whole: Border, document: GainPromotionDoc, told: _Told | None, chosen: Sequence[Worth], name: str) -> str:
    """Why a candidate that has a rank does not go on in a round; ``whole`` has what this round chose too."""
    if document.stopped:
        return document.stopped
    if whole.cpu_s[name] > whole.left_s:
        return "it is estimated to take more than what is left of the CPU time"
    if told is not None and (told.linked or all(one.gain for one in chosen)):
        return "others are expected to gain more per cost"
    missed = whole.missed.get(name)
    return f"others are ranked before it{'' if missed is None else f', it misses {missed}'}"


def _by_name(border: Border, values: Sequence[float]) -> dict[str, float]:
    return dict(zip(border.waiting, values, strict=True))
