"""One document as text: keys and values, nested ones indented, long lists and structures in a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from hebe.analyses.printing import DASH
from hebe.cli.output import plain, write_line

_LONGEST: Final = 100
_LISTED: Final = 20


def write_details(document: Mapping[str, Any]) -> None:
    """Print a document."""
    for line in detail_lines(plain(dict(document))):
        write_line(line)


def detail_lines(document: Mapping[str, Any], indent: str = "") -> list[str]:
    """Lines of a document; a null is a dash, a structure its formula, cell and number of sites."""
    width = max((len(str(key)) for key in document), default=0)
    lines: list[str] = []
    for key, value in document.items():
        if str(key).startswith("@"):
            continue
        lines += _entry(f"{indent}{key!s:{width}}", value, indent)
    return lines


def _entry(head: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        if "lattice" in value and "sites" in value:
            return [f"{head}  {_structure(value)}"]
        short = _inline(value)
        if short is not None:
            return [f"{head}  {short}"]
        return [head.rstrip(), *detail_lines(value, indent + "  ")]
    if isinstance(value, list) and value:
        return _list(head, value, indent)
    return [f"{head}  {_scalar(value)}"]


def _list(head: str, values: list[Any], indent: str) -> list[str]:
    if not any(isinstance(value, Mapping | list) for value in values):
        text = ", ".join(map(_scalar, values))
        if len(text) <= _LONGEST:
            return [f"{head}  {text}"]
        if all(isinstance(value, int | float) for value in values):
            low, high = _scalar(min(values)), _scalar(max(values))
            return [f"{head}  {len(values)} values from {low} to {high}"]
    lines = [head.rstrip()]
    for value in values[:_LISTED]:
        row = _inline(value) if isinstance(value, Mapping) else _row(value)
        if row is None:
            lines += [f"{indent}  -", *detail_lines(value, indent + "    ")]
        else:
            lines.append(f"{indent}  {row}")
    if len(values) > _LISTED:
        lines.append(f"{indent}  and {len(values) - _LISTED} more (--json has them)")
    return lines


def _row(value: Any) -> str:
    return ", ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


def _inline(value: Mapping[str, Any]) -> str | None:
    """A flat mapping on one line, if it is short."""
    if any(isinstance(item, Mapping | list) and item for item in value.values()):
        return None
    text = ", ".join(f"{key} {_scalar(item)}" for key, item in value.items() if not str(key).startswith("@"))
    return text if len(text) <= _LONGEST else None


def _scalar(value: Any) -> str:
    if value is None or value in ([], {}) or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


def _structure(value: Mapping[str, Any]) -> str:
    counts: dict[str, int] = {}
    for site in value["sites"]:
        name = str(site.get("label") or site["species"][0]["element"])
        counts[name] = counts.get(name, 0) + 1
    cell = value["lattice"]
    lengths = ", ".join(f"{cell[axis]:.4f}" for axis in ("a", "b", "c"))
    angles = ", ".join(f"{cell[axis]:.2f}" for axis in ("alpha", "beta", "gamma"))
    formula = " ".join(f"{name}{count}" for name, count in counts.items())
    return f"{formula}; {lengths} A; {angles} deg; {cell['volume']:.2f} A3"
