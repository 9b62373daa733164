"""The section of a campaign that learns: its figures hold the numbers of its document, and others have none of it."""

from __future__ import annotations

import html
import re
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import all_quantities
from hebe.campaigns.api import results
from hebe.campaigns.learning import learn
from hebe.campaigns.loading import load_campaign
from hebe.config.reading.refusal import campaign_source
from hebe.launchers.records import Records
from hebe.report.collect import page_of
from hebe.report.data import Page
from hebe.report.gallery import draw
from hebe.report.loop import compared, round_rows, volume_scale
from hebe.report.markdown import markdown
from hebe.report.page import report_page
from hebe.report.sections.rounds import SECTION
from hebe.schemas.loop import LoopDoc
from hebe.stores.factory import open_store
from support.command import hebe
from support.looped_project import SELECT, looped_project, written
from support.read_figures import marks, parsed, scale

if TYPE_CHECKING:
    from pathlib import Path


FAILED = 20
VOLTS, STRAIN = "average_voltage", "max_volume_strain"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """A loop of four rounds of eight, of which one has failed, and models of it."""
    folder = tmp_path_factory.mktemp("looped")
    campaign, _, _ = looped_project(folder, failed=[FAILED])
    learn(campaign)
    return page_of(campaign)


@pytest.fixture(scope="module")
def loop(page: Page) -> LoopDoc:
    assert page.loop is not None
    return page.loop


