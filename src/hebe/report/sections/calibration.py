"""Calibrations: every small cell with what the others say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.report.calibration import calibration_text
from hebe.report.markup import Markup, html, table, tag, unordered
from hebe.report.sections.section import Section
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.report.data import Page

_HOUR: Final = 3600


def _render(page: Page) -> Iterable[Markup]:
    for document in page.calibrations:
        yield from _calibration(document)


def _calibration(document: Mapping[str, Any]) -> list[Markup]:
    """Every cell with what the others say of it."""
    parts = [tag("p", calibration_text(document))]
    if document["rows"]:
        scales = f"{document['reference_scale']} less {document['energy_scale']}"
        seconds = document["cpu_s"]
        cpu = f"{seconds / 3600:.1f} CPU hours" if seconds >= _HOUR else f"{seconds:.0f} CPU s"
        words = (
            f"Mixing enthalpies of small cells against their own vertices, {scales}, in meV per mixed site; predicted "
            f"from the other cells. The interval of the residuals is that from 10 to 90 %. {cpu}."
        )
        head = ["cell", "computed", "difference", "predicted", "residual / predicted spread", ""]
        body = [_row(row) for row in document["rows"]]
        parts += [tag("p", words, class_="note"), tag("div", table(head, body, range(1, 5)), class_="scroll")]
    score = document["committee"]
    if score is not None:
        gain = score["committee"] - score["plain"]
        verdict = "used" if score["used"] else "not used"
        words = f"The committee changes the mean log density of cells that were left out by {gain:+.2f}: {verdict}."
        parts.append(tag("p", words, class_="note"))
    if document["warnings"]:
        parts.append(unordered(document["warnings"]))
    return parts


def _row(row: Mapping[str, Any]) -> list[object]:
    known = row["predicted"] is not None and row["sd"]
    predicted = f"{number(row['predicted'], 1, 1000)} ± {number(row['sd'], 1, 1000)}" if known else number(None)
    return [
        html(row["formula"]),
        number(row["computed"], 1, 1000),
        number(row["value"], 1, 1000),
        predicted,
        number((row["value"] - row["predicted"]) / row["sd"] if known else None, 2),
        "" if row["fitted"] else "kept aside",
    ]


SECTION = Section(title="Calibration", render=_render)
