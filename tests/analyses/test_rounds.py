"""The end of a round: what comes next, whatever the order, and why a loop ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.analyses.rounds import Next, next_round
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import members_of
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.space import CompositionSpace
from support.learned_project import CAMPAIGN, synthetic_documents
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.spec import MemberSpec

SELECT = "select: {method: diverse, n: 6, seed: 1}"


def campaign_of(folder: Path, select: str) -> Campaign:
    path = folder / "synthetic.yaml"
    path.write_text(CAMPAIGN.replace(SELECT, f"select: {{method: learn, seed: 7, {select}}}"))
    return load_campaign(path)


def known(campaign: Campaign, n: int) -> tuple[list[MemberSpec], list[CandidateDoc]]:
    """Members of the space without copper, and what is known of them."""
    described = Described(CompositionSpace.from_campaign(campaign))
    copper = [column.element for column in described.space.columns].index("Cu")
    rows = described.space.sample(4 * n, 3)
    rows = rows[rows[:, copper] == 0][:n]
    candidates = [make_candidate(described.space, described.space.composition(row)) for row in rows.tolist()]
    return members_of(campaign, [one for one in candidates if one is not None]), synthetic_documents(described, rows)


def ids(found: Next) -> list[str]:
    return [one.candidate_id for one in found.members]


def test_the_order_in_which_candidates_were_computed_decides_nothing(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 9")
    specs, documents = known(campaign, 16)
    found = next_round(campaign, 2, specs, documents, {})
    again = next_round(campaign, 2, specs, documents[::-1], {})
    assert again == found
    assert len(set(ids(found)) - {spec.candidate_id for spec in specs}) == 4
    assert ids(found) == [one.candidate_id for one in found.document.candidates]
    assert found.document.reference["average_voltage"] == pytest.approx(
        float(np.median([one.mean("average_voltage") for one in documents])), abs=0.02
    )


def test_the_reference_of_the_first_round_stays(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 9")
    specs, documents = known(campaign, 16)
    first = next_round(campaign, 1, specs[:8], documents[:8], {}).document
    later = next_round(campaign, 2, specs, documents, first.reference).document
    assert later.reference == first.reference
    assert later.hypervolume >= first.hypervolume, "known candidates only add to the front"


@pytest.mark.parametrize("number", [16, 1], ids=["with models", "without"])
def test_the_next_best_stands_in_for_what_cannot_be_built_and_that_is_told(number: int, tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 9")
    specs, documents = known(campaign, 16)
    specs, documents = specs[:number], documents[:number]
    plain = next_round(campaign, 1, specs, documents, {})
    bad = plain.members[0]
    found = next_round(campaign, 1, specs, documents, {}, lambda spec: "no room" if spec == bad else None)
    assert bad.candidate_id not in ids(found)
    assert ids(found) == [one.candidate_id for one in found.document.candidates]
    assert len(ids(found)) == 4
    assert found.document.remarks == [*plain.document.remarks, f"{bad.formula} is not proposed: no room"]
    none = next_round(campaign, 1, specs, documents, {}, lambda _: "no room")
    assert (none.members, none.document.candidates) == ([], [])
    assert "can be built" in str(none.document.stopped)


def test_a_small_batch_that_cannot_be_built_ends_no_loop_without_a_model(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 1, rounds: 9")
    specs, documents = known(campaign, 3)
    bad: list[str] = []
    for _ in range(3):
        (other,) = next_round(
            campaign, 1, specs, documents, {}, lambda spec: "no room" if spec.candidate_id in bad else None
        ).members
        assert other.candidate_id not in bad
        bad.append(other.candidate_id)


def test_candidates_without_results_are_not_chosen_again(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 9")
    specs, documents = known(campaign, 16)
    wanted = next_round(campaign, 1, specs, documents, {}).members
    found = next_round(campaign, 1, [*specs, *wanted], documents, {})
    assert not set(ids(found)) & {spec.candidate_id for spec in wanted}


@pytest.mark.parametrize(
    ("select", "number", "reason"),
    [
        ("batch: 4, budget: 16", 2, "the budget is used up"),
        ("batch: 9, rounds: 2", 2, "all rounds are done"),
        ("batch: 4, rounds: 99, budget: 18", 2, None),
    ],
)
def test_it_ends_when_it_is_to(tmp_path: Path, select: str, number: int, reason: str | None) -> None:
    campaign = campaign_of(tmp_path, select)
    specs, documents = known(campaign, 16)
    found = next_round(campaign, number, specs, documents, {})
    if reason is None:
        assert len(found.members) == 2, "what the budget leaves"
    else:
        assert found.members == []
        assert reason in str(found.document.stopped)
        assert found.document.hypervolume > 0


def test_it_ends_when_too_little_is_expected(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 99")
    specs, documents = known(campaign, 40)
    far = {"average_voltage": 2.5, "max_volume_strain": 0.1}
    free = next_round(campaign, 2, specs, documents, far).document
    share = free.candidates[0].gain / free.hypervolume
    assert 0.001 < share < 0.8
    for factor, ends in ((1.02, True), (0.98, False)):
        strict = campaign_of(tmp_path, f"batch: 4, rounds: 99, least_gain: {factor * share:.6f}")
        found = next_round(strict, 2, specs, documents, far)
        assert (found.document.stopped is not None) == ends == (not found.members)
        assert not ends or "is expected to add" in str(found.document.stopped)


def test_constraints_steer_it(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 4, rounds: 9, where: ['max_volume_strain < 2.5 %']")
    specs, documents = known(campaign, 20)
    found = next_round(campaign, 2, specs, documents, {}).document
    assert found.constraints == ["max_volume_strain < 0.025"]
    assert all(0 < one.probability <= 1 for one in found.candidates)


def test_too_little_for_a_model_goes_on_as_it_started(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, "batch: 3, rounds: 4")
    specs, documents = known(campaign, 3)
    found = next_round(campaign, 1, specs, documents, {})
    assert len(found.members) == 3
    assert not set(ids(found)) & {spec.candidate_id for spec in specs}
    assert "3 candidates have a value" in found.document.remarks[0]
    assert next_round(campaign, 4, specs, documents, {}).document.stopped == "all rounds are done"
    assert not any("Cu" in spec.formula for spec in found.members), "filters hold"
