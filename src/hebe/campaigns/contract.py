"""A candidate as ``hebe results --json`` prints it: names that other programs rely on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses import mixing, voltage, volume_strain
from hebe.analyses.composition import QUANTITIES
from hebe.analyses.registry import all_quantities
from hebe.schemas.draws import Draws
from hebe.schemas.mixing import MixingDoc
from hebe.schemas.result import Value
from hebe.science.choosing.sample import HIGH, LOW

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

_DIRECT: Final = (
    "candidate_id",
    "rank",
    "rank_low",
    "rank_high",
    "stage",
    "status",
    "formula",
    "family",
    "working_ion",
    "x_made",
    "composition",
    "entropy_R",
    "descriptors",
    "engine",
    "energy_scale",
    "configuration",
    "n_configurations",
    "calculations",
    "marks",
    "states_left",
    "warnings",
)
_NESTED: Final = ("composition", "entropy_R", "descriptors", "calculations", "marks", "states_left", "warnings")
_ALWAYS: Final = (voltage.ANALYSIS.name, volume_strain.ANALYSIS.name, mixing.ANALYSIS.name)
"""Analyses whose names are there, null, where they were not asked for."""

SPREADS: Final = {"sd": "sd_configurations", "sd_starts": "sd_starts", "se": "se", "error": "error"}
"""Ends of the keys of spreads, and what they are in a value."""

INTERVAL: Final = ("low", "median", "high")
"""Ends of the keys of an interval, which is known when candidates are ranked."""

_SPREAD: Final = ("average_voltage", "max_volume_strain")
_HULL: Final = ("hull_phases", "hull_grade", "hull_models")
_MIXING: Final = (
    "competing",
    "same_host",
    "sites_per_fu",
    "atoms_per_fu",
    "dH_sd_eV_per_site",
    "dH_sd_starts_eV_per_site",
    "left_out",
    "doubtful_phases",
    "deviation",
    "energy_above_hull_sd",
    "T_mix_sd_configurations_K",
    "T_mix_sd_model_K",
    "vibrations",
    "oxygen",
    "formation",
)
SE_OF_MIXING: Final = ("mixing.dH_se_eV_per_site", "mixing.T_mix_se_configurations_K")
"""Keys of standard errors of the mixing of a candidate, which are known when candidates are ranked."""

_SAMPLE: Final = frozenset(Draws.model_fields)
_NESTS: Final = (dict, list)


def contract(candidate: RankedCandidate) -> dict[str, Any]:
    """Plain data of a ranked candidate."""
    plain = candidate.model_dump(mode="json", include=set(_DIRECT))
    found = {name: plain[name] for name in _DIRECT} | _elements(candidate.formula)
    results = {"results": without_versions(candidate.results)}
    return {**found, **_values(candidate), **_lists(candidate), **_mixing(candidate), **results}


def _elements(formula: str) -> dict[str, Any]:
    """Elements of a formula in alphabetical order, their number, and both as chemists write a chemical system."""
    elements = sorted(set(re.findall(r"[A-Z][a-z]?", formula)))
    return {"elements": elements, "n_elements": len(elements), "chemsys": "-".join(elements)}


def _values(candidate: RankedCandidate) -> dict[str, Any]:
    """Quantities under their keys, with the spreads that they have; ``n_values`` says what a mean is taken over."""
    analyses = [*_ALWAYS, *(name for name in candidate.results if name not in _ALWAYS)]
    of_composition = {quantity.name for quantity in QUANTITIES}
    found: dict[str, Any] = {"max_delta_volume_sd": None}
    numbers: dict[str, int] = {}
    for quantity in all_quantities(analyses).values():
        if quantity.key in _DIRECT:
            continue
        value, always = candidate.values.get(quantity.name, Value()), quantity.name in _SPREAD
        found[quantity.key] = value.mean
        spreads = {f"{quantity.key}_{suffix}": getattr(value, field) for suffix, field in SPREADS.items()}
        found |= {key: spread for key, spread in spreads.items() if always or spread is not None}
        if value.median is not None:
            found |= {f"{quantity.key}_{end}": getattr(value, end) for end in INTERVAL}
        if always or (value.n and quantity.name not in of_composition):
            numbers[quantity.key] = value.n
    return {**found, "n_values": numbers}


def _lists(candidate: RankedCandidate) -> dict[str, Any]:
    profile, strain = voltage.ANALYSIS.best(candidate), volume_strain.ANALYSIS.best(candidate)
    states = profile.x_states if profile is not None else strain.x_states if strain is not None else []
    steps = [] if profile is None else profile.voltage_profile
    change = candidate.values.get("max_volume_strain")
    return {
        "voltage_profile": without_versions([step.model_dump(mode="json") for step in steps]),
        "x_states": without_versions([state.model_dump(mode="json") for state in states]),
        "volume_strain_at_max": None if change is None else change.signed,
    }


def _mixing(candidate: RankedCandidate) -> dict[str, Any]:
    document = mixing.ANALYSIS.best(candidate) or MixingDoc()
    plain = without_versions(document.model_dump(mode="json"))
    inner = {name: plain[name] for name in _MIXING}
    own, other = (candidate.values.get(name) for name in ("mixing_temperature", "mixing_temperature_same_host"))
    enthalpy = candidate.values.get("mixing_enthalpy")
    chosen = own if own is not None and own.mean is not None else other
    inner["dH_se_eV_per_site"] = None if enthalpy is None else enthalpy.se
    inner["T_mix_se_configurations_K"] = None if chosen is None else chosen.se
    return {"mixing": inner, **{name: plain[name] for name in _HULL}}


def without_versions(value: Any) -> Any:
    """A document without what is only for machines: versions of schemas, names of classes, samples.

    A sample is replaced by its number of draws, its median and the values below which 16 and 84 % of it lie.
    """
    if isinstance(value, dict):
        if "data" in value and len(value) <= len(_SAMPLE) and value.keys() | {"schema_version"} == _SAMPLE:
            return _interval(Draws.model_validate(value))
        found = {}
        for key, inner in value.items():
            if key != "schema_version" and key[:1] != "@":
                found[key] = without_versions(inner) if isinstance(inner, _NESTS) else inner
        return found
    if isinstance(value, list):
        return [without_versions(item) if isinstance(item, _NESTS) else item for item in value]
    return value


def _interval(draws: Draws) -> dict[str, float]:
    low, median, high = draws.quantiles(LOW, 0.5, HIGH)
    return {"n": draws.n, "low": low, "median": median, "high": high}


def keys_of_quantities() -> dict[str, str]:
    """Key that holds the value of each quantity, by its name."""
    return {name: quantity.key for name, quantity in all_quantities().items()}


def contract_keys() -> list[str]:
    """Keys with one value that every candidate has, known before there is a candidate."""
    quantities = [key for q in all_quantities(_ALWAYS).values() for key in (q.path, q.key) if key]
    direct = [name for name in _DIRECT if name not in _NESTED]
    return [
        *direct,
        "n_elements",
        "chemsys",
        *quantities,
        "hull_grade",
        *(f"mixing.{name}" for name in _MIXING if name.endswith("_K")),
    ]
