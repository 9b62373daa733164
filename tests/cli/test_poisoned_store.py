"""A store whose texts were written to harm: nothing of it steers a terminal or becomes markup, whatever shows it."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from hebe.stores import open_store
from support.campaigns import rocksalt
from support.command import hebe
from support.poisoned import EVIL, assert_sane, names, poisoned_campaign
from support.report_results import ranked

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign whose candidates are finished, and one of whose jobs has failed; their documents are hostile."""
    return poisoned_campaign(tmp_path_factory.mktemp("poisoned"))


SHOWN, JSON = r"\x1b]0;owned", r"\u001b]0;owned"
"""How the text stands in tables, and in JSON."""


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("results {file}", SHOWN),
        ("results {file} --json", JSON),
        ("results {file} --sort formula", SHOWN),
        ("results {file} --where stage<1", SHOWN),
        ("show {id}", SHOWN),
        ("show {id} --json", JSON),
        ("show 00000000-job", SHOWN),
        ("show 00000000-job --json", JSON),
        ("status {file}", SHOWN),
        ("status {file} --json", JSON),
        ("export {file} --format csv", SHOWN),
        ("export {file} --format json", JSON),
        ("export {id} --format csv", SHOWN),
        ("rerun --failed --dry-run", SHOWN),
        ("rerun --failed --dry-run --json", JSON),
        ("store check", "sound"),
    ],
)
@pytest.mark.parametrize("width", ["60", "200"])
def test_nothing_is_sent_raw(
    words: str, shown: str, width: str, campaign: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.chdir(campaign.parent)
    outcome = hebe(capsys, *(word.format(file=campaign, id=names(campaign)[0]) for word in words.split()))
    assert (outcome.code, outcome.err) == (0, "")
    assert_sane(outcome.out)
    assert shown in re.sub(r"\s+", "", outcome.out)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_files_are_as_sane(kind: str, campaign: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(campaign.parent)
    file = campaign.with_name(f"out.{kind}")
    assert hebe(capsys, "export", campaign, "-o", file).code == 0
    with file.open(encoding="utf-8", newline="") as stream:
        text = stream.read()
    assert_sane(text)
    if kind == "json":
        assert json.loads(text)[0]["formula"].endswith(EVIL), "another program reads what is stored"
    else:
        csv.field_size_limit(10**7)
        assert [row["candidate_id"] for row in csv.DictReader(io.StringIO(text))] == [
            one["candidate_id"] for one in hebe(capsys, "results", campaign, "--json").json["candidates"]
        ]


def test_the_page_holds_no_markup_of_the_store(
    campaign: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(campaign.parent)
    file = campaign.with_name("page.html")
    assert hebe(capsys, "report", campaign, "-o", file).code == 0
    page = file.read_text(encoding="utf-8")
    tags, attributes = list[str](), list[str]()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            attributes.extend(name for name, _ in attrs)

    Reader().feed(page)
    assert tags.count("script") == 2, "those of the page"
    assert "img" not in tags
    assert not [name for name in attributes if name.startswith("on")]
    assert "&lt;script&gt;alert(1)" in page
    assert_sane(page)


def test_markdown_of_a_report_holds_no_markup_of_the_store(
    campaign: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(campaign.parent)
    file = campaign.with_name("page.md")
    assert hebe(capsys, "report", campaign, "-o", file).code == 0
    text = file.read_text(encoding="utf-8")
    assert r"\<script\>alert(1)" in text
    assert not re.search(r"(?<!\\)[<>]", text.partition("```")[0])
    assert_sane(text)


def test_a_damaged_candidate_is_a_line_and_the_others_are_shown(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = rocksalt(tmp_path)
    store = open_store(tmp_path)
    for number, (name, one) in enumerate(zip(names(path)[:3], ranked(), strict=False)):
        body = one.model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
        body |= {"candidate_id": name, "campaign": "rs"}
        if number == 0:
            body["results"]["mixing"][0]["hull_grade"] = f"B{EVIL}"
        if number == 1:
            body["x_made"] = {"not": "a number"}
        document = {"uuid": str(number), "index": 1, "metadata": {"campaign": "rs"}, "output": body}
        store.docs_store.update([document], key=["uuid", "index"])
    store.close()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        outcome = hebe(capsys, "results", path, "--json")
    assert [one["candidate_id"] for one in outcome.json["candidates"]] == [names(path)[2]]
    assert_sane(outcome.err)
    told = "warning: candidate {} is left out, its document in the store is damaged: {}: "
    lines = sorted(outcome.err.splitlines())
    for line, name, place in zip(lines, names(path)[:2], ["hull_grade", "x_made"], strict=True):
        assert line.startswith(told.format(name, place))
