"""Candidate documents of stores from before quantities had one place: their scalars stood side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses import composition, mixing, voltage, volume_strain
from hebe.analyses.summary import values_of
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.result import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.analyses.protocol import AnyAnalysis

_DIRECT: Final = ("average_voltage_V", "max_volume_strain", "max_delta_volume", "capacity_window_mAh_g")
_RESULTS: Final[dict[AnyAnalysis, tuple[str, ...]]] = {
    voltage.ANALYSIS: ("average_voltage_V", "voltage_profile", "x_states", "capacity_window_mAh_g"),
    volume_strain.ANALYSIS: ("max_volume_strain", "volume_strain_at_max", "max_delta_volume", "x_states"),
}


def candidate_of(document: Mapping[str, Any]) -> CandidateDoc:
    """Candidate of a stored document, whichever version wrote it."""
    if "values" in document:
        return CandidateDoc.model_validate(document)
    candidate = CandidateDoc.model_validate({**document, "lowest": 0, "results": {}})
    for analysis, fields in _RESULTS.items():
        found = {name: document[name] for name in fields if document.get(name) is not None}
        if found:
            candidate.results[analysis.name] = [{**found, "warnings": []}]
    if (document.get("mixing") or {}).get("engine"):
        candidate.results[mixing.ANALYSIS.name] = [dict(document["mixing"])]
    candidate.values = _values(document, candidate)
    return candidate


def _values(document: Mapping[str, Any], candidate: CandidateDoc) -> dict[str, Value]:
    values = {q.name: Value(mean=document.get(q.key), n=1) for q in composition.QUANTITIES if q.of_working_ion}
    values["entropy"] = Value(mean=candidate.entropy_R.get("mixed-site"), n=1)
    for analysis in (voltage.ANALYSIS, volume_strain.ANALYSIS, mixing.ANALYSIS):
        results = analysis.of(candidate)
        if results:
            values |= values_of(analysis, results, candidate)
    for key in _DIRECT:
        name = key.removesuffix("_V").removesuffix("_mAh_g")
        if name in values and values[name].mean is not None:
            values[name] = values[name].model_copy(update=_spreads(document, key))
    return values


def _spreads(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    number = (document.get("n_values") or {}).get(key, document.get("n_configurations", 1))
    return {
        "sd_configurations": document.get(f"{key}_sd"),
        "sd_starts": document.get(f"{key}_sd_starts"),
        "error": document.get(f"{key}_error"),
        "n": number,
    }
