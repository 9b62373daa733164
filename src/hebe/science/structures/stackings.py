"""Other stackings of a configuration of a layered host: the same slabs, gliding over each other or turned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.config.stackings import get_stacking, stackings
from hebe.exceptions import BadInputError
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.keys import content_hash, rounded
from hebe.science.structures.configuration import lattice_radius
from hebe.science.structures.host import host_cell, layer_normal
from hebe.science.structures.slabs import NotLayeredError, Slabs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.family import Family
    from hebe.config.stackings import StackingRule
    from hebe.schemas.spec import MemberSpec

STACKING_VERSION: Final = 1


def take_apart(family: Family, structure: Structure, ion: str | None) -> Slabs:
    """Slabs of a cell of a host as it was built.

    Raises
    ------
    NotLayeredError
        If the host is not layered, or not of slabs that can be stacked otherwise.
    """
    normal = layer_normal(family, ion)
    if normal is None:
        raise NotLayeredError("the host has no layers")
    return Slabs.of(structure, normal, family.mixed_cations, family.anions)


def stacking_of(family: Family) -> str | None:
    """Stacking of a host family by the layers of its prototype, None where it has none of those that are known."""
    cell = host_cell(family, next(iter(family.working_ions), None))
    try:
        slabs = take_apart(family, cell.structure, next(iter(family.working_ions), None))
    except NotLayeredError:
        return None
    for name, rule in stackings().items():
        n = math.lcm(len(slabs.slabs), rule.period) // len(slabs.slabs)
        held = slabs.repeated(n)
        if _alike(held.steps, held.gaps, rule):
            return name
    return None


def _alike(steps: Sequence[int], gaps: Sequence[int], rule: StackingRule) -> bool:
    """Whether slabs and gaps follow a rule, from any slab on, seen from either side and in either direction."""
    times = len(steps) // rule.period
    for slabs, between in ((rule.slabs, rule.gaps), (rule.slabs[::-1], (*rule.gaps[-2::-1], rule.gaps[-1]))):
        for start in range(rule.period):
            turned = [[*part[start:], *part[:start]] * times for part in (slabs, between)]
            if any([[s * x for x in part] for part in turned] == [list(steps), list(gaps)] for s in (1, -1)):
                return True
    return False


def glides_of(family: Family, ion: str | None) -> tuple[str, ...]:
    """Stackings into which the slabs of a host glide, without being turned, whose family has a lattice with an ion."""
    own = stacking_of(family)
    if own is None:
        return ()
    turned = len(set(get_stacking(own).slabs)) > 1
    return tuple(
        name
        for name, rule in stackings().items()
        if name != own and (len(set(rule.slabs)) > 1) == turned and ion in load_family(rule.family).working_ions
    )


def family_of_stacking(own: Family, ion: str | None, stacking: str) -> Family:
    """Family of another stacking of a host's slabs.

    Raises
    ------
    BadInputError
        If there is no such stacking, the sublattices of the families differ, or that one has no lattice with the ion.
    """
    other = load_family(get_stacking(stacking).family)
    for what in ("working_own", "mixed", "anions"):
        if getattr(other, what) != getattr(own, what):
            reason = f"{own.called} has other sublattices than {other.name}, the family of {stacking}"
            raise BadInputError(reason, suggestion="a host with the sublattices A, TM and O")
    if ion not in other.working_ions:
        able = [name for name, rule in stackings().items() if ion in load_family(rule.family).working_ions]
        reason = f"{other.name}, the family of {stacking}, has no lattice with {ion}"
        raise BadInputError(reason, suggestion=", ".join(able))
    return other


def stacked_spec(spec: MemberSpec, stacking: str) -> MemberSpec:
    """A member of a layered host as one of the family of another stacking.

    Raises
    ------
    BadInputError
        See `family_of_stacking`.
    """
    other = family_of_stacking(composition_of(spec).host, spec.working_ion, stacking)
    return spec.model_copy(update={"family": other.name, "host": None})


def restack(spec: MemberSpec, configuration: ConfigurationDoc, stacking: str) -> ConfigurationDoc:
    """Configuration of a layered host in another stacking; ``absent`` without a configuration.

    Slabs keep their atoms and their thickness; each is moved within the plane by less than a translation, and turned
    where the other stacking has it turned. The height of the gaps is that of the family of the stacking. All of its
    sites of working ions are occupied.

    Raises
    ------
    BadInputError
        See `family_of_stacking`; or if the cell is not made of slabs.
    """
    other = stacked_spec(spec, stacking)
    key = content_hash(["stacking", STACKING_VERSION, configuration.key, stacking])
    if configuration.structure is None:
        return ConfigurationDoc(key=key, status="absent", composition=configuration.composition)
    try:
        slabs = take_apart(composition_of(spec).host, configuration.structure, spec.working_ion)
    except NotLayeredError as err:
        raise BadInputError(f"{spec.family} cannot be stacked as {stacking}: {err}") from err
    rule, family = get_stacking(stacking), composition_of(other).host
    n = math.lcm(len(slabs.slabs), rule.period)
    times = n // rule.period
    stacked = slabs.stacked(rule.slabs * times, rule.gaps * times)
    structure = assemble(stacked, family, str(spec.working_ion), _repeat(other, family))
    growth = n // len(slabs.slabs)
    return configuration.model_copy(
        update={"key": key, "structure": structure, "n_fu": configuration.n_fu * growth, "quality": {}, "search": None}
    )


def _repeat(spec: MemberSpec, family: Family) -> float:
    """Height of a slab with its gap (A) in a family, for the ions of a member."""
    radius = lattice_radius(composition_of(spec), split_of(spec), spec.primary)
    cell = host_cell(family, spec.working_ion, radius)
    slabs = Slabs.of(cell.structure, np.asarray(cell.layer_normal), family.mixed_cations, family.anions)
    return slabs.repeat


def assemble(slabs: Slabs, family: Family, ion: str, repeat: float) -> Structure:
    """Cell of slabs, with all sites of the working ion between them, `repeat` A from slab to slab."""
    up, half = slabs.positions.normal, slabs.thickness / 2
    elements: list[str] = []
    labels: list[str] = []
    places = []
    for k, slab in enumerate(slabs.slabs):
        for plane, height in ((slab.metals, 0.0), (slab.lower, -half), (slab.upper, half)):
            elements += plane.elements
            labels += plane.labels
            places.append(plane.places + (k * repeat + height) * up)
        between = slabs.sites_between(k)
        elements += [ion] * len(between)
        labels += [family.working_own[0]] * len(between)
        places.append(between + (k + 0.5) * repeat * up)
    lattice = Lattice([*slabs.within, slabs.closing + len(slabs.slabs) * repeat * up])
    order = sorted(range(len(labels)), key=lambda i: list(family.sublattices).index(labels[i]))
    coords = np.concatenate(places)[order]
    ideal = Structure(
        lattice,
        [elements[i] for i in order],
        coords,
        coords_are_cartesian=True,
        site_properties={"sublattice": [labels[i] for i in order]},
    )
    return rounded(ideal, ideal=True)
