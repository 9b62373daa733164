"""The working ion in a configuration: charges after its removal, orderings, and start cells of x-states."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Structure

from hebe.config.family import Family
from hebe.config.family_units import unit_valence
from hebe.schemas.structures import ConfigurationDoc, OrderingDoc
from hebe.science.chemistry.ladder import Oxidation, RedoxLadder
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.chemistry.space import working_charge
from hebe.science.keys import content_hash, structure_content
from hebe.science.structures.host import layer_normal, layer_numbers
from hebe.science.structures.orderings import ORDERING_VERSION, Orderings, Removal, find_orderings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.config.family_sites import FamilySublattice, Working
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition


_NOTHING_MOVES: Final = "nothing moves without a working ion", "working_ion"


def immobile(host: Family, ion: str | None) -> tuple[str, str] | None:
    """Why analyses of how an ion moves refuse a host: it has no sites of such an ion; None where it has some."""
    return None if ion is not None and host.working_of(ion) is not None else _NOTHING_MOVES


def mobile_sites(spec: MemberSpec, structure: Structure) -> list[int]:
    """Indices of the sites of a cell that hold working ions of a member."""
    working = composition_of(spec).host.working_of(spec.working_ion)
    return [] if working is None else working.sites(structure)


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
    structure = configuration.structure
    made = composition_of(spec, configuration.realised or None)
    sites, fixed = _free_sites(made, structure, as_made=x == Fraction(spec.x_made))
    n = _number(spec, made, configuration.n_fu, x)
    oxidation = _oxidation(spec, made, configuration, Fraction(n, configuration.n_fu))
    charges = site_charges(spec, structure, oxidation)
    _neutralise(spec, structure, charges, [*sites, *fixed], n)
    free = _FreeSites(made.host, structure, sites, _layers(spec, structure, sites), configuration.n_fu)
    found = free.lowest(n - len(fixed), charges, keep, seed, n_random=n_random, removal=removal)
    return OrderingDoc(
        key=key,
        x=n / configuration.n_fu,
        n_candidates=found.n_candidates,
        exhaustive=found.exhaustive,
        anion_oxidation=max(oxidation.anion_holes, 0.0),
        occupied=[sorted([*held, *fixed]) for held in found.occupied],
        energies_eV=found.energies,
        n_random=found.n_random,
    )


def _free_sites(made: HostComposition, structure: Structure, *, as_made: bool) -> tuple[list[int], list[int]]:
    """Sites that working ions may leave, and sites that keep theirs.

    As made nothing leaves a mixed sublattice: what stands there is part of the composition.
    """
    working = made.host.working_of(made.working_ion)
    sites = [] if working is None else working.sites(structure)
    if working is None or not working.shared or not as_made:
        return sites, []
    labels = structure.site_properties["sublattice"]
    return [i for i in sites if labels[i] in working.own], [i for i in sites if labels[i] in working.shared]


def _number(spec: MemberSpec, made: HostComposition, n_fu: int, x: Fraction) -> int:
    """Working ions of a cell at `x` per formula unit; a cell that holds more or fewer as made is off by as much."""
    if not made.x_shared:
        return round(x * n_fu)
    return max(0, round(made.x_shared * n_fu) + round((x - composition_of(spec).x_shared) * n_fu))


@dataclass(frozen=True)
class _FreeSites:
    """Sites of a cell among which working ions are shared out, with what their family says about them."""

    host: Family
    structure: Structure
    sites: list[int]
    layers: list[int] | None
    n_fu: int

    def lowest(
        self, n: int, charges: NDArray[np.float64], keep: int, seed: int, *, n_random: int, removal: Removal
    ) -> Orderings:
        """Lowest orderings of `n` ions; see `find_orderings`."""
        return find_orderings(
            self.structure,
            self.sites,
            n,
            charges,
            keep,
            seed,
            n_random=n_random,
            exclusion=self._exclusions(),
            layers=self.layers,
            removal=removal,
            room=len(self.sites) if self.host.working_shared else round(self.host.x_full * self.n_fu),
            extra=self._costs(),
        )

    def _of_sublattice(self) -> list[FamilySublattice]:
        labels = self.structure.site_properties["sublattice"]
        return [self.host.sublattices[labels[i]] for i in self.sites]

    def _exclusions(self) -> float | NDArray[np.float64]:
        """Distance (A) below which sites are not occupied together; of two sets of sites the larger one counts."""
        own = np.array([sub.exclusion for sub in self._of_sublattice()])
        if len(set(own.tolist())) < 2:
            return float(own[0]) if len(own) else 0.0
        return np.asarray(np.maximum.outer(own, own), dtype=np.float64)

    def _costs(self) -> NDArray[np.float64] | None:
        """What an ion costs on each site beside electrostatics (eV), None where no set of sites says so."""
        costs = np.array([sub.site_energy for sub in self._of_sublattice()])
        return costs if costs.any() else None


def _layers(spec: MemberSpec, structure: Structure, sites: Sequence[int]) -> list[int] | None:
    """Layer of each site, None in a host without layers."""
    normal = layer_normal(composition_of(spec).host, spec.working_ion)
    return None if normal is None else layer_numbers(structure, sites, normal)


def _oxidation(spec: MemberSpec, made: HostComposition, configuration: ConfigurationDoc, x: Fraction) -> Oxidation:
    """Charges of the cations that a cell really holds, at `x` working ions per formula unit."""
    split = split_of(spec, configuration.realised or None) or split_of(spec) or {}
    removed = (made.x_made - x) * working_charge(spec.working_ion)
    return RedoxLadder.of(made.host).oxidise(split, removed)


def site_charges(spec: MemberSpec, structure: Structure, oxidation: Oxidation) -> NDArray[np.float64]:
    """Charge (e) of every site, shape (n,): mean oxidation state per element, anions sharing the holes."""
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    n_anions = _anions_per_unit(host)
    charges = np.zeros(len(structure))
    for i, (site, label) in enumerate(zip(structure, labels, strict=True)):
        element = site.specie.symbol
        if label in host.working_own:
            charges[i] = working_charge(spec.working_ion)
        elif (charge := unit_valence(host, label, element)) is not None:
            charges[i] = charge
        elif host.is_anion(label, element):
            charges[i] = host.charge_at(label, element) + oxidation.anion_holes / n_anions
        elif label in oxidation.charges:
            charges[i] = oxidation.charges[label][element]
        else:
            charges[i] = host.charge_at(label, element)
    return charges


def _anions_per_unit(host: Family) -> int:
    """Anions per formula unit, those of groups included."""
    own = sum(host.sublattices[name].multiplicity for name in host.anions)
    groups = sum(n for name, e, n, _ in host.standing() if host.sublattices[name].group and host.is_anion(name, e))
    return own + groups


def _neutralise(
    spec: MemberSpec, structure: Structure, charges: NDArray[np.float64], sites: list[int], n_occupied: int
) -> None:
    """Spread what keeps the cell from neutrality with `n_occupied` ions over the anions.

    Only a cell that approximates its composition leaves anything; a metal has no anions and no charges.
    """
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    anions = [i for i, label in enumerate(labels) if host.is_anion(label, structure[i].specie.symbol)]
    if not anions:
        return
    empty = len(sites) - n_occupied
    excess = charges.sum() - empty * working_charge(spec.working_ion)
    charges[anions] -= excess / len(anions)


def apply_ordering(
    configuration: Structure, occupied: Sequence[int], working: Working | None, parent: Structure | None = None
) -> Structure:
    """Start cell of an x-state: `configuration` with only `occupied` working sites, on the relaxed parent.

    Parameters
    ----------
    configuration
        Cell with every working site occupied.
    occupied
        Indices of `configuration` that stay occupied.
    working
        Where the working ion stands, None where nothing moves.
    parent
        Relaxed cell of another x-state of this configuration, whose site property ``configuration_site``
        says where its sites come from; sites that it lacks keep their ideal fractional coordinates.
    """
    mobile, keep = set(working.sites(configuration) if working is not None else ()), set(occupied)
    indices = [i for i in range(len(configuration)) if i not in mobile or i in keep]
    coords = np.array(configuration.frac_coords)
    lattice, sites, labels = configuration.lattice, configuration.sites, configuration.site_properties["sublattice"]
    if parent is not None:
        lattice = parent.lattice
        coords[np.array(parent.site_properties["configuration_site"], dtype=int)] = parent.frac_coords
    return Structure(
        lattice,
        [sites[i].specie for i in indices],
        coords[indices],
        site_properties={
            "sublattice": [labels[i] for i in indices],
            "configuration_site": indices,
        },
    )
