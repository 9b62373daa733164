"""What small cells told of the errors of an engine, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