def text_of(page: Page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", "".join(SECTION.render(page))))


def read(page: Page, name: str) -> dict[str, tuple[float, float]]:
    """Values at the marks of a figure, by their words."""
    root = parsed(draw(name, page).svg)
    (a, b), (c, d) = scale(root, horizontal=True), scale(root, horizontal=False)
    return {words: (a * x + b, c * y + d) for x, y, words in marks(root)}


def test_the_last_hypervolume_is_that_which_the_last_round_said(page: Page, loop: LoopDoc) -> None:
    """The document of a round has it from the models' data, the loop from documents: they never met."""
    told = results(page.campaign).rounds
    assert [one["known"] for one in told] == [8, 16, 24, 32] == [one.known for one in loop.rounds]
    for said, one in zip(told, loop.rounds, strict=True):
        assert one.hypervolume == pytest.approx(said["hypervolume"], rel=1e-4), "its reference has six digits"
    assert loop.rounds[-1].hypervolume > 0  # type: ignore[operator]


def test_the_figure_of_the_hypervolume_has_its_rounds_and_what_was_expected(page: Page, loop: LoopDoc) -> None:
    found, (factor, unit) = read(page, "loop_hypervolume"), volume_scale(loop)
    assert (factor, unit) == (100, "V %")
    ended = {w: p for w, p in found.items() if w.startswith("after round")}
    assert len(ended) == 4
    for (x, y), one in zip(ended.values(), loop.rounds, strict=True):
        assert x == pytest.approx(one.known, abs=0.1)
        assert y == pytest.approx(100 * (one.hypervolume or 0.0), abs=0.002)
    expected = [place for words, place in found.items() if "expected" in words]
    for (x, y), before, one in zip(expected, loop.rounds, loop.rounds[1:], strict=False):
        assert x == pytest.approx(one.known, abs=0.1)
        assert y == pytest.approx(100 * ((before.hypervolume or 0.0) + (one.expected or 0.0)), abs=0.002)
    svg = draw("loop_hypervolume", page).svg
    volts, strain = loop.reference[VOLTS], 100 * loop.reference[STRAIN]
    assert f"beyond voltage {volts:.2f} V, volume strain {strain:.2f} %" in svg


def test_the_figure_of_the_front_has_every_candidate_at_its_values(page: Page, loop: LoopDoc) -> None:
    found = list(read(page, "loop_front").values())
    wanted = [
        (one.forecasts[VOLTS].value, one.forecasts[STRAIN].value) for one in loop.members if one.status == "complete"
    ]
    assert len(found) == len(wanted) == 31
    for (x, y), (volts, strain) in zip(found, wanted, strict=True):
        assert x == pytest.approx(volts, abs=0.005)
        assert y == pytest.approx(100 * (strain or 0.0), abs=0.01)


@pytest.mark.parametrize(("name", "at"), [("loop_predicted", 0), ("loop_predicted_2", 1)])
def test_the_figure_of_predictions_counts_what_its_bars_hold(page: Page, loop: LoopDoc, name: str, at: int) -> None:
    held = loop.coverage[at]
    told = [one.forecasts[held.quantity] for one in loop.members if one.round > 1 and one.status == "complete"]
    scale_ = 1 if at == 0 else 100
    found = list(read(page, name).values())
    assert len(found) == held.n == len(told) == 23
    for (x, y), one in zip(found, told, strict=True):
        assert x == pytest.approx(scale_ * (one.mean or 0.0), abs=0.01)
        assert y == pytest.approx(scale_ * (one.value or 0.0), abs=0.01)
    inside = sum(
        abs((one.value or 0) - (one.mean or 0)) ** 2
        <= ((one.high or 0) - (one.mean or 0)) ** 2 + (1.644854 * (one.error or 0)) ** 2
        for one in told
    )
    assert held.inside_90 == inside
    assert f"{held.inside_50} of 23 inside 50 %, {inside} of 23 inside 90 %" in draw(name, page).svg


def test_the_learning_curve_is_that_of_the_models(page: Page) -> None:
    assert page.learned is not None
    one = page.learned.quantities[VOLTS]
    found = read(page, "learning_curve")
    for step in one.learning_curve:
        x, y = next(place for words, place in found.items() if words.endswith(f"after {step.n} candidates"))
        assert x == pytest.approx(step.n, abs=0.1)
        assert y == pytest.approx(step.rmse / (one.spread or 1.0), abs=0.01)


def test_the_section_says_why_each_was_chosen_and_what_came_of_it(page: Page, loop: LoopDoc) -> None:
    text = text_of(page)
    assert "32 candidates are computed of a space of 3,395 compositions, in 4 rounds." in text
    assert "The loop has ended: the budget is used up." in text
    assert "volume strain &lt; 4.5 %" in text
    assert text.count("start, diverse") == 8
    reasons = [one.why for one in loop.members[8:]]
    assert (text.count(" predicted better "), text.count(" exploration ")) == (
        reasons.count("as_predicted"),
        reasons.count("exploration"),
    )
    assert {"as_predicted", "exploration"} == set(reasons)
    assert "failed" in text
    one = loop.members[-1]
    before, after = compared(all_quantities()[VOLTS], one.forecasts[VOLTS])
    assert f"{before} {after}" in text
    assert "What hebe learn found, from 31 candidates" in text
    assert not any(one.candidate_id in text for one in loop.members), "candidates are called by their formulas"


def test_marks_of_candidates_stand_beside_them_with_what_they_mean(page: Page, loop: LoopDoc) -> None:
    name, mark = next(iter(mark_texts().items()))
    assert "Marks: " not in text_of(page)
    members = [one.model_copy(update={"marks": [name] if at == 2 else []}) for at, one in enumerate(loop.members)]
    text = text_of(replace(page, loop=loop.model_copy(update={"members": members})))
    assert f"Marks: {mark.letter}: {mark.meaning}." in html.unescape(text)
    assert text.count(f" {mark.letter} start, diverse ") == 1


def test_results_print_the_same_rounds(page: Page, loop: LoopDoc, capsys: pytest.CaptureFixture[str]) -> None:
    file = campaign_source(page.campaign).file
    told = hebe(capsys, "results", file, "--json").json
    assert LoopDoc.model_validate(told["loop"]) == loop
    assert [one["round"] for one in told["rounds"]] == [1, 2, 3, 4]
    lines = [line.split() for line in hebe(capsys, "results", file).out.splitlines()]
    for row in round_rows(loop):
        assert row in lines
    assert ["The", "loop", "has", "ended:", "the", "budget", "is", "used", "up."] in lines


def test_models_of_chances_are_in_probits(page: Page) -> None:
    assert page.learned is not None
    volts = page.learned.quantities[VOLTS]
    chance = volts.model_copy(update={"unit": "probit"})
    learned = page.learned.model_copy(update={"quantities": {"formation_probability": chance}})
    now = replace(page, learned=learned)
    title, text = all_quantities()["formation_probability"].title, text_of(now)
    assert f"{title} / probit {len(chance.candidates)} {chance.spread:.3g} {chance.rmse:.3g} " in text
    effect = chance.effects[0]
    assert f"{effect.ion} on {effect.sublattice} {effect.per_tenth:+.2g} probit" in text
    words = [words for words in read(now, "learning_curve") if words.startswith(title)]
    steps = [f"{title}: {step.rmse:.3g} probit after {step.n} candidates" for step in chance.learning_curve]
    assert words == steps != []


@pytest.mark.parametrize("recorded", [True, False])
def test_a_loop_whose_selection_was_edited_is_told_as_it_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loop: LoopDoc, *, recorded: bool
) -> None:
    """Nothing of the new start is computed; what ran is written down, or not."""
    _, found, told = looped_project(tmp_path, failed=[FAILED])
    if recorded:
        uuids = [*(f"job-{at}" for at in range(len(found))), *(f"round-{one.round}" for one in told)]
        with closing(open_store(tmp_path)) as store, closing(Records.beside(store.docs_store, tmp_path)) as records:
            name = {"uuid": "jobs of synthetic", "index": 0, "status": "jobs", "uuids": uuids}
            records.store.update([name], key=["uuid", "index"])
    written(tmp_path, SELECT.replace("start: diverse, seed: 1", "start: random, seed: 5"))
    path = tmp_path / "synthetic.yaml"
    assert hebe(capsys, "report", path, "-o", tmp_path / "report.html").code == 0
    edited = LoopDoc.model_validate(hebe(capsys, "results", path, "--json").json["loop"])
    if not recorded:
        assert [one.round for one in edited.rounds if one.computed] == [2, 3, 4]
        return
    assert {one.candidate_id for one in edited.members} == {one.candidate_id for one in loop.members}
    for one, before in zip(edited.rounds, loop.rounds, strict=True):
        assert (one.chosen, one.on_front) == (before.chosen, before.on_front)
        assert one.hypervolume == pytest.approx(before.hypervolume)


def test_it_is_in_the_page_and_its_markdown(page: Page) -> None:
    found = report_page(page)
    assert '<section id="rounds">' in found
    assert "hebe plot loop_hypervolume" in markdown(found)


def test_other_campaigns_have_no_such_section(page: Page, tmp_path: Path) -> None:
    plain = written(tmp_path, "{method: diverse, n: 6, seed: 1}")
    other = Page(plain, page.candidates)
    assert list(SECTION.render(other)) == []
    assert 'id="rounds"' not in report_page(other)
    assert [one.name for one in SECTION.pictures if one.draw(other) is not None] == []
    assert results(load_campaign(tmp_path / "synthetic.yaml"), start=tmp_path).loop is None
