"""Promotion in rounds: who goes on by gain per cost, what the later stage says of it, and why it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.analyses.promoting import Border, next_promotion
from hebe.analyses.registry import objectives_of
from hebe.campaigns.loading import load_campaign
from hebe.config.promote import PromoteSpec
from hebe.science.chemistry.space import CompositionSpace
from support.learned_project import CAMPAIGN, synthetic_documents
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.promotion import GainPromotionDoc

SECOND = "  - {engine: vasp, task: static, promote: {batch: 3, budget: 12}, analyses: [voltage, volume_strain]}\nrank:"
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
