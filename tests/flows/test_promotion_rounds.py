"""A later stage whose candidates go on in rounds: the same whoever runs it, and no other campaign has other jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import plan, results, run
from hebe.campaigns.loading import load_campaign
from hebe.config.campaign import Campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.promotion_cost import promotion_cost
from hebe.flows.rounds import RoundFlowMaker
from hebe.launchers.graph import walk
from hebe.science.errors.static_cost import static_costs
from support.campaigns import STIFF, staged
from support.learning_loop import written

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.schemas.spec import MemberSpec

KEPT = f"{{engine: {STIFF}, keep: 2, task: static, x: [1, 1/2], analyses: [voltage]}}"
BY_RANK = "06ee81da-fa11-5786-98ac-3f4b24464cc7"
PROPOSES = "36bfdc8f-1e16-5a3e-8ccd-30d90e5c3bb9"
"""Ids of jobs before candidates could go on in rounds."""


def funnel(folder: Path, promote: str, select: str = "{method: diverse, n: 9, seed: 7}", **changes: str) -> Path:
    """The small loop, or a plain choice, with a second stage that promotes in rounds."""
    path = written(folder, select)
    analyses = changes.get("analyses", "[voltage, volume_strain]")
    second = f"  - {{engine: {STIFF}, promote: {promote}, task: static, x: [1, 1/2], analyses: {analyses}}}\nrank:"
    path.write_text(path.read_text().replace("rank:", second))
    return path


def ids(path: Path) -> dict[str, str]:
    return {str(job.metadata["label"]): str(job.uuid) for job in campaign_flow(load_campaign(path)).jobs}


def test_campaigns_that_do_not_ask_keep_their_ids(tmp_path: Path) -> None:
    kept = ids(staged(tmp_path, KEPT))
    assert kept["border/s1/promote"] == BY_RANK
    assert ids(written(tmp_path))["rounds/1/propose"] == PROPOSES
    promoted = ids(staged(tmp_path, KEPT.replace("keep: 2", "promote: {batch: 2, budget: 6}")))
    assert promoted.keys() == kept.keys()
    assert {name for name in kept if kept[name] != promoted[name]} == {"border/s1/promote"}


def promoting(campaign: Campaign, specs: list[MemberSpec]) -> Any:
    """Maker of the first border after the last round of a loop."""
    flow = RoundFlowMaker(campaign=campaign.model_dump(mode="json"), number=2).finish(specs)
    assert flow is not None
    return next(job.maker for job, _ in walk(flow) if job.metadata["label"] == "border/s1/promote")


@pytest.mark.parametrize("where", [True, False])
def test_constraints_of_a_loop_are_passed_on_where_stages_promote(tmp_path: Path, *, where: bool) -> None:
    limit = ", where: ['max_volume_strain < 4 %']" if where else ""
    path = funnel(tmp_path, "{batch: 2, budget: 6}", f"{{method: learn, batch: 5, budget: 7, seed: 7{limit}}}")
    campaign = load_campaign(path)
    specs = list(campaign_members(campaign))
    maker = promoting(campaign, specs)
    for plain in (maker.campaign, maker.following.campaign):
        assert Campaign.model_validate(plain).select.where == (("max_volume_strain < 4 %",) if where else None)
        assert ("select" in plain) == where, "other campaigns have the ids that they had"
    path.write_text(path.read_text().replace("promote: {batch: 2, budget: 6}", "keep: 2"))
    assert "select" not in promoting(load_campaign(path), specs).following.campaign


@pytest.mark.parametrize(
    ("promote", "analyses", "reason"),
    [
        ("{batch: 2}", "[voltage]", "needs budget"),
        ("{batch: 2, budget: 6, least_gain: 2}", "[voltage]", "share from 0 to below 1"),
        ("{batch: 2, cpu_time: 5 K}", "[voltage]", "cpu_time"),
        ("{batch: 2, budget: 6}, keep: 3", "[voltage]", "both say who goes on"),
        ("{batch: 2, budget: 6}", "[local_structure]", "there are 0"),
    ],
)
def test_promotions_that_cannot_be_are_refused_when_they_are_read(
    tmp_path: Path, promote: str, analyses: str, reason: str
) -> None:
    path = funnel(tmp_path, promote, analyses=analyses)
    with pytest.raises(BadInputError, match=reason) as caught:
        load_campaign(path)
    assert caught.value.line == 1 + [STIFF in line for line in path.read_text().splitlines()].index(True)


def test_the_first_stage_promotes_nobody(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("    window:", "    promote: {batch: 2, budget: 6}\n    window:"))
    with pytest.raises(BadInputError, match="no stage before the first one to promote"):
        load_campaign(path)


def test_costs_are_those_of_the_cells_that_are_computed(tmp_path: Path) -> None:
    """Two contents of one configuration of four formula units, static, by an engine that costs by the atom."""
    campaign = load_campaign(funnel(tmp_path, "{batch: 2, budget: 6}"))
    (cost,) = {promotion_cost(campaign, 1, spec) for spec in campaign_members(campaign)}
    assert cost == pytest.approx(2 * 16 * static_costs().potential)
    text = (tmp_path / "loop.yaml").read_text().replace(STIFF, "{name: vasp, preset: mp-gga}")
    (tmp_path / "loop.yaml").write_text(text)
    dear = load_campaign(tmp_path / "loop.yaml")
    assert len({round(promotion_cost(dear, 1, spec)) for spec in campaign_members(dear)}) > 1
    assert plan(campaign)["undecided_stages"] == [1]


def border_of(path: Path) -> dict[str, Any]:
    (border,) = results(path).promotions
    return border


@pytest.mark.slow
def test_rounds_are_the_same_by_two_workers_and_after_a_loop_is_resumed(tmp_path: Path) -> None:
    first = funnel(tmp_path / "inline", "{batch: 2, budget: 7}")
    assert run(first, launcher="inline", progress=False).status == "complete"
    found = border_of(first)
    assert found["stopped"] == "the budget is used up"
    rounds = [row["round"] for row in found["candidates"]]
    assert (rounds.count(1), rounds.count(2), rounds.count(0)) == (5, 2, 2)
    assert set(found["slopes"]) == {"average_voltage", "max_volume_strain"}
    went = {row["candidate_id"] for row in found["candidates"] if row["promoted"]}
    assert {one.candidate_id for one in results(first) if one.stage == 1} == went
    (agreement,) = results(first).agreement
    assert {name for name, _, _ in agreement["quantities"][0]["pairs"]} == went

    second = funnel(tmp_path / "two", "{batch: 2, budget: 5}")
    assert run(second, launcher="inline", progress=False).status == "complete"
    second.write_text(second.read_text().replace("budget: 5", "budget: 7"))
    assert run(second, workers=2, progress=False).status == "complete"
    assert border_of(second) == found


@pytest.mark.slow
def test_a_loop_ends_in_rounds_of_promotion(tmp_path: Path) -> None:
    limit = "max_volume_strain < 90 %"
    select = f"{{method: learn, batch: 5, budget: 7, seed: 7, where: ['{limit}']}}"
    path = funnel(tmp_path, "{batch: 2, budget: 6}", select)
    assert run(path, launcher="inline", progress=False).status == "complete"
    found = results(path)
    assert [one["known"] for one in found.rounds] == [5, 7]
    assert sorted(one.stage for one in found) == [0] + [1] * 6
    assert found.promotions[0]["round"] == 3
    assert found.promotions[0]["constraints"] == ["max_volume_strain < 0.9"], "those of the loop, in every round"
