"""The page in a real browser: it loads clean, sorts, filters, turns, zooms, prints, and reads without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Lattice, Structure

from hebe.campaigns.api import results
from hebe.campaigns.learning import learn
from hebe.campaigns.loading import load_campaign
from hebe.report.crystal import viewer_cell
from hebe.report.data import Funnel, Page
from hebe.report.page import report_page
from hebe.schemas.loop import LoopDoc
from support.chromium import Browser, needs_chromium
from support.looped_project import looped_project
from support.report_results import HOSTILE, candidates, ranked

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.browser, needs_chromium]

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
HEADS = "table.ranking th button"
ROWS = "Array.from(document.querySelectorAll('table.ranking tbody tr')).map((row) => row.dataset.id.slice(-4))"
BOXES = """(selector) => Array.from(document.querySelectorAll(selector)).map((one) => one.getBoundingClientRect())
  .filter((box) => box.width > 0).map((box) => [box.left, box.top, box.right, box.bottom])"""


def cell() -> dict[str, Any]:
    """Twelve formula units of layered NaFeO2."""
    lattice = Lattice.hexagonal(3.02, 16.09)
    made = Structure.from_spacegroup("R-3m", lattice, ["Na", "Fe", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.265]])
    found = viewer_cell(made.make_supercell([2, 2, 1]), "Na")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = candidates()
    for one in found:
        one["composition"]["TM"] = {"Fe3+" if one["rank"] == 1 else "Cu2+": 0.5, "Ti4+": 0.5}
    shown = ranked(found)
    crystals = {one.candidate_id: {"as made": cell(), "x = 0.5": cell(), HOSTILE: cell()} for one in shown}
    folder = tmp_path_factory.mktemp("page")
    campaign, _, _ = looped_project(folder)
    page = Page(
        load_campaign(QUICK),
        shown,
        funnel=Funnel(606, {"entropy": 291}, 6),
        crystals=crystals,
        loop=LoopDoc.model_validate(results(campaign).loop),
        learned=learn(campaign),
    )
    path = folder / "report.html"
    path.write_text(report_page(page), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def opened(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(address)
        yield browser
        assert browser.errors == []
        assert browser.elsewhere() == []


@pytest.fixture
def browser(opened: Browser, address: str) -> Browser:
    opened.resize(1400, 900)
    opened.open(address)
    opened.frame()
    return opened


def test_it_loads_without_a_word_on_the_console_or_a_request_elsewhere(browser: Browser) -> None:
    assert browser.errors == []
    assert browser.elsewhere() == []
    assert browser.run("document.querySelectorAll('section').length") >= 10


def test_it_sorts_by_what_is_printed_and_back(browser: Browser) -> None:
    first = browser.run(ROWS)
    names = browser.run(f"Array.from(document.querySelectorAll('{HEADS}')).map((one) => one.textContent)")
    at = next(i for i, name in enumerate(names) if name.startswith("voltage"))
    voltages = {c["candidate_id"][-4:]: c["average_voltage_V"] for c in candidates()}
    known = sorted((name for name in first if voltages[name] is not None), key=lambda name: voltages[name])
    without = [name for name in first if voltages[name] is None]
    browser.click(HEADS, at)
    assert browser.run(ROWS) == [*known, *without]
    assert browser.run(f"document.querySelectorAll('table.ranking th')[{at}].ariaSort") == "ascending"
    browser.click(HEADS, at)
    assert browser.run(ROWS) == [*known[::-1], *without], "what has no value comes last either way"
    browser.click(HEADS, at)
    assert browser.run(ROWS) == first


def test_never_is_the_highest_mixing_temperature(browser: Browser) -> None:
    names = browser.run(f"Array.from(document.querySelectorAll('{HEADS}')).map((one) => one.textContent)")
    at = next(i for i, name in enumerate(names) if name.startswith("Tmix competing"))
    browser.click(HEADS, at)
    assert browser.run(ROWS)[-1] == candidates()[5]["candidate_id"][-4:]


def test_it_filters_by_words_elements_and_values(browser: Browser) -> None:
    browser.click(".filters input[type=search]")
    browser.type("complete -1517")
    count = "document.querySelector('.filters output').textContent"
    assert browser.run(count) == "5 of 6 rows"
    browser.run(
        "(() => { const box = document.querySelector('.filters input'); box.value = '';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    chip = browser.run("Array.from(document.querySelectorAll('.chip')).findIndex((one) => one.textContent === 'Fe')")
    browser.click(".chip", chip)
    assert browser.run(ROWS) == [candidates()[0]["candidate_id"][-4:]]
    faded = "document.querySelectorAll('#pareto .mark.faded').length"
    assert browser.run(faded) > 0, "and what is filtered out fades in the figures"
    browser.click(".chip", chip)
    assert len(browser.run(ROWS)) == 5
    browser.click(".chip", chip)
    assert browser.run(count) == "6 rows"
    assert browser.run(faded) == 0
    browser.run(
        "(() => { const [low] = document.querySelectorAll('.filters input[type=number]');"
        " const column = document.querySelector('.filters select');"
        " column.value = Array.from(column.options).find((one) => one.text.startsWith('voltage')).value;"
        " column.dispatchEvent(new Event('change')); low.value = '3.3'; low.dispatchEvent(new Event('input')); })()"
    )
    assert len(browser.run(ROWS)) == sum((c["average_voltage_V"] or 0) >= 3.3 for c in candidates())


def test_a_candidate_opens_and_shows_its_structure(browser: Browser) -> None:
    browser.click("details.card > summary", 1)
    assert browser.run("document.querySelectorAll('details.card')[1].open")
    browser.click("details.card > button", 1)
    assert browser.run("document.querySelector('#hebe-crystal select').value") == "1"
    assert browser.run("document.activeElement.tagName") == "CANVAS"


def painted(browser: Browser) -> str:
    browser.frame()
    found: str = browser.run("document.querySelector('#hebe-crystal canvas').toDataURL()")
    return found


def test_a_structure_turns_with_the_pointer_and_with_keys(browser: Browser) -> None:
    browser.middle("#hebe-crystal canvas")
    seen = [painted(browser)]
    browser.drag("#hebe-crystal canvas", (120, 40))
    seen.append(painted(browser))
    browser.run("document.querySelector('#hebe-crystal canvas').focus()")
    for key, code, text in (("ArrowLeft", 37, ""), ("+", 187, "+"), ("p", 80, "p")):
        browser.press(key, code, text)
        seen.append(painted(browser))
    browser.wheel("#hebe-crystal canvas", 200)
    seen.append(painted(browser))
    assert len(set(seen)) == len(seen), "every one of them shows something else"
    browser.press("p", 80, "p")
    browser.press("0", 48, "0")
    assert painted(browser) == seen[0], "0 puts it back"


def test_every_colour_of_the_legend_is_in_the_picture(browser: Browser) -> None:
    assert browser.run("document.querySelectorAll('#hebe-crystal .legend .chip').length") == 3
    ink = browser.run("""(() => { const canvas = document.querySelector('#hebe-crystal canvas');
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let painted = 0; for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
      return painted / (data.length / 4); })()""")
    assert 0.03 < ink < 0.9


def test_figures_tell_under_the_pointer_and_with_keys(browser: Browser) -> None:
    x, y = browser.middle("#pareto .mark[data-id]")
    browser.mouse("mouseMoved", x, y)
    browser.frame()
    assert "on the front in" in browser.run("document.querySelector('.tip').textContent")
    browser.run("document.querySelector('#pareto svg').focus()")
    browser.press("ArrowRight", 39)
    first = browser.run("document.querySelector('.tip').textContent")
    browser.press("ArrowRight", 39)
    assert browser.run("document.querySelector('.tip').textContent") != first
    assert browser.run("document.querySelectorAll('#pareto .mark.chosen').length") == 1


def test_a_figure_is_enlarged_and_zoomed(browser: Browser) -> None:
    browser.click("#pareto .tools button")
    whole = browser.run("document.querySelector('dialog svg').getAttribute('viewBox')")
    browser.wheel("dialog svg", -300)
    inside = browser.run("document.querySelector('dialog svg').getAttribute('viewBox')")
    assert float(inside.split()[2]) < float(whole.split()[2])
    browser.press("Escape", 27)
    assert browser.run("document.querySelector('dialog')") is None


def test_everything_is_reached_with_the_keyboard(browser: Browser) -> None:
    """Tab goes through what can be used in the order of the page; nothing that can be used is left out of it."""
    listed = browser.run("""(() => { window.usable = Array.from(document.querySelectorAll(
        'a, button, input, select, summary, canvas, figure svg')).filter((one) => one.checkVisibility());
      const look = (one) => one.className.baseVal ?? one.className;
      return usable.map((one) => [one.tagName.toUpperCase(), look(one), one.tabIndex]); })()""")
    assert {tag for tag, _, _ in listed} >= {"A", "BUTTON", "INPUT", "SELECT", "SVG", "CANVAS", "SUMMARY"}
    assert {"sort", "chip"} <= {look for _, look, _ in listed}
    assert all(index >= 0 for _, _, index in listed)
    at = []
    for start in (0, next(i for i, one in enumerate(listed) if one[0] == "INPUT")):
        browser.run(f"usable[{start}].focus()")
        for _ in range(6):
            browser.press("Tab", 9)
            at.append(browser.run("usable.indexOf(document.activeElement)"))
    assert at == [*range(1, 7), *range(start + 1, start + 7)]


@pytest.mark.parametrize("width", [1400, 800, 400])
def test_nothing_overlaps_or_sticks_out(browser: Browser, width: int, tmp_path: Path) -> None:
    browser.resize(width, 900)
    browser.frame()
    assert browser.run("document.documentElement.scrollWidth") <= width
    for selector in ("figure", "section", "nav a", ".filters > *", "th button"):
        boxes = browser.run(f"({BOXES})({selector!r})")
        assert boxes
        for i, one in enumerate(boxes):
            for other in boxes[:i]:
                apart = (
                    one[0] >= other[2] - 1 or other[0] >= one[2] - 1 or one[1] >= other[3] - 1 or other[1] >= one[3] - 1
                )
                assert apart, (selector, width, one, other)
    browser.screenshot(tmp_path / "page.png", whole=True)
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_texts_of_figures_stay_in_them_and_apart(browser: Browser) -> None:
    script = """Array.from(document.querySelectorAll('figure svg')).map((svg) => {
      const frame = svg.getBoundingClientRect();
      const boxes = Array.from(svg.querySelectorAll('text'))
        .map((one) => [one.textContent, one.getBoundingClientRect()]);
      const out = boxes.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1
        || b.top < frame.top - 1 || b.bottom > frame.bottom + 1);
      const over = (b, o) => b.left < o.right - 2 && o.left < b.right - 2
        && b.top < o.bottom - 5 && o.top < b.bottom - 5;
      const hit = boxes.flatMap(([words, b], i) => boxes.slice(0, i)
        .filter(([, o]) => over(b, o)).map(([other]) => [words, other]));
      return [svg.closest('figure').dataset.name, out.map(([words]) => words), hit]; })"""
    for name, out, hit in browser.run(script):
        assert out == [], name
        assert hit == [], name


def test_it_prints(browser: Browser, tmp_path: Path) -> None:
    browser.pdf(tmp_path / "page.pdf")
    text = (tmp_path / "page.pdf").read_bytes()
    assert text[:5] == b"%PDF-"
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.resize(1017, 720)
    browser.frame()
    try:
        assert browser.run("document.documentElement.scrollWidth") <= 1017, "the width of A4 in landscape"
        assert browser.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_texts_of_a_store_stay_texts(browser: Browser) -> None:
    assert browser.run("document.querySelectorAll('main script').length") == 1, "the data of the structures"
    assert HOSTILE in browser.run("document.body.textContent")
    states = browser.run(
        "Array.from(document.querySelectorAll('#hebe-crystal select')[1].options).map((one) => one.text)"
    )
    assert HOSTILE in states


def test_it_reads_without_scripts(address: str, tmp_path: Path) -> None:
    with Browser(tmp_path / "profile", scripts=False) as browser:
        browser.open(address)
        assert browser.errors == []
        root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]

        def number(selector: str) -> int:
            return len(browser.call("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])

        assert number("table.ranking tbody tr") == 6
        assert number("figure svg") >= 8
        assert number(".filters") == number(".tools") == 0, "no control that does nothing"
        assert number("html.scripted") == 0
        browser.screenshot(tmp_path / "page.png")
        assert (tmp_path / "page.png").stat().st_size > 20_000
