"""What a computed material of the literature comes to: one row of numbers, read from its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.core import Structure

from hebe.campaigns.literature import open_system
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.schemas.calculation import CalculationDoc
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.hulls.competing import phases_within
from hebe.science.literature.relaxed import conventional_lattice, edges
from hebe.science.literature.system import get_system
from hebe.science.structures.configuration import lattice_radius
from hebe.science.structures.host import estimate_lattice, host_cell
from hebe.science.structures.layer_heights import slab_and_gap
from hebe.science.structures.topology import layer_repeat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobflow import JobStore
    from numpy.typing import NDArray

    from hebe.config.campaign import Campaign

_KEPT: Final = (
    "status",
    "formula",
    "family",
    "working_ion",
    "energy_scale",
    "hull_grade",
    "states_left",
    "average_voltage_V",
    "average_voltage_V_error",
    "max_volume_strain",
    "max_volume_strain_error",
    "voltage_profile",
    "mixing_temperature_K_error",
)
_STATE: Final = ("x", "volume_A3_per_fu", "topology", "left", "on_hull", "anion_oxidation")
_MIXING: Final = ("dH_eV_per_site", "dS_eV_per_K_per_site", "T_mix_K", "reason")
_DIGITS: Final = 5
_OUTSIDE: Final = ": outside training: "


def row_of(name: str, campaign: Campaign, candidate: Mapping[str, Any], store: JobStore) -> dict[str, Any]:
    """Row of a material: numbers of its candidate, its relaxed cell as made, and what is wrong with it.

    Parameters
    ----------
    name
        Id of the material.
    campaign
        Its campaign.
    candidate
        Its result as ``hebe results --json`` prints it.
    store
        The project's store, connected.
    """
    opened = open_system(get_system(name))
    made = candidate["calculations"].get(candidate["configuration"]) or next(iter(candidate["calculations"].values()))
    document = store.docs_store.query_one({"output.key": made, "output.input_structure": {"$exists": True}})
    if document is None:
        raise LookupError(f"the store has no calculation {made}")
    found = document["output"]
    row: dict[str, Any] = {
        **{key: candidate.get(key) for key in _KEPT},
        "atoms": len(found["input_structure"]["sites"]),
        "deviation": opened.deviation,
        "problem": _problem(candidate, found),
        "topology": found["topology"],
        "outside_training": sorted({w.partition(_OUTSIDE)[2] for w in candidate["warnings"] if _OUTSIDE in w}),
        "x_states": [{key: state[key] for key in _STATE} for state in candidate["x_states"]],
        "mixing": _mixing(candidate),
        "without_phases": without_phases(name) if candidate["mixing"]["sites_per_fu"] is None else [],
        "cell": {},
        "volume_A3_per_fu": None,
    }
    if found["status"] == "converged":
        row |= _cell(campaign, found, opened.cell_fu)
        row |= _repeats(campaign, found, store)
    if row["status"] == "complete" and row["without_phases"]:
        row["status"] = "partial"
    rounded: dict[str, Any] = _rounded(row)
    return rounded


def without_phases(name: str) -> list[str]:
    """Elements of a material that no competing phase holds: of an electrode mixing is not computed then."""
    elements = set(get_system(name).elements)
    held = {element for phase in phases_within(elements) for element in phase.elements}
    return sorted(elements - held)


def _problem(candidate: Mapping[str, Any], made: Mapping[str, Any]) -> str | None:
    """Why a material has no result."""
    if candidate["status"] != "failed":
        return None
    if made["error"] is not None:
        return str(made["error"]["message"])
    if made["status"] != "converged":
        return f"the relaxation is {made['status']}"
    left = dict.fromkeys(state.rpartition(": ")[2] for state in candidate["states_left"])
    return f"the relaxed cell has left its host ({', '.join(left)})"


def _mixing(candidate: Mapping[str, Any]) -> dict[str, Any]:
    mixing = candidate["mixing"]
    sides = {side: mixing[side] for side in ("competing", "same_host")}
    return {
        **{side: found and {key: found[key] for key in _MIXING} for side, found in sides.items()},
        "sites_per_fu": mixing["sites_per_fu"],
    }


def _cell(campaign: Campaign, found: Mapping[str, Any], n_fu: int) -> dict[str, Any]:
    """Edges, volume, and slabs of a layered host."""
    (spec,) = campaign_members(campaign)
    composition, split = composition_of(spec), split_of(spec)
    family = composition.host
    start, final = (Structure.from_dict(found[key]) for key in ("input_structure", "structure"))
    radius = lattice_radius(composition, split, spec.primary)
    conventional = estimate_lattice(family.lattice_of(composition.working_ion), radius, family.space_group)
    relaxed = conventional_lattice(conventional, start.lattice, final.lattice)
    cell = {"cell": edges(relaxed, family.space_group), "volume_A3_per_fu": final.volume / n_fu}
    if family.layer_axis is None or "TM" not in family.sublattices:
        return cell
    metals = np.array([label == "TM" for label in start.site_properties["sublattice"]])
    normal = np.cross(*relaxed.matrix[:2])
    slab, gap = slab_and_gap(final, normal / np.linalg.norm(normal), metals)
    return {**cell, "slab_A": slab, "gap_A": gap}


def _repeats(campaign: Campaign, found: Mapping[str, Any], store: JobStore) -> dict[str, Any]:
    """Repeats across the layers of a host without sites of a working ion, and of its members of one species."""
    (spec,) = campaign_members(campaign)
    composition = composition_of(spec)
    normal = host_cell(composition.host).layer_normal if composition.working_ion is None else None
    if normal is None:
        return {}
    members = {}
    for job in campaign_flow(campaign).jobs:
        if not job.name.startswith("relax shared/") or store.count({"uuid": job.uuid}) == 0:
            continue
        output = CalculationDoc.model_validate(store.get_output(job.uuid))
        start, end = output.input_structure, output.structure
        if output.topology in ("host", "delaminated") and start and end and "sublattice" in start.site_properties:
            members[end.reduced_formula] = _repeat(start, end, normal, spec.primary)
    made, final = (Structure.from_dict(found[key]) for key in ("input_structure", "structure"))
    return {"repeat_A": _repeat(made, final, normal, spec.primary), "members_repeat_A": members}


def _repeat(made: Structure, final: Structure, normal: NDArray[np.float64], primary: str) -> float:
    return layer_repeat(final, normal, np.array([name == primary for name in made.site_properties["sublattice"]]))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, (list, tuple)) else value
