"""Local structure of one configuration over x: polyhedra by element, layers, strain of the surroundings of sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Structure

from hebe.schemas.local_structure import LocalState, LocalStructureDoc, SpeciesShape
from hebe.science.chemistry.member import composition_of
from hebe.science.crystals.crystal import ANIONS
from hebe.science.structures.host import layer_normal
from hebe.science.structures.layer_heights import slab_and_gap
from hebe.science.structures.polyhedra import Polyhedron, local_strain, polyhedra, surroundings
from hebe.science.structures.topology import slab_cations

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.schemas.calculation import CalculationDoc
    from hebe.science.electrodes.electrode import StateInput


@dataclass(frozen=True)
class _Shapes:
    """A cell with the polyhedra of its mixed cations."""

    structure: Structure
    around: Sequence[Polyhedron]

    @property
    def labels(self) -> list[str]:
        return list(self.structure.site_properties["sublattice"])


def local_document(inputs: StateInput, window: tuple[float, float] | None, label: str = "") -> LocalStructureDoc:
    """Local structure of the states of the host; null with a warning where the as-made cell is none.

    Parameters
    ----------
    inputs
        Calculations of one configuration.
    window
        Lowest and highest x whose strain is ranked, None without a working ion.
    """
    document = LocalStructureDoc(label=label, warnings=inputs.problems())
    made = inputs.made
    if made is None or not made.usable or not made.is_host(inputs.accept) or not inputs.n_fu:
        document.warnings.append("there is no as-made cell of the host: no local structure")
        return document
    host = composition_of(inputs.spec).host
    reference = _shapes(made, host, inputs.spec.working_ion)
    if not reference.around:
        document.warnings.append("the host has no anions around its mixed cations")
        return document
    lowest: dict[float, CalculationDoc] = {}
    for found in (made, *inputs.states):
        if found is None or not found.usable or not found.is_host(inputs.accept):
            continue
        x = round(inputs.x_of(found), 9)
        if x not in lowest or found.energy < lowest[x].energy:
            lowest[x] = found
    document.states = [_state(inputs, host, reference, x, lowest[x]) for x in sorted(lowest, reverse=True)]
    _rank(document, inputs, made, window)
    return document


def _rank(
    document: LocalStructureDoc, inputs: StateInput, made: CalculationDoc, window: tuple[float, float] | None
) -> None:
    """Fill in what candidates are ranked by."""
    x_made = round(inputs.x_of(made), 9)
    first = next(state for state in document.states if state.x == x_made)
    document.bond_spread_A = first.bond_spread_A
    document.angle_variance_deg2 = first.angle_variance_deg2
    document.slab_A, document.gap_A = first.slab_A, first.gap_A
    others = [
        s
        for s in document.states
        if s.x != x_made and window is not None and window[0] - 0.05 <= s.x <= window[1] + 0.05
    ]
    strains = [s.strain_rms for s in others if s.strain_rms is not None]
    document.local_strain = max(strains, default=None)
    if first.gap_A:
        changes = [s.gap_A / first.gap_A - 1 for s in others if s.gap_A is not None]
        document.gap_change = max(changes, key=abs, default=None)


def _shapes(found: CalculationDoc, host: Family, ion: str | None) -> _Shapes:
    """Polyhedra of the mixed cations; empty sites and working ions have none."""
    cell = found.cell
    labels = cell.site_properties["sublattice"]
    anions = [i for i, site in enumerate(cell) if site.specie.symbol in ANIONS]
    working = {i for i, name in enumerate(labels) if name in host.working_shared and cell[i].specie.symbol == ion}
    others = working.union(anions)
    centres = [i for i, name in enumerate(labels) if name in host.mixed_cations and i not in others]
    coordination = [host.sublattices[labels[i]].coordination for i in centres]
    return _Shapes(cell, polyhedra(cell, centres, anions, coordination) if anions else [])


def _state(inputs: StateInput, host: Family, reference: _Shapes, x: float, found: CalculationDoc) -> LocalState:
    shapes = _shapes(found, host, inputs.spec.working_ion)
    bonds = np.concatenate([one.lengths for one in shapes.around])
    variances = [v for one in shapes.around if (v := one.angle_variance()) is not None]
    state = LocalState(
        x=x,
        species=_species(shapes),
        bond_spread_A=float(bonds.std()),
        angle_variance_deg2=float(np.mean(variances)) if variances else None,
        calculation=found.key,
    )
    normal = layer_normal(host, inputs.spec.working_ion)
    slabs = slab_cations(shapes.structure, host.working_of(inputs.spec.working_ion))
    if normal is not None:
        state.slab_A, state.gap_A = slab_and_gap(shapes.structure, normal, slabs)
    if inputs.made is not None and found.key != inputs.made.key:
        _strain(state, reference, shapes)
    return state


def _species(shapes: _Shapes) -> list[SpeciesShape]:
    """Shapes by sublattice and element."""
    groups: dict[tuple[str, str], list[Polyhedron]] = {}
    for one in shapes.around:
        groups.setdefault((shapes.labels[one.site], one.element), []).append(one)
    return [
        SpeciesShape(
            element=element,
            sublattice=sublattice,
            n=len(part),
            length_A=float(np.mean([one.lengths.mean() for one in part])),
            length_sd_A=float(np.concatenate([one.lengths for one in part]).std()),
            distortion=float(np.mean([one.distortion for one in part])),
            angle_variance_deg2=_mean([one.angle_variance() for one in part]),
            elongation=_mean([one.elongation() for one in part]),
            axis_ratio=_mean([one.axis_ratio() for one in part]),
        )
        for (sublattice, element), part in sorted(groups.items())
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _strain(state: LocalState, reference: _Shapes, shapes: _Shapes) -> None:
    """Strain of the surroundings of the cations since they were made."""
    before = _places(reference.structure)
    places = {before_site: site for site, before_site in _matched(shapes.structure, before)}
    strains = []
    for one in reference.around:
        if one.site not in places:
            continue
        after = surroundings(one, shapes.structure, places[one.site], places)
        if after is not None and np.linalg.matrix_rank(one.vectors) == 3:
            strains.append(local_strain(one.vectors, after))
    if strains:
        shear = np.array([s.shear for s in strains])
        state.strain_rms, state.strain_max = float(np.sqrt((shear**2).mean())), float(shear.max())
        state.volume_strain_sd = float(np.std([s.volume for s in strains]))


def _places(structure: Structure) -> dict[int, int]:
    """Site of a cell by the site of the configuration that it comes from."""
    sites = structure.site_properties.get("configuration_site") or range(len(structure))
    return {int(origin): i for i, origin in enumerate(sites)}


def _matched(structure: Structure, before: dict[int, int]) -> list[tuple[int, int]]:
    """Sites of a cell with those of the as-made one."""
    own = _places(structure)
    return [(site, before[origin]) for origin, site in own.items() if origin in before]
