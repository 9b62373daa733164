"""A loop that starts from what its project holds: what fits, what does not, and that its choices stay."""

from __future__ import annotations

from contextlib import closing
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from jobflow import Job

from hebe.analyses.registry import get_analysis
from hebe.campaigns.alike import computed_how, differences
from hebe.campaigns.api import results, run
from hebe.campaigns.edited import remember, remember_file
from hebe.campaigns.learning import learn
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.prior import prior_of, with_prior
from hebe.campaigns.remarks import remarks
from hebe.campaigns.selection import selected_ids, with_selection
from hebe.config.mixing import EntryFile
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members, selection_key
from hebe.launchers.graph import references
from hebe.launchers.records import Records
from hebe.makers.propose import ProposeMaker
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import CompositionSpace
from hebe.stores.copying import belonging, copy
from hebe.stores.factory import open_store
from support.learned_project import CAMPAIGN, synthetic_documents
from support.learning_loop import written
from support.mixture_truth import Described

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.walking import Rows

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


def computed(
    folder: Path, campaign: Campaign, n: int = 1, seed: int = 1, *, rows: Rows | None = None, noted: bool = True
) -> list[str]:
    """Give a campaign results of some members, or of some rows, as a run of its file leaves them; their jobs."""
    described = Described(CompositionSpace.from_campaign(campaign))
    rows = described.space.sample(n, seed) if rows is None else rows
    documents = synthetic_documents(described, rows, seed)
    jobs = [f"{campaign.name}-{number}" for number in range(len(rows))]
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


def begun(folder: Path, campaign: Campaign) -> Campaign:
    """The campaign as its run begins, noted as a run notes it."""
    found = with_selection(campaign, folder, writes=True)
    with closing(open_store(folder)) as store, closing(Records.beside(store.docs_store, folder)) as records:
        remember(records, found, campaign_flow(found))
    return found


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
    (said,) = told(proposing(campaign))
    assert "hebe run of other notes them" in said
    assert "only another name starts a new one" in said
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    first = begun(tmp_path, campaign_file(tmp_path, "another", (SELECT, LOOP)))
    assert len(references(proposing(first).function_kwargs)) == 6


def test_ids_are_frozen_when_the_loop_first_runs(tmp_path: Path) -> None:
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(with_selection(campaign, tmp_path))
    assert proposing(begun(tmp_path, campaign)).uuid == first.uuid
    computed(tmp_path, campaign_file(tmp_path, "third"), 5, 21)
    assert proposing(with_selection(campaign, tmp_path)).uuid == first.uuid
    raised = campaign_file(tmp_path, "loop", (SELECT, LOOP.replace("budget: 8", "budget: 12")))
    again = proposing(begun(tmp_path, raised))
    assert references(again.function_kwargs) == references(first.function_kwargs), "it is the same loop"
    unborn = campaign_file(tmp_path, "unborn", (SELECT, LOOP))
    assert len(references(proposing(with_selection(unborn, tmp_path)).function_kwargs)) > 6


def test_a_copy_of_a_loop_goes_on_from_the_same(tmp_path: Path) -> None:
    jobs = computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    computed(tmp_path, campaign_file(tmp_path, "third", ("cations: 12", "cations: 24")), 3, 4)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(begun(tmp_path, campaign))
    computed(tmp_path, campaign, 1, 5)
    (tmp_path / "copy" / ".hebe").mkdir(parents=True)
    with closing(open_store(tmp_path)) as store, closing(open_store(tmp_path / "copy")) as other:
        assert copy(store, other, "loop").outputs == 7
        assert {one["uuid"] for one in other.docs_store.query({}, ["uuid"])} == {*jobs, "loop-0"}
    assert proposing(with_selection(campaign, tmp_path / "copy")).uuid == first.uuid


def test_a_loop_that_started_from_nothing_goes_on_so(tmp_path: Path) -> None:
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(begun(tmp_path, campaign))
    computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    assert proposing(with_selection(campaign, tmp_path)).uuid == first.uuid


def test_a_loop_does_not_start_from_its_own_candidates_when_an_analysis_is_added(tmp_path: Path) -> None:
    jobs = computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    begun(tmp_path, campaign)
    computed(tmp_path, campaign, 3, 5)
    computed(tmp_path, campaign_file(tmp_path, "third"), 5, 21)
    for analyses in ("voltage, volume_strain, local_structure", "voltage"):
        rank = ("minimize: [max_volume_strain]", "minimize: []") if analyses == "voltage" else ("rank", "rank")
        edited = campaign_file(tmp_path, "loop", (SELECT, LOOP), ("voltage, volume_strain", analyses), rank)
        assert references(proposing(begun(tmp_path, edited)).function_kwargs) == set(jobs), "it is the same loop"
    larger = campaign_file(tmp_path, "loop", (SELECT, LOOP), ("cations: 12", "cations: 24"))
    assert not any(" of loop" in said for said in told(proposing(begun(tmp_path, larger))))


