"""The report as Markdown: what the page says, tables as tables, and no text that becomes markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.report.data import Funnel, Page
from hebe.report.markdown import markdown
from hebe.report.page import report_page
from support.report_results import HOSTILE, candidates, ranked

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"


@pytest.fixture(scope="module")
def text() -> str:
    page = Page(load_campaign(QUICK), ranked(), funnel=Funnel(606, {"entropy": 291}, 6), written="2026-01-01")
    return markdown(report_page(page))


def plain(text: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>|#~])", r"\1", text).replace("&amp;", "&")


def test_headings_lists_and_tables(text: str) -> None:
    assert text.startswith("# na-o3-quick\n")
    for heading in ("## Ranking", "## Methods", "## Provenance", "### Voltage"):
        assert f"\n{heading}\n" in text
    assert "- **Working ion**: Na\n" in text
    assert "- `hebe plot pareto`: Volume strain against voltage." in text
    ranking = text.partition("## Ranking")[2].partition("\n## ")[0]
    rows = [line for line in ranking.splitlines() if "layered-o3-" in line]
    assert len(rows) == 6
    heads = next(line for line in ranking.splitlines() if line.startswith("| rank |"))
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in [heads, *rows]} == {len(re.findall(r"\|", heads))}


def test_everything_that_the_page_says_of_a_candidate_is_there(text: str) -> None:
    read = plain(text)
    for candidate in candidates():
        assert candidate["formula"] in read
        assert all(key in read for key in candidate["calculations"].values())
    assert HOSTILE in read
    assert "3.412 ± 0.021" in read


def test_nothing_becomes_markup(text: str) -> None:
    prose = re.sub(r"\n```\n.*?\n```\n", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[<>]", prose)
    assert "hebeTable" not in text


def test_signs_of_markdown_are_escaped() -> None:
    page = "<h1>a_b*c*</h1><p>[x](y) `z` | # ~</p><table><thead><tr><th>p|q</th></tr></thead><tbody></tbody></table>"
    assert markdown(page) == "# a\\_b\\*c\\*\n\n\\[x\\](y) \\`z\\` \\| \\# \\~\n\n| p\\|q |\n| --- |\n"
    assert markdown("<pre>a\n```\nb</pre>") == "```\na\n` ` `\nb\n```\n"
