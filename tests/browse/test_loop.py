"""The page of a loop: the numbers of `hebe results --json`, links from candidates, and none for other campaigns."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.api import results
from hebe.campaigns.learning import learn
from hebe.flows.rounds import ROUND_LABEL
from hebe.report.loop import round_rows
from hebe.schemas.loop import LoopDoc
from hebe.stores.factory import open_store
from support.browsed import Browsed, Page
from support.looped_project import looped_project
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("looped")


@pytest.fixture(scope="module")
def campaign(folder: Path) -> Campaign:
    return looped_project(folder, "{method: learn, batch: 6, budget: 15, seed: 1}")[0]


@pytest.fixture(scope="module")
def looped(campaign: Campaign, folder: Path) -> Browsed:
    assert campaign.name == "synthetic"
    return Browsed.of(folder)


def loop_of(campaign: Campaign) -> LoopDoc:
    return LoopDoc.model_validate(results(campaign).loop)


def test_it_has_the_rounds_figures_and_reasons_of_the_report(looped: Browsed, campaign: Campaign) -> None:
    page, loop = looped.page("/loop", campaign="synthetic"), loop_of(campaign)
    for row in round_rows(loop):
        assert "".join(row) in page.text
    drawn = [value for tag, name, value in page.attributes if tag == "figure" and name == "data-name"]
    assert drawn == ["loop_hypervolume", "loop_front", "loop_predicted", "loop_predicted_2"]
    assert page.text.count("exploration") >= sum(one.why == "exploration" for one in loop.members) > 0
    assert "The loop has ended: the budget is used up." in page.text


def test_candidates_lead_to_it_and_say_why_they_were_chosen(looped: Browsed, campaign: Campaign) -> None:
    assert "/loop?campaign=synthetic" in looped.page("/candidates", campaign="synthetic").links
    one = loop_of(campaign).members[-1]
    page = looped.page("/candidate", campaign="synthetic", id=one.candidate_id)
    assert "/loop?campaign=synthetic" in page.links
    assert "Round 3 of the loop: " in page.text
    assert "expected gain" in page.text


def test_rounds_and_models_that_come_later_are_seen(campaign: Campaign, looped: Browsed, folder: Path) -> None:
    """No candidate comes with them: what is known of the candidates alone does not tell that they are there."""
    assert "What hebe learn found" not in looped.page("/loop", campaign="synthetic").text
    learn(campaign, curve=False)
    criteria = {"metadata.label": ROUND_LABEL.format(number=3)}
    with closing(open_store(folder)) as store:
        document = store.docs_store.query_one(criteria)
        assert document is not None
        store.docs_store.remove_docs(criteria)
    found = seen(looped, "What hebe learn found")
    assert "The loop goes on." in found.text
    with closing(open_store(folder)) as store:
        store.docs_store.update([document], key=["uuid", "index"])
    seen(looped, "The loop has ended")


def seen(looped: Browsed, words: str) -> Page:
    """Page of the loop once it says something; what was read is kept for a moment."""
    until(lambda: words in looped.page("/loop", campaign="synthetic").text, f"the page says: {words}", 60)
    return looped.page("/loop", campaign="synthetic")


def test_other_campaigns_have_none(looped: Browsed) -> None:
    answer = looped.get("/loop", campaign="other")
    assert answer.status == 404
    assert b"no campaign of that name that learns" in answer.body
