"""A campaign that learns: the same candidates in the same rounds, whoever runs it and however often it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore

from hebe.campaigns.api import results, run
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.rounds import rounds_of
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.member_checks import check_members
from hebe.flows.members import plain_campaign
from hebe.flows.rounds import RoundFlowMaker
from hebe.science.chemistry.survey import survey
from hebe.stores.factory import open_store
from support.campaigns import STIFF
from support.learning_loop import written
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


def rounds(folder: Path) -> list[dict[str, Any]]:
    with closing(open_store(folder)) as store:
        return rounds_of(store, load_campaign(folder / "loop.yaml"))


@pytest.mark.slow
def test_rounds_are_the_same_with_two_workers_after_a_kill_and_by_another_manager(tmp_path: Path) -> None:
    path = written(tmp_path / "two")
    summary = run(path, workers=2, progress=False)
    assert summary.status == "complete"
    found = results(path)
    wanted = found.rounds
    assert [(one["round"], one["known"], len(one["candidates"])) for one in wanted] == [(1, 5, 3), (2, 8, 0)]
    assert wanted[0]["stopped"] is None
    assert wanted[1]["stopped"] == "the budget is used up"
    assert wanted[1]["hypervolume"] >= wanted[0]["hypervolume"]
    chosen = {one["candidate_id"] for one in wanted[0]["candidates"]}
    assert len(found) == 8
    assert chosen < {one.candidate_id for one in found}
    assert all(one.status == "complete" for one in found)
    course = found.loop["course"]  # type: ignore[index]
    assert [step["n"] for step in course] == list(range(1, 9))
    assert [step["hypervolume"] for step in course][-1] == pytest.approx(wanted[1]["hypervolume"], rel=1e-3)

    killed_in_the_second_round(written(tmp_path / "killed"))
    run(tmp_path / "killed" / "loop.yaml", workers=1, progress=False)
    assert rounds(tmp_path / "killed") == wanted

    store = JobStore(MemoryStore())
    run_locally(campaign_flow(load_campaign(path)), store=store, log=False, ensure_success=True)
    assert rounds_of(store, load_campaign(path)) == wanted


def killed_in_the_second_round(path: Path) -> None:
    """Run with one worker until the first round has chosen, then kill everything at once."""
    script = "import sys; from hebe.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", script, "run", str(path), "--workers", "1"]
    process = subprocess.Popen(
        words,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: bool(rounds(path.parent)), "a round has chosen", 300, running=process)
        assert process.poll() is None, "it ended before it was killed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_first_round_is_that_of_its_start(tmp_path: Path) -> None:
    campaign = load_campaign(written(tmp_path))
    diverse = load_campaign(written(tmp_path / "other", "{method: diverse, n: 5, seed: 7}"))
    labels = {job.metadata.get("candidate") for job in campaign_flow(campaign).jobs} - {None}
    assert labels == {job.metadata.get("candidate") for job in campaign_flow(diverse).jobs} - {None}
    others = {job.uuid for job in campaign_flow(diverse).jobs}
    added = [job for job in campaign_flow(campaign).jobs if job.uuid not in others]
    assert [job.metadata["label"] for job in added] == ["rounds/1/propose"], "nothing else is another job"
    assert survey(campaign).candidates == 8


def test_rounds_of_an_edited_loop_are_not_mixed_with_those_before(tmp_path: Path) -> None:
    campaign = load_campaign(written(tmp_path))
    with closing(open_store(tmp_path)) as store:
        for uuid, number in (("old", 1), ("new", 1), ("older", 2)):
            metadata = {"campaign": campaign.name, "label": f"rounds/{number}/propose"}
            document = {"uuid": uuid, "index": 1, "metadata": metadata, "output": {"round": number, "of": uuid}}
            store.docs_store.update([document], key=["uuid", "index"])
        assert [one["of"] for one in rounds_of(store, campaign, {"new"})] == ["new"]
        assert rounds_of(store, campaign, {"newer, which has no round yet"}) == []
        assert [one["round"] for one in rounds_of(store, campaign)] == [1, 2]


def test_rounds_after_a_short_batch_are_found(tmp_path: Path) -> None:
    """A budget of eight is two batches of five, but one of one member leaves more rounds than that."""
    for folder, limits, number in (("budget", "budget: 8", 8), ("both", "budget: 8, rounds: 4", 4)):
        campaign = load_campaign(written(tmp_path / folder, f"{{method: learn, batch: 5, {limits}, seed: 7}}"))
        with closing(open_store(tmp_path / folder)) as store:
            for one in range(1, number + 1):
                metadata = {"campaign": campaign.name, "label": f"rounds/{one}/propose"}
                document = {"uuid": f"job-{one}", "index": 1, "metadata": metadata, "output": {"round": one}}
                store.docs_store.update([document], key=["uuid", "index"])
            assert [found["round"] for found in rounds_of(store, campaign)] == list(range(1, number + 1))


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ("{method: learn, rounds: 3}", "needs batch"),
        ("{method: learn, batch: 3}", "needs rounds or budget"),
        ("{method: learn, batch: 3, rounds: 2, n: 4}", "takes a batch and no n"),
        ("{method: diverse, n: 4, batch: 3}", "batch belongs to method learn"),
        ("{method: learn, batch: 3, rounds: 2, where: ['average_voltage > 3 K']}", "average_voltage is in V"),
        ("{method: learn, batch: 3, rounds: 2, where: ['formation_probability > 0.8']}", "first stage has no"),
        ("{method: learn, batch: 3, rounds: 2, least_gain: 200 %}", "share from 0 to below 1"),
    ],
)
def test_loops_that_cannot_run_are_refused_when_they_are_read(tmp_path: Path, select: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason) as caught:
        load_campaign(written(tmp_path, select))
    assert caught.value.line == 10


def test_a_constraint_on_formation_asks_for_the_analysis_that_judges_it(tmp_path: Path) -> None:
    select = "{method: learn, batch: 3, rounds: 2, where: ['formation_probability > 0.8']}"
    with pytest.raises(BadInputError) as caught:
        load_campaign(written(tmp_path, select))
    assert "add mixing to its analyses" in str(caught.value.suggestion)


def test_members_of_later_rounds_are_checked_like_those_of_the_first(tmp_path: Path) -> None:
    campaign = load_campaign(written(tmp_path))
    specs = campaign_members(campaign)
    following = RoundFlowMaker(campaign=plain_campaign(campaign))
    assert [following.refuses(spec) for spec in specs] == [None] * len(specs)
    one = load_campaign(path_of_one_cation(tmp_path))
    following = RoundFlowMaker(campaign=plain_campaign(one))
    with pytest.raises(BadInputError):
        check_members(one, specs)
    assert any(
        "several species" in (following.refuses(spec) or "") or "share it" in (following.refuses(spec) or "")
        for spec in specs
    )


def path_of_one_cation(folder: Path) -> Path:
    path = folder / "one.yaml"
    path.write_text((folder / "loop.yaml").read_text().replace("cations: 4", "cations: 1"))
    return path


def test_controls_of_a_stage_that_learns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    text = path.read_text().replace("    window:", "    controls: leave-one-out\n    window:")
    path.write_text(text)
    with pytest.raises(BadInputError, match="chosen in rounds") as caught:
        load_campaign(path)
    assert caught.value.line == 1 + text.splitlines().index("    controls: leave-one-out")


def test_a_loop_without_objectives_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(BadInputError, match="rank names 0"):
        load_campaign(path)


@pytest.mark.slow
def test_after_the_last_round_the_best_of_all_go_on(tmp_path: Path) -> None:
    path = written(tmp_path / "funnel", "{method: learn, batch: 5, budget: 7, seed: 7}")
    second = f"  - {{engine: {STIFF}, keep: 2, task: static, x: [1, 1/2], analyses: [voltage]}}\nrank:"
    path.write_text(path.read_text().replace("rank:", second))
    assert run(path, workers=2, progress=False).status == "complete"
    found = results(path)
    assert [one["known"] for one in found.rounds] == [5, 7]
    (border,) = found.promotions
    assert len(border["candidates"]) == 7
    assert sorted(one.stage for one in found) == [0] * 5 + [1] * 2
    later = {one.candidate_id: one.mean("average_voltage") for one in found if one.stage == 1}
    before = {one["candidate_id"]: one["objectives"]["average_voltage"] for one in border["candidates"]}
    for one in found.loop["members"]:  # type: ignore[index]
        name, value = one["candidate_id"], one["forecasts"]["average_voltage"]["value"]
        assert value == before[name], "what was predicted is a value of the first stage"
        assert value != later.get(name)