def test_a_loop_that_is_edited_back_goes_on_from_its_first_list(tmp_path: Path) -> None:
    jobs = computed(tmp_path, campaign_file(tmp_path, "other"), 6, 3)
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP))
    first = proposing(begun(tmp_path, campaign))
    larger = campaign_file(tmp_path, "loop", (SELECT, LOOP), ("cations: 12", "cations: 24"))
    assert "prior" not in proposing(begun(tmp_path, larger)).function_kwargs
    later = computed(tmp_path, campaign_file(tmp_path, "third", ("cations: 12", "cations: 24")), 5, 21)
    assert proposing(begun(tmp_path, campaign)).uuid == first.uuid
    assert not set(later) & references(proposing(begun(tmp_path, larger)).function_kwargs)
    computed(tmp_path, campaign, 1, 5)
    with closing(open_store(tmp_path)) as store:
        assert belonging(store, "loop") == {*jobs, "loop-0"}


def test_a_run_that_is_refused_freezes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".hebe").mkdir()
    gone = "engine: {ase: 'support.absent:make', energy_scale: springs}"
    text = CAMPAIGN.replace("name: synthetic", "name: loop").replace(SELECT, LOOP)
    path = tmp_path / "loop.yaml"
    path.write_text(text.replace("engine: chgnet", gone))
    with pytest.raises(BadInputError):
        run(path, launcher="inline", progress=False)
    other = campaign_file(tmp_path, "other", ("engine: chgnet", gone))
    jobs = computed(tmp_path, other, 6, 3)
    found = proposing(with_selection(load_campaign(path), tmp_path))
    assert references(found.function_kwargs) == set(jobs)


def test_only_what_was_given_decides_whether_campaigns_compute_alike(tmp_path: Path) -> None:
    """A key that a release adds has its default in all campaigns from before, and changes nothing of them."""
    how = computed_how(campaign_file(tmp_path, "other"))
    assert how["structures"] == {}
    assert how["engine"] == ["chgnet", {}]
    larger = computed_how(campaign_file(tmp_path, "larger", ("cations: 12", "cations: 24")))
    assert larger["structures"] == {"cations": 24}
    assert differences(how, larger) == differences(larger, how) == ["structures"]
    window = computed_how(campaign_file(tmp_path, "window", ("x: [1, 1/2]", "x: [1, 1/2], window: 1..1/2")))
    assert differences(how, window) == differences(window, how) == ["window"]


def test_other_competing_energies_and_versions_are_other_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = campaign_file(tmp_path, "other", ("[voltage,", "[mixing, voltage,"))
    hows = [computed_how(campaign)]
    for text in ("[1]", "[2]"):
        entry = EntryFile(file="mine.json", energy_scale="chgnet-0.3.0", text=text)
        mixing = campaign.mixing.model_copy(update={"entries": (entry,)})
        hows.append(computed_how(campaign.model_copy(update={"mixing": mixing})))
    for one, other in combinations(hows, 2):
        assert differences(one, other) == ["options of mixing"]
    monkeypatch.setattr(type(get_analysis("mixing")), "version", 99)
    assert differences(hows[0], computed_how(campaign)) == ["version of mixing"]


@pytest.mark.parametrize("start", ["diverse", "random"])
def test_the_first_round_leaves_out_what_is_known(tmp_path: Path, start: str) -> None:
    select = LOOP.replace("prior", f"start: {start}, prior")
    plain = campaign_file(tmp_path, "plain", (SELECT, select.replace(", prior: store", "")))
    campaign = campaign_file(tmp_path, "loop", (SELECT, select))
    without = campaign_members(with_selection(campaign, tmp_path))
    assert [one.candidate_id for one in without] == [one.candidate_id for one in campaign_members(plain)]
    assert selection_key(with_selection(campaign, tmp_path)) == selection_key(campaign)
    described = Described(CompositionSpace.from_campaign(campaign))
    rows = [described.space.row(composition_of(spec)) for spec in without]
    computed(tmp_path, campaign_file(tmp_path, "other"), rows=np.array(rows))
    found = begun(tmp_path, campaign)
    chosen = [one.candidate_id for one in campaign_members(found)]
    assert len(chosen) == 4
    assert not set(chosen) & {one.candidate_id for one in without}
    assert selected_ids(campaign, tmp_path) == chosen
    assert {job.metadata.get("candidate") for job in campaign_flow(found).jobs} - {None} == set(chosen)
    assert [one.candidate_id for one in campaign_members(with_prior(campaign, tmp_path))] == chosen


def test_a_space_that_is_known_in_full_leaves_nothing_to_do(tmp_path: Path) -> None:
    coarse = ("grid: 12", "grid: 3")
    campaign = campaign_file(tmp_path, "loop", (SELECT, LOOP), coarse)
    rows = np.concatenate([rows for rows, _ in CompositionSpace.from_campaign(campaign).stream(4096)])
    computed(tmp_path, campaign_file(tmp_path, "other", coarse), rows=rows)
    with pytest.raises(BadInputError, match="known beforehand: there is nothing to compute") as caught:
        with_selection(campaign, tmp_path)
    lines = (tmp_path / "loop.yaml").read_text().splitlines()
    assert caught.value.line == 1 + lines.index(LOOP)


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
