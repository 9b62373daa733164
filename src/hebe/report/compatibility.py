"""A compatibility map from the candidates of its campaign: one row per cation and host, spreads, ranks of groups."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final

from hebe.report.periodic import HeatCell, periodic_map
from hebe.science.mixing.compatibility import compare_groups, map_members, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.config.mixing_map import MixingMap
    from hebe.science.chemistry.ions import Ion


_DRAWN: Final = {
    "mixing_temperature_K_low": "T_mix_low_K",
    "mixing_temperature_K_high": "T_mix_high_K",
    "formation_probability": "formation_probability",
}
"""Keys of a candidate and what rows of a map call them: interval under errors of the engine, formation probability."""


def map_document(
    definition: MixingMap, cations: Sequence[Ion], candidates: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What ``hebe map mixing --json`` prints.

    Parameters
    ----------
    definition, cations
        The map.
    candidates
        Finished candidates of its campaign, as ``hebe results --json`` prints them; a missing one is a row with the
        reason.
    """
    found = {candidate["candidate_id"]: candidate for candidate in candidates}
    rows: list[dict[str, Any]] = []
    for member in map_members(definition, cations):
        composition = member.composition(definition.family)
        candidate = found.get(composition.candidate_id)
        rows.append(
            {
                "cation": str(member.cation),
                "host": member.host,
                "candidate_id": composition.candidate_id,
                "formula": composition.formula,
                **_values(candidate),
            }
        )
    for host in definition.hosts:
        own = [row for row in rows if row["host"] == host.name]
        for row, value in zip(own, normalised([row["T_mix_K"] for row in own]), strict=True):
            row["T_mix_normalised"] = value
    hosts = [
        {"host": host.name, "title": host.title, **_spread(definition, [r for r in rows if r["host"] == host.name])}
        for host in definition.hosts
    ]
    return {"map": definition.name, "title": definition.title, "hosts": hosts, "cations": rows}


def _values(candidate: Mapping[str, Any] | None) -> dict[str, Any]:
    if candidate is None:
        return {
            **dict.fromkeys(("T_mix_K", *_DRAWN.values(), "T_mix_sd_model_K", "dH_eV_per_site", "hull_grade")),
            "decomposition": [],
            "reason": "not computed",
        }
    mixing = candidate["mixing"]
    competing = mixing["competing"]
    return {
        "T_mix_K": competing["T_mix_K"],
        **{ours: candidate.get(key) for key, ours in _DRAWN.items()},
        "T_mix_sd_model_K": mixing["T_mix_sd_model_K"],
        "dH_eV_per_site": competing["dH_eV_per_site"],
        "hull_grade": candidate["hull_grade"],
        "decomposition": competing["decomposition_at_T_mix"] or competing["decomposition"],
        "reason": competing["reason"],
    }


def _spread(definition: MixingMap, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and spread of a host, and the comparison of the first two groups of the map."""
    value = {row["cation"]: row["T_mix_K"] for row in rows if row["T_mix_K"] is not None}
    known = list(value.values())
    mean = statistics.fmean(known) if known else None
    sd = statistics.stdev(known) if len(known) > 1 else None
    document: dict[str, Any] = {
        "n": len(known),
        "mean_T_mix_K": mean,
        "sd_T_mix_K": sd,
        "relative_sd": sd / mean if sd is not None and mean else None,
        "comparison": None,
    }
    if len(definition.groups) == 2:
        names = list(definition.groups)
        first, second = ([value[c] for c in definition.groups[name] if c in value] for name in names)
        found = compare_groups(first, second)
        if found is not None:
            document["comparison"] = {
                "groups": names,
                "sizes": [found.first, found.second],
                "chance_first_is_higher": found.effect,
                "p_value": found.p_value,
            }
    return document


def probability_figure(document: Mapping[str, Any], cations: Sequence[Ion], host: str) -> str:
    """Periodic-table heat map of the formation probabilities in one host as SVG."""
    rows = {row["cation"]: row for row in document["cations"] if row["host"] == host}
    title = next(entry["title"] for entry in document["hosts"] if entry["host"] == host)
    shares = {ion: rows[str(ion)]["formation_probability"] for ion in cations}
    percent = {ion: None if share is None else 100 * share for ion, share in shares.items()}
    cells = [HeatCell(ion, percent[ion], _words(rows[str(ion)])) for ion in cations]
    return periodic_map(cells, f"Formation probability in the host of {title}", "%")


def map_figure(document: Mapping[str, Any], cations: Sequence[Ion], host: str, *, relative: bool = False) -> str:
    """Periodic-table heat map of one host as SVG; `relative` takes the normalised temperatures."""
    rows = {row["cation"]: row for row in document["cations"] if row["host"] == host}
    title = next(entry["title"] for entry in document["hosts"] if entry["host"] == host)
    key, unit = ("T_mix_normalised", "of the mean") if relative else ("T_mix_K", "K")
    cells = [HeatCell(ion, rows[str(ion)][key], _words(rows[str(ion)])) for ion in cations]
    return periodic_map(cells, f"Mixing temperature in the host of {title}", unit)


def _words(row: Mapping[str, Any]) -> str:
    products = " + ".join(f"{part['amount']:.3g} {part['formula']}" for part in row["decomposition"])
    value = "no value: " + str(row["reason"]) if row["T_mix_K"] is None else f"{row['T_mix_K']:.0f} K"
    return f"{row['cation']} in {row['formula']}: {value}" + (f"; against {products}" if products else "")
