"""The working ion in a configuration: charges after its removal, orderings, and start cells of x-states."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Structure

from hebe.schemas.structures import ConfigurationDoc, OrderingDoc
from hebe.science.chemistry.ladder import Oxidation, RedoxLadder
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.keys import content_hash, structure_content
from hebe.science.structures.host import host_cell, layer_numbers
from hebe.science.structures.orderings import ORDERING_VERSION, Removal, find_orderings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.schemas.spec import MemberSpec


def working_sites(structure: Structure, sublattice: str | None) -> list[int]:
    """Indices of the sites of the working sublattice."""
    return [i for i, label in enumerate(structure.site_properties["sublattice"]) if label == sublattice]


def choose_orderings(
    spec: MemberSpec,
    configuration: ConfigurationDoc,
    x: Fraction,
    keep: int,
    seed: int = 0,
    *,
    n_random: int = 0,
    removal: Removal = "any",
) -> OrderingDoc:
    """Lowest orderings of the working ion at `x` ions per formula unit; ``absent`` without a configuration.

    The cell is made neutral before electrostatics are compared: electrons leave the lowest couples of the
    redox ladder first, what the cations cannot give is spread over the anions. `n_random` random orderings follow
    the lowest; `removal` says how layers are emptied (see `find_orderings`).
    """
    held = None if configuration.structure is None else structure_content(configuration.structure)
    key = content_hash(["orderings", ORDERING_VERSION, held, spec.split, str(x), keep, seed, n_random, removal])
    if configuration.structure is None:
        return OrderingDoc(key=key, status="absent", x=float(x))
    host = composition_of(spec).host
    structure = configuration.structure
    sites = working_sites(structure, host.working_sublattice)
    n = round(x * configuration.n_fu)
    oxidation = _oxidation(spec, configuration, Fraction(n, configuration.n_fu))
    charges = site_charges(spec, structure, oxidation)
    _neutralise(spec, structure, charges, sites, n)
    found = find_orderings(
        structure,
        sites,
        n,
        charges,
        keep,
        seed,
        n_random=n_random,
        exclusion=0.0 if host.working_sublattice is None else host.sublattices[host.working_sublattice].exclusion,
        layers=_layers(spec, structure, sites),
        removal=removal,
        room=round(host.x_full * configuration.n_fu),
    )
    return OrderingDoc(
        key=key,
        x=n / configuration.n_fu,
        n_candidates=found.n_candidates,
        exhaustive=found.exhaustive,
        anion_oxidation=max(oxidation.anion_holes, 0.0),
        occupied=found.occupied,
        energies_eV=found.energies,
        n_random=found.n_random,
    )


def _layers(spec: MemberSpec, structure: Structure, sites: Sequence[int]) -> list[int] | None:
    """Layer of each site, None in a host without layers."""
    normal = host_cell(composition_of(spec).host, spec.working_ion).layer_normal
    return None if normal is None else layer_numbers(structure, sites, normal)


def _oxidation(spec: MemberSpec, configuration: ConfigurationDoc, x: Fraction) -> Oxidation:
    """Charges of the cations that a cell really holds, at `x` working ions per formula unit."""
    composition = composition_of(spec)
    split = split_of(spec, configuration.realised or None) or split_of(spec) or {}
    removed = (composition.x_made - x) * working_charge(spec.working_ion)
    return RedoxLadder.of(composition.host).oxidise(split, removed)


def site_charges(spec: MemberSpec, structure: Structure, oxidation: Oxidation) -> NDArray[np.float64]:
    """Charge (e) of every site, shape (n,): mean oxidation state per element, anions sharing the holes."""
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    n_anions = sum(sub.multiplicity for sub in host.sublattices.values() if sub.role == "anion")
    charges = np.zeros(len(structure))
    for i, (site, label) in enumerate(zip(structure, labels, strict=True)):
        sub, element = host.sublattices[label], site.specie.symbol
        if sub.role == "working":
            charges[i] = working_charge(spec.working_ion)
        elif sub.role == "mixed":
            charges[i] = oxidation.charges[label][element]
        else:
            charges[i] = sub.species[element].valences[0]
            if sub.role == "anion":
                charges[i] += oxidation.anion_holes / n_anions
    return charges


def _neutralise(
    spec: MemberSpec, structure: Structure, charges: NDArray[np.float64], sites: list[int], n_occupied: int
) -> None:
    """Spread what keeps the cell from neutrality with `n_occupied` ions over the anions.

    Only a cell that approximates its composition leaves anything.
    """
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    anions = [i for i, label in enumerate(labels) if host.sublattices[label].role == "anion"]
    empty = len(sites) - n_occupied
    excess = charges.sum() - empty * working_charge(spec.working_ion)
    charges[anions] -= excess / len(anions)


def apply_ordering(
    configuration: Structure, occupied: Sequence[int], sublattice: str | None, parent: Structure | None = None
) -> Structure:
    """Start cell of an x-state: `configuration` with only `occupied` working sites, on the relaxed parent.

    Parameters
    ----------
    configuration
        Cell with every working site occupied.
    occupied
        Indices of `configuration` that stay occupied.
    sublattice
        Name of the working sublattice.
    parent
        Relaxed cell of another x-state of this configuration, whose site property ``configuration_site``
        says where its sites come from; sites that it lacks keep their ideal fractional coordinates.
    """
    working, keep = set(working_sites(configuration, sublattice)), set(occupied)
    indices = [i for i in range(len(configuration)) if i not in working or i in keep]
    coords = np.array(configuration.frac_coords)
    lattice = configuration.lattice
    if parent is not None:
        lattice = parent.lattice
        coords[np.array(parent.site_properties["configuration_site"], dtype=int)] = parent.frac_coords
    return Structure(
        lattice,
        [configuration[i].specie for i in indices],
        coords[indices],
        site_properties={
            "sublattice": [configuration.site_properties["sublattice"][i] for i in indices],
            "configuration_site": indices,
        },
    )
