"""Which hops of a configuration are worth a band: distinct by symmetry, and shared out over environments."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.schemas.hops import HopDoc, HopsDoc
from hebe.schemas.structures import OrderingDoc
from hebe.science.chemistry.member import family_of
from hebe.science.keys import content_hash, structure_content
from hebe.science.structures.working import mobile_sites
from hebe.science.transport.hops import find_hops
from hebe.science.transport.percolation_document import is_rock_salt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

HOPS_VERSION: Final = 1
_SAME: Final = 1e-3  # of a lattice vector
_ASIDE: Final = 0.1
_EMPTY: Final = "Po"
"""Stands on empty sites where symmetry is looked for."""
_SLACK: Final = 0.01  # A
_STRAIGHT: Final = "empty cation sites: hops go straight, and not through tetrahedra"


def choose_hops(
    spec: MemberSpec,
    configuration: ConfigurationDoc | None,
    made: Structure | None,
    n: int,
    seed: int,
    vacancies: int = 1,
) -> HopsDoc:
    """Hops of the working ion in a configuration, `n` of them chosen; none without a configuration or its cell as made.

    Each environment has a hop before any has two; beyond that they have as many as their share of all hops. Within an
    environment they are drawn from those that no symmetry makes from others.

    Parameters
    ----------
    spec
        The member of the host.
    configuration
        Its cell with all working sites.
    made
        The cell as made, whose site property ``configuration_site`` says which sites are occupied.
    n, seed
        How many, and what decides among equals.
    vacancies
        Ions that are taken out where all sites are occupied as made: 1, or 2, the second one from the gate of a hop.
    """
    structure = None if configuration is None else configuration.structure
    if configuration is None or structure is None or made is None:
        key = content_hash(["hops", HOPS_VERSION, spec.candidate_id])
        return HopsDoc(key=key, status="absent", orderings=OrderingDoc(key=key, status="absent", x=0.0))
    working = mobile_sites(spec, structure)
    occupied = sorted(set(made.site_properties["configuration_site"]) & set(working))
    sites = _Sites(structure, set(occupied), exclusions(spec, structure), vacancies)
    hops = [sites.from_ion(hop) for hop in find_hops(structure, working)]
    straight = bool(hops) and all(hop.via is None for hop in hops) and is_rock_salt(family_of(spec), spec.working_ion)
    possible = [k for k, hop in enumerate(hops) if sites.possible(hop)]
    marked = with_empty_sites(structure, set(working) - set(occupied))
    distinct = [possible[k] for k in distinct_hops(marked, [hops[k] for k in possible])]
    chosen = _stratified(hops, distinct, n, seed)
    key = content_hash(["hops", HOPS_VERSION, structure_content(structure), occupied, n, seed, vacancies])
    orderings = OrderingDoc(
        key=key,
        x=(len(occupied) - sites.taken_out) / configuration.n_fu if configuration.n_fu else 0.0,
        n_candidates=len(working),
        occupied=[end for k in chosen for end in sites.ends(hops[k])],
    )
    return HopsDoc(
        key=key,
        hops=hops,
        chosen=chosen,
        distinct=len(distinct),
        taken_out=sites.taken_out,
        orderings=orderings,
        warnings=[_STRAIGHT] if straight else [],
    )


@dataclass(frozen=True)
class _Sites:
    """Which working sites are occupied as made, and how near (A) two ions may be, shape (n, n).

    ``vacancies`` are made where all sites are occupied.
    """

    structure: Structure
    occupied: set[int]
    exclusion: NDArray[np.float64]
    vacancies: int = 1

    @property
    def taken_out(self) -> int:
        """Ions that are taken out."""
        return self.vacancies if self.full else 0

    @property
    def full(self) -> bool:
        """Whether an ion must be taken out for others to move: no site is free for one that leaves its own."""
        return not self._free

    @cached_property
    def _free(self) -> set[int]:
        """Empty sites that an ion next to them can take, with no other one too near."""
        empty = [i for i in range(len(self.structure)) if self.exclusion[i, i] >= 0 and i not in self.occupied]
        return {i for i in empty if len(self._too_near(i)) <= 1}

    def _too_near(self, site: int) -> set[int]:
        return {
            i for i in self.occupied - {site} if self.structure.get_distance(site, i) < self.exclusion[site, i] - _SLACK
        }

    def from_ion(self, hop: HopDoc) -> HopDoc:
        """The hop in the direction in which an ion stands at its start; between empty sites as it is."""
        if self.full or hop.first in self.occupied or hop.second not in self.occupied:
            return hop
        i, j, k = (-x for x in hop.image)
        via = hop.via
        if via is not None:
            via = (via[0] + i, via[1] + j, via[2] + k)
        return hop.model_copy(update={"first": hop.second, "second": hop.first, "image": (i, j, k), "via": via})

    def possible(self, hop: HopDoc) -> bool:
        """Whether an ion can make it from the cell as made, or with one ion taken out."""
        if hop.first == hop.second:
            return False
        if self.full:
            return {hop.first, hop.second} <= self.occupied and (self.vacancies == 1 or bool(self._beside(hop)))
        return hop.first in self.occupied and hop.second in self._free and self._too_near(hop.second) <= {hop.first}

    def _beside(self, hop: HopDoc) -> list[int]:
        """Sites in the gate of a hop from which the second ion can be taken."""
        return [site for site in hop.moving if site in self.occupied - {hop.first, hop.second}]

    def ends(self, hop: HopDoc) -> tuple[list[int], list[int]]:
        """Occupied sites before and after."""
        before = self.occupied - {hop.second}
        if self.taken_out > 1:
            before -= {self._beside(hop)[0]}
        return sorted(before), sorted((before | {hop.second}) - {hop.first})


def without_room(spec: MemberSpec, structure: Structure, occupied: set[int]) -> bool:
    """Whether no ion of a cell with these occupied sites has a free site to go to, unless one is taken out."""
    return _Sites(structure, occupied, exclusions(spec, structure)).full


def exclusions(spec: MemberSpec, structure: Structure) -> NDArray[np.float64]:
    """Distance (A) below which two working sites are not occupied together, negative for other sites."""
    host, labels = family_of(spec), structure.site_properties["sublattice"]
    working = set(mobile_sites(spec, structure))
    own = np.array([host.sublattices[labels[i]].exclusion if i in working else -1.0 for i in range(len(structure))])
    return np.asarray(np.where(np.minimum.outer(own, own) < 0, -1.0, np.maximum.outer(own, own)))


def _stratified(hops: Sequence[HopDoc], distinct: Sequence[int], n: int, seed: int) -> list[int]:
    """Positions of `n` hops, shared out over their environments."""
    classes: dict[str, list[int]] = defaultdict(list)
    for k in distinct:
        classes[hops[k].environment].append(k)
    shares = {name: sum(hop.environment == name for hop in hops) for name in classes}
    random, chosen = np.random.default_rng(seed), list[int]()
    for name, number in allotted(shares, {name: len(part) for name, part in classes.items()}, n).items():
        chosen += sorted(int(k) for k in random.permutation(classes[name])[:number])
    return chosen


def allotted(shares: Mapping[str, int], most: Mapping[str, int], n: int) -> dict[str, int]:
    """How many of `n` each class has: one each, the largest classes first, the others where a class is most short.

    Parameters
    ----------
    shares
        Members of each class.
    most
        How many of each can be taken.
    n
        How many there are to be.
    """
    order = sorted(shares, key=lambda name: (-shares[name], name))
    found = dict.fromkeys(order, 0)
    for _ in range(min(n, sum(most.values()))):
        open_classes = [name for name in order if found[name] < most[name]]
        taken = min(open_classes, key=lambda name: (found[name] > 0, found[name] / shares[name]))
        found[taken] += 1
    return found


def with_empty_sites(structure: Structure, empty: set[int]) -> Structure:
    """A cell in which symmetry tells empty sites from occupied ones."""
    marked = structure.copy()
    for site in empty:
        marked[site] = _EMPTY
    return marked


def distinct_hops(structure: Structure, hops: Sequence[HopDoc]) -> list[int]:
    """Positions of the hops that no symmetry of the cell makes from earlier ones."""
    if not hops:
        return []
    points = np.array([_point(structure, hop) for hop in hops])
    known = np.zeros(len(hops), dtype=bool)
    operations = SpacegroupAnalyzer(structure, symprec=1e-2).get_symmetry_operations()
    result = []
    for k in range(len(hops)):
        if known[k]:
            continue
        result.append(k)
        for operation in operations:
            apart = points - operation.operate(points[k])
            known |= (np.abs(apart - np.round(apart)) < _SAME).all(axis=1)
    return result


def _point(structure: Structure, hop: HopDoc) -> NDArray[np.float64]:
    """A place (fractional) that stands for a hop in either direction: between its ends, a little towards its way."""
    middle = (structure.frac_coords[hop.first] + structure.frac_coords[hop.second] + np.array(hop.image)) / 2
    return np.asarray(middle if hop.via is None else middle + _ASIDE * (np.array(hop.via) - middle))
