"""Promotion in rounds: who goes on by gain per cost, what the later stage says of it, and why it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.analyses.constraint import Constraint
from hebe.analyses.promoting import Border, next_promotion
from hebe.analyses.registry import objectives_of
from hebe.campaigns.loading import load_campaign
from hebe.config.promote import PromoteSpec
from hebe.schemas.result import Value
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.choosing.ranking import Objective
from support.learned_project import CAMPAIGN, synthetic_documents
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.promotion import GainPromotionDoc

SECOND = "  - {engine: vasp, task: static, promote: {batch: 3, budget: 12}, analyses: [voltage, volume_strain]}\nrank:"
FORMS = "formation_probability"
NAMES = ("average_voltage", "max_volume_strain")


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Border:
    path: Path = tmp_path_factory.mktemp("promoting") / "funnel.yaml"
    path.write_text(CAMPAIGN.replace("rank:", SECOND))
    campaign = load_campaign(path)
    described = Described(CompositionSpace.from_campaign(campaign))
    before = synthetic_documents(described, described.space.sample(40, 3))
    objectives = objectives_of(campaign.rank, campaign.stages[1].analyses)
    spec = campaign.stages[1].promote
    assert spec is not None
    costs = {one.candidate_id: 100.0 for one in before}
    return Border(campaign, spec, 1, objectives, (), before, (), costs)


def dear(candidate: CandidateDoc) -> CandidateDoc:
    """What the later stage finds: half a volt more, and nickel costs 0.8 V of it, which the potential does not know."""
    nickel = candidate.composition["TM"].get("Ni2+", 0.0)
    volts = candidate.values[NAMES[0]]
    assert volts.mean is not None
    changed = volts.model_copy(update={"mean": volts.mean + 0.5 - 0.8 * nickel})
    return candidate.model_copy(update={"stage": 1, "values": {**candidate.values, NAMES[0]: changed}})


def chosen(document: GainPromotionDoc) -> list[str]:
    return [row.candidate_id for row in document.candidates if row.round == document.round]


def after(border: Border, document: GainPromotionDoc, **more: Any) -> Border:
    """The border when the later stage has computed what a round promoted."""
    went = {row.candidate_id for row in document.candidates if row.promoted}
    computed = [dear(one) for one in border.before if one.candidate_id in went]
    return replace(border, promoted=[*border.promoted, chosen(document)], after=computed, **more)


def test_the_first_round_has_what_a_link_needs(border: Border) -> None:
    found = next_promotion(border)
    assert (found.round, len(chosen(found)), found.stopped) == (1, 5, None)
    assert found.spent_s == 500.0
    assert found.keep == "3 at a time by expected gain per cost, at most 12"
    assert [row.rank for row in found.candidates] == list(range(1, 41))
    assert "stage 2: 0 values" not in " ".join(found.remarks)
    best = found.candidates[0]
    assert best.candidate_id in chosen(found), "the best of all is on the front"
    assert next_promotion(after(border, found)).round == 2


def test_order_decides_nothing(border: Border) -> None:
    second = after(border, next_promotion(border))
    turned = replace(second, before=second.before[::-1], after=second.after[::-1])
    assert next_promotion(turned) == next_promotion(second)
    assert len(chosen(next_promotion(second))) == 3


def test_what_the_later_stage_found_changes_who_goes_on(border: Border) -> None:
    first = next_promotion(border)
    second = after(border, first)
    same = [one.model_copy(update={"stage": 1}) for one in border.before if one.candidate_id in chosen(first)]
    agreeing, told = next_promotion(replace(second, after=same)), next_promotion(second)
    assert chosen(agreeing) != chosen(told)
    assert set(told.slopes) == set(NAMES)
    waiting = {row.candidate_id: row for row in told.candidates if not row.promoted}
    off = dict[str, list[float]](potential=[], linked=[])
    for one in border.before:
        if one.candidate_id in waiting:
            predicted = waiting[one.candidate_id].predicted[NAMES[0]].mean
            truth, cheap = dear(one).mean(NAMES[0]), one.mean(NAMES[0])
            assert predicted is not None
            assert truth is not None
            assert cheap is not None
            off["potential"].append(cheap - truth)
            off["linked"].append(predicted - truth)
    rms = {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in off.items()}
    assert rms["linked"] < 0.6 * rms["potential"], rms


def test_who_costs_more_waits(border: Border) -> None:
    second = after(border, next_promotion(border))
    plain = next_promotion(second)
    first = chosen(plain)[0]
    gains = {row.candidate_id: row.gain or 0.0 for row in plain.candidates if not row.promoted or row.round == 2}
    others = max(gain for name, gain in gains.items() if name != first)
    ratio = gains[first] / others
    for factor, goes in ((0.9 * ratio, True), (1.1 * ratio, False)):
        dearer = replace(second, cpu_s={**border.cpu_s, first: 100.0 * factor}, spec=PromoteSpec(batch=1, budget=12))
        assert (first in chosen(next_promotion(dearer))) == goes


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"batch": 3, "budget": 5}, "the budget is used up"),
        ({"batch": 3, "cpu_time": "599 s"}, "left of the CPU time"),
        ({"batch": 3, "budget": 9, "least_gain": 0.99}, "% to the hypervolume, less than 99 %"),
        ({"batch": 3, "cpu_time": "601 s"}, None),
    ],
)
def test_it_ends_when_it_is_to(border: Border, spec: dict[str, Any], reason: str | None) -> None:
    found = next_promotion(after(border, next_promotion(border), spec=PromoteSpec.model_validate(spec)))
    if reason is None:
        assert len(chosen(found)) == 1, "one more can be paid"
        assert found.spent_s == 600.0
    else:
        assert chosen(found) == []
        assert reason in str(found.stopped)
        assert sum(row.promoted for row in found.candidates) == 5


def test_all_go_on_in_the_end_but_those_without_a_rank(border: Border) -> None:
    failed = [border.before[0].model_copy(update={"status": "failed"}), *border.before[1:12]]
    now = replace(border, before=failed, spec=PromoteSpec(batch=20, budget=40))
    first = next_promotion(now)
    assert len(chosen(first)) == 11
    last = next_promotion(after(now, first))
    assert last.stopped == "all candidates that have a rank went on"
    assert [row.reason for row in last.candidates if not row.promoted] == ["failed"]


def test_too_little_for_a_model_goes_by_rank(border: Border) -> None:
    few = replace(border, before=border.before[:4], spec=PromoteSpec(batch=2, budget=3))
    found = next_promotion(few)
    assert chosen(found) == [row.candidate_id for row in found.candidates[:3]]
    assert any("no model" in text for text in found.remarks)


def test_failures_of_the_later_stage_are_no_link(border: Border) -> None:
    second = after(border, next_promotion(border))
    found = next_promotion(replace(second, after=second.after[:3]))
    assert found.slopes == {}
    assert any("stage 2: 3 values are too few" in text for text in found.remarks)
    assert len(chosen(found)) == 3


def test_chances_are_predicted_and_said_as_probabilities(border: Border) -> None:
    chances = 0.5 + 0.45 * np.tanh(4 * np.array([one.mean(NAMES[0]) or 0.0 for one in border.before]) - 13)
    before = [
        one.model_copy(update={"values": {FORMS: Value(mean=float(chance))}})
        for one, chance in zip(border.before, chances, strict=True)
    ]
    found = next_promotion(replace(border, before=before, objectives=[Objective(FORMS, maximize=True)]))
    told = [row.predicted[FORMS] for row in found.candidates]
    ends = np.array([(one.low, one.mean, one.high) for one in told], dtype=float)
    assert ends.min() >= 0
    assert ends.max() <= 1
    assert (np.diff(ends, axis=1) > 0).all()
    assert found.reference[FORMS] == pytest.approx(float(np.median(chances)), abs=0.1)


def test_constraints_of_the_selection_hold_in_the_later_stage_too(border: Border) -> None:
    """The half with the larger strain misses the constraint, the best of all among them."""
    strains = {one.candidate_id: one.mean(NAMES[1]) or 0.0 for one in border.before}
    limit = Constraint.parse(f"{NAMES[1]} < {float(np.median(list(strains.values()))):.6f}")
    volts = replace(border, objectives=border.objectives[:1])
    free, held = next_promotion(volts), next_promotion(replace(volts, constraints=[limit]))
    first, best = (max(doc.candidates, key=lambda row: row.gain or 0.0).candidate_id for doc in (free, held))
    assert strains[first] > limit.value > strains[best]
    assert best in chosen(held)
    assert (free.constraints, held.constraints) == ([], [str(limit)])
    assert {row.probability for row in free.candidates} == {None}
    for row in held.candidates:
        mean, part = row.predicted[NAMES[1]].mean, row.probability
        assert mean is not None
        assert part is not None
        assert (part > 0.5) == (mean < limit.value)
    later = after(volts, free)
    assert next_promotion(replace(later, constraints=[limit])).hypervolume < next_promotion(later).hypervolume
    few = replace(volts, before=border.before[:4], constraints=[limit], spec=PromoteSpec(batch=1, budget=1))
    met = [row.candidate_id for row in next_promotion(few).candidates if strains[row.candidate_id] < limit.value]
    assert chosen(next_promotion(few)) == met[:1], "without a model too"


def reasons(document: GainPromotionDoc) -> set[str | None]:
    return {row.reason for row in document.candidates if not row.promoted}


def test_a_stage_that_failed_is_said_to_have_failed(border: Border) -> None:
    failed = [one.model_copy(update={"status": "failed"}) for one in border.before[:3]]
    assert next_promotion(replace(border, before=failed)).stopped == "all candidates of the stage before failed"
    partial = border.before[1].model_copy(update={"status": "partial", "values": {}})
    assert (
        next_promotion(replace(border, before=[failed[0], partial])).stopped
        == "no candidate of the stage before has a rank"
    )


def test_those_that_would_improve_and_cost_too_much_are_not_said_to_improve_nothing(border: Border) -> None:
    """Those that could be paid are far behind; those that gain cost more than what is left."""
    second = after(border, next_promotion(border), spec=PromoteSpec(batch=3, cpu_time=700.0, least_gain=0.001))
    plain = next_promotion(second)
    good = {row.candidate_id for row in plain.candidates if (row.gain or 0.0) > 0.001 * plain.hypervolume}
    assert good - second.round_of.keys()
    costs = {name: 1e4 if name in good and name not in second.round_of else 100.0 for name in border.cpu_s}
    found = next_promotion(replace(second, cpu_s=costs))
    said = "no candidate that is expected to add 0.1 % to the hypervolume is estimated to take less than what is left"
    assert str(found.stopped).startswith(said)
    assert reasons(found) == {found.stopped}


def test_who_waits_is_told_why(border: Border) -> None:
    first = next_promotion(border)
    assert reasons(first) <= {"others are expected to gain more per cost", "others are ranked before it"}
    used = next_promotion(after(border, first, spec=PromoteSpec(batch=3, budget=5)))
    assert reasons(used) == {"the budget is used up"}
    few = next_promotion(replace(border, before=border.before[:4], spec=PromoteSpec(batch=2, budget=3)))
    assert reasons(few) == {"others are ranked before it"}
    second = next_promotion(after(border, first, spec=PromoteSpec(batch=1, budget=12)))
    assert reasons(second) == {"others are expected to gain more per cost"}
    paid = next_promotion(after(border, first, spec=PromoteSpec(batch=3, cpu_time=601.0)))
    assert reasons(paid) == {"it is estimated to take more than what is left of the CPU time"}
