"""How well it is foretold what becomes one phase: scores on published outcomes, groups left out; table and figure.

python benchmarks/formation_scores.py [--write]    # prints the tables; writes them into docs/science.md, and the figure

Enthalpies of the materials of the literature are those of ``benchmarks/literature_rows.json``, where the table of
outcomes has no published one.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.report.svg import document, element, line, marker, style_of, text
from hebe.science.constants import BOLTZMANN
from hebe.science.errors.model_error import documented_error
from hebe.science.learning.forecasts import reliability
from hebe.science.learning.outcome_scores import Cases, Computed, area_of_family, worth_of
from hebe.science.learning.single_phase import NAMES
from hebe.science.literature.outcomes import load_outcomes

if TYPE_CHECKING:
    from hebe.science.learning.forecasts import Bin, Score
    from hebe.science.learning.outcome_scores import Worth

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "science.md"
FIGURE: Final = ROOT / "docs" / "images" / "formation-reliability.svg"
ROWS: Final = ROOT / "benchmarks" / "literature_rows.json"
BEGIN, END = "<!-- outcomes: python benchmarks/formation_scores.py --write -->\n", "<!-- end of outcomes -->\n"

ERROR: Final = 2 * (documented_error("chgnet-0.3.0/MP2020") or 0.0)
"""Standard deviation of enthalpies (eV per site), as if all were CHGNet's and of rock salts, two atoms a cation."""

SHOWN: Final = ("composition", "rule", "both")
SIZE: Final = 420.0
EDGE: Final = 56.0


def computed() -> dict[str, Computed]:
    """Enthalpies of materials of the literature against what competes, where entropy is gained."""
    rows: dict[str, Any] = json.loads(ROWS.read_text(encoding="utf-8"))
    found = {}
    for name, row in rows.items():
        part = (row.get("mixing") or {}).get("competing") or {}
        enthalpy, entropy = part.get("dH_eV_per_site"), part.get("dS_eV_per_K_per_site")
        if enthalpy is not None and entropy:
            found[name] = Computed(enthalpy, entropy / BOLTZMANN)
    return found


def table(head: str, rows: list[str]) -> str:
    """Markdown table; `head` are the names of its columns, divided by bars."""
    return f"| {head} |\n|{'---|' * (head.count('|') + 1)}\n" + "".join(f"| {row} |\n" for row in rows) + "\n"


def tables(cases: Cases, some: Cases, worth: list[Worth]) -> str:
    """All that the page says in numbers; `some` are the cases with an enthalpy, `worth` is theirs."""
    head = "forecast | left out | area under the curve | Brier score | better than the share by | logarithmic score"
    return (
        _counts(cases)
        + f"All {len(cases)}, composition alone:\n\n"
        + table(head, [_row(one) for one in worth_of(cases)])
        + f"The {len(some)} with an enthalpy of mixing, {_unformed(some)} of which did not form:\n\n"
        + table(head, [_row(one) for one in worth])
        + "Within one family, without any fit, area under the curve:\n\n"
        + table("family | cases | not formed | margin | " + " | ".join(NAMES[:3]), _within(some))
        + "Forecast and outcome, families left out:\n\n"
        + table("forecast | cases | mean forecast | formed", _reliabilities(worth, some))
        + f"![Forecast against outcome](images/{FIGURE.name})\n\n"
    )


def _unformed(cases: Cases) -> int:
    return sum(not one.formed for one in cases.outcomes)


def _counts(cases: Cases) -> str:
    families, sources = Counter(cases.families), len(set(cases.sources))
    memory = sum(one.from_memory for one in cases.outcomes)
    return (
        f"{len(cases)} compositions of {len(families)} families from {sources} sources, {memory} from memory; "
        f"{_unformed(cases)} did not become one phase.\n\n"
    )


def _row(one: Worth) -> str:
    by = "nothing is fitted" if one.forecast == "rule" else one.by
    what = f"{one.forecast}, drawn by {one.by}" if one.forecast == "rule" else one.forecast
    return f"{what} | {by} | {_score(one.area)} | {_score(one.brier)} | {_gain(one)} | {_score(one.loss)}"


