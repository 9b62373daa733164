"""Polymorphs of a configuration: the same amounts of the same ions as another crystal; see `hebe.config.polymorphs`.

A polymorph of an oxide is built anew on close-packed anions of the same volume, its metals arranged as randomly as
those of the configuration; that of a Prussian blue is the configuration with its octahedra tilted.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from pymatgen.core import Structure

from hebe.config.family import Family, load_family
from hebe.config.family_sites import FamilySublattice, LatticeEstimate
from hebe.config.family_topology import Topology
from hebe.config.polymorphs import get_polymorph, polymorphs
from hebe.config.stackings import stackings
from hebe.exceptions import BadInputError
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.member import composition_of
from hebe.science.keys import content_hash, rounded
from hebe.science.structures.cation_order import cation_order
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.distorted_layers import DISTORTED, layer_ratio, stretched
from hebe.science.structures.host import host_cell
from hebe.science.structures.octahedra import Octahedra, crystal_of
from hebe.science.structures.stacking import recognise_stacking
from hebe.science.structures.stackings import family_of_stacking, restack, stacking_of
from hebe.science.structures.tilts import framework_metals, tilted

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.spec import MemberSpec

POLYMORPH_VERSION: Final = 1
_SPINEL_METALS: Final = 4
"""Metals in the primitive cell of spinel."""

_WORKING: Final = "He"
"""Stands for a site of the working ion among metals that are arranged at random: it may be one of their elements."""


def own_form(family: Family) -> str | None:
    """What a host is among its polymorphs: its stacking, ``cubic``, or None where nothing is known of others."""
    stacking = stacking_of(family)
    if stacking is not None:
        return stacking if _plain_oxide(family) else None
    try:
        framework_metals(family)
    except BadInputError:
        return None
    return "cubic"


def polymorphs_of(family: Family) -> tuple[str, ...]:
    """Polymorphs that a host has."""
    own = own_form(family)
    kinds = {"framework"} if own == "cubic" else {"layered"} if own is not None else set()
    kinds |= {"slabs"} if stacking_of(family) is not None else set()
    return tuple(name for name, rule in polymorphs().items() if rule.of in kinds)


def _plain_oxide(family: Family) -> bool:
    """Whether a host has one sublattice each of working ions, metals and twice as many anions."""
    names = (family.working_own, family.mixed_cations, family.anions)
    if any(len(part) != 1 for part in names):
        return False
    metals, anions = family.sublattices[names[1][0]], family.sublattices[names[2][0]]
    return len(family.sublattices) == len(names) and anions.multiplicity == 2 * metals.multiplicity == 2


def polymorph_family(own: Family, name: str, ion: str | None = None) -> Family:
    """Family of a polymorph: that of its stacking, or the host without layers, with sites that exclude each other.

    Raises
    ------
    BadInputError
        If there is no such polymorph, or it is none of this host with the working ion.
    """
    rule = get_polymorph(name)
    known = polymorphs_of(own)
    if name not in known:
        reason = f"{name} is no polymorph of {own.called}"
        raise BadInputError(reason, suggestion=", ".join(known) or "layered-o3 or pba")
    if rule.of == "slabs":
        return own if rule.stacking == stacking_of(own) else family_of_stacking(own, ion, rule.stacking)
    topology = Topology(bond_stretch=own.topology.bond_stretch, broken_bonds=own.topology.broken_bonds)
    sublattices = dict(own.sublattices)
    for label in own.working_own:
        sublattices[label] = sublattices[label].model_copy(update={"exclusion": rule.exclusion})
    fields = {"name": f"{own.name} as {name}", "layer_axis": None, "topology": topology, "sublattices": sublattices}
    return own.model_copy(update=fields)


def polymorph_spec(spec: MemberSpec, name: str) -> MemberSpec:
    """A member of a host as one of the family of a polymorph; it brings that family where no data file has it.

    Raises
    ------
    BadInputError
        See `polymorph_family`.
    """
    host = composition_of(spec).host
    family = polymorph_family(host, name, spec.working_ion)
    if get_polymorph(name).of == "slabs":
        return spec if family == host else spec.model_copy(update={"family": family.name, "host": None})
    return spec.model_copy(update={"family": family.name, "host": family})


def polymorph(spec: MemberSpec, configuration: ConfigurationDoc, name: str) -> ConfigurationDoc:
    """Configuration of a host as a polymorph, all sites of its working ion occupied; ``absent`` without one.

    Raises
    ------
    BadInputError
        See `polymorph_family`; or if octahedra of a Prussian blue lack groups.
    """
    host, rule = composition_of(spec).host, get_polymorph(name)
    polymorph_family(host, name, spec.working_ion)
    key = content_hash(["polymorph", POLYMORPH_VERSION, configuration.key, name])
    if configuration.structure is None:
        return ConfigurationDoc(key=key, status="absent", composition=configuration.composition)
    if rule.of == "slabs":
        stacking = rule.stacking
        held = configuration if stacking == stacking_of(host) else restack(spec, configuration, stacking)
        return held.model_copy(update={"key": key, "structure": _stretched(spec, held, name)})
    if rule.of == "framework":
        structure = tilted(host, configuration.structure, rule)
        n_fu = configuration.n_fu * len(structure) // len(configuration.structure)
    else:
        build = _spinel if name == "spinel" else _rock_salt
        structure, n_fu = build(spec, configuration, int(hashlib.sha256(key.encode()).hexdigest()[:8], 16))
    fields = {"key": key, "structure": structure, "n_fu": n_fu, "quality": {}, "search": None}
    return configuration.model_copy(update={**fields, "shortest_repeat_A": None, "cell_quality": None})


def _stretched(spec: MemberSpec, configuration: ConfigurationDoc, name: str) -> Structure | None:
    """Cell in the stacking of a polymorph with its layers stretched."""
    if configuration.structure is None:
        return None
    family = composition_of(polymorph_spec(spec, name)).host
    return stretched(family, configuration.structure, spec.working_ion, get_polymorph(name).ratio)


def _held(configuration: ConfigurationDoc) -> dict[str, dict[str, Fraction]]:
    """Fractions that the cell of a configuration holds."""
    fractions = configuration.realised or configuration.composition
    return {name: {e: Fraction(x) for e, x in part.items()} for name, part in fractions.items()}


def _volume(configuration: ConfigurationDoc) -> float:
    """Volume (A^3) per formula unit of a configuration as it was built."""
    return 0.0 if configuration.structure is None else float(configuration.structure.volume) / configuration.n_fu


def _spinel(spec: MemberSpec, configuration: ConfigurationDoc, seed: int) -> tuple[Structure, int]:
    """Metals on 16d, sites of the working ion on 8a and 16c; the cell is as large as whole spinel cells need."""
    host = composition_of(spec).host
    (working,), (metal,), (anion,) = host.working_own, host.mixed_cations, host.anions
    sites = {
        working: ("8a 16c", ((1, 1, 1), (0, 0, 0)), 8, 3),
        metal: ("16d", ((4, 4, 4),), 8, 2),
        anion: ("32e", ((26, 26, 26),), 100, 4),
    }
    sublattices = {
        label: _placed(host.sublattices[label], wyckoff, coordinates, parts, number)
        for label, (wyckoff, coordinates, parts, number) in sites.items()
    }
    edge = (16 * _volume(configuration)) ** (1 / 3)
    family = _building(host, "spinel", 227, edge, sublattices)
    made = HostComposition(family.name, spec.working_ion, Fraction(0), _held(configuration), family)
    size = math.lcm(configuration.n_fu, _SPINEL_METALS)
    built = build_configuration(made, metal, n_sites=size, seed=seed)
    if built.structure is None:
        raise ValueError("a spinel has a first configuration")
    return built.structure, len([s for s in built.structure.site_properties["sublattice"] if s == metal])


def _rock_salt(spec: MemberSpec, configuration: ConfigurationDoc, seed: int) -> tuple[Structure, int]:
    """Working ions and metals at random on the octahedra between cubic close-packed anions."""
    host = composition_of(spec).host
    (working,), (metal,), (anion,) = host.working_own, host.mixed_cations, host.anions
    held = _held(configuration)
    mixed = {_WORKING: Fraction(1, 2), **{e: x / 2 for e, x in held[metal].items() if x}}
    plain = load_family("rocksalt")
    (cation,), (oxide,) = plain.mixed_cations, plain.anions
    edge = (2 * _volume(configuration)) ** (1 / 3)
    species = host.sublattices[anion].species
    sublattices = {**plain.sublattices, oxide: plain.sublattices[oxide].model_copy(update={"species": species})}
    family = _building(plain, "rock-salt", plain.space_group, edge, sublattices)
    fractions = {cation: mixed, **({oxide: held[anion]} if anion in held else {})}
    made = HostComposition(family.name, None, Fraction(0), fractions, family)
    built = build_configuration(made, cation, n_sites=2 * configuration.n_fu, seed=seed)
    if built.structure is None:
        raise ValueError("a rock salt has a first configuration")
    return _labelled(built.structure, str(spec.working_ion), (working, metal, anion), cation)


def _labelled(structure: Structure, ion: str, labels: tuple[str, str, str], cation: str) -> tuple[Structure, int]:
    """Cell with the sublattices of the host, working ions first."""
    working, metal, anion = labels
    found = [
        (working if site.specie.symbol == _WORKING else metal if label == cation else anion, site)
        for site, label in zip(structure, structure.site_properties["sublattice"], strict=True)
    ]
    found.sort(key=lambda one: labels.index(one[0]))
    made = Structure(
        structure.lattice,
        [ion if label == working else site.specie for label, site in found],
        [site.frac_coords for _, site in found],
        site_properties={"sublattice": [label for label, _ in found]},
    )
    return rounded(made, ideal=True), sum(1 for label, _ in found if label == metal)


def _placed(
    sub: FamilySublattice, wyckoff: str, coordinates: tuple[tuple[int, int, int], ...], parts: int, number: int
) -> FamilySublattice:
    """A sublattice on other sites, whose coordinates are in `parts` of the edges."""
    places = tuple(tuple(Fraction(x, parts) for x in point) for point in coordinates)
    return sub.model_copy(update={"wyckoff": wyckoff, "coordinates": places, "multiplicity": number, "exclusion": 0.0})


def _building(
    own: Family, name: str, space_group: int, edge: float, sublattices: dict[str, FamilySublattice]
) -> Family:
    """Cubic family in which a polymorph is built."""
    estimate = LatticeEstimate(parameters={"a": edge}, reference_radius=0.0, source="volume of the configuration")
    lattice = dict.fromkeys((*own.lattice, "none"), estimate)
    fields = {"name": f"{own.name} built as {name}", "space_group": space_group, "layer_axis": None}
    return own.model_copy(update={**fields, "lattice": lattice, "sublattices": sublattices})


def form_of(spec: MemberSpec, calculation: CalculationDoc, started: str) -> str | None:
    """What a relaxed cell is: a stacking, a polymorph, or None where it is none of those that are known.

    An oxide some of whose metal sites are empty, because the working ion that shared them has left, is what it was
    before unless its metals moved: the order of the metals is told by neighbours that it lacks.

    Parameters
    ----------
    spec
        The member as which it was computed.
    calculation
        The relaxed cell.
    started
        What it was before.
    """
    family, cell = composition_of(spec).host, calculation.cell
    labels = cell.site_properties["sublattice"]
    kind = polymorphs()[started].of if started in polymorphs() else None
    if kind == "slabs" or started in stackings():
        return _layers(spec, calculation, started)
    if kind == "layered":
        metals = [i for i, label in enumerate(labels) if label in family.mixed_cations]
        n_anions = sum(label in family.anions for label in labels)
        if 2 * len(metals) < n_anions:
            return None if calculation.topology == "migrated" else calculation.stacking or started
        order, normal = cation_order(cell, metals, n_anions)
        stacking = None if normal is None else recognise_stacking(cell, normal, metals)
        return order if normal is None else None if stacking is None else stacking.name
    try:
        return crystal_of(Octahedra.of(cell, *framework_metals(family)))
    except BadInputError:
        return calculation.stacking or started


def _layers(spec: MemberSpec, calculation: CalculationDoc, started: str) -> str | None:
    """Stacking of a relaxed layered cell, with a prime where its layers are distorted."""
    name = calculation.stacking or (get_polymorph(started).stacking if started in polymorphs() else started)
    family, cell = composition_of(spec).host, calculation.cell
    normal = host_cell(family, spec.working_ion).layer_normal
    metals = [i for i, s in enumerate(cell.site_properties["sublattice"]) if s in family.mixed_cations]
    if normal is None or layer_ratio(cell, normal, metals) < DISTORTED:
        return name
    return primed(name)


def primed(stacking: str) -> str:
    """Name of a stacking with distorted layers: ``O'3``."""
    return f"{stacking[0]}'{stacking[1:]}"
