"""Figures as files: the same in SVG, PNG and PDF, in the size of print, the same bytes every time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.report.data import Funnel, Page
from hebe.report.drawing import _DRAWN, Drawing
from hebe.report.gallery import all_pictures, draw, picture_called
from hebe.report.svg import document, line, marker, style_of, text
from support.report_results import ranked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(load_campaign(QUICK), ranked(), funnel=Funnel(606, {"entropy": 291}, 6))


def simple() -> Drawing:
    content = marker(120.0, 60.0, style_of(1), "words") + line(20, 100, 180, 100) + text(20, 30, "T_mix / K")
    return Drawing("simple", "Simple", document(content, 200, 120, "Simple"))


def pixels(path: Path) -> NDArray[np.float64]:
    from matplotlib.image import imread

    found: NDArray[np.float64] = imread(path)[:, :, :3]
    return found


def test_marks_stand_where_the_svg_has_them(tmp_path: Path) -> None:
    image = pixels(simple().save(tmp_path / "a.png"))
    scale = 300 / 96
    assert image.shape[:2] == (round(120 * scale), round(200 * scale))
    colour = [int(style_of(1).colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert image[round(60 * scale), round(120 * scale)] == pytest.approx(colour, abs=0.01)
    assert image[round(100 * scale), round(100 * scale)].max() < 0.6, "the line"
    assert (image[: round(10 * scale)] == 1).all(), "white paper"
    assert image[round(20 * scale) : round(32 * scale), round(20 * scale) : round(70 * scale)].min() < 0.3, "words"


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_a_figure_is_the_same_bytes_every_time(suffix: str, tmp_path: Path) -> None:
    first, second = (simple().save(tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first == second
    assert first[:4] in (b"<svg", b"\x89PNG", b"%PDF")


def test_an_svg_on_its_own_is_black_on_white_with_a_size(tmp_path: Path) -> None:
    root = ET.fromstring(simple().save(tmp_path / "a.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert root.get("width") == f"{200 / 96:.3f}in"
    assert root.get("color") == "#000000"
    paper = next(root.iter(f"{SVG}rect"))
    assert (paper.get("fill"), paper.get("width")) == ("#ffffff", "200")
    assert next(iter(root)).tag == f"{SVG}title"
    assert simple()._repr_svg_() == simple().printed


def test_every_figure_is_made_of_what_can_be_drawn(page: Page, tmp_path: Path) -> None:
    made = 0
    for name, picture in all_pictures().items():
        if picture.draw(page) is None:
            continue
        drawing = draw(name, page)
        tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(drawing.svg).iter()}  # noqa: S314 - our own
        assert tags <= {*_DRAWN, "svg", "title", "g", "tspan"}, name
        orders = set(re.findall(r"[A-Za-z]", " ".join(re.findall(r' d="(.*?)"', drawing.svg))))
        assert orders <= set("MLZh"), name
        made += 1
    assert made >= 11
    assert draw("pareto", page).save(tmp_path / "p.pdf").stat().st_size > 3000


def test_units_stand_on_every_axis(page: Page) -> None:
    plain = {"funnel", "effects", "elements"}
    for name, picture in all_pictures().items():
        svg = picture.draw(page)
        if svg is not None and name.partition("_")[0] not in plain:
            assert re.search(r">[^<]*( / |mix</tspan>|per formula unit)", svg), name


def test_an_analysis_stands_for_its_first_figure() -> None:
    assert picture_called("voltage").name == "voltage_over_content"
    assert picture_called("volume_strain").name == "volume_over_content"


def test_what_there_is_not_is_refused(page: Page, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="did you mean pareto"):
        picture_called("paretto")
    with pytest.raises(BadInputError, match=r"nothing to draw as effects \(it has funnel, pareto"):
        draw("effects", page)
    for name, reason in (("a.jpg", "known: .svg, .png, .pdf"), ("none/a.svg", "folder does not exist")):
        with pytest.raises(BadInputError, match=reason):
            simple().save(tmp_path / name)
