"""Figures of ``docs/architecture.md``: the layers, as the import contract and the packages themselves state them; data.

python benchmarks/architecture.py            # writes docs/images/layers.svg and docs/images/data-flow.svg
"""

from __future__ import annotations

import ast
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hebe.report.svg import document, element, text

ROOT: Final = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"

INK: Final = "#1b1f24"
PAPER: Final = "#ffffff"
BLUE: Final = "#e3eefa"
GREEN: Final = "#e4f4ec"
SAND: Final = "#f8efe0"
GREY: Final = "#eef0f2"

WIDTH: Final = 860.0
ROW: Final = 40.0


def layers() -> list[list[str]]:
    """Layers of the import contract from the top, siblings side by side."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.split(r"\s*\|\s*", layer) for layer in found]


def described(module: str) -> str:
    """First sentence of the docstring of a module, as plain words."""
    place = ROOT / "src" / Path(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    words = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
    return " ".join(words.replace("`", "").split())


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Rounded box."""
    return element("rect", x=x, y=y, width=width, height=height, rx=6.0, fill=colour, stroke=INK, stroke_opacity=0.35)


def lines(x: float, y: float, words: str, columns: int, **attributes: object) -> str:
    """Words broken into lines of at most `columns` letters, centred about a height."""
    broken = textwrap.wrap(words, columns)
    top = y + 4 - 7.5 * (len(broken) - 1)
    return "".join(text(x, top + 15 * i, part, **attributes) for i, part in enumerate(broken))  # type: ignore[arg-type]


def figure(content: str, height: float, title: str) -> str:
    """Figure on paper of its own, so that it can be read on dark pages too."""
    paper = element("rect", x=0, y=0, width=WIDTH, height=height, rx=8.0, fill=PAPER)
    return document(element("g", paper + content, color=INK), WIDTH, height, title) + "\n"


def layers_figure() -> str:
    """The layers: whoever stands higher may import what stands lower."""
    parts, y = [text(WIDTH / 2, 26, "a layer may import those below it, never those above", anchor="middle")], 40.0
    for siblings in layers():
        parts.append(box(16, y, WIDTH - 32, ROW * len(siblings), BLUE if len(siblings) == 1 else GREEN))
        for i, module in enumerate(siblings):
            middle = y + ROW * (i + 0.5)
            parts.append(text(30, middle + 4, module.removeprefix("hebe."), font_weight="bold"))
            parts.append(lines(150, middle, described(module), 108))
        y += ROW * len(siblings) + 8
    parts.append(text(WIDTH / 2, y + 14, "in one box: siblings, which do not import each other", anchor="middle"))
    return figure("".join(parts), y + 28, "Layers of the package")


@dataclass(frozen=True)
class Box:
    """One box of the data flow: where it stands, its name and what it is."""

    x: float
    y: float
    name: str
    words: str
    colour: str = BLUE
    width: float = 150.0
    height: float = 74.0

    def drawn(self) -> str:
        """Box with its name and its words."""
        middle = self.x + self.width / 2
        name = text(middle, self.y + 18, self.name, anchor="middle", font_weight="bold")
        columns = round(self.width / 6.8)
        words = lines(middle, self.y + 18 + (self.height - 18) / 2, self.words, columns, anchor="middle")
        return box(self.x, self.y, self.width, self.height, self.colour) + name + words


def arrow(points: str, words: str = "", at: tuple[float, float] = (0, 0), anchor: str = "middle") -> str:
    """Arrow along points with words beside it."""
    path = element("polyline", points=points, fill="none", stroke=INK, stroke_width=1.4, marker_end="url(#head)")
    return path + (text(*at, words, anchor=anchor, font_size="11") if words else "")


HEAD: Final = element(
    "defs",
    element(
        "marker",
        element("path", d="M0 0 L8 4 L0 8 Z", fill=INK),
        id="head",
        markerWidth=8,
        markerHeight=8,
        refX=7,
        refY=4,
        orient="auto",
    ),
)

BOXES: Final = (
    Box(20, 40, "campaign file", "YAML: host, species, filters, stages", SAND),
    Box(240, 40, "campaign and host", "checked: file, line, key of every mistake"),
    Box(460, 40, "composition space", "neutral ones, counted exactly, as integers"),
    Box(690, 40, "candidates", "the chosen ones; id from their content"),
    Box(22, 196, "build", "a disordered supercell per configuration", GREEN, 116),
    Box(162, 196, "calculate", "relax it as made, from several starts", GREEN, 116),
    Box(302, 196, "order", "where working ions stay at each x", GREEN, 116),
    Box(442, 196, "calculate", "relax every x-state and reference", GREEN, 116),
    Box(582, 196, "analyse", "pure functions of calculations", GREEN, 116),
    Box(722, 196, "candidate", "one value each, with errors", GREEN, 116),
    Box(140, 388, "store of outputs", "one document per job, by job id; failed and cut ones too", GREY, 210, 80),
    Box(420, 388, "engine", "structure in; energy, forces, stress out", SAND, 180, 80),
    Box(668, 388, "ranking, report", "read documents only", BLUE, 176, 80),
)


def data_flow_figure() -> str:
    """From the campaign file to the ranking, and where results are looked up before anything is computed."""
    frame = element("rect", x=8, y=160, width=844, height=128, rx=8.0, fill="none", stroke=INK, stroke_dasharray="5 4")
    arrows = [
        arrow("170,77 238,77", "load", (203, 70)),
        arrow("390,77 458,77", "host", (423, 70)),
        arrow("610,77 688,77", "filter, select", (648, 70)),
        arrow(
            "767,114 767,140 80,140 80,194",
            "wired as jobs: ids and their number are known before anything runs",
            (425, 134),
        ),
        *(arrow(f"{left},233 {left + 22},233") for left in (138, 278, 418, 558, 698)),
        arrow("780,270 780,318 80,318 80,272", "a later stage begins with those who go on", (640, 312)),
        arrow("205,270 205,386", "1. is this key there?", (197, 352), "end"),
        arrow("235,386 235,272", "yes: a reference", (243, 352), "start"),
        arrow("500,270 500,386", "2. no: claim the key, compute", (508, 352), "start"),
        arrow("420,428 352,428", "record", (385, 420)),
        arrow("245,468 245,492 756,492 756,470", "candidates of this file, best first", (500, 486)),
    ]
    title = text(96, 178, "one stage of a campaign: a jobflow flow, run by any launcher", font_size="11")
    content = HEAD + frame + title + "".join(arrows) + "".join(one.drawn() for one in BOXES)
    return figure(content, 510, "How data flows through a campaign")


FIGURES: Final = {"layers.svg": layers_figure, "data-flow.svg": data_flow_figure}


def main() -> None:
    """Write the figures."""
    for name, make in FIGURES.items():
        (IMAGES / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
