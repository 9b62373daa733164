"""What small cells told of the errors of an engine: a line, and a section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.report.markup import Markup, html, table, tag, unordered
from hebe.report.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HOUR: Final = 3600


def calibration_text(document: Mapping[str, Any]) -> str:
    """One line on a calibration."""
    where = f"Stage {document['stage'] + 1}"
    if document["errors"] is None:
        reasons = "; ".join(document["warnings"]) or "no cell tells anything"
        return f"{where}: errors are not calibrated: {reasons}."
    low, high = document["scale_interval"]
    aside = sum(not row["fitted"] for row in document["rows"])
    more = f"; {aside} more were kept aside" if aside else ""
    return (
        f"{where}: errors calibrated with {document['n']} cells of {document['reference']}: residuals "
        f"{document['scale']:.2g} ({low:.2g} to {high:.2g}) of what is predicted{more}."
    )


def calibration_section(documents: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Section on calibrations; empty where there was none."""
    if not documents:
        return []
    return [tag("h2", "Calibration"), *(part for document in documents for part in _calibration(document))]


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
