"""From documents of candidates to models of their quantities, and from those to what is worth computing next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.analyses.chances import is_chance, level_of, value_of
from hebe.analyses.errors import with_errors
from hebe.analyses.registry import all_quantities
from hebe.config.reading.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.learned import LearnedDoc, LearnedQuantity, ProposalDoc, Proposed
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.keys import content_hash
from hebe.science.learning.acquisition import Acquisition, Aim, Limit
from hebe.science.learning.chance import UNIT, as_share, error_in_probits, probit
from hebe.science.learning.describe import learned_quantity, predicted, with_link
from hebe.science.learning.hypervolume import hypervolume
from hebe.science.learning.linked import Model
from hebe.science.learning.study import Composition, Seen, Study, has_content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.constraint import Constraint
    from hebe.config.campaign import Campaign
    from hebe.config.reading.wording import KeyPath
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.learned import Predicted
    from hebe.science.choosing.ranking import Objective
    from hebe.science.learning.gaussian_process import Array
    from hebe.science.learning.proposing import Pick, Picks

LEARNING_VERSION: Final = 2
"""Counts up when the same data give other models."""


@dataclass(frozen=True)
class Learned:
    """Models of quantities by name, and the documents that say so.

    Parameters
    ----------
    study
        The space, and what is known.
    models, quantities
        By name.
    seen
        Compositions that have a value, by quantity and candidate.
    origin
        Name of the campaign, and number of the stage (from 0).
    measured
        Measured values by quantity.
    remarks
        What is to be said of them.
    """

    study: Study
    models: dict[str, Model]
    quantities: dict[str, LearnedQuantity]
    seen: dict[str, dict[str, Composition]] = field(default_factory=dict)
    origin: tuple[str, int] = ("", 0)
    measured: dict[str, list[Seen]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def with_all(self, names: Sequence[str]) -> Array:
        """Scaled descriptors of what has values of all of some quantities, shape ``(n, descriptors)``."""
        parts = [self.seen[name] for name in names]
        both = [part for key, part in sorted(parts[0].items()) if all(key in other for other in parts)]
        return self.study.of_members(both)

    @property
    def key(self) -> str:
        """Key of the data, computed and measured, of the space, the campaign and its stage, and of the version."""
        data = {name: [one.candidates, one.values, one.errors] for name, one in self.quantities.items()}
        measured = {name: [[s.candidate_id, s.value, s.error] for s in part] for name, part in self.measured.items()}
        space = self.study.space
        specs = {name: spec.model_dump(mode="json") for name, spec in space.specs.items()}
        content = [space.family, space.working_ion, str(space.x_made), specs]
        return content_hash([LEARNING_VERSION, self.origin, content, self.study.descriptors.names, data, measured])


def learn_from(
    campaign: Campaign,
    candidates: Sequence[CandidateDoc],
    names: Sequence[str],
    measured: Mapping[str, Sequence[Seen]] | None = None,
    *,
    curve: bool = False,
    called: str = "measured",
) -> Learned:
    """Fit a model of each quantity to the candidates that have it; those with too few values have a reason instead.

    Parameters
    ----------
    campaign
        Says which space predictions are for.
    candidates
        Of one stage, computed alike.
    names
        Quantities.
    measured
        Measured values by quantity, to which models are linked where there are enough.
    curve
        Whether learning curves are made.
    called
        What remarks call the measured values.
    """
    space, measured = CompositionSpace.from_campaign(campaign), measured or {}
    errors = with_errors([RankedCandidate(**dict(one)) for one in candidates if has_content(one.composition, space)])
    every = [*(one.composition for one in errors), *(one.composition for part in measured.values() for one in part)]
    study, known = Study(space, every), all_quantities()
    origin = campaign.name, candidates[0].stage if candidates else 0
    own = {name: _on_scale(name, measured.get(name, ())) for name in names}
    learned = Learned(study, {}, {}, origin=origin, measured=own)
    for name in names:
        unit = UNIT if is_chance(name) else known[name].unit
        _learn(learned, name, unit, _on_scale(name, _seen(errors, name)), list(own[name]), curve=curve, called=called)
    return learned


def _on_scale(name: str, seen: Sequence[Seen]) -> list[Seen]:
    """Values on the scale on which a quantity is learned."""
    if not is_chance(name):
        return list(seen)
    return [
        replace(one, value=probit(one.value), error=error_in_probits(one.value, one.error) if one.error else 0.0)
        for one in seen
    ]


def prediction(learned: Learned, name: str, composition: Composition, *, refuses: bool = True) -> Predicted:
    """Prediction of a quantity; of a probability its median and interval, which lie between 0 and 1.

    Parameters
    ----------
    refuses
        Whether none is given where it would mean little.
    """
    explained = learned.quantities[name].explained if refuses else None
    found = predicted(learned.study, learned.models[name], composition, explained, refuses=refuses)
    return as_share(found) if is_chance(name) else found


def values_seen(candidates: Sequence[CandidateDoc], names: Sequence[str]) -> dict[str, list[Seen]]:
    """Values of candidates of one stage with their standard errors, by quantity."""
    errors = with_errors([RankedCandidate(**dict(one)) for one in candidates])
    return {name: _seen(errors, name) for name in names}


def _seen(candidates: Sequence[RankedCandidate], name: str) -> list[Seen]:
    """Values of a quantity, by candidate in the order of ids: the order of results is none."""
    found = []
    for one in sorted(candidates, key=lambda candidate: candidate.candidate_id):
        value = one.values.get(name)
        if one.status != "failed" and value is not None and value.mean is not None and np.isfinite(value.mean):
            found.append(Seen(one.candidate_id, one.composition, value.mean, value.se or 0.0))
    return found


def _learn(
    learned: Learned, name: str, unit: str, seen: list[Seen], dear: list[Seen], *, curve: bool, called: str
) -> None:
    """Add the model of one quantity, or why there is none."""
    study = learned.study
    if len(seen) < len(dear):  # what is measured stands for itself
        seen, dear = dear, []
    try:
        model, held = study.model_of(seen)
    except BadInputError as err:
        learned.quantities[name] = LearnedQuantity(unit=unit, refused=err.reason)
        return
    learned.seen[name] = {one.candidate_id: one.composition for one in [*seen, *dear]}
    document, learned.models[name] = learned_quantity(study, seen, model, held, unit, curve=curve), model
    if dear:
        try:
            linked = study.linked(model, dear)
        except BadInputError as err:
            learned.remarks.append(f"{name}, {called}: {err.reason}")
        else:
            document, learned.models[name] = with_link(document, linked, dear), linked
    learned.quantities[name] = document


def learned_document(campaign: Campaign, learned: Learned, candidates: Sequence[CandidateDoc]) -> LearnedDoc:
    """Document of models, with the ids of the candidates behind them."""
    first = candidates[0] if candidates else None
    return LearnedDoc(
        key=learned.key,
        campaign=campaign.name,
        family=campaign.host.data.name,
        working_ion=campaign.host.working_ion,
        stage=first.stage if first else 0,
        energy_scale=first.energy_scale if first else "",
        quantities=learned.quantities,
        remarks=learned.remarks,
    )


def acquisition_of(
    campaign: Campaign,
    learned: Learned,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    reference: Mapping[str, float],
) -> Acquisition:
    """What a calculation is expected to gain by the objectives and constraints of a campaign.

    Parameters
    ----------
    reference
        Value of objectives that has to be surpassed to count; without one the median of what is known of each.

    Raises
    ------
    BadInputError
        If there is no objective, or no model of one of them or of a constraint.
    """
    if not objectives:
        hint = "rank: {maximize: [average_voltage]}"
        raise bad_key(campaign, ("rank",), "nothing says what is to be improved", hint)
    aims = [Aim(one.name, _model(campaign, learned, one.name), -1.0 if one.maximize else 1.0) for one in objectives]
    limits = [
        Limit(one.name, _model(campaign, learned, one.name, None), sign := -1.0 if one.above else 1.0, sign * level)
        for one in constraints
        for level in (level_of(one.name, one.value),)
    ]
    given = {name: level_of(name, value) for name, value in reference.items()}
    edges = [one.sign * given[one.name] if one.name in given else _median(one, learned) for one in aims]
    return Acquisition(aims, limits, learned.with_all([one.name for one in aims]), np.array(edges))


def _median(aim: Aim, learned: Learned) -> float:
    return float(np.median(aim.sign * aim.model.predict(learned.with_all([aim.name]))[0]))


def _model(campaign: Campaign, learned: Learned, name: str, key: KeyPath | None = ("rank",)) -> Model:
    """Model of a quantity that stands at a key of the campaign."""
    model = learned.models.get(name)
    if model is not None:
        return model
    quantity = learned.quantities.get(name)
    reason = quantity.refused if quantity is not None and quantity.refused else "nothing of it is known"
    reason, hint = f"{name} cannot be predicted: {reason}", "compute some candidates first"
    raise BadInputError(reason, suggestion=hint) if key is None else bad_key(campaign, key, reason, hint)


def proposal(
    campaign: Campaign,
    learned: Learned,
    acquisition: Acquisition,
    picks: Picks,
    constraints: Sequence[Constraint] = (),
) -> ProposalDoc:
    """Document of what to compute next, with what is expected of it."""
    edges = zip(acquisition.aims, acquisition.reference.tolist(), strict=True)
    return ProposalDoc(
        campaign=campaign.name,
        model=learned.key,
        known=len(learned.study.known),
        objectives={one.name: "maximize" if one.sign < 0 else "minimize" for one in acquisition.aims},
        constraints=[str(one) for one in constraints],
        reference={one.name: value_of(one.name, one.sign * edge) for one, edge in edges},
        hypervolume=hypervolume(_costs(learned, acquisition), acquisition.reference),
        looked_at=picks.looked_at,
        of=picks.of,
        candidates=[
            _proposed(learned, one, found)
            for one, found in zip(picks.picks, _as_expected(learned, acquisition, picks), strict=True)
        ],
        remarks=[*learned.remarks, *picks.remarks],
    )


def _as_expected(learned: Learned, acquisition: Acquisition, picks: Picks) -> list[float]:
    """Improvement by each pick if it and those before it were found exactly as expected."""
    table = learned.study.of_members([one.candidate.species for one in picks.picks])
    return [float(acquisition.as_expected(table[at : at + 1], table[:at])[0]) for at in range(len(picks.picks))]


def _costs(learned: Learned, acquisition: Acquisition) -> Array:
    """Costs of what is known, as computed; as the models have them where these are linked to measured values.

    What a constraint excludes, or lacks a value, is left out.
    """
    if any(learned.quantities[one.name].measured for one in acquisition.aims):
        return np.asarray(acquisition.costs)
    parts = [(one.sign, _values(learned, one.name)) for one in acquisition.aims]
    limits = [(one.sign, _values(learned, one.name), one.most) for one in acquisition.limits]
    names = set.intersection(*(set(values) for _, values in parts), *(set(values) for _, values, _ in limits))
    inside = [name for name in sorted(names) if all(sign * values[name] <= most for sign, values, most in limits)]
    rows = [[sign * values[name] for sign, values in parts] for name in inside]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(parts))


def _values(learned: Learned, name: str) -> dict[str, float]:
    """Values of a quantity by candidate."""
    found = learned.quantities[name]
    return dict(zip(found.candidates, found.values, strict=True))


def _proposed(learned: Learned, one: Pick, as_expected: float) -> Proposed:
    """A pick with its predictions, which are not refused: that little is known of it is a reason to compute it."""
    composition: Composition = one.candidate.species
    return Proposed(
        candidate_id=one.candidate.candidate_id,
        formula=one.candidate.composition.formula,
        gain=one.gain,
        gain_as_predicted=min(one.gain, as_expected * one.probability),
        probability=one.probability,
        predicted={name: prediction(learned, name, composition, refuses=False) for name in learned.models},
        new=learned.study.new_ions(composition),
    )
