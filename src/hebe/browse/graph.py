"""A drawing of where a candidate comes from: jobs from left to right, each below what it was computed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.browse.frame import address
from hebe.browse.provenance import SHARED
from hebe.report import svg
from hebe.report.markup import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.browse.provenance import Node

_WIDTH: Final = 176.0
_HEIGHT: Final = 36.0
_GAP_X: Final = 44.0
_GAP_Y: Final = 10.0
_MARGIN: Final = 8.0
_LETTERS: Final = 26


def drawing(nodes: Sequence[Node], candidate_id: str) -> str:
    """Graph as one SVG document; each box is a link to the document of its job."""
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(node.depth, []).append(node)
    places = {
        node.label: (_MARGIN + depth * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
        for depth, column in columns.items()
        for row, node in enumerate(column)
    }
    lines = [_edge(places[source], places[name]) for name, sources in direct(nodes).items() for source in sources]
    boxes = [_box(node, *places[node.label], candidate_id) for node in nodes]
    width = 2 * _MARGIN + len(columns) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + max(map(len, columns.values()), default=1) * (_HEIGHT + _GAP_Y)
    drawn = svg.document("".join(lines + boxes), width, height, f"Provenance of {candidate_id}")
    return drawn.replace('role="img"', f'role="group" class="graph" width="{width:g}"', 1)


def direct(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """Sources of each node without those that another of its sources was computed from: the transitive reduction.

    Parameters
    ----------
    nodes
        In the order of their depth.
    """
    behind: dict[str, set[str]] = {}
    for node in nodes:
        behind[node.label] = node.sources.union(*(behind.get(source, set()) for source in node.sources))
    return {
        node.label: sorted(s for s in node.sources if not any(s in behind.get(other, ()) for other in node.sources))
        for node in nodes
    }


def _edge(source: tuple[float, float], target: tuple[float, float]) -> str:
    x1, y1 = source[0] + _WIDTH, source[1] + _HEIGHT / 2
    x2, y2 = target[0], target[1] + _HEIGHT / 2
    bend = max(_GAP_X, (x2 - x1) / 2)
    path = f"M{x1:.1f} {y1:.1f} C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return svg.element("path", d=path, fill="none", stroke="currentColor", stroke_opacity=0.25, class_="edge")


def _box(node: Node, x: float, y: float, candidate_id: str) -> str:
    name = node.label.removeprefix(f"{candidate_id}/") if node.label != SHARED else "shared phases and hosts"
    words = name if len(name) <= _LETTERS else f"…{name[1 - _LETTERS :]}"
    count = f"{node.count} × " if node.count > 1 else ""
    status = f", {node.status}" if node.status else ""
    parts = [
        svg.element("title", escape(f"{name}: {count}{node.kind}{status}")),
        svg.element("rect", x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=6, class_=f"box {_look(node)}"),
        svg.text(x + 9, y + 15, words, font_size="11", font_weight="600"),
        svg.text(x + 9, y + 29, f"{count}{node.kind}{status}", font_size="10", fill_opacity=0.75),
    ]
    inside = "".join(parts)
    return inside if node.label == SHARED else svg.element("a", inside, href=address("/document", {"id": node.uuid}))


def _look(node: Node) -> str:
    return "failed" if node.status == "failed" else "partial" if node.status in ("cut", "partial") else "sound"
