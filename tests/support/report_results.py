"""Results of a campaign as ``hebe results --json`` prints them: six candidates with everything that can happen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.before import candidate_of
from hebe.analyses.mixing import ANALYSIS, basis, gained
from hebe.schemas.candidate import RankedCandidate

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS: Final = (
    # id, formula, species on TM, entropy/R, Q theoretical, Q redox, voltage, sd, first volume, dH, dS in k
    (
        "283f198e19",
        "NaTi0.3333Mn0.25Mg0.1667Ni0.1667Cu0.0833O2",
        1.517,
        258.18,
        150.61,
        3.412,
        0.021,
        43.91,
        0.041,
        1.2,
    ),
    (
        "d437e599bf",
        "NaTi0.3333Ni0.25Cu0.1667Fe0.1667Mn0.0833O2",
        1.517,
        243.44,
        202.87,
        3.655,
        0.034,
        43.20,
        0.066,
        1.1,
    ),
    (
        "6a5e548c1d",
        "NaFe0.4167Mn0.25Cu0.0833Mg0.0833Ni0.0833Ti0.0833O2",
        1.540,
        247.72,
        185.79,
        3.207,
        0.011,
        42.55,
        0.083,
        1.3,
    ),
    (
        "c81985b6c9",
        "NaMn0.4167Fe0.1667Ti0.1667Cu0.0833Mg0.0833Ni0.0833O2",
        1.583,
        249.60,
        187.20,
        2.981,
        0.052,
        43.02,
        0.102,
        1.25,
    ),
    ("7109d59929", "NaCu0.25Mn0.25Ti0.25Fe0.1667Ni0.0833O2", 1.545, 241.95, 181.46, 3.104, None, 43.66, -0.012, 1.3),
    ("26831f0f1d", "NaTi0.3333Fe0.25Cu0.1667Mg0.1667Mn0.0833O2", 1.517, 257.40, 128.70, None, None, 44.12, 0.120, -0.2),
)
_BOLTZMANN: Final = 8.617333262e-5
HOSTILE: Final = "c1: <script>alert('x')</script> & \"quotes\""
"""A warning that must not become markup."""


def candidates() -> list[dict[str, Any]]:
    """Six candidates, best first; the last is partial and not ranked, the fifth has one configuration."""
    return [_candidate(number, *row) for number, row in enumerate(_ROWS, start=1)]


def ranked(documents: Sequence[dict[str, Any]] | None = None) -> list[RankedCandidate]:
    """The same as documents of today."""
    return [_ranked(document) for document in (candidates() if documents is None else documents)]


def _ranked(document: dict[str, Any]) -> RankedCandidate:
    candidate = candidate_of({"campaign": "na-o3", **document, "mixing": {"engine": "chgnet", **_whole(document)}})
    values = dict(candidate.values)
    for name, key in (("average_voltage", "average_voltage_V"), ("max_volume_strain", "max_volume_strain")):
        if name in values:
            values[name] = values[name].model_copy(update={"se": document[f"{key}_se"]})
    mixing, enthalpy = ANALYSIS.best(candidate), document["mixing"]["dH_se_eV_per_site"]
    if mixing is not None and enthalpy is not None:
        values["mixing_enthalpy"] = values["mixing_enthalpy"].model_copy(update={"se": enthalpy})
        parts = {"mixing_temperature": mixing.competing, "mixing_temperature_same_host": mixing.same_host}
        for name, part in parts.items():
            entropy = gained(part) or basis(mixing)
            if values[name].mean is not None and entropy:
                values[name] = values[name].model_copy(update={"se": enthalpy / entropy})
    return RankedCandidate(**{**dict(candidate), "values": values, "rank": document["rank"]})


def _whole(document: dict[str, Any]) -> dict[str, Any]:
    """Mixing of a document with what stands beside it there."""
    names = ("energy_above_hull_eV_per_atom", "hull_phases", "hull_grade")
    lifted = {name: document[name] for name in names}
    return {**document["mixing"], **lifted, "n_configurations": document["n_configurations"]}


def _candidate(
    number: int,
    digits: str,
    formula: str,
    entropy: float,
    theoretical: float,
    redox: float,
    voltage: float | None,
    sd: float | None,
    volume: float,
    enthalpy: float,
    gained: float,
) -> dict[str, Any]:
    partial = voltage is None
    states = _states(number, volume)
    strains = [abs(state["volume_strain"]) for state in states if state["on_hull"]]
    mixing = _mixing(enthalpy, gained, single=sd is None)
    single = sd is None
    name = f"layered-o3-{digits}"
    return {
        "candidate_id": name,
        "stage": 0,
        "rank": None if partial else number,
        "status": "partial" if partial else "complete",
        "formula": formula,
        "family": "layered-o3",
        "working_ion": "Na",
        "x_made": 1.0,
        "composition": {"A": {"Na1+": 1.0}, "TM": {"Cu2+": 1 / 12, "Fe3+": 1 / 6, "Mn4+": 1 / 4, "Ti4+": 1 / 2}},
        "entropy_R": {"mixed-site": entropy, "formula-unit": entropy, "per-atom": entropy / 4},
        "descriptors": {"size_mismatch": 0.08, "redox_compatible": True, "mean_radius_A": None},
        "engine": "chgnet",
        "energy_scale": "MP2020-corrected (CHGNet 0.3.0)",
        "configuration": f"{name}/c0/x1/o0/s0",
        "n_configurations": 1 if single else 2,
        "average_voltage_V": voltage,
        "n_values": {"average_voltage_V": 0 if partial else 1 if single else 2},
        "average_voltage_V_sd": sd,
        "average_voltage_V_sd_starts": None if partial else 0.003,
        "average_voltage_V_error": None if partial else 0.45,
        "average_voltage_V_se": None if single else sd,
        "voltage_profile": _profile(voltage),
        "x_states": [] if partial else states,
        "capacity_theoretical_mAh_g": theoretical,
        "capacity_redox_mAh_g": redox,
        "capacity_window_mAh_g": theoretical * 2 / 3,
        "max_volume_strain": None if partial else max(strains),
        "max_volume_strain_sd": None if single else 0.0021,
        "max_volume_strain_sd_starts": None,
        "max_volume_strain_error": None if partial else 0.01,
        "max_volume_strain_se": None if single else 0.0021,
        "volume_strain_at_max": None if partial else -max(strains),
        "max_delta_volume": None if partial else max(strains) * 1.05,
        "max_delta_volume_sd": None,
        "energy_above_hull_eV_per_atom": max(0.0, enthalpy / 4),
        "hull_phases": ["CuO", "Fe2O3", "MnO2", "NaFeO2", "TiO2"],
        "hull_grade": ("B", "B", "C", "B", "D", "B")[number - 1],
        "mixing_temperature_K": mixing["competing"]["T_mix_K"],
        "mixing": mixing,
        "marks": ["left-host", "bound"] if partial else ["bound"] if number == 3 else [],
        "states_left": ["x = 0.333: glide"] if partial else [],
        "warnings": _warnings(number, partial=partial),
        "calculations": {f"{name}/c0/x{x}/o0/s0": hashlib.sha256(f"{name}{x}".encode()).hexdigest() for x in "123"},
    }


def _profile(voltage: float | None) -> list[dict[str, float]]:
    if voltage is None:
        return []
    return [
        {"x_high": 1.0, "x_low": 2 / 3, "voltage_V": voltage - 0.31},
        {"x_high": 2 / 3, "x_low": 1 / 3, "voltage_V": voltage + 0.31},
    ]


def _states(number: int, volume: float) -> list[dict[str, Any]]:
    rows = ((1.0, 1.0, True, "host"), (2 / 3, 0.985 - 0.002 * number, number != 3, "host"), (1 / 3, 0.94, True, "host"))
    return [
        {
            "x": x,
            "energy_eV_per_fu": -22.0 - x,
            "volume_A3_per_fu": volume * scale,
            "on_hull": on_hull,
            "topology": "glide" if number == 2 and x < 0.5 else topology,
            "left": False,
            "anion_oxidation": 0.0,
            "volume_strain": scale - 1,
            "axis_strain": None,
            "calculation": None,
        }
        for x, scale, on_hull, topology in rows
    ]


def _mixing(enthalpy: float, gained: float, *, single: bool) -> dict[str, Any]:
    competing = _result(enthalpy, gained, "Fe2O3")
    same_host = _result(enthalpy / 2, 0.8, "NaFeO2")
    basis = _BOLTZMANN * (gained if competing["T_mix_K"] is not None else 0.8)
    return {
        "competing": competing,
        "same_host": same_host,
        "sites_per_fu": 1.0,
        "atoms_per_fu": 4.0,
        "dH_sd_eV_per_site": None if single else 0.004,
        "energy_above_hull_sd": None if single else 0.001,
        "dH_se_eV_per_site": None if single else 0.004,
        "dH_sd_starts_eV_per_site": None,
        "left_out": {},
        "doubtful_phases": {},
        "deviation": 0.0,
        "T_mix_sd_configurations_K": None if single else 0.004 / basis,
        "T_mix_se_configurations_K": None if single else 0.004 / basis,
        "T_mix_sd_model_K": 0.06 / basis,
    }


def _result(enthalpy: float, gained: float, phase: str) -> dict[str, Any]:
    never = enthalpy > 0 and gained <= 0
    temperature = None if never else max(0.0, enthalpy / gained / _BOLTZMANN)
    return {
        "dH_eV_per_site": enthalpy,
        "dS_eV_per_K_per_site": gained * _BOLTZMANN,
        "T_mix_K": temperature,
        "decomposition": [{"phase": phase, "formula": phase, "amount": 0.5, "source": None}],
        "decomposition_at_T_mix": [],
        "reason": "never" if never else None,
    }


def _warnings(number: int, *, partial: bool) -> list[str]:
    if partial:
        return [HOSTILE, "competing: T_mix is null: never"]
    return ["hull coverage is grade C: the competing T_mix is a lower bound"] if number == 3 else []
