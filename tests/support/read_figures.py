"""What figures hold, read back from their text: marks of data, and the scales of their axes."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

SVG: Final = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def marks(root: ET.Element) -> list[tuple[float, float, str]]:
    """Centre and words of every mark of data."""
    found = []
    for node in root.iter():
        if node.get("class") != "mark":
            continue
        if node.tag == f"{SVG}circle":
            x, y = float(node.get("cx", "nan")), float(node.get("cy", "nan"))
        else:
            corners = [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", node.get("d", ""))]
            xs, ys = zip(*corners, strict=True)
            x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        title = node.find(f"{SVG}title")
        found.append((x, y, "" if title is None else title.text or ""))
    return found


def scale(root: ET.Element, *, horizontal: bool) -> tuple[float, float]:
    """Slope and offset of value = slope * pixel + offset, from the numbers beside the ticks."""
    points = []
    for node in root.iter(f"{SVG}text"):
        try:
            value = float(node.text or "")
        except ValueError:
            continue
        anchor = "middle" if horizontal else "end"
        if node.get("text-anchor") == anchor:
            pixel = float(node.get("x", "0")) if horizontal else float(node.get("y", "0")) - 4
            points.append((pixel, value))
    (first, low), (last, high) = min(points), max(points)
    slope = (high - low) / (last - first)
    return slope, low - slope * first
