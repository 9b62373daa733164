"""A loop that starts from what its project holds: what fits, what does not, and that its choices stay."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from jobflow import Job

from hebe.campaigns.api import results, run
from hebe.campaigns.edited import remember_file
from hebe.campaigns.learning import learn
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.prior import prior_of
from hebe.campaigns.remarks import remarks
from hebe.campaigns.selection import with_selection
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.launchers.graph import references
from hebe.launchers.records import Records
from hebe.makers.propose import ProposeMaker
from hebe.science.chemistry.space import CompositionSpace
from hebe.stores.copying import copy
from hebe.stores.factory import open_store
from support.learned_project import CAMPAIGN, synthetic_documents
from support.learning_loop import written
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign

SELECT = "select: {method: diverse, n: 6, seed: 1}"
LOOP = "select: {method: learn, batch: 4, budget: 8, seed: 7, prior: store}"


def campaign_file(folder: Path, name: str, *changes: tuple[str, str]) -> Campaign:
    text = CAMPAIGN.replace("name: synthetic", f"name: {name}")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return load_campaign(path)


def computed(folder: Path, campaign: Campaign, n: int, seed: int, *, noted: bool = True) -> list[str]:
    """Give a campaign results of some members, as a run of its file leaves them; their jobs."""
    described = Described(CompositionSpace.from_campaign(campaign))
    documents = synthetic_documents(described, described.space.sample(n, seed), seed)
    jobs = [f"{campaign.name}-{number}" for number in range(n)]
    with closing(open_store(folder)) as store, closing(Records.beside(store.docs_store, folder)) as records:
        for uuid, document in zip(jobs, documents, strict=True):
            output = document.model_copy(update={"campaign": campaign.name}).model_dump(mode="json")
            body = {"uuid": uuid, "index": 1, "metadata": {"campaign": campaign.name}, "output": output}
            store.docs_store.update([body], key=["uuid", "index"])
        named = {"uuid": f"jobs of {campaign.name}", "index": 0, "status": "jobs", "uuids": jobs}
        records.store.update(named, key=["uuid", "index"])
        if noted:
            remember_file(records, campaign)
    return jobs


def proposing(campaign: Campaign) -> Job:
    (job,) = [one for one in campaign_flow(campaign).jobs if one.metadata["label"] == "rounds/1/propose"]
    assert isinstance(job, Job)
    return job


def told(job: Job) -> tuple[str, ...]:
    assert isinstance(job.maker, ProposeMaker)
    return job.maker.told


def test_what_other_campaigns_computed_alike_is_an_input_of_the_first_round(tmp_path: Path) -> None:
    other = computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    more_seeds = ("per_candidate: 3, seed: 3", "per_candidate: 5, seed: 8")
    second = computed(tmp_path, campaign_file(tmp_path, "second", more_seeds), 4, 9)
    campaign = with_selection(campaign_file(tmp_path, "loop", (SELECT, LOOP)), tmp_path)
    job = proposing(campaign)
    found = references(job.function_kwargs)
    assert found == {*other, *second}
    assert told(job) == ("10 candidates are known beforehand: 6 of other, 4 of second",)
    assert set(told(job)) <= set(remarks(campaign, campaign_members(campaign)))
    assert learn(campaign, start=tmp_path, curve=False).jobs == [one.uuid for one in job.function_kwargs["prior"]]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("engine: chgnet", "engine: {name: chgnet, fmax: 0.05}", "other engine"),
        ("x: [1, 1/2]", "x: [1, 2/3]", "other x"),
        ("cations: 12", "cations: 24", "other structures"),
        ("family: layered-o3", "family: layered-p2", "other host"),
        ("working_ion: Na", "working_ion: Li", "other working ion"),
        (
            "engine: chgnet",
            "engine: {ase: 'support.spring_crystal:make', energy_scale: springs}",
            "other energy scale, engine",
        ),
    ],
)
def test_what_was_computed_otherwise_is_left_out_and_that_is_said(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    computed(tmp_path, campaign_file(tmp_path, "other", (old, new)), 6, 3)
    campaign = with_selection(campaign_file(tmp_path, "loop", (SELECT, LOOP)), tmp_path)
    job = proposing(campaign)
    assert "prior" not in job.function_kwargs
    assert told(job) == (f"6 candidates of other are not learned from: {reason}",)


def test_settings_that_nothing_tells_are_no_reason_to_trust(tmp_path: Path) -> None:
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3, noted=False)
    campaign = with_selection(campaign_file(tmp_path, "loop", (SELECT, LOOP)), tmp_path)
    assert "hebe run notes them" in told(proposing(campaign))[0]


def test_ids_are_frozen_when_the_loop_first_runs(tmp_path: Path) -> None:
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(with_selection(campaign, tmp_path))
    assert proposing(with_selection(campaign, tmp_path, writes=True)).uuid == first.uuid
    computed(tmp_path, campaign_file(tmp_path, "third"), 5, 21)
    assert proposing(with_selection(campaign, tmp_path)).uuid == first.uuid
    raised = campaign_file(tmp_path, "loop", (SELECT, LOOP.replace("budget: 8", "budget: 12")))
    again = proposing(with_selection(raised, tmp_path, writes=True))
    assert references(again.function_kwargs) == references(first.function_kwargs), "it is the same loop"
    unborn = campaign_file(tmp_path, "unborn", (SELECT, LOOP))
    assert len(references(proposing(with_selection(unborn, tmp_path)).function_kwargs)) > 6


def test_a_copy_of_a_loop_goes_on_from_the_same(tmp_path: Path) -> None:
    jobs = computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    computed(tmp_path, campaign_file(tmp_path, "third", ("cations: 12", "cations: 24")), 3, 4)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    computed(tmp_path, campaign, 1, 5)
    first = proposing(with_selection(campaign, tmp_path, writes=True))
    (tmp_path / "copy" / ".hebe").mkdir(parents=True)
    with closing(open_store(tmp_path)) as store, closing(open_store(tmp_path / "copy")) as other:
        assert copy(store, other, "loop").outputs == 7
        assert {one["uuid"] for one in other.docs_store.query({}, ["uuid"])} == {*jobs, "loop-0"}
    assert proposing(with_selection(campaign, tmp_path / "copy")).uuid == first.uuid


def test_a_loop_that_started_from_nothing_goes_on_so(tmp_path: Path) -> None:
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(with_selection(campaign, tmp_path, writes=True))
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    assert proposing(with_selection(campaign, tmp_path)).uuid == first.uuid


def test_of_several_documents_of_a_candidate_that_of_most_configurations_counts(tmp_path: Path) -> None:
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    for name in ("a", "b"):
        computed(tmp_path, campaign_file(tmp_path, name), 5, 3)
    with closing(open_store(tmp_path)) as store, closing(Records.beside(store.docs_store, tmp_path)) as records:
        one = store.docs_store.query_one({"uuid": "a-2"})
        assert one is not None
        one["output"]["n_configurations"] = 5
        store.docs_store.update([one], key=["uuid", "index"])
        found = prior_of(store, records, campaign).jobs
    assert sorted(found) == ["a-2", "b-0", "b-1", "b-3", "b-4"]


def test_a_loop_that_does_not_ask_keeps_its_ids(tmp_path: Path) -> None:
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    plain = campaign_file(tmp_path, "loop", (SELECT, LOOP.replace(", prior: store", "")))
    named = campaign_file(tmp_path, "loop", (SELECT, LOOP.replace("prior: store", "prior: none")))
    uuids = [proposing(one).uuid for one in (plain, named, with_selection(plain, tmp_path, writes=True))]
    assert len(set(uuids)) == 1


@pytest.mark.slow
def test_a_resumed_loop_chooses_the_same_though_the_store_grew(tmp_path: Path) -> None:
    """Two campaigns of one host: what the first computed chooses for the second, and stays what it was."""
    other = "{method: diverse, n: 7, seed: 2}"
    loop = "{method: learn, batch: 3, budget: 6, seed: 7, prior: store}"
    path = written(tmp_path, other)
    before = path.rename(tmp_path / "before.yaml")
    before.write_text(before.read_text().replace("name: loop", "name: before"))
    assert run(before, launcher="inline", progress=False).status == "complete"
    known = {one.candidate_id for one in results(before)}
    path = written(tmp_path, loop)
    assert run(path, launcher="inline", progress=False).status == "complete"
    rounds = results(path).rounds
    assert rounds[0]["model"], "three candidates of its own are too few for a model"
    assert rounds[0]["known"] > 7
    assert not {one["candidate_id"] for one in rounds[0]["candidates"]} & known
    assert "7 candidates are known beforehand: 7 of before" in rounds[0]["remarks"]
    late = tmp_path / "late.yaml"
    late.write_text(before.read_text().replace("name: before", "name: late").replace("n: 7, seed: 2", "n: 5, seed: 31"))
    run(late, launcher="inline", progress=False)
    longer = path.read_text().replace("budget: 6", "budget: 8")
    path.write_text(longer)
    assert run(path, workers=2, progress=False).status == "complete"
    again = results(path).rounds
    assert [one["candidate_id"] for one in again[0]["candidates"]] == [
        one["candidate_id"] for one in rounds[0]["candidates"]
    ]
    assert again[0]["remarks"] == rounds[0]["remarks"]
    assert len(again) == 3
