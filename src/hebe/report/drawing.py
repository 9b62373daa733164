"""A figure as a file: SVG as it is, PNG and PDF drawn from the SVG by matplotlib, which comes with pymatgen.

Only the SVG that `hebe.report.svg` writes is understood: lines, polylines, circles, rectangles, paths of straight
segments, texts. Sizes are those of print: 96 pixels to the inch, 560 pixels are 148 mm, letters of 12 pixels 9 pt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from hebe.exceptions import BadInputError
from hebe.report.files import check_target, unwritable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES: Final = (".svg", ".png", ".pdf")
"""Kinds of files that a figure is written as."""

DOTS_PER_INCH: Final = 300
FONTS: Final = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")
"""Fonts of figures, the first that there is."""

_INCH: Final = 96.0
_POINT: Final = 0.75
_NUMBER: Final = re.compile(r"-?[\d.]+")
_ORDER: Final = re.compile(r"([MLZh])([^MLZh]*)")
_SPACE: Final = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Drawing:
    """A figure; notebooks show it.

    Parameters
    ----------
    name, title
        What it is called.
    svg
        Its text; lines and letters take the colour of the page.
    """

    name: str
    title: str
    svg: str

    @property
    def printed(self) -> str:
        """The figure on its own: black on white, with its size in print."""
        width, height = _size(self.svg)
        fonts = ", ".join((*FONTS, "sans-serif"))
        look = f'width="{width / _INCH:.3f}in" height="{height / _INCH:.3f}in" color="#000000"'
        text = self.svg.replace("<svg ", f"<svg {look} ", 1)
        text = text.replace('font-family="system-ui, sans-serif"', f'font-family="{fonts}"', 1)
        paper = f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
        head, end, rest = text.partition("</title>")
        return f"{head}{end}{paper}{rest}\n"

    def save(self, path: str | Path) -> Path:
        """Write it as SVG, PNG (300 dots per inch) or PDF, as the suffix says.

        Raises
        ------
        BadInputError
            If the suffix is another one or the file cannot be written.
        """
        file = check_suffix(Path(path))
        try:
            if file.suffix.lower() == ".svg":
                file.write_text(self.printed, encoding="utf-8")
            else:
                _render(self, file)
        except OSError as err:
            raise unwritable(file, err) from err
        return file

    def _repr_svg_(self) -> str:
        return self.printed


def check_suffix(path: Path) -> Path:
    """The path, if a figure can be written there.

    Raises
    ------
    BadInputError
        If not.
    """
    if path.suffix.lower() not in SUFFIXES:
        given = f"the suffix {path.suffix!r} is unknown" if path.suffix else "a suffix is missing"
        raise BadInputError(given, file=path, suggestion=f"known: {', '.join(SUFFIXES)}")
    check_target(path)
    return path


def _size(svg: str) -> tuple[float, float]:
    """Width and height in pixels."""
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("an SVG without a viewBox is none of ours")
    return float(found[1]), float(found[2])


def _render(drawing: Drawing, path: Path) -> None:
    """Draw the elements of the SVG one by one, in their order."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = _size(drawing.svg)
    settings: Any = {"pdf.fonttype": 42, "font.family": _font(), "mathtext.fontset": "dejavusans"}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width / _INCH, height / _INCH), dpi=DOTS_PER_INCH, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        axes.axis("off")
        for at, node in enumerate(ET.fromstring(drawing.svg).iter()):  # noqa: S314 - written by us alone
            draw = _DRAWN.get(node.tag.removeprefix(_SPACE))
            if draw is not None:
                draw(axes, node, at)
        undated: dict[str, Any] = {"Title": drawing.title}
        undated |= {"CreationDate": None} if path.suffix.lower() == ".pdf" else {"Software": None}
        figure.savefig(path, metadata=undated)


def _font() -> str:
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return next((font for font in FONTS if font in there), "DejaVu Sans")


def _float(node: ET.Element, name: str, usual: float = 0.0) -> float:
    return float(node.get(name, usual))


