"""Tables and figures of ``docs/literature.md``, from the rows that ``benchmarks/literature.py`` computed.

python benchmarks/literature_page.py [ROWS.json]    # takes over the rows of a run, if given; writes page and figures
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hebe.campaigns.literature import computes
from hebe.report.svg import document, element, line, marker, style_of, text
from hebe.science.literature.check import check_system
from hebe.science.literature.experiments import load_measured
from hebe.science.literature.score import Line, summary
from hebe.science.literature.system import System, load_systems
from literature import score

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "literature.md"
IMAGES: Final = ROOT / "docs" / "images"
ROWS: Final = ROOT / "benchmarks" / "literature_rows.json"
BEGIN, END = "<!-- rows: python benchmarks/literature_page.py -->\n", "<!-- end of rows -->\n"

SIZE: Final = 420.0
EDGE: Final = 56.0
_HOLES: Final = 0.05
"""Electrons per formula unit that anions give, above which a row says so."""
_LEVELS: Final = {"D": "target", "M": "measured"}


def load_rows() -> dict[str, Any]:
    """Rows that come with the repository."""
    rows: dict[str, Any] = json.loads(ROWS.read_text(encoding="utf-8"))
    return rows


def table(head: str, rows: list[str]) -> str:
    """Markdown table; `head` are the names of its columns, divided by bars."""
    return f"| {head} |\n|{'---|' * (head.count('|') + 1)}\n" + "".join(f"| {row} |\n" for row in rows) + "\n"


def page_tables(rows: dict[str, Any]) -> str:
    """All that the page says in numbers."""
    lines = score(rows)
    figures = summary(lines)
    return (
        _counts(rows)
        + _errors(figures)
        + "![Voltages](images/literature-voltages.svg) ![Edges of cells](images/literature-edges.svg)\n\n"
        + "### Numbers, computed beside printed or measured\n\n"
        + table(
            "material | quantity | printed | computed | verdict | from", [_numbers(one) for one in lines if _shown(one)]
        )
        + "### Orderings\n\n"
        + _share("Orderings", figures["order_share"])
        + table("ordering | printed | computed | verdict", [_order(one) for one in lines if one.found])
        + "### What cannot be scored\n\n"
        + table("reason | numbers", _reasons(lines))
        + "### Materials\n\n"
        + table(
            "material | computed as | atoms | state | V | x | strain, % | T_mix, K, and grade | what is wrong",
            [_material(system, rows.get(name)) for name, system in load_systems().items() if _accepted(system)],
        )
    )


def _accepted(system: System) -> bool:
    return check_system(system).status == "ok"


def _counts(rows: dict[str, Any]) -> str:
    accepted = [name for name, system in load_systems().items() if _accepted(system)]
    states = Counter(rows[name]["status"] if name in rows else "not opened" for name in accepted)
    run = sum(number for state, number in states.items() if state in ("complete", "partial"))
    words = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return f"{run} of the {len(accepted)} accepted materials have a result ({words}).\n\n"


def _errors(figures: dict[str, Any]) -> str:
    rows = [
        f"{name} | {one['n']} | {one['mean_absolute']:.3g} {_unit(one, one['mean_absolute_percent'])} | "
        f"{one['mean']:+.3g} {_unit(one, one['mean_percent'])} | {one['reproduced']}"
        for name, one in figures["errors"].items()
    ]
    return table("quantity | n | mean absolute error | mean error | within the engine's error", rows) + _share(
        "Exact figures", figures["exact_share"]
    )


def _unit(one: dict[str, Any], percent: float) -> str:
    """Unit of an error, and how much of the value it is where that is no percentage itself."""
    return one["unit"] if one["unit"] == "%" else f"{one['unit']} ({percent:.2g} %)"


def _share(what: str, one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return f"{what} decided: {one['of']}, reproduced: {one['reproduced']} (95 %: {low:.2f} to {high:.2f}).\n\n"


def _shown(one: Line) -> bool:
    return one.level in _LEVELS and one.computed is not None


def _numbers(one: Line) -> str:
    window = next((f", x {m.x_high} to {m.x_low}" for m in load_measured() if m.name == one.target_id and m.x_high), "")
    return (
        f"{', '.join(one.materials)} | {one.quantity}{window} | {one.printed} {one.unit} | {one.computed:.4g} | "
        f"{one.verdict} | {_LEVELS[one.level]}"
    )


def _order(one: Line) -> str:
    return f"{one.quantity} | {one.printed} | {one.found} | {one.verdict}"


def _reasons(lines: list[Line]) -> list[str]:
    kinds = Counter(one.verdict.removeprefix("cannot: ") for one in lines if one.verdict.startswith("cannot"))
    return [f"{reason} | {number}" for reason, number in sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))]


def _material(system: System, row: dict[str, Any] | None) -> str:
    if row is None:
        reason = (computes(system)["reason"] or "not computed").partition("does not open: ")[2] or "not computed"
        return f"{system.system_id} | | | not opened | | | | | {reason}"
    voltage, strain = row["average_voltage_V"], row["max_volume_strain"]
    profile, mixing = row["voltage_profile"], row["mixing"]["competing"] or {}
    window = f"{profile[0]['x_high']:.3g} to {profile[-1]['x_low']:.3g}" if profile else ""
    near = f" (off by {row['deviation']:.2g})" if row["deviation"] else ""
    return " | ".join(
        [
            system.system_id,
            f"{row['formula']}{near}",
            str(row["atoms"]),
            row["status"],
            "" if voltage is None else f"{voltage:.2f}",
            window,
            "" if strain is None else f"{100 * strain:.1f}",
            "" if mixing.get("T_mix_K") is None else f"{mixing['T_mix_K']:.0f} {row['hull_grade'] or ''}",
            _wrong(row),
        ]
    )


def _wrong(row: dict[str, Any]) -> str:
    """Why a row has no result, or what it lacks and why."""
    if row["problem"]:
        return str(row["problem"])
    reason = (row["mixing"]["competing"] or {}).get("reason")
    if row["without_phases"]:
        reason = f"no phase holds {', '.join(row['without_phases'])}"
    parts = [f"T_mix: {reason}" if reason else "", "; ".join(row["states_left"])]
    parts.append("" if row["topology"] == "host" else f"as made {row['topology']}")
    holes = max((state["anion_oxidation"] or 0.0 for state in row["x_states"] if not state["left"]), default=0.0)
    parts.append(f"anions give {holes:.2g} electrons" if holes > _HOLES else "")
    parts.append("outside the potential's training" if row["outside_training"] else "")
    return "; ".join(part for part in parts if part)


def parity(title: str, unit: str, points: list[tuple[float, float, str, str]]) -> str:
    """Computed against measured, as SVG; each point has a name and a working ion, which decides its mark."""
    values = [value for point in points for value in point[:2]]
    low, high = math.floor(min(values) * 0.98), math.ceil(max(values) * 1.02)

    def place(value: float) -> float:
        return EDGE + (value - low) / (high - low) * (SIZE - 2 * EDGE)

    ions = list(dict.fromkeys(point[3] for point in points))
    parts = [element("rect", x=0, y=0, width=SIZE, height=SIZE, rx=8.0, fill="#ffffff")]
    parts += [_tick(tick, place(tick)) for tick in range(low, high + 1, max(1, round((high - low) / 6)))]
    parts.append(line(EDGE, SIZE - EDGE, SIZE - EDGE, EDGE, stroke_dasharray="4 4"))
    parts += [
        marker(place(x), SIZE - place(y), style_of(ions.index(ion)), f"{name}: {x:g} measured, {y:.4g} computed")
        for x, y, name, ion in points
    ]
    for i, ion in enumerate(ions):
        y = SIZE - EDGE - 12 - 16 * (len(ions) - 1 - i)
        parts += [marker(SIZE - EDGE - 76, y - 4, style_of(i)), text(SIZE - EDGE - 66, y, ion)]
    parts.append(text(SIZE / 2, 26, title, anchor="middle", font_weight="bold"))
    parts.append(text(SIZE / 2, SIZE - 10, f"measured ({unit})", anchor="middle"))
    parts.append(text(EDGE, EDGE - 10, f"computed ({unit})"))
    return document(element("g", "".join(parts), color="#1b1f24"), SIZE, SIZE, title) + "\n"


def _tick(value: int, at: float) -> str:
    """Numbers and lines of the frame at a value."""
    return (
        text(at, SIZE - EDGE + 18, str(value), anchor="middle")
        + text(EDGE - 8, SIZE - at + 4, str(value), anchor="end")
        + line(at, SIZE - EDGE, at, EDGE, stroke_opacity=0.12)
        + line(EDGE, SIZE - at, SIZE - EDGE, SIZE - at, stroke_opacity=0.12)
    )


def figures(rows: dict[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    voltages = ("average voltage", "mean discharge voltage", "working potential of fluorinated HEO")
    edges = ("a", "b", "c", "largest cubic lattice parameter")
    ions = {name: (*system.working_ion, "no ion")[0] for name, system in load_systems().items()}
    lines = [one for one in score(rows) if _shown(one)]

    def points(quantities: tuple[str, ...]) -> list[tuple[float, float, str, str]]:
        found = [(one, one.materials[0]) for one in lines if one.quantity in quantities]
        return [(float(one.printed), one.computed or 0.0, f"{name} {one.quantity}", ions[name]) for one, name in found]

    return {
        "literature-voltages.svg": parity("Average voltages, CHGNet", "V", points(voltages)),
        "literature-edges.svg": parity("Edges of cells, CHGNet", "A", points(edges)),
    }


def written(page: str) -> str:
    """Text of the page with the tables of today."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + page_tables(load_rows()) + END + rest.split(END)[1]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        shutil.copy(sys.argv[1], ROWS)
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name, drawing in figures(load_rows()).items():
        (IMAGES / name).write_text(drawing, encoding="utf-8")
