"""The page: complete, escaped, and without anything that reaches out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.config.keep import Keep
from hebe.report.conventions import window
from hebe.report.data import Page
from hebe.report.formulas import formula
from hebe.report.markup import Markup, html, tag
from hebe.report.page import FIRST, SCRIPTS, report_page
from hebe.report.scripts import asset, data
from support.broken_campaigns import ROCKSALT
from support.report_results import HOSTILE, candidates, ranked

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
VOID = {"meta", "br", "wbr"}


class Reader(HTMLParser):
    """Checks that elements close in order; keeps the text and every attribute."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page() -> str:
    return report_page(Page(load_campaign(QUICK), ranked(), written="2026-01-01"))


def test_the_page_is_well_formed(page: str) -> None:
    assert Reader(page).open == []
    assert page.startswith("<!DOCTYPE html>")


def test_nothing_reaches_out(page: str) -> None:
    reader = Reader(page)
    assert not {"link", "img", "iframe", "object", "form", "base"} & set(reader.tags)
    for element, name, value in reader.attributes:
        assert name not in {"src", "srcset", "action", "style"}
        assert (element, name) == ("a", "href") or name != "href"
        assert name != "href" or value.startswith("#")
        assert not name.startswith("on")
        assert "://" not in value or (name, value) == ("xmlns", "http://www.w3.org/2000/svg")
    assert "url(" not in page
    assert "@import" not in page
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|eval\(|innerHTML|document\.write", page)


def test_the_policy_lets_the_scripts_of_the_report_run_and_no_other(page: str) -> None:
    (policy,) = (
        value for tag_, name, value in Reader(page).attributes if (tag_, name) == ("meta", "content") and "src" in value
    )
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts == [asset(*FIRST), "\n".join(map(asset, SCRIPTS))]
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    assert set(re.findall(r"'sha256-(.*?)'", policy)) == set(hashes)
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


def test_every_link_leads_to_a_section(page: str) -> None:
    attributes = Reader(page).attributes
    targets = [value.removeprefix("#") for _, name, value in attributes if name == "href"]
    assert len(targets) >= 8
    assert set(targets) == {value for tag_, name, value in attributes if (tag_, name) == ("section", "id")}


def test_data_for_scripts_end_no_element() -> None:
    element = data("<id>", {"</script>": ["<!--<script>", HOSTILE, "\u2028\x1b[2J"]})
    inside = element.partition(">")[2].removesuffix("</script>")
    assert "<" not in inside
    assert "\x1b" not in inside
    assert 'id="&lt;id&gt;"' in element
    ((key, values),) = json.loads(inside).items()
    assert (key, values[1]) == ("</script>", HOSTILE)


def test_every_candidate_and_value_is_there(page: str) -> None:
    text = Reader(page).text
    for candidate in candidates():
        assert text.count(candidate["candidate_id"]) >= 2
        assert text.count(candidate["formula"]) >= 2
        assert all(key in text for key in candidate["calculations"].values())
        assert all(warning in text for warning in candidate["warnings"])
    for shown in ("3.412 ± 0.021", "≥ 700 ± 500", "never", "partial", "400 ± 600", "mixed-site"):
        assert shown in text
    names = [value for tag_, name, value in Reader(page).attributes if (tag_, name) == ("figure", "data-name")]
    assert {"pareto", "voltage_over_content", "charge_by_voltage", "volume_change", "mixing_temperatures"} <= set(names)
    assert len(names) == len(set(names))


def test_warnings_are_escaped(page: str) -> None:
    assert HOSTILE in Reader(page).text
    assert page.count("<script") == 2
    assert "&lt;script&gt;" in page


def test_conventions_are_stated(page: str) -> None:
    text = Reader(page).text
    for shown in (
        "at least 1.5 R in the convention mixed-site",
        "coverage grade B, C, D",
        "CuO, Fe2O3, MnO2, NaFeO2, TiO2",
        "energy scale MP2020-corrected (CHGNet 0.3.0)",
        "x = 0.3333 and 1 Na",
        "900 degC, usual for the family in air: Zhao, Ding",
        "below 84 %",
        "written".capitalize(),
    ):
        assert shown in text


def test_a_campaign_without_a_working_ion(tmp_path: Path) -> None:
    path = tmp_path / "rost.yaml"
    path.write_text(ROCKSALT, encoding="utf-8")
    campaign = load_campaign(path)
    assert window(campaign) is None
    found = candidates()
    for candidate in found:
        candidate |= {"voltage_profile": [], "x_states": [], "average_voltage_V": None, "capacity_redox_mAh_g": None}
    page = report_page(Page(campaign, ranked(found)))
    names = [value for tag_, name, value in Reader(page).attributes if (tag_, name) == ("figure", "data-name")]
    assert not [name for name in names if name.startswith(("voltage", "volume", "charge"))]
    assert "mixing_temperatures" in names


def test_shared_ranks_and_intervals_stand_in_the_ranking() -> None:
    found = ranked()
    values = dict(found[0].values)
    ends = {"low": -300.0, "median": 400.0, "high": 1200.0}
    values["mixing_temperature"] = values["mixing_temperature"].model_copy(update=ends)
    found[0] = found[0].model_copy(update={"tied": True, "rank_low": 1, "rank_high": 2, "values": values})
    found[1] = found[1].model_copy(update={"rank": 1, "tied": True, "rank_low": 1, "rank_high": 3})
    campaign = load_campaign(QUICK).model_copy(update={"firing_temperature": 1000.0})
    text = Reader(report_page(Page(campaign, found))).text
    assert text.count("=1") >= 4, "in the table and at the head of two cards"
    assert "1-3" in text
    assert "400 (0 to 1200)" in text
    assert "726.9 degC, as the campaign has it" in text


def test_a_page_with_nothing_computed() -> None:
    found = candidates()[5:]
    found[0]["mixing"]["same_host"]["T_mix_K"] = None
    assert "nothing to draw" in report_page(Page(load_campaign(QUICK), ranked(found)))


def test_the_window() -> None:
    assert window(load_campaign(QUICK)) == pytest.approx((1 / 3, 1))


def test_markup_escapes_everything_else() -> None:
    assert tag("p", "<b>", Markup("<b></b>"), 3, class_='"') == '<p class="&quot;">&lt;b&gt;<b></b>3</p>'
    assert html(html("<")) == "&lt;"


def test_formulas_have_subscripts() -> None:
    shown = re.sub("<wbr>", "", formula("NaNi0.5(MnO2)3<"))
    assert shown == "NaNi<sub>0.5</sub>(MnO<sub>2</sub>)<sub>3</sub>&lt;"


def test_a_second_stage_has_its_section() -> None:
    found = candidates()
    ids = [candidate["candidate_id"] for candidate in found]
    rows = [
        {"candidate_id": name, "formula": HOSTILE, "rank": i + 1 if i < 3 else None, "promoted": i < 2, "reason": None}
        for i, name in enumerate(ids)
    ]
    rows[3]["reason"] = HOSTILE
    promotion = {"stage": 1, "keep": "2", "cut_off": 2, "candidates": rows}
    voltage = {
        "quantity": "average_voltage",
        "unit": "V",
        "pairs": [(ids[0], 3.0, 3.1), (ids[1], 3.2, 3.4)],
        "mean_difference": 0.15,
        "mean_absolute_difference": 0.15,
        "spearman": None,
        "kendall": None,
    }
    agreement = {"stage": 1, "before": "chgnet", "after": "gpaw", "quantities": [voltage]}
    campaign = load_campaign(QUICK)
    later = campaign.stages[0].model_copy(update={"keep": Keep(n=2)})
    campaign = campaign.model_copy(update={"stages": (*campaign.stages, later)})
    reader = Reader(report_page(Page(campaign, ranked(found), promotions=[promotion], agreement=[agreement])))
    assert reader.open == []
    assert f"2 of {len(found)} went on, down to rank 2" in reader.text
    assert "stage 2 (gpaw) minus stage 1 (chgnet)" in reader.text
    assert reader.text.count("0.15 V") == 2
    assert reader.tags.count("script") == 2
