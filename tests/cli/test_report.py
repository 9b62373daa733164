"""``hebe report`` and ``hebe plot``: formats, weights, names, and what they refuse before anything is computed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import hebe as package
from hebe.analyses.columns import columns_of
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_members
from hebe.report import printing
from hebe.report.values import quantity_text
from hebe.stores import open_store
from support.campaigns import rocksalt
from support.chromium import needs_chromium
from support.command import hebe
from support.report_results import ranked

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign ranked by the mixing temperature whose candidates are finished."""
    root = tmp_path_factory.mktemp("project")
    path = rocksalt(root)
    store = open_store(root)
    documents = []
    names = sorted({spec.candidate_id for spec in campaign_members(load_campaign(path))})
    for number, (name, one) in enumerate(zip(names, ranked(), strict=False)):
        plain = one.model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
        plain |= {"candidate_id": name, "campaign": "rs", "status": "complete"}
        metadata = {"campaign": "rs", "candidate": name, "label": name}
        documents.append({"uuid": f"{number:08d}", "index": 1, "name": "c", "metadata": metadata, "output": plain})
    store.docs_store.update(documents, key=["uuid", "index"])
    store.close()
    return path


@pytest.mark.parametrize(("suffix", "begin"), [("html", "<!DOCTYPE html>"), ("md", "# rs"), ("htm", "<!DOCTYPE html>")])
def test_the_suffix_says_the_format(campaign: Path, suffix: str, begin: str, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / f"page.{suffix}"
    assert hebe(capsys, "report", campaign, "-o", file).code == 0
    assert file.read_text(encoding="utf-8").startswith(begin)


def test_a_format_goes_before_the_suffix(campaign: Path, tmp_path: Path, capsys: Captured) -> None:
    done = hebe(capsys, "report", campaign, "-o", tmp_path / "page.txt", "--format", "md", "--json")
    assert done.json["report"] == str(tmp_path / "page.txt")
    assert (tmp_path / "page.txt").read_text(encoding="utf-8").startswith("# rs")
    refused = hebe(capsys, "report", campaign, "-o", tmp_path / "page.docx")
    assert refused.code == 2
    assert "HTML, PDF or Markdown, not .docx" in refused.err


@needs_chromium
@pytest.mark.browser
def test_a_browser_prints_it(campaign: Path, tmp_path: Path, capsys: Captured) -> None:
    assert hebe(capsys, "report", campaign, "-o", tmp_path / "page.pdf").code == 0
    assert (tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"
    assert (tmp_path / "page.pdf").stat().st_size > 20_000


def test_without_a_browser_it_says_what_to_do(
    campaign: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "BROWSERS", ("no-such-browser",))
    refused = hebe(capsys, "report", campaign, "-o", tmp_path / "page.pdf")
    assert refused.code == 1
    assert "needs chromium or Chrome: install one, or write report.html" in refused.err
    assert not (tmp_path / "page.pdf").exists()


def test_weights_are_scores_and_leave_the_ranking_alone(campaign: Path, tmp_path: Path, capsys: Captured) -> None:
    plain, weighed = tmp_path / "a.md", tmp_path / "b.md"
    assert hebe(capsys, "report", campaign, "-o", plain).code == 0
    objective = (*load_campaign(campaign).rank.maximize, *load_campaign(campaign).rank.minimize)[0]
    assert hebe(capsys, "report", campaign, "-o", weighed, "--weights", f" {objective} = 2 ").code == 0
    first, second = (file.read_text(encoding="utf-8") for file in (plain, weighed))
    assert "Weighted scores" not in first
    assert "## Weighted scores" in second
    tables = [text.partition("## Ranking")[2].partition("\n## ")[0] for text in (first, second)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("nonsense=1", "does not rank by 'nonsense'"),
        ("{objective}", "expected a number above 0"),
        ("{objective}=-1", "expected a number above 0"),
        ("{objective}=nan", "expected a number above 0"),
        ("{objective}=1,{objective}=2", "given twice"),
    ],
)
def test_weights_that_make_no_sense(campaign: Path, weights: str, said: str, tmp_path: Path, capsys: Captured) -> None:
    objective = (*load_campaign(campaign).rank.maximize, *load_campaign(campaign).rank.minimize)[0]
    words = weights.format(objective=objective)
    refused = hebe(capsys, "report", campaign, "-o", tmp_path / "a.html", "--weights", words)
    assert refused.code == 2
    assert said in refused.err
    assert not (tmp_path / "a.html").exists()


def test_plot_lists_its_figures(capsys: Captured) -> None:
    listed = {one["name"] for one in hebe(capsys, "plot", "--json").json["figures"]}
    assert {"funnel", "pareto", "effects", "voltage_over_content", "mixing_temperatures"} <= listed
    shown = hebe(capsys, "plot")
    assert all(name in shown.out for name in listed)


def test_plot_writes_a_figure(campaign: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "fig.svg"
    done = hebe(capsys, "plot", "mixing", campaign, "-o", file, "--json")
    assert (done.code, done.json["figure"]) == (0, "mixing_temperatures")
    assert file.read_text(encoding="utf-8") == package.plot("mixing", campaign).printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pareto"], "the campaign is missing"),
        (["mixin", "{campaign}"], "did you mean mixing?"),
        (["mixing", "{campaign}", "-o", "{folder}/a.gif"], "known: .svg, .png, .pdf"),
        (["agreement", "{campaign}"], "nothing to draw as agreement (it has "),
    ],
)
def test_plot_refuses(
    words: list[str], said: str, campaign: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = hebe(capsys, "plot", *(word.format(campaign=campaign, folder=tmp_path) for word in words))
    assert refused.code == 2
    assert said in refused.err
    assert list(tmp_path.iterdir()) == []


def test_numbers_are_the_same_in_page_terminal_and_python(campaign: Path, tmp_path: Path, capsys: Captured) -> None:
    """To the last printed digit: page and terminal print one text, made of the values that JSON and Python have."""
    file = tmp_path / "page.md"
    assert hebe(capsys, "report", campaign, "-o", file).code == 0
    printed = hebe(capsys, "results", campaign).out
    page = file.read_text(encoding="utf-8").replace("\\", "").replace("≥ ", ">=")
    documents = json.loads(hebe(capsys, "results", campaign, "--json").out)["candidates"]
    assert documents == json.loads(json.dumps(package.results(campaign).candidates))
    for candidate in package.results(campaign):
        row = next(line for line in page.splitlines() if line.startswith("|") and candidate.candidate_id in line)
        for quantity in columns_of([candidate]):
            text = quantity_text(quantity, candidate)
            assert text in row
            assert text.partition(" ")[0] in printed