def _colour(node: ET.Element, name: str) -> Any:
    """Colour with its opacity for matplotlib; nothing is drawn with ``none``."""
    from matplotlib.colors import to_rgba

    given = node.get(name, "none" if name == "stroke" else "#000000")
    if given == "none":
        return "none"
    return to_rgba("#000000" if given == "currentColor" else given, float(node.get(f"{name}-opacity", 1.0)))


def _look(node: ET.Element, at: int) -> dict[str, Any]:
    width = _float(node, "stroke-width", 1.0)
    look = {"edgecolor": _colour(node, "stroke"), "facecolor": _colour(node, "fill")}
    return {**look, "linewidth": width * _POINT, "zorder": at, "capstyle": _cap(node), **_dashes(node)}


def _cap(node: ET.Element) -> str:
    return "round" if node.get("stroke-linecap") == "round" else "butt"


def _dashes(node: ET.Element) -> dict[str, Any]:
    given = node.get("stroke-dasharray")
    return {"linestyle": (0, [float(part) * _POINT for part in given.split()])} if given else {}


def _line(axes: Axes, node: ET.Element, at: int) -> None:
    ends = [(_float(node, "x1"), _float(node, "y1")), (_float(node, "x2"), _float(node, "y2"))]
    _path(axes, ends, None, {**_look(node, at), "facecolor": "none"})


def _polyline(axes: Axes, node: ET.Element, at: int) -> None:
    points = [(float(x), float(y)) for x, y in (pair.split(",") for pair in node.get("points", "").split())]
    _path(axes, points, None, {**_look(node, at), "facecolor": "none"})


def _circle(axes: Axes, node: ET.Element, at: int) -> None:
    from matplotlib.patches import Circle

    centre = (_float(node, "cx"), _float(node, "cy"))
    axes.add_patch(Circle(centre, _float(node, "r"), **_look(node, at)))


def _rect(axes: Axes, node: ET.Element, at: int) -> None:
    from matplotlib.patches import Rectangle

    corner = (_float(node, "x"), _float(node, "y"))
    axes.add_patch(Rectangle(corner, _float(node, "width"), _float(node, "height"), **_look(node, at)))


def _any_path(axes: Axes, node: ET.Element, at: int) -> None:
    """A path of the orders M, L, Z and h."""
    from matplotlib.path import Path as Track

    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for order, rest in _ORDER.findall(node.get("d", "")):
        numbers = [float(part) for part in _NUMBER.findall(rest)]
        if order == "Z":
            points.append(points[-1])
            codes.append(Track.CLOSEPOLY)
        elif order == "h":
            points.append((points[-1][0] + numbers[0], points[-1][1]))
            codes.append(Track.LINETO)
        else:
            pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
            points += pairs
            codes += [Track.MOVETO if order == "M" else Track.LINETO] * len(pairs)
    if points:
        _path(axes, points, codes, _look(node, at))


def _path(axes: Axes, points: list[tuple[float, float]], codes: Any, look: dict[str, Any]) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Track

    if points:
        axes.add_patch(PathPatch(Track(points, codes), **look))


def _text(axes: Axes, node: ET.Element, at: int) -> None:
    words = "".join(_with_index(part) for part in [node.text or "", *_parts(node)])
    anchor = {"middle": "center", "end": "right"}.get(node.get("text-anchor", ""), "left")
    turned = 90 if "rotate(-90" in node.get("transform", "") else 0
    axes.text(
        _float(node, "x"),
        _float(node, "y"),
        words,
        ha=anchor if not turned else "left",
        va="baseline" if not turned else "center",
        rotation=turned,
        rotation_mode="anchor" if not turned else "default",
        fontsize=_float(node, "font-size", 12.0) * _POINT,
        fontweight=node.get("font-weight", "normal"),
        color=_colour(node, "fill"),
        zorder=at,
    )


def _parts(node: ET.Element) -> list[Any]:
    """Indices of a text, and what follows each of them."""
    return [part for child in node for part in (child, child.tail or "")]


def _with_index(part: Any) -> str:
    if isinstance(part, str):
        return part.replace("$", r"\$")
    words = part.text or ""
    return rf"$_{{\mathrm{{{words}}}}}$" if words.strip() else words


_DRAWN: Final = {
    "line": _line,
    "polyline": _polyline,
    "circle": _circle,
    "rect": _rect,
    "path": _any_path,
    "text": _text,
}