def _score(score: Score) -> str:
    if score.value is None:
        return "–"
    ends = "" if score.low is None or score.high is None else f" ({score.low:.2f} to {score.high:.2f})"
    return f"{score.value:.2f}{ends}"


def _gain(one: Worth) -> str:
    if one.forecast == "share" or one.gain.value is None:
        return ""
    return f"{one.gain.value:+.2f} ({one.gain.low or 0.0:+.2f} to {one.gain.high or 0.0:+.2f})"


def _within(cases: Cases) -> list[str]:
    rows = []
    for family, number in sorted(Counter(cases.families).items()):
        lost = sum(one.family == family and not one.formed for one in cases.outcomes)
        if not lost:
            continue
        columns = [cases.margins, *cases.table.T[:3]]
        areas = [area_of_family(cases, family, -column) for column in columns]
        shown = " | ".join("–" if value is None else f"{value:.2f}" for value in areas)
        rows.append(f"{family} | {number} | {lost} | {shown}")
    return rows


def bins_of(worth: list[Worth], cases: Cases) -> dict[str, list[Bin]]:
    """Bins of each forecast that is shown, families left out."""
    chosen = {one.forecast: one.probabilities for one in worth if one.by == "family"}
    return {name: reliability(chosen[name], cases.formed) for name in SHOWN}


def _reliabilities(worth: list[Worth], cases: Cases) -> list[str]:
    return [
        f"{name} | {one.number} | {one.mean:.2f} | {one.share:.2f}"
        for name, bins in bins_of(worth, cases).items()
        for one in bins
    ]


def figure(bins: dict[str, list[Bin]]) -> str:
    """Share that formed against the forecast, as SVG."""

    def place(value: float) -> float:
        return EDGE + value * (SIZE - 2 * EDGE)

    parts = [element("rect", x=0, y=0, width=SIZE, height=SIZE, rx=8.0, fill="#ffffff")]
    for tenths in range(0, 11, 2):
        at = place(tenths / 10)
        parts += [
            text(at, SIZE - EDGE + 18, f"{tenths / 10:g}", anchor="middle"),
            text(EDGE - 8, SIZE - at + 4, f"{tenths / 10:g}", anchor="end"),
            line(at, SIZE - EDGE, at, EDGE, stroke_opacity=0.12),
            line(EDGE, SIZE - at, SIZE - EDGE, SIZE - at, stroke_opacity=0.12),
        ]
    parts.append(line(EDGE, SIZE - EDGE, SIZE - EDGE, EDGE, stroke_dasharray="4 4"))
    for number, (name, some) in enumerate(bins.items()):
        parts += [
            marker(place(b.mean), SIZE - place(b.share), style_of(number), f"{name}: {b.number} cases") for b in some
        ]
        y = EDGE + 16 + 16 * number
        parts += [marker(EDGE + 14, y - 4, style_of(number)), text(EDGE + 26, y, name)]
    title = "Forecast and outcome"
    parts.append(text(SIZE / 2, 26, title, anchor="middle", font_weight="bold"))
    parts.append(text(SIZE / 2, SIZE - 10, "forecast", anchor="middle"))
    parts.append(text(EDGE, EDGE - 10, "share that formed"))
    return document(element("g", "".join(parts), color="#1b1f24"), SIZE, SIZE, title) + "\n"


def drawn() -> tuple[str, str]:
    """Tables and figure of today."""
    cases = Cases.of(load_outcomes(), ERROR, computed())
    some = cases.with_enthalpy
    worth = worth_of(some)
    return tables(cases, some, worth), figure(bins_of(worth, some))


def written(page: str, found: str) -> str:
    """Text of the page with tables."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + found + END + rest.split(END)[1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What becomes one phase.")
    parser.add_argument("--write", action="store_true", help="write the page and the figure")
    found, drawing = drawn()
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
        FIGURE.write_text(drawing, encoding="utf-8")
    else:
        print(found)
