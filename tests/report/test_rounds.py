"""The section of a campaign that learns says what was chosen, predicted and found."""

from __future__ import annotations

from pathlib import Path

from hebe.campaigns.loading import load_campaign
from hebe.report.data import Page
from hebe.report.page import report_page
from hebe.report.sections.rounds import SECTION
from hebe.schemas.learned import Predicted, ProposalDoc, Proposed
from support.candidate_documents import candidate

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"


def rounds() -> list[dict[str, object]]:
    chosen = [
        Proposed(
            candidate_id=name,
            formula=name,
            gain=0.012,
            predicted={"average_voltage": Predicted(mean=mean, sd=0.05, low=mean - 0.08, high=mean + 0.08)},
            new=new,
        )
        for name, mean, new in (("NaFeO2", 3.3, ["Fe3+ on TM"]), ("NaNiO2", 3.5, []), ("NaCoO2", 3.6, []))
    ]
    first = ProposalDoc(campaign="c", round=1, known=8, hypervolume=0.1, objectives={"average_voltage": "maximize"})
    last = first.model_copy(update={"round": 2, "known": 11, "hypervolume": 0.25, "stopped": "the budget is used up"})
    return [one.model_dump() for one in (first.model_copy(update={"candidates": chosen}), last)]


def test_it_compares_what_was_predicted_with_what_was_found() -> None:
    found = [candidate("NaFeO2", {"average_voltage": 3.31}), candidate("NaNiO2", {"average_voltage": 3.7})]
    page = Page(load_campaign(QUICK), found, rounds=rounds())
    text = "".join(SECTION.render(page))
    assert "After 11 candidates the budget is used up." in text
    assert "3.22 to 3.38" in text
    assert "3.31" in text
    assert "Fe3+ on TM" in text
    assert "1 of 2 values" in text, "the third is not computed"
    assert "What was learned on the way" in report_page(page)


def test_other_campaigns_have_no_such_section() -> None:
    assert list(SECTION.render(Page(load_campaign(QUICK), []))) == []
