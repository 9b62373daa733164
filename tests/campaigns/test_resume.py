"""A campaign that is finished is not wired again, unless what decides its jobs or their outputs has changed."""

from __future__ import annotations

from contextlib import closing, contextmanager
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest

from hebe.analyses.registry import get_analysis
from hebe.campaigns import api, summaries
from hebe.campaigns.edited import remember
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.summaries import Summaries
from hebe.flows import wiring_key
from hebe.flows.campaign import campaign_flow
from hebe.launchers.records import Records
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class WiredError(Exception):
    """A flow was wired."""


def run(path: Path, **options: Any) -> dict[str, Any]:
    found = api.run(path, launcher="inline", progress=False, **options).as_dict()
    return {name: found[name] for name in ("status", "jobs", "calculations")}


@contextmanager
def records_of(path: Path) -> Iterator[Records]:
    with closing(api.project_store(path.parent)) as store, closing(Records.beside(store.docs_store, path.parent)) as it:
        yield it


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Campaign file in a project in which it has run."""
    folder = tmp_path_factory.mktemp("resumed")
    (folder / ".hebe").mkdir()
    path = rocksalt(folder, "Mg: [2], Ni: [2]")
    assert run(path)["status"] == "complete"
    return path


@pytest.fixture
def unwired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make wiring a flow an error."""

    def refuse(*_: object) -> None:
        raise WiredError

    monkeypatch.setattr(api, "campaign_flow", refuse)


def test_nothing_is_wired_and_the_counts_are_those_of_a_launch(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "wired", lambda *_: None)
    launched = run(finished)
    monkeypatch.undo()
    monkeypatch.setattr(api, "campaign_flow", lambda *_: pytest.fail("wired"))
    assert run(finished) == launched
    assert launched["calculations"]["computed"] == 0
    assert launched["jobs"]["reused"] == launched["jobs"]["total"] > 0


@pytest.mark.usefixtures("unwired")
@pytest.mark.parametrize("text", ["seed: 1 -> seed: 2", "fmax: 0.1 -> fmax: 0.05", "max: 18 -> max: 17"])
def test_another_file_is_wired(text: str, finished: Path) -> None:
    old, _, new = text.partition(" -> ")
    other = finished.with_name("other.yaml")
    other.write_text(finished.read_text().replace(old, new))
    with pytest.raises(WiredError):
        run(other)


@pytest.mark.usefixtures("unwired")
def test_another_version_of_the_code_is_wired(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(finished)
    monkeypatch.setattr(wiring_key, "_code", lambda: ["another"])
    with pytest.raises(WiredError):
        run(finished)


def test_another_version_of_an_analysis_has_another_key(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = load_campaign(finished)
    before = wiring_key.wiring_key(campaign)
    assert wiring_key.wiring_key(campaign) == before
    monkeypatch.setattr(type(get_analysis("mixing")), "version", 99)
    assert wiring_key.wiring_key(campaign) != before


@pytest.mark.parametrize("place", ["edited_alone.py", "edited_package/inner.py"])
def test_the_files_of_a_plugin_are_part_of_the_key(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("mine", place.removesuffix(".py").replace("/", ".") + ":ANALYSIS", "hebe.analyses")
    monkeypatch.setattr(wiring_key, "plugins", lambda _group: {"mine": point})
    found = []
    for text in ("ONE = 1", "ONE = 1", "ONE = 2"):
        path.write_text(text)
        wiring_key._code.cache_clear()
        found.append(wiring_key._code())
    wiring_key._code.cache_clear()
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("name", ["mixing", "candidate"])
def test_an_output_that_changed_is_wired_and_computed_anew(name: str, finished: Path) -> None:
    with closing(api.project_store(finished.parent)) as store:
        document = next(
            one for one in store.docs_store.query({}) if str(one["metadata"]["label"]).rpartition("/")[2] == name
        )
        store.docs_store.update([document | {"made_from": {"all": "0" * 32, "each": []}}], key=["uuid", "index"])
        upstream = store.docs_store.query_one({"uuid": document["made_from"]["each"][0][0]})
        assert upstream is not None
        changed = upstream | {"output": {**upstream["output"], "remark": "another content"}}
        store.docs_store.update([document, changed], key=["uuid", "index"])
        before = store.docs_store.query_one({"uuid": document["uuid"]}, ["made_from.all"])
        again = run(finished)
        after = store.docs_store.query_one({"uuid": document["uuid"]}, ["made_from.all"])
    assert again["status"] == "complete"
    assert again["jobs"]["reused"] < again["jobs"]["total"]
    assert before != after, "it notes the content of what it was computed from now"


def test_a_finished_campaign_goes_on_where_it_was_paused(finished: Path) -> None:
    name = load_campaign(finished).name
    with records_of(finished) as records:
        records.control(name, "paused")
        run(finished)
        assert records.controls() == {}


@pytest.mark.usefixtures("unwired")
def test_a_campaign_whose_jobs_are_forgotten_is_wired(finished: Path) -> None:
    campaign = load_campaign(finished)
    with records_of(finished) as records:
        records.store.remove_docs({"uuid": f"jobs of {campaign.name}"})
        with pytest.raises(WiredError):
            run(finished)
        remember(records, campaign, campaign_flow(campaign))
        run(finished)


def test_summaries_are_kept_while_a_campaign_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "_ROWS", 1)
    (tmp_path / ".hebe").mkdir()
    path = rocksalt(tmp_path, "Mg: [2], Ni: [2]")
    run(path)
    monkeypatch.setattr(summaries, "whole_of", lambda *_: pytest.fail("summaries are there"))
    with closing(api.project_store(tmp_path)) as store, closing(Summaries(store)) as kept:
        assert {row.candidate_id for row in kept.rows} == {one.candidate_id for one in api.results(path)}
